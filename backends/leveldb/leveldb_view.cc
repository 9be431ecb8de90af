#include "backends/leveldb/leveldb_view.h"

#include <utility>

#include "backends/leveldb/leveldb_iterator.h"
#include "backends/leveldb/leveldb_status.h"

namespace kvstate::backends::leveldb {

namespace {

class LevelDbView final : public StoreView {
 public:
  LevelDbView(::leveldb::DB& db, std::vector<std::string> prefixes)
      : db_(db), prefixes_(std::move(prefixes)), snapshot_(db.GetSnapshot()) {
    options_.snapshot = snapshot_;
    // What is read once must not push out of the cache what the owner reads again.
    options_.fill_cache = false;
  }
  ~LevelDbView() override { db_.ReleaseSnapshot(snapshot_); }
  LevelDbView(const LevelDbView&) = delete;
  LevelDbView& operator=(const LevelDbView&) = delete;

  Result<std::unique_ptr<StoreIterator>> NewIterator(size_t table, ByteView /*lower*/, ByteView upper) override {
    return std::unique_ptr<StoreIterator>(std::make_unique<LevelDbIterator>(db_, options_, prefixes_[table], upper));
  }

  Result<bool> Get(size_t table, ByteView key, std::string* value) override {
    std::string prefixed = prefixes_[table];
    prefixed.append(key);
    const ::leveldb::Status status = db_.Get(options_, prefixed, value);
    if (status.ok()) return true;
    if (status.IsNotFound()) return false;
    return FromLevelDb(status, "get");
  }

 private:
  ::leveldb::DB& db_;
  const std::vector<std::string> prefixes_;
  const ::leveldb::Snapshot* const snapshot_;
  ::leveldb::ReadOptions options_;
};

}  // namespace

std::unique_ptr<StoreView> MakeView(::leveldb::DB& db, std::vector<std::string> prefixes) {
  return std::make_unique<LevelDbView>(db, std::move(prefixes));
}

}  // namespace kvstate::backends::leveldb
