#include "backends/rocksdb/rocksdb_restore.h"

#include "backends/embedded/linked_files.h"
#include "backends/rocksdb/rocksdb_store.h"

namespace kvstate::backends::rocksdb {

namespace {

bool Covers(KeyGroupRange outer, KeyGroupRange inner) {
  return inner.size() == 0 || (outer.Contains(inner.first) && outer.Contains(inner.last));
}

}  // namespace

Result<std::unique_ptr<OrderedStore>> OpenFromFiles(const std::string& directory, const EngineSettings& settings,
                                                    std::span<const FetchedFiles> parts, KeyGroupRange range,
                                                    size_t /*key_group_bytes*/) {
  if (parts.size() != 1 || !Covers(range, parts[0].key_groups))
    return UnimplementedError("rescaling of RocksDB's files");
  KVSTATE_RETURN_IF_ERROR(MoveFiles(parts[0].directory, directory));
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<RocksDbStore> store,
                           RocksDbStore::OpenExisting(directory, settings, parts[0].states));
  return std::unique_ptr<OrderedStore>(std::move(store));
}

}  // namespace kvstate::backends::rocksdb
