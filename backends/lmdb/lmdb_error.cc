#include "backends/lmdb/lmdb_error.h"

#include <lmdb.h>

#include <cassert>
#include <cerrno>
#include <string>

namespace kvstate::backends::lmdb {

namespace {

StatusCode CodeOf(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case MDB_MAP_FULL:
    case MDB_DBS_FULL:
    case MDB_TXN_FULL:
      return StatusCode::kResourceExhausted;
    case EACCES:
    case EPERM:
    case EROFS:
      return StatusCode::kPermissionDenied;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
      return StatusCode::kDataLoss;
    case ENOENT:
    case ENOTDIR:
      return StatusCode::kNotFound;
    default:
      return StatusCode::kInternal;
  }
}

}  // namespace

Status LmdbError(int error, std::string_view what) {
  assert(error != 0);
  return Status(CodeOf(error), "lmdb: " + std::string(what) + ": " + mdb_strerror(error));
}

}  // namespace kvstate::backends::lmdb
