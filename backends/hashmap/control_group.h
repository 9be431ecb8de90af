#ifndef KVSTATE_BACKENDS_HASHMAP_CONTROL_GROUP_H_
#define KVSTATE_BACKENDS_HASHMAP_CONTROL_GROUP_H_

#include <emmintrin.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace kvstate::backends::hashmap {

/// The control bytes of the slots that a hash table searches by one comparison. A control byte is the low seven bits of
/// the hash of the entry in the slot, or one of the constants. Each result has a bit a slot.
class ControlGroup {
 public:
  static constexpr size_t kSlots = 16;
  using Bytes = std::array<int8_t, kSlots>;

  static constexpr int8_t kEmpty = -128;
  static constexpr int8_t kTombstone = -2;
  /// Behind the slots of a table that has less than a group of them.
  static constexpr int8_t kOutside = -1;

  static constexpr Bytes AllEmpty() {
    Bytes bytes{};
    for (int8_t& byte : bytes) byte = kEmpty;
    return bytes;
  }

  /// REQUIRES: `at` is a multiple of kSlots.
  explicit ControlGroup(const int8_t* at) : bytes_(_mm_load_si128(reinterpret_cast<const __m128i*>(at))) {}

  uint32_t Match(int8_t byte) const { return Mask(_mm_cmpeq_epi8(bytes_, _mm_set1_epi8(byte))); }
  uint32_t Empty() const { return Match(kEmpty); }
  uint32_t Full() const { return ~Mask(bytes_) & 0xffffu; }
  uint32_t EmptyOrTombstone() const { return Mask(_mm_cmpgt_epi8(_mm_set1_epi8(kOutside), bytes_)); }

 private:
  static uint32_t Mask(__m128i bytes) { return static_cast<uint32_t>(_mm_movemask_epi8(bytes)); }

  __m128i bytes_;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_CONTROL_GROUP_H_
