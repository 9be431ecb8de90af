#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_RESTORE_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_RESTORE_H_

#include <memory>
#include <span>
#include <string>

#include "backends/embedded/ordered_store.h"
#include "backends/rocksdb/rocksdb_options.h"

namespace kvstate::backends::rocksdb {

/// StoreOpener::OpenFiles.
Result<std::unique_ptr<OrderedStore>> OpenFromFiles(const std::string& directory, const EngineSettings& settings,
                                                    std::span<const FetchedFiles> parts, KeyGroupRange range,
                                                    size_t key_group_bytes);

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_RESTORE_H_
