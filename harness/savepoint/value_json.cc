#include "harness/savepoint/value_json.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "kvstate/status.h"

namespace kvstate::harness {

namespace {

using Form = StoredFormat::Form;

constexpr std::string_view kTimerType = "timer";
constexpr std::string_view kHexDigits = "0123456789abcdef";
// Elements without bytes would let a count of a few bytes fill the memory.
constexpr uint64_t kMostEmptyElements = 1024;

/// Length of the UTF-8 character at the start of `text`; 0 when there is none: broken, overlong, a surrogate, or beyond
/// the last code point.
size_t Utf8Length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const uint8_t second = byte(1);
  if (first == 0xe0 && second < 0xa0) return 0;
  if (first == 0xed && second > 0x9f) return 0;
  if (first == 0xf0 && second < 0x90) return 0;
  if (first == 0xf4 && second > 0x8f) return 0;
  return length;
}

bool IsUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t length = Utf8Length(text.substr(at));
    if (length == 0) return false;
    at += length;
  }
  return true;
}

void AppendHex(ByteView bytes, std::string* json) {
  json->push_back('"');
  for (const char c : bytes) {
    json->push_back(kHexDigits[static_cast<uint8_t>(c) >> 4]);
    json->push_back(kHexDigits[static_cast<uint8_t>(c) & 15]);
  }
  json->push_back('"');
}

template <class Number>
void AppendNumber(Number number, std::string* json) {
  char text[32];
  json->append(text, std::to_chars(text, text + sizeof(text), number).ptr);
}

