#include "harness/run/work_directory.h"

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "harness/report/atomic_file.h"

namespace kvstate::harness {

Result<std::unique_ptr<WorkDirectory>> WorkDirectory::Create(const std::string& parent) {
  std::string path = parent + "/kvstate-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    return SystemError("cannot make a work directory in " + parent, errno);
  }
  return std::unique_ptr<WorkDirectory>(new WorkDirectory(std::move(path)));
}

WorkDirectory::~WorkDirectory() {
  // Nothing more can be done in a destructor about a file that does not go.
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace kvstate::harness
