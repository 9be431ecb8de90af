#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_FILES_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_FILES_H_

#include <rocksdb/db.h>

#include <memory>
#include <string>

#include "backends/embedded/ordered_store.h"
#include "kvstate/status.h"

namespace kvstate::backends::rocksdb {

/// Flushes, and makes `directory` with all that the database needs to be opened as it is now: hard links to its table
/// files, which never change, and copies of the little that does. REQUIRES: no writes meanwhile; `directory` is on the
/// database's file system and not there.
Result<std::unique_ptr<StoreFiles>> LinkLiveFiles(::rocksdb::DB& db, const std::string& directory);

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_FILES_H_
