#include "workloads/sources/key_permutation.h"

#include <bit>
#include <cassert>

#include "workloads/sources/random.h"

namespace kvstate::workloads {

KeyPermutation::KeyPermutation(uint64_t n, uint64_t seed) : n_(n) {
  assert(n >= 1 && n <= uint64_t{1} << 63);
  const auto bits = static_cast<int>(std::bit_width(n - 1));
  mask_ = bits == 0 ? 0 : ~uint64_t{0} >> (64 - bits);
  // At least 1: a shift by 0 would clear everything.
  shift_ = bits < 2 ? 1 : (bits + 1) / 2;
  Random random(seed);
  offset_ = random.Next();
  for (uint64_t& multiplier : multipliers_) multiplier = random.Next() | 1;
}

}  // namespace kvstate::workloads
