#ifndef KVSTATE_BACKENDS_COMMON_HEAP_TIMERS_H_
#define KVSTATE_BACKENDS_COMMON_HEAP_TIMERS_H_

#include <absl/container/btree_set.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "backends/common/stored_timer.h"
#include "backends/common/timer_sets.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// Timers in memory, of which views are taken: the timers of one moment, read by another thread while the owner goes
/// on. Key groups are counted from the first of a backend's range. Owner's thread, but for views.
///
/// A view copies nothing when it is made. Its reader walks the sets leaf by leaf, some hundred timers at a time under
/// the lock, and changes nothing in them. The owner, which takes the lock while there are views, keeps for each what
/// the reader has yet to come to and would not find: timers removed since, and those added since, to be passed over.
class HeapTimers {
 public:
  class View;

  explicit HeapTimers(size_t groups) : sets_(groups) {}

  /// Whether the head changed.
  bool Add(size_t group, StoredTimer&& timer);
  bool Remove(size_t group, const StoredTimer& timer);
  /// Null when there is none.
  const StoredTimer* Head() const { return sets_.empty() ? nullptr : &sets_.head(); }
  /// REQUIRES: there is one.
  StoredTimer TakeHead();
  /// Walks all of them.
  uint64_t Size();
  bool Contains(size_t group, const StoredTimer& timer);
  /// In order. `visit` must not change them.
  Status ForEach(size_t group, const std::function<Status(const StoredTimer& timer)>& visit);
  size_t groups() const { return sets_.groups(); }

  static std::unique_ptr<View> NewView(const std::shared_ptr<HeapTimers>& timers);

 private:
  struct Changes {
    absl::btree_set<StoredTimer> added;
    absl::btree_set<StoredTimer> removed;
  };
  /// What owner and reader share of a view; guarded by mutex_.
  struct Progress {
    bool ended = false;
    size_t group = 0;                   ///< Those before it are read.
    std::optional<StoredTimer> next;    ///< In `group`: what is before it is read.
    std::map<size_t, Changes> changes;  ///< Of groups that are not read.

    bool Read(size_t of_group, const StoredTimer& timer) const {
      if (of_group != group) return of_group < group;
      return next.has_value() && timer < *next;
    }
  };

  /// Drops the views that have ended; false when none is left.
  bool HasViews();
  void NoteAdded(size_t group, const StoredTimer& timer);
  void NoteRemoved(size_t group, const StoredTimer& timer);

  /// Holds the lock if there are views.
  std::unique_lock<std::mutex> LockIfViewed() {
    return views_.empty() ? std::unique_lock<std::mutex>() : std::unique_lock(mutex_);
  }

  TimerSets sets_;  ///< Written, which putting a set in order is, under mutex_ while there are views.
  std::mutex mutex_;
  std::vector<std::shared_ptr<Progress>> views_;  ///< Owner's alone.
};

/// Used by any one thread at a time, beside the owner.
class HeapTimers::View {
 public:
  ~View();
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  /// Calls `visit` for each timer that the group had, not in order. REQUIRES: groups ascend from call to call.
  Status ForEach(size_t group, const std::function<Status(const StoredTimer& timer)>& visit);

 private:
  friend class HeapTimers;
  View(std::shared_ptr<HeapTimers> timers, std::shared_ptr<Progress> progress)
      : timers_(std::move(timers)), progress_(std::move(progress)) {}

  /// Overwrites `batch` with the next of the group, at its end also with what was removed; false when that is so.
  bool NextBatch(size_t group, std::vector<StoredTimer>* batch);

  const std::shared_ptr<HeapTimers> timers_;
  const std::shared_ptr<Progress> progress_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_HEAP_TIMERS_H_
