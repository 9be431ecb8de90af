#ifndef KVSTATE_BACKENDS_COMMON_FILE_LOCK_H_
#define KVSTATE_BACKENDS_COMMON_FILE_LOCK_H_

#include <memory>
#include <string>

#include "kvstate/status.h"

namespace kvstate::backends {

/// A lock against other processes, and others in this one, that ends with its process: a locked file, which has the
/// process id of its holder in it. Not thread-safe.
class FileLock {
 public:
  struct Attempt {
    std::unique_ptr<FileLock> lock;  ///< Null when another has it, or was giving it up at that moment: then not `held`.
    bool held = false;
    std::string holder;  ///< Process id of the other; empty when it has not said.
  };

  /// Makes the file if absent; its directory is another's to make. One attempt, without waiting.
  static Result<Attempt> Try(const std::string& path);
  /// Gives the lock up; the file stays.
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  /// False: a process that was killed left it, or somebody put it there.
  bool file_is_new() const { return file_is_new_; }
  /// Removes the file and gives the lock up.
  Status Remove();

 private:
  FileLock(int fd, std::string path, bool file_is_new) : fd_(fd), path_(std::move(path)), file_is_new_(file_is_new) {}

  /// Whether the file that is locked is still the one of that name: its last owner may have removed it.
  bool IsOfItsName() const;
  void SayWho();

  int fd_;
  const std::string path_;
  const bool file_is_new_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_FILE_LOCK_H_
