#ifndef KVSTATE_BACKENDS_COMMON_TIMER_SET_H_
#define KVSTATE_BACKENDS_COMMON_TIMER_SET_H_

#include <absl/container/btree_set.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <vector>

#include "backends/common/stored_timer.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// A set of timers, of which only those to come next are kept in order. The others are in leaves, each of a stretch of
/// the order, and are appended there as they come; a leaf is put in order when it is full, when it becomes the first
/// one, or when somebody has to know what exactly is in it. So an Add far ahead touches little memory, and does not
/// find out whether its timer was there before. Not thread-safe.
///
/// Invariants: places_ ascend by their leaves' `from`. A leaf has timers at or after its `from`, which is the least
/// timer there can be in the first leaf, and before the next leaf's. None is empty, none has more than kMostOfLeaf. The
/// first `sorted` of a leaf's timers descend, so that the first of all is taken off an end; behind them stand others,
/// which may be there more than once. The first leaf has no others.
class TimerSet {
 public:
  static constexpr size_t kMostOfLeaf = 128;

  bool empty() const { return places_.empty(); }
  /// REQUIRES: not empty.
  const StoredTimer& first() const { return FirstLeaf().timers.back(); }
  /// REQUIRES: not empty.
  const StoredTimer& last();

  /// Adds a timer if it is not there; whether it is the first now, and was not before.
  bool Add(StoredTimer&& timer);
  /// Adds a timer, and finds out whether it was there: null if so, or else where it stands until the next change.
  const StoredTimer* Insert(StoredTimer&& timer);
  /// Whether it was there.
  bool Erase(const StoredTimer& timer);
  bool Contains(const StoredTimer& timer);
  /// REQUIRES: not empty.
  StoredTimer TakeFirst();
  /// REQUIRES: not empty.
  void DropLast();

  /// Walks all leaves.
  size_t Size();
  size_t leaves() const { return places_.size(); }
  /// In order.
  template <class Visit>
  Status ForEach(const Visit& visit) {
    for (const Place& place : places_) {
      Settle(*place.leaf);
      for (auto timer = place.leaf->timers.rbegin(); timer != place.leaf->timers.rend(); ++timer) {
        KVSTATE_RETURN_IF_ERROR(visit(*timer));
      }
    }
    return Status();
  }
  /// Calls `visit` for the timers of leaves one after the other, at least `least` of them, beginning at `from`, null
  /// for the start. Not in order, and some may come more than once in a call. Where to go on; null at the end. Changes
  /// nothing.
  template <class Visit>
  const StoredTimer* ForSome(const StoredTimer* from, size_t least, const Visit& visit) const {
    auto place = from == nullptr || empty() ? places_.begin() : PlaceOf(*from);
    for (size_t visited = 0; place != places_.end(); ++place) {
      if (visited >= least) return &place->leaf->from;
      for (const StoredTimer& timer : place->leaf->timers) {
        if (from == nullptr || !(timer < *from)) visit(timer);
      }
      visited += place->leaf->timers.size();
    }
    return nullptr;
  }

 private:
  struct Leaf {
    StoredTimer from;
    size_t sorted = 0;
    std::vector<StoredTimer> timers;
  };
  struct Place {
    mutable int64_t timestamp = 0;  ///< Of the leaf's `from`, so that most comparisons need no look at it.
    std::unique_ptr<Leaf> leaf;
  };
  struct Before {
    using is_transparent = void;
    bool operator()(const Place& a, const Place& b) const {
      return a.timestamp != b.timestamp ? a.timestamp < b.timestamp : a.leaf->from < b.leaf->from;
    }
    bool operator()(const Place& a, const StoredTimer& b) const {
      return a.timestamp != b.timestamp() ? a.timestamp < b.timestamp() : a.leaf->from < b;
    }
    bool operator()(const StoredTimer& a, const Place& b) const {
      return a.timestamp() != b.timestamp ? a.timestamp() < b.timestamp : a < b.leaf->from;
    }
  };
  using Places = absl::btree_set<Place, Before>;

  /// Where a timer is if it is anywhere. REQUIRES: not empty.
  Places::const_iterator PlaceOf(const StoredTimer& timer) const { return std::prev(places_.upper_bound(timer)); }
  const Leaf& FirstLeaf() const { return *places_.begin()->leaf; }
  static StoredTimer Least() { return StoredTimer(std::numeric_limits<int64_t>::min(), {}); }
  Places::const_iterator NewLeaf(const StoredTimer& from);
  /// Where to put a timer; there is room. REQUIRES: `place` is the timer's, and full.
  Places::const_iterator MakeRoom(Places::const_iterator place, const StoredTimer& timer);
  /// To be called when something was taken out of a settled leaf.
  void Shrunk(Places::const_iterator place);
  /// Appends what the leaf after `place` has to this one, and drops that.
  void TakeInNext(Places::const_iterator place);
  void Drop(Places::const_iterator place);
  static void Settle(Leaf& leaf) {
    if (leaf.sorted != leaf.timers.size()) PutInOrder(leaf);
  }
  static void PutInOrder(Leaf& leaf);
  static const StoredTimer* InsertInto(Leaf& leaf, StoredTimer&& timer);

  Places places_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_TIMER_SET_H_
