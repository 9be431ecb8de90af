#include "backends/rocksdb/rocksdb_view.h"

#include <string>
#include <utility>

#include "backends/rocksdb/rocksdb_iterator.h"

namespace kvstate::backends::rocksdb {

namespace {

class RocksDbView final : public StoreView {
 public:
  RocksDbView(::rocksdb::DB& db, std::vector<FamilyPtr> families) : db_(db), families_(std::move(families)) {
    for (const FamilyPtr& family : families_) holds_.push_back(std::make_unique<ViewHold>(family->ttl()));
    snapshot_ = db_.GetSnapshot();
  }
  ~RocksDbView() override { db_.ReleaseSnapshot(snapshot_); }
  RocksDbView(const RocksDbView&) = delete;
  RocksDbView& operator=(const RocksDbView&) = delete;

  Result<std::unique_ptr<StoreIterator>> NewIterator(size_t table, ByteView /*lower*/, ByteView upper) override {
    return std::unique_ptr<StoreIterator>(
        std::make_unique<RocksDbIterator>(db_, families_[table], ReadOptions(), upper));
  }

  Result<bool> Get(size_t table, ByteView key, std::string* value) override {
    const Family& family = *families_[table];
    const ::rocksdb::Status status = db_.Get(ReadOptions(), family.handle(), ToSlice(key), value);
    if (status.ok()) return true;
    if (status.IsNotFound()) return false;
    return family.FromRead(status, "get");
  }

 private:
  ::rocksdb::ReadOptions ReadOptions() const {
    ::rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    // What is read once must not push out of the cache what the owner reads again.
    options.fill_cache = false;
    return options;
  }

  ::rocksdb::DB& db_;
  const std::vector<FamilyPtr> families_;
  std::vector<std::unique_ptr<ViewHold>> holds_;
  const ::rocksdb::Snapshot* snapshot_ = nullptr;
};

}  // namespace

std::unique_ptr<StoreView> MakeView(::rocksdb::DB& db, std::vector<FamilyPtr> families) {
  return std::make_unique<RocksDbView>(db, std::move(families));
}

}  // namespace kvstate::backends::rocksdb
