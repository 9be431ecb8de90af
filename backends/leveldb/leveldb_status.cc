#include "backends/leveldb/leveldb_status.h"

#include <cerrno>
#include <cstring>
#include <string>

namespace kvstate::backends::leveldb {

Status FromLevelDb(const ::leveldb::Status& status, std::string_view what) {
  if (status.ok()) return Status();
  const std::string words = status.ToString();
  // LevelDB keeps an errno's text, its number not.
  const auto says = [&words](int error) { return words.find(std::strerror(error)) != std::string::npos; };
  std::string message = "LevelDB cannot " + std::string(what) + ": " + words;
  if (says(ENOSPC) || says(EDQUOT) || says(EFBIG)) {
    return ResourceExhaustedError(message +
                                  "; it takes no writes any more, and what is written stays readable: free space, then "
                                  "make a new backend");
  }
  if (says(EMFILE) || says(ENFILE)) {
    return ResourceExhaustedError(message + "; raise the limit of open files, or lower max_open_files");
  }
  if (says(EACCES) || says(EPERM) || says(EROFS)) {
    return PermissionDeniedError(message + "; give this user write access to its directory");
  }
  if (status.IsCorruption()) return DataLossError(std::move(message));
  if (status.IsNotSupportedError()) return UnimplementedError(std::move(message));
  if (status.IsInvalidArgument()) return InvalidArgumentError(std::move(message));
  return InternalError(std::move(message));
}

}  // namespace kvstate::backends::leveldb
