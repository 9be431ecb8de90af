#ifndef KVSTATE_BACKENDS_LEVELDB_LEVELDB_RESTORE_H_
#define KVSTATE_BACKENDS_LEVELDB_LEVELDB_RESTORE_H_

#include <memory>
#include <span>
#include <string>

#include "backends/embedded/ordered_store.h"
#include "backends/leveldb/leveldb_options.h"

namespace kvstate::backends::leveldb {

/// StoreOpener::OpenFiles.
Result<std::unique_ptr<OrderedStore>> OpenFromFiles(const std::string& directory, const EngineSettings& settings,
                                                    std::span<const FetchedFiles> parts, KeyGroupRange range,
                                                    size_t key_group_bytes);

}  // namespace kvstate::backends::leveldb

#endif  // KVSTATE_BACKENDS_LEVELDB_LEVELDB_RESTORE_H_