template <class Number>
void AppendFloating(Number number, std::string* json) {
  if (std::isnan(number)) {
    json->append("\"NaN\"");
  } else if (std::isinf(number)) {
    json->append(number > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  } else {
    AppendNumber(number, json);
  }
}

void AppendText(ByteView bytes, bool as_hex, std::string* json) {
  if (!as_hex && IsUtf8(bytes)) return AppendJsonString(bytes, json);
  json->append("{\"hex\": ");
  AppendHex(bytes, json);
  json->push_back('}');
}

void AppendText(ByteView bytes, std::string* json) { AppendText(bytes, false, json); }

/// Bytes of no type: text when they look like nothing else.
void AppendRaw(ByteView bytes, std::string* json) {
  const auto is_control = [](char c) {
    return (static_cast<uint8_t>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
  };
  AppendText(bytes, std::any_of(bytes.begin(), bytes.end(), is_control), json);
}

bool ReadUnsigned(ByteReader& in, size_t bytes, uint64_t* number) {
  ByteView all;
  if (!in.ReadBytes(bytes, &all)) return false;
  *number = 0;
  for (const char c : all) *number = (*number << 8) | static_cast<uint8_t>(c);
  return true;
}

/// Sign-extends a number of that many bytes.
int64_t AsSigned(uint64_t number, size_t bytes) {
  const size_t unused = 64 - 8 * bytes;
  return static_cast<int64_t>(number << unused) >> unused;
}

/// Values whose end is known while they are read. Nothing of use is in `json` after a failure.
Status AppendNext(const StoredFormat& type, ByteReader& in, std::string* json);

Status AppendParts(const StoredFormat& type, ByteReader& in, std::string* json) {
  json->push_back('[');
  for (size_t i = 0; i < type.parts.size(); ++i) {
    if (i > 0) json->append(", ");
    KVSTATE_RETURN_IF_ERROR(AppendNext(type.parts[i], in, json));
  }
  json->push_back(']');
  return Status();
}

bool IsMap(const StoredFormat& type) { return type.form == Form::kMap || type.form == Form::kUnorderedMap; }

Status AppendCounted(const StoredFormat& type, ByteReader& in, std::string* json) {
  uint64_t count = 0;
  if (!in.ReadVarint(&count)) return in.Malformed("count");
  json->push_back('[');
  for (uint64_t i = 0; i < count; ++i) {
    if (i > 0) json->append(", ");
    const size_t before = in.remaining();
    KVSTATE_RETURN_IF_ERROR(IsMap(type) ? AppendParts(type, in, json) : AppendNext(type.parts.front(), in, json));
    if (in.remaining() == before && count > kMostEmptyElements) return in.Malformed("count");
  }
  json->push_back(']');
  return Status();
}

Status AppendStruct(const StoredFormat& type, ByteReader& in, std::string* json) {
  json->push_back('{');
  for (size_t i = 0; i < type.parts.size(); ++i) {
    if (i > 0) json->append(", ");
    // A name that is no text can be no name in JSON.
    if (IsUtf8(type.names[i])) {
      AppendJsonString(type.names[i], json);
    } else {
      AppendHex(type.names[i], json);
    }
    json->append(": ");
    KVSTATE_RETURN_IF_ERROR(AppendNext(type.parts[i], in, json));
  }
  json->push_back('}');
  return Status();
}

Status AppendTimed(const StoredFormat& type, ByteReader& in, std::string* json) {
  uint64_t time = 0;
  uint8_t is_null = 0;
  if (!in.ReadFixed64(&time)) return in.Malformed("time of a value");
  if (type.nullable && (!in.ReadByte(&is_null) || is_null > 1)) return in.Malformed("null byte of a value");
  json->append("{\"time\": ");
  AppendNumber(static_cast<int64_t>(time), json);
  json->append(", \"value\": ");
  if (is_null == 1) {
    json->append("null");
  } else {
    KVSTATE_RETURN_IF_ERROR(AppendNext(type.parts.front(), in, json));
  }
  json->push_back('}');
  return Status();
}

/// Whether a list's elements of this type stand after their lengths.
bool HasLengths(const StoredFormat& element) {
  if (element.form == Form::kTimed) return element.EncodedSize() == kVariableSize;
  return element.form == Form::kRawBytes;
}

Status AppendList(const StoredFormat& type, ByteReader& in, std::string* json) {
  const StoredFormat& element = type.parts.front();
  json->push_back('[');
  for (bool first = true; !in.AtEnd(); first = false) {
    if (!first) json->append(", ");
    if (!HasLengths(element)) {
      const size_t before = in.remaining();
      KVSTATE_RETURN_IF_ERROR(AppendNext(element, in, json));
      if (in.remaining() == before) return in.Malformed("element of a list");
      continue;
    }
    ByteView bytes;
    if (!in.ReadLengthPrefixed(&bytes)) return in.Malformed("element of a list");
    ByteReader one(bytes);
    KVSTATE_RETURN_IF_ERROR(AppendNext(element, one, json));
    if (!one.AtEnd()) return one.Malformed("end of an element of a list");
  }
  json->push_back(']');
  return Status();
}

Status AppendScalar(const StoredFormat& type, ByteReader& in, std::string* json) {
  uint64_t number = 0;
  if (type.form == Form::kTimeWindow) {
    uint64_t end = 0;
    if (!ReadUnsigned(in, 8, &number) || !ReadUnsigned(in, 8, &end)) return in.Malformed(type.snapshot.type_id);
    json->append("{\"start\": ");
    AppendNumber(static_cast<int64_t>(number), json);
    json->append(", \"end\": ");
    AppendNumber(static_cast<int64_t>(end), json);
    json->push_back('}');
    return Status();
  }
  if (!ReadUnsigned(in, type.bytes, &number)) return in.Malformed(type.snapshot.type_id);
  switch (type.form) {
    case Form::kSigned:
      AppendNumber(AsSigned(number, type.bytes), json);
      return Status();
    case Form::kUnsigned:
      AppendNumber(number, json);
      return Status();
    case Form::kFloat:
      AppendFloating(std::bit_cast<float>(static_cast<uint32_t>(number)), json);
      return Status();
    case Form::kDouble:
      AppendFloating(std::bit_cast<double>(number), json);
      return Status();
    case Form::kBool:
      if (number > 1) return in.Malformed(type.snapshot.type_id);
      json->append(number == 1 ? "true" : "false");
      return Status();
    default:
      if (number != 0) return in.Malformed(type.snapshot.type_id);
      json->append("null");
      return Status();
  }
}

/// Milliseconds, stored in an order of unsigned bytes: docs/formats.md, "Timers".
Status AppendTimerTime(ByteReader& in, std::string* json) {
  uint64_t bits = 0;
  if (!in.ReadFixed64(&bits)) return in.Malformed(kTimerType);
  *json += std::to_string(static_cast<int64_t>(bits ^ (uint64_t{1} << 63)));
  return Status();
}

Status AppendNext(const StoredFormat& type, ByteReader& in, std::string* json) {
  ByteView bytes;
  uint8_t present = 0;
  switch (type.form) {
    case Form::kUnknown:
      if (type.snapshot.type_id == kTimerType) return AppendTimerTime(in, json);
      return UnimplementedError("type '" + type.snapshot.type_id + "' is not built in");
    case Form::kString:
      if (!in.ReadLengthPrefixed(&bytes)) return in.Malformed(type.snapshot.type_id);
      AppendText(bytes, json);
      return Status();
    case Form::kRawBytes:
      AppendRaw(in.rest(), json);
      return in.ReadBytes(in.remaining(), &bytes) ? Status() : in.Malformed(type.snapshot.type_id);
    case Form::kOptional:
      if (!in.ReadByte(&present) || present > 1) return in.Malformed(type.snapshot.type_id);
      if (present == 1) return AppendNext(type.parts.front(), in, json);
      json->append("null");
      return Status();
    case Form::kTuple:
      return AppendParts(type, in, json);
    case Form::kVector:
    case Form::kMap:
    case Form::kUnorderedMap:
      return AppendCounted(type, in, json);
    case Form::kStruct:
      return AppendStruct(type, in, json);
    case Form::kList:
      return AppendList(type, in, json);
    case Form::kTimed:
      return AppendTimed(type, in, json);
    default:
      return AppendScalar(type, in, json);
  }
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* json) {
  json->push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        json->append("\\\"");
        break;
      case '\\':
        json->append("\\\\");
        break;
      case '\n':
        json->append("\\n");
        break;
      case '\t':
        json->append("\\t");
        break;
      default:
        if (static_cast<uint8_t>(c) >= 0x20 && c != 0x7f) {
          json->push_back(c);
        } else {
          json->append("\\u00");
          json->push_back(kHexDigits[static_cast<uint8_t>(c) >> 4]);
          json->push_back(kHexDigits[static_cast<uint8_t>(c) & 15]);
        }
    }
  }
  json->push_back('"');
}

void AppendJsonValue(const StoredFormat& type, ByteView bytes, std::string* json) {
  const size_t start = json->size();
  ByteReader in(bytes);
  Status status = AppendNext(type, in, json);
  if (status.ok() && !in.AtEnd()) status = in.Malformed("end of " + type.snapshot.type_id);
  if (status.ok()) return;
  json->resize(start);
  json->append("{\"hex\": ");
  AppendHex(bytes, json);
  json->append(", \"type\": ");
  AppendText(type.ToString(), json);
  if (status.code() == StatusCode::kDataLoss) {
    json->append(", \"error\": ");
    AppendText(status.message(), json);
  }
  json->push_back('}');
}

}  // namespace kvstate::harness
