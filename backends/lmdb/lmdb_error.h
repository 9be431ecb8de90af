#ifndef KVSTATE_BACKENDS_LMDB_LMDB_ERROR_H_
#define KVSTATE_BACKENDS_LMDB_LMDB_ERROR_H_

#include <string_view>

#include "kvstate/status.h"

namespace kvstate::backends::lmdb {

/// A Status of LMDB's or errno's code `error`, with the engine's own words: "lmdb: <what>: <words>".
/// REQUIRES: error != 0.
Status LmdbError(int error, std::string_view what);

}  // namespace kvstate::backends::lmdb

#endif  // KVSTATE_BACKENDS_LMDB_LMDB_ERROR_H_
