#ifndef KVSTATE_TESTS_FUZZ_ROUND_TRIP_H_
#define KVSTATE_TESTS_FUZZ_ROUND_TRIP_H_

#include <string>

#include "kvstate/serializers.h"
#include "tests/fuzz/fuzz_target.h"

namespace kvstate::fuzz {

/// Any bytes decode or are DATA_LOSS; what decodes has canonical bytes, which decode to themselves. With
/// `only_canonical`, nothing but the canonical bytes decodes.
template <class T>
void RoundTrip(ByteView bytes, bool only_canonical) {
  const auto decoded = Decode<T>(bytes);
  Codec<T>::KeyHash(bytes);
  if (!decoded.ok()) {
    FUZZ_CHECK(decoded.status().code() == StatusCode::kDataLoss);
    FUZZ_CHECK(!decoded.status().message().empty());
    return;
  }
  const std::string canonical = Encode(*decoded);
  if (only_canonical) FUZZ_CHECK(canonical == bytes);
  if (Codec<T>::kEncodedSize != kVariableSize) FUZZ_CHECK(bytes.size() == Codec<T>::kEncodedSize);
  const auto again = Decode<T>(canonical);
  FUZZ_CHECK(again.ok());
  FUZZ_CHECK(Encode(*again) == canonical);
}

}  // namespace kvstate::fuzz

#endif  // KVSTATE_TESTS_FUZZ_ROUND_TRIP_H_
