#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_STATUS_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_STATUS_H_

#include <rocksdb/status.h>

#include <string_view>

#include "kvstate/status.h"

namespace kvstate::backends::rocksdb {

/// The Status for RocksDB's `status`, met while doing `what` (such as "put"), in RocksDB's own words.
Status FromRocksDb(const ::rocksdb::Status& status, std::string_view what);

/// Whether it is for want of room on the file system.
bool IsOutOfSpace(const ::rocksdb::Status& status);

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_STATUS_H_
