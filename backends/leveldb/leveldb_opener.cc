#include "backends/leveldb/leveldb_opener.h"

#include <utility>

#include "backends/leveldb/leveldb_restore.h"
#include "backends/leveldb/leveldb_store.h"

namespace kvstate::backends::leveldb {

namespace {

class LevelDbOpener final : public StoreOpener {
 public:
  explicit LevelDbOpener(EngineSettings settings) : settings_(std::move(settings)) {}

  Result<std::unique_ptr<OrderedStore>> OpenEmpty(const std::string& directory) const override {
    return LevelDbStore::Open(directory, settings_);
  }
  std::string_view files_format() const override { return "leveldb_files.1"; }
  Result<std::unique_ptr<OrderedStore>> OpenFiles(const std::string& directory, std::span<const FetchedFiles> parts,
                                                  KeyGroupRange range, size_t key_group_bytes) const override {
    return OpenFromFiles(directory, settings_, parts, range, key_group_bytes);
  }

 private:
  const EngineSettings settings_;
};

}  // namespace

std::unique_ptr<const StoreOpener> MakeOpener(EngineSettings settings) {
  return std::make_unique<LevelDbOpener>(std::move(settings));
}

}  // namespace kvstate::backends::leveldb
