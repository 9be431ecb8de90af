#ifndef KVSTATE_BACKENDS_EMBEDDED_FILE_SNAPSHOT_H_
#define KVSTATE_BACKENDS_EMBEDDED_FILE_SNAPSHOT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/checkpoint/snapshot_writer.h"
#include "backends/embedded/ordered_store.h"
#include "kvstate/checkpoint.h"

namespace kvstate::backends {

/// An engine's immutable files in a storage, by name.
struct SharedFiles {
  std::string location;  ///< CheckpointStorage::location.
  std::map<std::string, StoredFile> by_name;
};

/// What a checkpoint of an engine's files has in the storage, once it is written. Thread-safe.
class PendingFiles {
 public:
  explicit PendingFiles(uint64_t checkpoint_id) : checkpoint_id_(checkpoint_id) {}
  uint64_t checkpoint_id() const { return checkpoint_id_; }
  void Wrote(std::shared_ptr<const SharedFiles> files);
  /// Null unless it was written.
  std::shared_ptr<const SharedFiles> written() const;

 private:
  const uint64_t checkpoint_id_;
  mutable std::mutex mutex_;
  std::shared_ptr<const SharedFiles> written_;
};

/// Which files of an engine the checkpoints of one backend have in the storage: those of the last confirmed one are not
/// written again. Not thread-safe.
class FileBases {
 public:
  /// What a checkpoint that begins now may refer to; never null.
  std::shared_ptr<const SharedFiles> BaseFor(const SnapshotWriter& writer) const;
  std::shared_ptr<PendingFiles> Begin(uint64_t checkpoint_id);
  void Confirm(uint64_t checkpoint_id);
  void Abort(uint64_t checkpoint_id);
  /// After a restore that claimed its handle's files.
  void Claim(std::string location, const std::vector<SnapshotFile>& files);

 private:
  std::shared_ptr<const SharedFiles> confirmed_;  ///< Null: none.
  std::vector<std::shared_ptr<PendingFiles>> pending_;
};

/// Uploads `files`, but for those that `base` has.
std::unique_ptr<SnapshotWork> MakeFileWork(KeyedStateHandle handle, std::unique_ptr<StoreFiles> files,
                                           std::shared_ptr<const SharedFiles> base,
                                           std::shared_ptr<PendingFiles> pending);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_FILE_SNAPSHOT_H_
