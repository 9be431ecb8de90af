#ifndef KVSTATE_BACKENDS_COMMON_WORKING_DIRECTORY_H_
#define KVSTATE_BACKENDS_COMMON_WORKING_DIRECTORY_H_

#include <memory>
#include <string>
#include <vector>

#include "backends/common/file_error.h"
#include "backends/common/file_lock.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// The directory that a backend was given, while the backend lives: locked against other backends, of this process and
/// of others, with a subdirectory for the engine's files.
///
/// Invariant: only files that a WorkingDirectory made are ever removed; what else lies in the directory stays.
/// Not thread-safe.
class WorkingDirectory {
 public:
  /// Makes the directory with its parents, locks it, wipes what a killed process left in it, and makes an empty
  /// engine directory. FAILED_PRECONDITION when it is in use. A failure leaves nothing behind.
  static Result<std::unique_ptr<WorkingDirectory>> Open(const std::string& directory);

  /// Removes, unless Remove did.
  ~WorkingDirectory();
  WorkingDirectory(const WorkingDirectory&) = delete;
  WorkingDirectory& operator=(const WorkingDirectory&) = delete;

  /// Where the engine puts its files; absolute.
  const std::string& engine_path() const { return engine_path_; }

  /// Removes the engine directory with all in it, the lock, and those directories that Open made and that are empty
  /// now. REQUIRES: the engine is closed. A second call does nothing.
  Status Remove();

 private:
  WorkingDirectory() = default;

  Status MakeDirectories();
  Status Lock();
  Status MakeEngineDirectory();

  std::string path_;
  std::string lock_path_;
  std::string engine_path_;
  std::vector<std::string> made_;  ///< Directories that Open made, outermost first.
  std::unique_ptr<FileLock> lock_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_WORKING_DIRECTORY_H_
