#include <cstdint>
#include <string>

#include "kvstate/namespaces.h"
#include "tests/fuzz/round_trip.h"

using kvstate::fuzz::RoundTrip;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = kvstate::fuzz::BytesOf(data, size);
  RoundTrip<int8_t>(bytes, true);
  RoundTrip<uint16_t>(bytes, true);
  RoundTrip<int32_t>(bytes, true);
  RoundTrip<uint64_t>(bytes, true);
  RoundTrip<bool>(bytes, true);
  RoundTrip<std::string>(bytes, true);
  RoundTrip<kvstate::VoidNamespace>(bytes, true);
  RoundTrip<kvstate::TimeWindow>(bytes, true);
  // A NaN of other bits is read, and written as the one quiet NaN.
  RoundTrip<float>(bytes, false);
  RoundTrip<double>(bytes, false);
  kvstate::JavaStringHash(bytes);
  return 0;
}
