#include "backends/common/timer_set.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace kvstate::backends {

namespace {

// Up to so many are put in their places one by one.
constexpr size_t kFew = 4;

bool Descending(const StoredTimer& a, const StoredTimer& b) { return b < a; }

/// A timer to be sorted: 16 bytes that are moved around for its 24.
struct Unsorted {
  int64_t timestamp = 0;
  StoredTimer* timer = nullptr;
};

bool DescendingUnsorted(const Unsorted& a, const Unsorted& b) {
  return a.timestamp != b.timestamp ? a.timestamp > b.timestamp : *b.timer < *a.timer;
}

}  // namespace

const StoredTimer* TimerSet::InsertInto(Leaf& leaf, StoredTimer&& timer) {
  const auto at = std::lower_bound(leaf.timers.begin(), leaf.timers.end(), timer, Descending);
  if (at != leaf.timers.end() && *at == timer) return nullptr;
  ++leaf.sorted;
  return &*leaf.timers.insert(at, std::move(timer));
}

void TimerSet::PutInOrder(Leaf& leaf) {
  std::vector<StoredTimer>& timers = leaf.timers;
  if (timers.size() - leaf.sorted <= kFew) {
    std::array<StoredTimer, kFew> few;
    const auto few_end =
        std::move(timers.begin() + static_cast<std::ptrdiff_t>(leaf.sorted), timers.end(), few.begin());
    timers.resize(leaf.sorted);
    for (auto timer = few.begin(); timer != few_end; ++timer) InsertInto(leaf, std::move(*timer));
    return;
  }
  std::array<Unsorted, kMostOfLeaf> unsorted;
  const auto end = std::transform(timers.begin() + static_cast<std::ptrdiff_t>(leaf.sorted), timers.end(),
                                  unsorted.begin(), [](StoredTimer& timer) {
                                    return Unsorted{timer.timestamp(), &timer};
                                  });
  std::sort(unsorted.begin(), end, DescendingUnsorted);
  std::vector<StoredTimer> merged;
  merged.reserve(timers.capacity());
  const auto append = [&](StoredTimer& timer) {
    if (merged.empty() || !(merged.back() == timer)) merged.push_back(std::move(timer));
  };
  auto from = unsorted.begin();
  for (size_t i = 0; i < leaf.sorted; ++i) {
    for (; from != end && timers[i] < *from->timer; ++from) append(*from->timer);
    append(timers[i]);
  }
  for (; from != end; ++from) append(*from->timer);
  timers.swap(merged);
  leaf.sorted = timers.size();
}

TimerSet::Places::const_iterator TimerSet::NewLeaf(const StoredTimer& from) {
  auto leaf = std::make_unique<Leaf>();
  leaf->from = from;
  // The first one grows, since most sets may be small.
  if (!places_.empty()) leaf->timers.reserve(kMostOfLeaf);
  return places_.insert(Place{from.timestamp(), std::move(leaf)}).first;
}

TimerSet::Places::const_iterator TimerSet::MakeRoom(Places::const_iterator place, const StoredTimer& timer) {
  Leaf& leaf = *place->leaf;
  Settle(leaf);
  if (leaf.timers.size() < kMostOfLeaf / 2) return place;
  // Timers that come in order leave full leaves behind.
  if (std::next(place) == places_.end() && leaf.timers.front() < timer) return NewLeaf(timer);
  const auto middle = leaf.timers.begin() + static_cast<std::ptrdiff_t>(leaf.timers.size() / 2);
  const bool is_later = !(timer < middle[-1]);
  const auto later = NewLeaf(middle[-1]);
  later->leaf->timers.assign(std::make_move_iterator(leaf.timers.begin()), std::make_move_iterator(middle));
  later->leaf->sorted = later->leaf->timers.size();
  leaf.timers.erase(leaf.timers.begin(), middle);
  leaf.sorted = leaf.timers.size();
  return is_later ? later : std::prev(later);
}

