#ifndef KVSTATE_BACKENDS_OPERATORS_REDISTRIBUTION_H_
#define KVSTATE_BACKENDS_OPERATORS_REDISTRIBUTION_H_

#include <cstdint>

namespace kvstate::backends {

/// Elements first..last-1 of a sequence.
struct ElementRange {
  uint64_t first = 0;
  uint64_t last = 0;
  friend bool operator==(const ElementRange&, const ElementRange&) = default;
};

/// Cuts one list after another into as many pieces as there are subtasks. Those that get an element more than others
/// follow, round and round, the ones that did of the list before, so that many short lists do not all go to the first
/// subtasks (Flink's RoundRobinOperatorStateRepartitioner).
class RoundRobinSplit {
 public:
  /// REQUIRES: parallelism is at least 1.
  explicit RoundRobinSplit(uint32_t parallelism) : parallelism_(parallelism) {}

  /// The piece of `subtask` of the next list, which has `total` elements. To be asked for each list once, in the same
  /// order on every subtask.
  ElementRange Next(uint64_t total, uint32_t subtask) {
    const uint64_t short_piece = total / parallelism_;
    const auto longer = static_cast<uint32_t>(total % parallelism_);
    const uint32_t place = (subtask + parallelism_ - first_) % parallelism_;
    first_ = static_cast<uint32_t>((uint64_t{first_} + longer) % parallelism_);
    const uint64_t first = place * short_piece + (place < longer ? place : longer);
    return {first, first + short_piece + (place < longer ? 1 : 0)};
  }

 private:
  const uint32_t parallelism_;
  uint32_t first_ = 0;  ///< The subtask that gets the first piece.
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_OPERATORS_REDISTRIBUTION_H_
