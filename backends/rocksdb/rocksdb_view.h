#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_VIEW_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_VIEW_H_

#include <memory>
#include <vector>

#include "backends/embedded/ordered_store.h"
#include "backends/rocksdb/rocksdb_family.h"

namespace kvstate::backends::rocksdb {

/// The families as they are now.
std::unique_ptr<StoreView> MakeView(::rocksdb::DB& db, std::vector<FamilyPtr> families);

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_VIEW_H_
