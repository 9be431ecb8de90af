#ifndef KVSTATE_WORKLOADS_SOURCES_KEY_PERMUTATION_H_
#define KVSTATE_WORKLOADS_SOURCES_KEY_PERMUTATION_H_

#include <cstdint>

namespace kvstate::workloads {

/// A seeded bijection of [0, n) that scatters neighbours: it spreads the popular ranks of a Zipfian over the whole key
/// space. A hash modulo n would merge some keys and leave others out. Immutable.
class KeyPermutation {
 public:
  /// REQUIRES: 1 <= n <= 2^63.
  KeyPermutation(uint64_t n, uint64_t seed);

  /// REQUIRES: i < n.
  uint64_t operator()(uint64_t i) const {
    // The rounds permute [0, 2^bits), less than twice as many numbers; walking on along the cycle until it comes back
    // into [0, n) is again a bijection.
    do {
      for (uint64_t odd : multipliers_) {
        i = (i * odd + offset_) & mask_;
        i ^= i >> shift_;
      }
    } while (i >= n_);
    return i;
  }

 private:
  uint64_t n_;
  uint64_t mask_;
  int shift_;
  uint64_t offset_;
  uint64_t multipliers_[3];
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_SOURCES_KEY_PERMUTATION_H_
