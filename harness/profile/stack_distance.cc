#include "harness/profile/stack_distance.h"

#include <algorithm>
#include <utility>

namespace kvstate::harness {

namespace {

constexpr size_t kLeastPositions = 1024;

}  // namespace

StackDistances::StackDistances() : tree_(kLeastPositions + 1) {}

std::optional<uint64_t> StackDistances::Access(uint64_t address) {
  if (next_ + 1 == tree_.size()) Compact();
  const auto [at, is_new] = last_.try_emplace(address, next_);
  std::optional<uint64_t> distance;
  if (!is_new) {
    distance = last_.size() - CountUpTo(at->second);
    Add(at->second, -1);
    at->second = next_;
  }
  Add(next_, 1);
  ++next_;
  return distance;
}

uint64_t StackDistances::CountUpTo(size_t position) const {
  uint64_t count = 0;
  for (size_t i = position + 1; i > 0; i &= i - 1) count += tree_[i];
  return count;
}

void StackDistances::Add(size_t position, int32_t change) {
  for (size_t i = position + 1; i < tree_.size(); i += i & (~i + 1)) tree_[i] += static_cast<uint32_t>(change);
}

void StackDistances::Compact() {
  std::vector<std::pair<size_t, size_t*>> positions;
  positions.reserve(last_.size());
  for (auto& [address, position] : last_) positions.emplace_back(position, &position);
  std::sort(positions.begin(), positions.end());
  tree_.assign(std::max(2 * positions.size(), kLeastPositions) + 1, 0);
  for (size_t i = 0; i < positions.size(); ++i) {
    *positions[i].second = i;
    Add(i, 1);
  }
  next_ = positions.size();
}

}  // namespace kvstate::harness
