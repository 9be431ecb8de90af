#include "backends/common/file_error.h"

#include <cerrno>
#include <string>
#include <system_error>

namespace kvstate::backends {

Status FileError(std::string_view what, std::string_view path, int error) {
  const std::string message = std::string(what) + " '" + std::string(path) + "'" + ": " +
                              std::error_code(error, std::generic_category()).message();
  switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
      return PermissionDeniedError(message + "; give this user write access, or choose another directory");
    case ENOSPC:
    case EDQUOT:
      return ResourceExhaustedError(message + "; free space on that file system, or choose a directory on another");
    case EFBIG:
      return ResourceExhaustedError(message + "; raise the limit of the size of a file (ulimit -f)");
    case EMFILE:
    case ENFILE:
      return ResourceExhaustedError(message + "; raise the limit of open files");
    case ENOTDIR:
    case EEXIST:
      return InvalidArgumentError(message + "; a file stands where a directory is needed: choose another path");
    case EISDIR:
      return InvalidArgumentError(message + "; a directory stands where a file is needed: choose another path");
    case ENAMETOOLONG:
    case ELOOP:
    case EINVAL:
      return InvalidArgumentError(message + "; choose another path");
    default:
      return InternalError(message);
  }
}

}  // namespace kvstate::backends
