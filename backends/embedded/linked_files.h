#ifndef KVSTATE_BACKENDS_EMBEDDED_LINKED_FILES_H_
#define KVSTATE_BACKENDS_EMBEDDED_LINKED_FILES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/embedded/ordered_store.h"
#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// A StoreFiles that is a directory of its own, removed with it. Names are those of the engine. Not thread-safe.
class LinkedFiles final : public StoreFiles {
 public:
  /// Makes `directory`, absolute, in one that exists.
  static Result<std::unique_ptr<LinkedFiles>> Make(std::string directory);
  ~LinkedFiles() override;

  /// A hard link to the file at `path`, which is immutable: its bytes stay when the engine removes it.
  Status Link(const std::string& path, const std::string& name);
  /// A copy of the first `bytes` bytes of the file at `path`.
  Status Copy(const std::string& path, const std::string& name, uint64_t bytes);
  /// A file of `contents`.
  Status Write(const std::string& name, std::string_view contents);

  const std::string& directory() const { return directory_; }
  const std::vector<EngineFile>& files() const override { return files_; }

 private:
  explicit LinkedFiles(std::string directory) : directory_(std::move(directory)) {}
  void Add(const std::string& name, uint64_t bytes, bool immutable);
  std::string PathOf(const std::string& name) const { return directory_ + "/" + name; }

  const std::string directory_;
  std::vector<EngineFile> files_;
};

/// Moves all that is in directory `from` into directory `to`, where nothing of those names is.
Status MoveFiles(const std::string& from, const std::string& to);

/// RESOURCE_EXHAUSTED unless the file system of `directory` has room for what `engine` has in memory to flush: a flush
/// that fails for want of it leaves an engine worse off than none.
Status CheckRoomForFlush(const std::string& directory, std::string_view engine, uint64_t bytes);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_LINKED_FILES_H_
