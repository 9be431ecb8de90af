#include "backends/common/timer_sets.h"

#include <algorithm>

namespace kvstate::backends {

const StoredTimer* TimerSets::Insert(size_t group, StoredTimer&& timer) {
  TimerSet& set = sets_[group];
  const StoredTimer* const at = set.Insert(std::move(timer));
  if (at != nullptr && at == &set.first()) FirstChanged(group);
  return at;
}

bool TimerSets::Erase(size_t group, const StoredTimer& timer) {
  TimerSet& set = sets_[group];
  const bool was_first = !set.empty() && set.first() == timer;
  if (!set.Erase(timer)) return false;
  if (was_first) FirstChanged(group);
  return true;
}

StoredTimer TimerSets::TakeFirst(size_t group) {
  StoredTimer taken = sets_[group].TakeFirst();
  FirstChanged(group);
  return taken;
}

void TimerSets::FirstChanged(size_t group) {
  size_t place = places_[group];
  if (sets_[group].empty()) {
    places_[group] = kNowhere;
    const Head last = heads_.back();
    heads_.pop_back();
    if (place == heads_.size()) return;
    Put(place, last);
    group = last.group;
  } else {
    const Head head{sets_[group].first().timestamp(), static_cast<uint32_t>(group)};
    if (place == kNowhere) {
      place = heads_.size();
      heads_.emplace_back();
    }
    Put(place, head);
  }
  MoveUp(place);
  MoveDown(places_[group]);
}

void TimerSets::MoveUp(size_t place) {
  const Head head = heads_[place];
  while (place > 0) {
    const size_t parent = (place - 1) / 2;
    if (!Before(head, heads_[parent])) break;
    Put(place, heads_[parent]);
    place = parent;
  }
  Put(place, head);
}

void TimerSets::MoveDown(size_t place) {
  const Head head = heads_[place];
  for (;;) {
    size_t child = 2 * place + 1;
    if (child >= heads_.size()) break;
    if (child + 1 < heads_.size() && Before(heads_[child + 1], heads_[child])) ++child;
    if (!Before(heads_[child], head)) break;
    Put(place, heads_[child]);
    place = child;
  }
  Put(place, head);
}

}  // namespace kvstate::backends