bool TimerSet::Add(StoredTimer&& timer) {
  if (!empty()) [[likely]] {
    auto place = PlaceOf(timer);
    if (place != places_.begin()) {
      if (place->leaf->timers.size() == kMostOfLeaf) [[unlikely]]
        place = MakeRoom(place, timer);
      place->leaf->timers.push_back(std::move(timer));
      return false;
    }
  }
  const StoredTimer* const at = Insert(std::move(timer));
  return at != nullptr && at == &first();
}

const StoredTimer* TimerSet::Insert(StoredTimer&& timer) {
  auto place = empty() ? NewLeaf(Least()) : PlaceOf(timer);
  if (place->leaf->timers.size() == kMostOfLeaf) place = MakeRoom(place, timer);
  Settle(*place->leaf);
  return InsertInto(*place->leaf, std::move(timer));
}

bool TimerSet::Contains(const StoredTimer& timer) {
  if (empty()) return false;
  const auto place = PlaceOf(timer);
  Settle(*place->leaf);
  return std::binary_search(place->leaf->timers.begin(), place->leaf->timers.end(), timer, Descending);
}

bool TimerSet::Erase(const StoredTimer& timer) {
  if (empty()) return false;
  const auto place = PlaceOf(timer);
  Leaf& leaf = *place->leaf;
  Settle(leaf);
  const auto at = std::lower_bound(leaf.timers.begin(), leaf.timers.end(), timer, Descending);
  if (at == leaf.timers.end() || !(*at == timer)) return false;
  leaf.timers.erase(at);
  --leaf.sorted;
  Shrunk(place);
  return true;
}

StoredTimer TimerSet::TakeFirst() {
  Leaf& leaf = *places_.begin()->leaf;
  StoredTimer taken(std::move(leaf.timers.back()));
  leaf.timers.pop_back();
  --leaf.sorted;
  if (leaf.timers.empty()) Drop(places_.begin());
  return taken;
}

const StoredTimer& TimerSet::last() {
  Leaf& leaf = *std::prev(places_.end())->leaf;
  Settle(leaf);
  return leaf.timers.front();
}

void TimerSet::DropLast() {
  const auto place = std::prev(places_.end());
  Leaf& leaf = *place->leaf;
  Settle(leaf);
  leaf.timers.erase(leaf.timers.begin());
  --leaf.sorted;
  Shrunk(place);
}

void TimerSet::Shrunk(Places::const_iterator place) {
  const size_t size = place->leaf->timers.size();
  if (size == 0) return Drop(place);
  if (size >= kMostOfLeaf / 4) return;
  const auto fits = [size](const Place& other) { return size + other.leaf->timers.size() <= kMostOfLeaf / 2; };
  if (place != places_.begin() && fits(*std::prev(place))) {
    TakeInNext(std::prev(place));
  } else if (std::next(place) != places_.end() && fits(*std::next(place))) {
    TakeInNext(place);
  }
}

void TimerSet::TakeInNext(Places::const_iterator place) {
  Leaf& leaf = *place->leaf;
  const auto next = std::next(place);
  std::vector<StoredTimer>& taken = next->leaf->timers;
  leaf.timers.insert(leaf.timers.end(), std::make_move_iterator(taken.begin()), std::make_move_iterator(taken.end()));
  Settle(leaf);
  places_.erase(next);
}

void TimerSet::Drop(Places::const_iterator place) {
  const auto next = places_.erase(place);
  if (next != places_.begin() || next == places_.end()) return;
  Settle(*next->leaf);
  next->leaf->from = Least();
  next->timestamp = next->leaf->from.timestamp();
}

size_t TimerSet::Size() {
  size_t size = 0;
  for (const Place& place : places_) {
    Settle(*place.leaf);
    size += place.leaf->timers.size();
  }
  return size;
}

}  // namespace kvstate::backends
