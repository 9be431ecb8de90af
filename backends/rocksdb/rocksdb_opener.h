#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_OPENER_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_OPENER_H_

#include <memory>

#include "backends/embedded/ordered_store.h"
#include "backends/rocksdb/rocksdb_options.h"

namespace kvstate::backends::rocksdb {

std::unique_ptr<const StoreOpener> MakeOpener(EngineSettings settings);

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_OPENER_H_
