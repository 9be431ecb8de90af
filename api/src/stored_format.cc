#include "kvstate/stored_format.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace kvstate {
inline namespace v1 {

namespace {

using Form = StoredFormat::Form;

constexpr int kMaxDepth = 32;

struct Simple {
  std::string_view type_id;
  Form form;
  size_t bytes;
};

constexpr Simple kSimple[] = {{"int8", Form::kSigned, 1},
                              {"int16", Form::kSigned, 2},
                              {"int32", Form::kSigned, 4},
                              {"int64", Form::kSigned, 8},
                              {"uint8", Form::kUnsigned, 1},
                              {"uint16", Form::kUnsigned, 2},
                              {"uint32", Form::kUnsigned, 4},
                              {"uint64", Form::kUnsigned, 8},
                              {"float", Form::kFloat, 4},
                              {"double", Form::kDouble, 8},
                              {"bool", Form::kBool, 1},
                              {"string", Form::kString, 0},
                              {"raw_bytes", Form::kRawBytes, 0},
                              {"void_namespace", Form::kVoidNamespace, 1},
                              {"time_window", Form::kTimeWindow, 16}};

struct Compound {
  std::string_view type_id;
  Form form;
  size_t parts;  ///< 0: any number.
};

constexpr Compound kCompound[] = {{"optional", Form::kOptional, 1},
                                  {"tuple", Form::kTuple, 0},
                                  {"vector", Form::kVector, 1},
                                  {"map", Form::kMap, 2},
                                  {"unordered_map", Form::kUnorderedMap, 2},
                                  {"list", Form::kList, 1}};

StoredFormat FormatOf(const SerializerSnapshot& snapshot, int depth);

bool ReadPart(ByteReader& in, int depth, StoredFormat* format) {
  const Result<SerializerSnapshot> snapshot = SerializerSnapshot::Read(in);
  if (!snapshot.ok()) return false;
  format->parts.push_back(FormatOf(*snapshot, depth + 1));
  return true;
}

bool ReadParts(size_t parts, int depth, StoredFormat* format) {
  ByteReader in(format->snapshot.parameters);
  while (!in.AtEnd()) {
    if (!ReadPart(in, depth, format)) return false;
  }
  return parts == 0 || format->parts.size() == parts;
}

bool ReadStruct(int depth, StoredFormat* format) {
  ByteReader in(format->snapshot.parameters);
  ByteView name;
  uint64_t count = 0;
  if (!in.ReadLengthPrefixed(&name) || !in.ReadVarint(&count)) return false;
  format->name = std::string(name);
  for (uint64_t i = 0; i < count; ++i) {
    if (!in.ReadLengthPrefixed(&name) || !ReadPart(in, depth, format)) return false;
    format->names.emplace_back(name);
  }
  return in.AtEnd();
}

bool ReadTimed(int depth, StoredFormat* format) {
  ByteReader in(format->snapshot.parameters);
  uint8_t nullable = 0;
  uint64_t ttl_millis = 0;
  if (!in.ReadByte(&nullable) || nullable > 1 || !in.ReadFixed64(&ttl_millis)) return false;
  format->nullable = nullable == 1;
  format->ttl_millis = static_cast<int64_t>(ttl_millis);
  return ReadPart(in, depth, format) && in.AtEnd();
}

bool ReadCompound(int depth, StoredFormat* format) {
  const std::string& type_id = format->snapshot.type_id;
  if (type_id == "struct") {
    format->form = Form::kStruct;
    return ReadStruct(depth, format);
  }
  if (type_id == "ttl") {
    format->form = Form::kTimed;
    return ReadTimed(depth, format);
  }
  for (const Compound& compound : kCompound) {
    if (compound.type_id != type_id) continue;
    format->form = compound.form;
    return ReadParts(compound.parts, depth, format);
  }
  return false;
}

StoredFormat FormatOf(const SerializerSnapshot& snapshot, int depth) {
  StoredFormat unknown;
  unknown.snapshot = snapshot;
  if (snapshot.version != 1 || depth > kMaxDepth) return unknown;
  StoredFormat format = unknown;
  for (const Simple& simple : kSimple) {
    if (simple.type_id != snapshot.type_id) continue;
    if (!snapshot.parameters.empty()) return unknown;
    format.form = simple.form;
    format.bytes = simple.bytes;
    return format;
  }
  return ReadCompound(depth, &format) ? format : unknown;
}

Status SkipParts(const StoredFormat& format, ByteReader& in) {
  for (const StoredFormat& part : format.parts) KVSTATE_RETURN_IF_ERROR(part.Skip(in));
  return Status();
}

Status SkipCounted(const StoredFormat& format, ByteReader& in) {
  uint64_t count = 0;
  if (!in.ReadVarint(&count)) return in.Malformed("count");
  for (uint64_t i = 0; i < count; ++i) {
    const size_t before = in.remaining();
    KVSTATE_RETURN_IF_ERROR(SkipParts(format, in));
    // Elements without bytes would let a count of a few bytes spin for ever.
    if (in.remaining() == before && count > kMaxKeyBytes) return in.Malformed("count");
  }
  return Status();
}

}  // namespace

StoredFormat StoredFormat::Of(const SerializerSnapshot& snapshot) { return FormatOf(snapshot, 0); }

size_t StoredFormat::EncodedSize() const {
  if (form == Form::kTuple || form == Form::kStruct) {
    size_t sum = 0;
    for (const StoredFormat& part : parts) {
      const size_t of_part = part.EncodedSize();
      if (of_part == kVariableSize) return kVariableSize;
      sum += of_part;
    }
    return sum;
  }
  if (form == Form::kUnknown) return own != nullptr ? own->encoded_size : kVariableSize;
  if (form == Form::kTimed) {
    const size_t of_value = parts.front().EncodedSize();
    return nullable || of_value == kVariableSize ? kVariableSize : 8 + of_value;
  }
  return bytes > 0 ? bytes : kVariableSize;
}

bool StoredFormat::CanSkip() const {
  switch (form) {
    case Form::kUnknown:
      return own != nullptr;
    case Form::kRawBytes:
    case Form::kList:
    case Form::kTimed:
      return false;
    default:
      return std::all_of(parts.begin(), parts.end(), [](const StoredFormat& part) { return part.CanSkip(); });
  }
}

Status StoredFormat::Skip(ByteReader& in) const {
  ByteView ignored;
  uint8_t flag = 0;
  switch (form) {
    case Form::kUnknown:
      if (own != nullptr) return own->skip(in);
      break;
    case Form::kString:
      return in.ReadLengthPrefixed(&ignored) ? Status() : in.Malformed(snapshot.type_id);
    case Form::kOptional:
      if (!in.ReadByte(&flag) || flag > 1) return in.Malformed(snapshot.type_id);
      return flag == 1 ? SkipParts(*this, in) : Status();
    case Form::kBool:
      return in.ReadByte(&flag) && flag <= 1 ? Status() : in.Malformed(snapshot.type_id);
    case Form::kTuple:
    case Form::kStruct:
      return SkipParts(*this, in);
    case Form::kVector:
    case Form::kMap:
    case Form::kUnorderedMap:
      return SkipCounted(*this, in);
    case Form::kRawBytes:
    case Form::kList:
    case Form::kTimed:
      break;
    default:
      return in.ReadBytes(bytes, &ignored) ? Status() : in.Malformed(snapshot.type_id);
  }
  return InternalError("an encoding of '" + ToString() + "' has no end that can be found");
}

std::string StoredFormat::ToString() const {
  std::string text = form == Form::kStruct ? name : snapshot.type_id;
  if (form == Form::kUnknown && snapshot.version != 1) text += " version " + std::to_string(snapshot.version);
  if (parts.empty()) return text;
  const bool is_struct = form == Form::kStruct;
  text += is_struct ? "{" : "<";
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += ", ";
    if (is_struct) text += names[i] + ": ";
    text += parts[i].ToString();
  }
  if (form == Form::kTimed) text += ", " + std::to_string(ttl_millis) + " ms";
  return text + (is_struct ? "}" : ">");
}

}  // namespace v1
}  // namespace kvstate
