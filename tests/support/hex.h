#ifndef KVSTATE_TESTS_SUPPORT_HEX_H_
#define KVSTATE_TESTS_SUPPORT_HEX_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace kvstate::testing_support {

/// The bytes that pairs of hexadecimal digits stand for.
inline std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

inline std::string ToHex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) hex.append({kDigits[(c >> 4) & 15], kDigits[c & 15]});
  return hex;
}

}  // namespace kvstate::testing_support

#endif  // KVSTATE_TESTS_SUPPORT_HEX_H_
