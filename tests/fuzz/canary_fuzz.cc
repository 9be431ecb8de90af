#include "tests/fuzz/fuzz_target.h"

// A decoder that is wrong on purpose: it trusts a length that its bytes claim. The harness must find it out.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3 || data[0] != 'k' || data[1] != 'v') return 0;
  const size_t claimed = data[2];
  FUZZ_CHECK(claimed <= size - 3 && "the canary must be found");
  return 0;
}
