#ifndef KVSTATE_BACKENDS_LEVELDB_LEVELDB_OPENER_H_
#define KVSTATE_BACKENDS_LEVELDB_LEVELDB_OPENER_H_

#include <memory>

#include "backends/embedded/ordered_store.h"
#include "backends/leveldb/leveldb_options.h"

namespace kvstate::backends::leveldb {

std::unique_ptr<const StoreOpener> MakeOpener(EngineSettings settings);

}  // namespace kvstate::backends::leveldb

#endif  // KVSTATE_BACKENDS_LEVELDB_LEVELDB_OPENER_H_
