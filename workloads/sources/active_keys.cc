#include "workloads/sources/active_keys.h"

namespace kvstate::workloads {

namespace {

// A steep distribution may not give as many distinct keys in any time: the rest are then taken in order.
constexpr uint64_t kMostDrawsPerKey = 1000;

}  // namespace

void ActiveKeys::StartEpoch() {
  next_ = 0;
  ids_.clear();
  is_active_.clear();
  const auto add = [this](uint64_t id) {
    if (is_active_.insert(id).second) ids_.push_back(id);
  };
  for (uint64_t draws = 0; ids_.size() < active_ && draws < kMostDrawsPerKey * active_; ++draws) add(draw_());
  for (uint64_t id = 0; ids_.size() < active_; ++id) add(id);
}

uint64_t ActiveKeys::Next(Random& random) {
  if (next_ == epoch_events_ || ids_.empty()) StartEpoch();
  const uint64_t event = next_++;
  if (event < ids_.size()) return ids_[event];
  if (uniform_) return ids_[random.Below(ids_.size())];
  for (uint64_t draws = 0; draws < kMostDrawsPerKey; ++draws) {
    const uint64_t id = draw_();
    if (is_active_.contains(id)) return id;
  }
  return ids_[random.Below(ids_.size())];
}

}  // namespace kvstate::workloads
