#include "kvstate/key_group.h"

#include <algorithm>
#include <bit>
#include <string>

namespace kvstate {
inline namespace v1 {

KeyGroupRange KeyGroupRangeOf(uint32_t max_parallelism, uint32_t parallelism, uint32_t index) {
  const uint64_t m = max_parallelism;
  const auto first = static_cast<uint32_t>((index * m + parallelism - 1) / parallelism);
  const auto last = static_cast<uint32_t>(((index + 1) * m - 1) / parallelism);
  return {first, last};
}

uint32_t SubtaskOf(uint32_t max_parallelism, uint32_t parallelism, uint32_t key_group) {
  return static_cast<uint32_t>(uint64_t{key_group} * parallelism / max_parallelism);
}

uint32_t DefaultMaxParallelism(uint32_t parallelism) {
  const uint64_t wanted = uint64_t{parallelism} + parallelism / 2;
  const uint64_t rounded = std::bit_ceil(std::max<uint64_t>(wanted, 1));
  return static_cast<uint32_t>(std::clamp<uint64_t>(rounded, kDefaultMaxParallelism, kMaxMaxParallelism));
}

Status CheckKeyGroups(uint32_t max_parallelism, KeyGroupRange range) {
  if (max_parallelism < 1 || max_parallelism > kMaxMaxParallelism) {
    return InvalidArgumentError("max parallelism " + std::to_string(max_parallelism) + " is not within 1.." +
                                std::to_string(kMaxMaxParallelism));
  }
  if (range.size() == 0 || range.last >= max_parallelism) {
    return InvalidArgumentError("key group range " + std::to_string(range.first) + ".." + std::to_string(range.last) +
                                " is empty or outside 0.." + std::to_string(max_parallelism - 1) +
                                ", the groups of max parallelism " + std::to_string(max_parallelism));
  }
  return Status();
}

}  // namespace v1
}  // namespace kvstate
