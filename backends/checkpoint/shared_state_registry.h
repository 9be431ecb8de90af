#ifndef KVSTATE_BACKENDS_CHECKPOINT_SHARED_STATE_REGISTRY_H_
#define KVSTATE_BACKENDS_CHECKPOINT_SHARED_STATE_REGISTRY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/checkpoint.h"

namespace kvstate::backends {

/// Which complete checkpoint refers to which file. Not thread-safe; it removes nothing itself, but says what can go.
///
/// A file goes when no complete checkpoint refers to it any more, and no checkpoint runs that began while one did: that
/// one may build on it. Until these have ended such a file waits.
class SharedStateRegistry {
 public:
  /// A checkpoint runs from now on.
  void Begin(uint64_t checkpoint_id);
  /// It is complete and refers to `files`. End is to be called afterwards.
  void Register(uint64_t checkpoint_id, const std::vector<SnapshotFile>& files);
  /// It runs no more, complete or not. Gives the files that waited for it alone.
  std::vector<std::string> End(uint64_t checkpoint_id);
  /// A complete one is subsumed or discarded. Gives the files that it alone had; those that must wait are not among
  /// them.
  std::vector<std::string> Unregister(uint64_t checkpoint_id);

  bool IsRunning(uint64_t checkpoint_id) const { return running_.contains(checkpoint_id); }
  /// Whether a complete checkpoint refers to the file, or it waits.
  bool Keeps(std::string_view path) const { return files_.find(path) != files_.end(); }
  /// The newest complete checkpoint that refers to the file.
  std::optional<uint64_t> LastUser(std::string_view path) const;

 private:
  struct File {
    std::set<uint64_t> users;     ///< Complete checkpoints.
    std::set<uint64_t> awaiting;  ///< Running ones, when there are no users.
  };

  std::map<std::string, File, std::less<>> files_;
  std::map<uint64_t, std::set<std::string>> files_of_;  ///< Of each complete checkpoint.
  std::set<std::string> waiting_;                       ///< Files without users.
  std::set<uint64_t> running_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_CHECKPOINT_SHARED_STATE_REGISTRY_H_
