#ifndef KVSTATE_BACKENDS_LEVELDB_LEVELDB_STATUS_H_
#define KVSTATE_BACKENDS_LEVELDB_LEVELDB_STATUS_H_

#include <leveldb/status.h>

#include <string_view>

#include "kvstate/status.h"

namespace kvstate::backends::leveldb {

/// The Status for LevelDB's `status`, met while doing `what` (such as "put"), in LevelDB's own words.
Status FromLevelDb(const ::leveldb::Status& status, std::string_view what);

}  // namespace kvstate::backends::leveldb

#endif  // KVSTATE_BACKENDS_LEVELDB_LEVELDB_STATUS_H_
