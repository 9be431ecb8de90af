#include <cstdlib>
#include <iostream>

#include "tests/fuzz/fuzz_target.h"

namespace kvstate::fuzz {

void Fail(const char* what, const char* file, int line) {
  std::cerr << file << ":" << line << ": does not hold: " << what << "\n";
  std::abort();  // What libFuzzer takes for a finding: it keeps the input.
}

}  // namespace kvstate::fuzz
