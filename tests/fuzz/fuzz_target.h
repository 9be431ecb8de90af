#ifndef KVSTATE_TESTS_FUZZ_FUZZ_TARGET_H_
#define KVSTATE_TESTS_FUZZ_FUZZ_TARGET_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

/// The body of a target: libFuzzer calls it, or the replay of a corpus in the ordinary test run.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace kvstate::fuzz {

inline std::string_view BytesOf(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Ends the program as a finding.
[[noreturn]] void Fail(const char* what, const char* file, int line);

}  // namespace kvstate::fuzz

/// What must hold of every input.
#define FUZZ_CHECK(condition) \
  if (!(condition)) ::kvstate::fuzz::Fail(#condition, __FILE__, __LINE__)

#endif  // KVSTATE_TESTS_FUZZ_FUZZ_TARGET_H_
