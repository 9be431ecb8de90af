#include "harness/savepoint/stored_type.h"

#include <string_view>
#include <utility>

namespace kvstate::harness {

namespace {

using Form = StoredType::Form;

constexpr int kMaxDepth = 32;

struct Simple {
  std::string_view type_id;
  Form form;
  size_t bytes = 0;
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
                              {"string", Form::kString},
                              {"raw_bytes", Form::kRawBytes},
                              {"void_namespace", Form::kVoidNamespace, 1},
                              {"time_window", Form::kTimeWindow, 16}};

struct Compound {
  std::string_view type_id;
  Form form;
  size_t parts;  ///< 0: any number.
};

constexpr Compound kCompound[] = {{"optional", Form::kOptional, 1}, {"tuple", Form::kTuple, 0},
                                  {"vector", Form::kVector, 1},     {"map", Form::kMap, 2},
                                  {"unordered_map", Form::kMap, 2}, {"list", Form::kList, 1}};

StoredType TypeOf(const SerializerSnapshot& snapshot, int depth);

bool ReadPart(ByteReader& in, int depth, StoredType* type) {
  const Result<SerializerSnapshot> snapshot = SerializerSnapshot::Read(in);
  if (!snapshot.ok()) return false;
  type->parts.push_back(TypeOf(*snapshot, depth + 1));
  return true;
}

bool ReadParts(const SerializerSnapshot& snapshot, size_t parts, int depth, StoredType* type) {
  ByteReader in(snapshot.parameters);
  while (!in.AtEnd()) {
    if (!ReadPart(in, depth, type)) return false;
  }
  return parts == 0 || type->parts.size() == parts;
}

bool ReadStruct(const SerializerSnapshot& snapshot, int depth, StoredType* type) {
  ByteReader in(snapshot.parameters);
  ByteView name;
  uint64_t count = 0;
  if (!in.ReadLengthPrefixed(&name) || !in.ReadVarint(&count)) return false;
  type->name = std::string(name);
  for (uint64_t i = 0; i < count; ++i) {
    if (!in.ReadLengthPrefixed(&name) || !ReadPart(in, depth, type)) return false;
    type->names.emplace_back(name);
  }
  return in.AtEnd();
}

StoredType TypeOf(const SerializerSnapshot& snapshot, int depth) {
  StoredType type;
  type.type_id = snapshot.type_id;
  type.version = snapshot.version;
  StoredType unknown = type;
  if (snapshot.version != 1 || depth > kMaxDepth) return unknown;
  for (const Simple& simple : kSimple) {
    if (simple.type_id != snapshot.type_id) continue;
    type.form = simple.form;
    type.bytes = simple.bytes;
    return type;
  }
  if (snapshot.type_id == "struct") {
    type.form = Form::kStruct;
    return ReadStruct(snapshot, depth, &type) ? type : unknown;
  }
  for (const Compound& compound : kCompound) {
    if (compound.type_id != snapshot.type_id) continue;
    type.form = compound.form;
    return ReadParts(snapshot, compound.parts, depth, &type) ? type : unknown;
  }
  return unknown;
}

}  // namespace

StoredType StoredTypeOf(const SerializerSnapshot& snapshot) { return TypeOf(snapshot, 0); }

std::string TypeText(const StoredType& type) {
  std::string text = type.form == Form::kStruct ? type.name : type.type_id;
  if (type.form == Form::kUnknown && type.version != 1) text += " version " + std::to_string(type.version);
  if (type.parts.empty()) return text;
  text += type.form == Form::kStruct ? "{" : "<";
  for (size_t i = 0; i < type.parts.size(); ++i) {
    if (i > 0) text += ", ";
    if (type.form == Form::kStruct) text += type.names[i] + ": ";
    text += TypeText(type.parts[i]);
  }
  return text + (type.form == Form::kStruct ? "}" : ">");
}

}  // namespace kvstate::harness
