#ifndef KVSTATE_BACKENDS_EMBEDDED_CHANGE_TRACKER_H_
#define KVSTATE_BACKENDS_EMBEDDED_CHANGE_TRACKER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "backends/embedded/key_set.h"
#include "kvstate/bytes.h"
#include "kvstate/checkpoint.h"

namespace kvstate::backends {

class ChangeTracker;

/// Takes note of what is written to one table. A key is put into the set two notes later: what it needs of the set's
/// memory is fetched beside the engine's writes in between, instead of being waited for.
class TableChanges {
 public:
  explicit TableChanges(ChangeTracker& tracker) : tracker_(tracker) {}
  void Note(ByteView key) {
    if (keys_ != nullptr) NoteIn(*keys_, key);
  }

 private:
  friend class ChangeTracker;

  struct Waiting {
    std::string key;
    uint64_t hash = 0;
    bool used = false;
  };

  void NoteIn(KeySet& keys, ByteView key);
  void InsertOldest();
  /// Puts all into the set that was noted.
  void Settle();
  void SetKeys(std::shared_ptr<KeySet> keys);

  ChangeTracker& tracker_;
  std::shared_ptr<KeySet> keys_;  ///< Null when the tracker is off.
  std::array<Waiting, 2> waiting_;
  size_t oldest_ = 0;  ///< In waiting_.
};

/// The keys of each of several states that were changed in some span of time. Any thread may read it.
struct ChangeSpan {
  std::vector<std::vector<std::shared_ptr<const KeySet>>> of_states;

  /// Each key once for each set that has it.
  uint64_t MostChanges() const;
};

/// Which keys of an engine's tables were written or deleted between checkpoints, for engines that cannot tell by
/// themselves. Off until it is started, and off again when there are so many changes that an increment would not pay.
/// Not thread-safe.
///
/// Invariant: when on, every change since checkpoint complete_since() is in the set of its table that was current when
/// it was made, and that set is kept until DropUpTo says that nobody asks for it.
class ChangeTracker {
 public:
  bool on() const { return on_; }
  uint64_t complete_since() const { return complete_since_; }

  /// Changes are noted from now on, when the state is that of checkpoint `checkpoint_id`.
  void Start(uint64_t checkpoint_id);
  /// Drops all, and notes nothing more.
  void Stop();
  /// Stops by itself when more keys than that were changed since the checkpoint that DropUpTo was last called for.
  void SetMostChanges(uint64_t most_changes) { most_changes_ = most_changes; }

  /// For the table of a new state, on or off. Lives until StateRemoved.
  TableChanges* AddState(const std::string& name);
  void StateRemoved(const std::string& name);

  /// Checkpoint `checkpoint_id` begins; what is noted from now on comes after it.
  void EndEpoch(uint64_t checkpoint_id);
  /// What was changed after checkpoint `after` and not after `until`, for each of `states`, which are those there are
  /// now. None when that is not known, or is not enough to know, because a state is not the one of its name that there
  /// was: it was removed and made again.
  std::optional<ChangeSpan> Between(uint64_t after, uint64_t until, std::span<const SavedState> states) const;
  /// Nobody will ask for changes up to `oldest`; changes are counted from `confirmed` on.
  void DropUpTo(uint64_t oldest, uint64_t confirmed);
  /// `merged`, for each of `states`, takes the place of what Between(after, until) gives of them.
  void Replace(uint64_t after, uint64_t until, std::span<const SavedState> states,
               std::span<const std::shared_ptr<const KeySet>> merged);

 private:
  friend class TableChanges;

  /// What happened before checkpoint `until`, and after that of the epoch before.
  struct Epoch {
    uint64_t until = 0;
    std::map<std::string, std::shared_ptr<const KeySet>> changes;
    std::set<std::string> removed;  ///< States.
  };

  void CountChange() {
    if (++changes_ > most_changes_) Stop();
  }
  void NewSets();

  /// Before a first checkpoint is confirmed; some 0.5 GB.
  static constexpr uint64_t kMostChangesUnconfirmed = uint64_t{1} << 24;

  bool on_ = false;
  uint64_t complete_since_ = 0;
  uint64_t most_changes_ = kMostChangesUnconfirmed;
  uint64_t changes_ = 0;  ///< Of the current epoch and of those after the confirmed checkpoint.
  std::map<std::string, std::unique_ptr<TableChanges>> tables_;
  std::set<std::string> removed_;  ///< States, in the current epoch.
  std::deque<Epoch> epochs_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_CHANGE_TRACKER_H_
