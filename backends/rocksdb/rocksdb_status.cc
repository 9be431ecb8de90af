#include "backends/rocksdb/rocksdb_status.h"

#include <cerrno>
#include <cstring>
#include <string>

namespace kvstate::backends::rocksdb {

namespace {

/// RocksDB keeps an errno's text, and for most its number not.
bool Says(const ::rocksdb::Status& status, int error) {
  const char* text = status.getState();
  return text != nullptr && std::strstr(text, std::strerror(error)) != nullptr;
}

}  // namespace

bool IsOutOfSpace(const ::rocksdb::Status& status) {
  return status.IsNoSpace() || status.subcode() == ::rocksdb::Status::kSpaceLimit || Says(status, ENOSPC) ||
         Says(status, EDQUOT) || Says(status, EFBIG);
}

Status FromRocksDb(const ::rocksdb::Status& status, std::string_view what) {
  if (status.ok()) return Status();
  std::string message = "RocksDB cannot " + std::string(what) + ": " + status.ToString();
  if (IsOutOfSpace(status)) {
    return ResourceExhaustedError(
        message +
        "; free space on the file system of its directory, then call again: it looks for room every five seconds");
  }
  if (Says(status, EMFILE) || Says(status, ENFILE)) {
    return ResourceExhaustedError(message + "; raise the limit of open files, or set max_open_files");
  }
  if (Says(status, EACCES) || Says(status, EPERM) || Says(status, EROFS)) {
    return PermissionDeniedError(message + "; give this user write access to its directory");
  }
  if (status.IsMemoryLimit()) return ResourceExhaustedError(std::move(message));
  switch (status.code()) {
    case ::rocksdb::Status::kCorruption:
      return DataLossError(std::move(message));
    case ::rocksdb::Status::kNotSupported:
      return UnimplementedError(std::move(message));
    case ::rocksdb::Status::kInvalidArgument:
      return InvalidArgumentError(std::move(message));
    case ::rocksdb::Status::kBusy:
    case ::rocksdb::Status::kTimedOut:
    case ::rocksdb::Status::kTryAgain:
      return UnavailableError(std::move(message));
    default:
      return InternalError(std::move(message));
  }
}

}  // namespace kvstate::backends::rocksdb
