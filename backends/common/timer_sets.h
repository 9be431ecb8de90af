#ifndef KVSTATE_BACKENDS_COMMON_TIMER_SETS_H_
#define KVSTATE_BACKENDS_COMMON_TIMER_SETS_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "backends/common/stored_timer.h"
#include "backends/common/timer_set.h"

namespace kvstate::backends {

/// A set of timers for each key group, and the first of all. Key groups are counted from the first of a backend's
/// range. Not thread-safe.
///
/// Invariant: heads_ is a binary heap of the sets that are not empty, by their first timers; places_ says where each
/// set stands in it.
class TimerSets {
 public:
  explicit TimerSets(size_t groups) : sets_(groups), places_(groups, kNowhere) {}

  /// Whoever asks may put the set in order, but not change what is in it.
  TimerSet& operator[](size_t group) { return sets_[group]; }
  const TimerSet& operator[](size_t group) const { return sets_[group]; }
  size_t groups() const { return sets_.size(); }
  bool empty() const { return heads_.empty(); }
  /// The group of the first timer of all. REQUIRES: not empty.
  size_t head_group() const { return heads_.front().group; }
  /// REQUIRES: not empty.
  const StoredTimer& head() const { return sets_[head_group()].first(); }

  /// Adds a timer if it is not there; whether the first timer of all changed.
  bool Add(size_t group, StoredTimer&& timer) {
    if (!sets_[group].Add(std::move(timer))) return false;
    FirstChanged(group);
    return head_group() == group;
  }
  /// Adds a timer, and finds out whether it was there: null if so, or else where it stands until the next change.
  const StoredTimer* Insert(size_t group, StoredTimer&& timer);
  /// Whether it was there.
  bool Erase(size_t group, const StoredTimer& timer);
  /// Takes out the first of a group. REQUIRES: it is not empty.
  StoredTimer TakeFirst(size_t group);
  /// Drops the last of a group. REQUIRES: it has two at least.
  void DropLast(size_t group) { sets_[group].DropLast(); }

 private:
  struct Head {
    int64_t timestamp = 0;  ///< Of the set's first, so that most comparisons need no look at it.
    uint32_t group = 0;
  };
  static constexpr uint32_t kNowhere = UINT32_MAX;

  bool Before(const Head& a, const Head& b) const {
    if (a.timestamp != b.timestamp) return a.timestamp < b.timestamp;
    return sets_[a.group].first() < sets_[b.group].first();
  }
  /// Restores the invariant after the first of a set changed.
  void FirstChanged(size_t group);
  void MoveUp(size_t place);
  void MoveDown(size_t place);
  void Put(size_t place, const Head& head) {
    heads_[place] = head;
    places_[head.group] = static_cast<uint32_t>(place);
  }

  std::vector<TimerSet> sets_;
  std::vector<Head> heads_;
  std::vector<uint32_t> places_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_TIMER_SETS_H_
