#ifndef KVSTATE_WORKLOADS_SOURCES_RANDOM_H_
#define KVSTATE_WORKLOADS_SOURCES_RANDOM_H_

#include <bit>
#include <cassert>
#include <cstdint>

namespace kvstate::workloads {

/// A bijection of 64-bit numbers that changes about half the bits for each bit changed: the output function of
/// SplitMix64 (Steele, Lea, Flood 2014).
constexpr uint64_t MixBits(uint64_t v) {
  v = (v ^ (v >> 30)) * 0xbf58476d1ce4e5b9u;
  v = (v ^ (v >> 27)) * 0x94d049bb133111ebu;
  return v ^ (v >> 31);
}

/// Pseudo-random numbers that are the same on every machine, which those of <random>'s distributions are not:
/// xoshiro256** (Blackman, Vigna 2018), its state filled by SplitMix64. Not thread-safe.
class Random {
 public:
  /// Streams of one seed are independent of one another, so that drawing more from one leaves the others as they were.
  explicit Random(uint64_t seed, uint64_t stream = 0) {
    uint64_t at = seed ^ MixBits(stream * 0x9e3779b97f4a7c15u);
    for (uint64_t& word : state_) word = MixBits(at += 0x9e3779b97f4a7c15u);
  }

  uint64_t Next() {
    const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// Uniform in [0, bound), without bias: Lemire's multiply and reject. REQUIRES: bound > 0.
  uint64_t Below(uint64_t bound) {
    assert(bound > 0);
    Wide product = static_cast<Wide>(Next()) * bound;
    if (static_cast<uint64_t>(product) < bound) {
      const uint64_t threshold = (0 - bound) % bound;
      while (static_cast<uint64_t>(product) < threshold) product = static_cast<Wide>(Next()) * bound;
    }
    return static_cast<uint64_t>(product >> 64);
  }

  /// Uniform over the multiples of 2^-53 in [0, 1).
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

 private:
  __extension__ using Wide = unsigned __int128;
  uint64_t state_[4];
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_SOURCES_RANDOM_H_
