#include "kvstate/codec.h"

namespace kvstate {
inline namespace v1 {

namespace {

/// The length of the well-formed UTF-8 sequence at the start of `text`, and its code point; 0 when there is none.
size_t DecodeUtf8(ByteView text, uint32_t* code_point) {
  const auto byte = [&text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  size_t length = 0;
  uint32_t value = 0;
  uint32_t least = 0;
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2, value = lead & 0x1fu, least = 0x80;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3, value = lead & 0x0fu, least = 0x800;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4, value = lead & 0x07u, least = 0x10000;
  }
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    value = (value << 6) | (byte(i) & 0x3fu);
  }
  if (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return 0;
  *code_point = value;
  return length;
}

}  // namespace

uint32_t JavaBytesHash(ByteView bytes) {
  uint32_t hash = 1;
  for (const char c : bytes) hash = 31 * hash + static_cast<uint32_t>(static_cast<int32_t>(static_cast<int8_t>(c)));
  return hash;
}

uint32_t JavaStringHash(ByteView utf8) {
  uint32_t hash = 0;
  while (!utf8.empty()) {
    const auto lead = static_cast<uint8_t>(utf8[0]);
    if (lead < 0x80) {
      hash = 31 * hash + lead;
      utf8.remove_prefix(1);
      continue;
    }
    uint32_t code_point = 0xfffd;
    const size_t length = DecodeUtf8(utf8, &code_point);
    if (code_point >= 0x10000) {
      hash = 31 * hash + (0xd800 + ((code_point - 0x10000) >> 10));
      hash = 31 * hash + (0xdc00 + ((code_point - 0x10000) & 0x3ff));
    } else {
      hash = 31 * hash + code_point;
    }
    utf8.remove_prefix(length == 0 ? 1 : length);
  }
  return hash;
}

}  // namespace v1
}  // namespace kvstate
