#ifndef KVSTATE_HARNESS_RUN_WORK_DIRECTORY_H_
#define KVSTATE_HARNESS_RUN_WORK_DIRECTORY_H_

#include <memory>
#include <string>

#include "kvstate/status.h"

namespace kvstate::harness {

/// A fresh directory of a run, removed with all it holds when this goes.
class WorkDirectory {
 public:
  /// Below `parent`, which must exist. NOT_FOUND, INVALID_ARGUMENT (not a directory), PERMISSION_DENIED or
  /// RESOURCE_EXHAUSTED.
  static Result<std::unique_ptr<WorkDirectory>> Create(const std::string& parent);
  ~WorkDirectory();
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;

  const std::string& path() const { return path_; }
  /// A path below it that nothing had before; not made.
  std::string NewPath(const std::string& name) { return path_ + "/" + std::to_string(next_++) + "-" + name; }

 private:
  explicit WorkDirectory(std::string path) : path_(std::move(path)) {}

  const std::string path_;
  int next_ = 0;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_WORK_DIRECTORY_H_
