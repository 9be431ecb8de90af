#include "backends/rocksdb/rocksdb_opener.h"

#include <utility>

#include "backends/rocksdb/rocksdb_restore.h"
#include "backends/rocksdb/rocksdb_store.h"

namespace kvstate::backends::rocksdb {

namespace {

class RocksDbOpener final : public StoreOpener {
 public:
  explicit RocksDbOpener(EngineSettings settings) : settings_(std::move(settings)) {}

  Result<std::unique_ptr<OrderedStore>> OpenEmpty(const std::string& directory) const override {
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<RocksDbStore> store, RocksDbStore::OpenNew(directory, settings_));
    return std::unique_ptr<OrderedStore>(std::move(store));
  }
  bool has_compaction_filter() const override { return true; }
  std::string_view files_format() const override { return "rocksdb_files.1"; }
  Result<std::unique_ptr<OrderedStore>> OpenFiles(const std::string& directory, std::span<const FetchedFiles> parts,
                                                  KeyGroupRange range, size_t key_group_bytes) const override {
    return OpenFromFiles(directory, settings_, parts, range, key_group_bytes);
  }

 private:
  const EngineSettings settings_;
};

}  // namespace

std::unique_ptr<const StoreOpener> MakeOpener(EngineSettings settings) {
  return std::make_unique<RocksDbOpener>(std::move(settings));
}

}  // namespace kvstate::backends::rocksdb
