#include "harness/replay/snapshot_serializers.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/codec.h"
#include "kvstate/namespaces.h"
#include "kvstate/serializers.h"

namespace kvstate::harness {

namespace {

constexpr int kMaxDepth = 32;

/// The form of an encoding: enough to find its end and to refuse bytes that are not one.
struct Shape {
  enum class Form { kFixed, kString, kOptional, kSequence, kCounted };
  Form form = Form::kFixed;
  size_t fixed_bytes = 0;      ///< kFixed.
  std::vector<Shape> members;  ///< What an optional holds; a sequence's members; what a counted sequence repeats.

  size_t EncodedSize() const {
    if (form == Form::kFixed) return fixed_bytes;
    if (form != Form::kSequence) return kVariableSize;
    size_t sum = 0;
    for (const Shape& member : members) {
      const size_t of_member = member.EncodedSize();
      if (of_member == kVariableSize) return kVariableSize;
      sum += of_member;
    }
    return sum;
  }
};

Status SkipMembers(const Shape& shape, ByteReader& in);

Status Skip(const Shape& shape, ByteReader& in) {
  ByteView ignored;
  switch (shape.form) {
    case Shape::Form::kFixed:
      return in.ReadBytes(shape.fixed_bytes, &ignored) ? Status() : in.Malformed("fixed-size value");
    case Shape::Form::kString:
      return in.ReadLengthPrefixed(&ignored) ? Status() : in.Malformed("string");
    case Shape::Form::kOptional: {
      uint8_t present = 0;
      if (!in.ReadByte(&present) || present > 1) return in.Malformed("optional");
      return present == 1 ? SkipMembers(shape, in) : Status();
    }
    case Shape::Form::kSequence:
      return SkipMembers(shape, in);
    case Shape::Form::kCounted: {
      uint64_t count = 0;
      if (!in.ReadVarint(&count)) return in.Malformed("count");
      for (uint64_t i = 0; i < count; ++i) {
        const size_t before = in.remaining();
        KVSTATE_RETURN_IF_ERROR(SkipMembers(shape, in));
        // Elements without bytes would let a count of a few bytes spin for ever.
        if (in.remaining() == before && count > kMaxKeyBytes) return in.Malformed("count");
      }
      return Status();
    }
  }
  return InternalError("serializer shape: a form that does not exist");
}

Status SkipMembers(const Shape& shape, ByteReader& in) {
  for (const Shape& member : shape.members) KVSTATE_RETURN_IF_ERROR(Skip(member, in));
  return Status();
}

size_t FixedBytesOf(std::string_view type_id) {
  static constexpr std::pair<std::string_view, size_t> kSizes[] = {
      {"int8", 1},   {"uint8", 1}, {"bool", 1},  {"void_namespace", 1}, {"int16", 2},  {"uint16", 2},      {"int32", 4},
      {"uint32", 4}, {"float", 4}, {"int64", 8}, {"uint64", 8},         {"double", 8}, {"time_window", 16}};
  for (const auto& [name, size] : kSizes) {
    if (name == type_id) return size;
  }
  return 0;
}

Result<Shape> ShapeOf(const SerializerSnapshot& snapshot, int depth);

Status NestedShapes(ByteReader& in, Shape* shape, int depth) {
  while (!in.AtEnd()) {
    KVSTATE_ASSIGN_OR_RETURN(SerializerSnapshot nested, SerializerSnapshot::Read(in));
    KVSTATE_ASSIGN_OR_RETURN(Shape of_nested, ShapeOf(nested, depth + 1));
    shape->members.push_back(std::move(of_nested));
  }
  return Status();
}

Result<Shape> StructShape(ByteReader& in, int depth) {
  Shape shape{Shape::Form::kSequence, 0, {}};
  ByteView name;
  uint64_t count = 0;
  if (!in.ReadLengthPrefixed(&name) || !in.ReadVarint(&count)) return in.Malformed("struct snapshot");
  for (uint64_t i = 0; i < count; ++i) {
    if (!in.ReadLengthPrefixed(&name)) return in.Malformed("struct snapshot: member name");
    KVSTATE_ASSIGN_OR_RETURN(SerializerSnapshot nested, SerializerSnapshot::Read(in));
    KVSTATE_ASSIGN_OR_RETURN(Shape of_nested, ShapeOf(nested, depth + 1));
    shape.members.push_back(std::move(of_nested));
  }
  if (!in.AtEnd()) return in.Malformed("end of the struct snapshot");
  return shape;
}

Result<Shape> ShapeOf(const SerializerSnapshot& snapshot, int depth) {
  if (depth > kMaxDepth) return DataLossError("serializer snapshot: nested deeper than 32 levels");
  const auto unknown = [&] {
    return InvalidArgumentError("serializer '" + snapshot.type_id + "' version " + std::to_string(snapshot.version) +
                                " is not one of the built-in ones, so what it wrote cannot be read without its type");
  };
  if (snapshot.version != 1) return unknown();
  if (const size_t fixed = FixedBytesOf(snapshot.type_id); fixed != 0) return Shape{Shape::Form::kFixed, fixed, {}};
  if (snapshot.type_id == "string") return Shape{Shape::Form::kString, 0, {}};
  ByteReader in(snapshot.parameters);
  if (snapshot.type_id == "struct") return StructShape(in, depth);
  Shape shape;
  size_t members = 1;
  if (snapshot.type_id == "optional") {
    shape.form = Shape::Form::kOptional;
  } else if (snapshot.type_id == "vector") {
    shape.form = Shape::Form::kCounted;
  } else if (snapshot.type_id == "map" || snapshot.type_id == "unordered_map") {
    shape.form = Shape::Form::kCounted;
    members = 2;
  } else if (snapshot.type_id == "tuple") {
    shape.form = Shape::Form::kSequence;
    members = 0;
  } else {
    return unknown();
  }
  KVSTATE_RETURN_IF_ERROR(NestedShapes(in, &shape, depth));
  if (members != 0 && shape.members.size() != members) return in.Malformed("nested serializer snapshots");
  return shape;
}

/// A value of varying length as its canonical bytes.
class EncodedSerializer final : public internal::ObjectSerializer<std::string> {
 public:
  EncodedSerializer(SerializerSnapshot snapshot, Shape shape)
      : ObjectSerializer(kVariableSize, true), snapshot_(std::move(snapshot)), shape_(std::move(shape)) {}
  void Serialize(const void* value, ByteWriter& out) const override {
    out.PutBytes(*static_cast<const std::string*>(value));
  }
  Status Deserialize(ByteReader& in, void* value) const override {
    ByteReader end = in;
    KVSTATE_RETURN_IF_ERROR(Skip(shape_, end));
    ByteView bytes;
    if (!in.ReadBytes(end.position() - in.position(), &bytes)) return in.Malformed(snapshot_.type_id);
    static_cast<std::string*>(value)->assign(bytes);
    return Status();
  }
  uint32_t KeyHash(ByteView encoded) const override { return JavaBytesHash(encoded); }
  SerializerSnapshot Snapshot() const override { return snapshot_; }

 private:
  const SerializerSnapshot snapshot_;
  const Shape shape_;
};

/// A value of fixed length as its canonical bytes, in place.
class FixedBytesSerializer final : public TypeSerializer {
 public:
  FixedBytesSerializer(SerializerSnapshot snapshot, size_t size)
      : TypeSerializer(TypeInfo{size, 1, size, true, true}), snapshot_(std::move(snapshot)), size_(size) {}
  void Construct(void* at) const override { std::memset(at, 0, size_); }
  void CopyConstruct(void* at, const void* from) const override { std::memcpy(at, from, size_); }
  void MoveConstruct(void* at, void* from) const override { std::memcpy(at, from, size_); }
  void CopyAssign(void* to, const void* from) const override { std::memmove(to, from, size_); }
  void MoveAssign(void* to, void* from) const override { std::memmove(to, from, size_); }
  void Destroy(void*) const override {}
  void Serialize(const void* value, ByteWriter& out) const override {
    out.PutBytes({static_cast<const char*>(value), size_});
  }
  Status Deserialize(ByteReader& in, void* value) const override {
    ByteView bytes;
    if (!in.ReadBytes(size_, &bytes)) return in.Malformed(snapshot_.type_id);
    std::memcpy(value, bytes.data(), size_);
    return Status();
  }
  uint32_t KeyHash(ByteView encoded) const override { return JavaBytesHash(encoded); }
  SerializerSnapshot Snapshot() const override { return snapshot_; }

 private:
  const SerializerSnapshot snapshot_;
  const size_t size_;
};

/// A list of fixed-length elements as their bytes, one after another.
class FixedBytesListSerializer final : public internal::ObjectSerializer<std::string, ListSerializer> {
 public:
  explicit FixedBytesListSerializer(SerializerPtr element)
      : ObjectSerializer(kVariableSize, false), element_(std::move(element)), stride_(element_->info().encoded_size) {}
  const SerializerPtr& element() const override { return element_; }
  size_t Size(const void* list) const override { return Bytes(list).size() / stride_; }
  const void* At(const void* list, size_t index) const override { return Bytes(list).data() + index * stride_; }
  void Append(void* list, const void* element) const override {
    static_cast<std::string*>(list)->append(static_cast<const char*>(element), stride_);
  }
  void Clear(void* list) const override { static_cast<std::string*>(list)->clear(); }
  void Serialize(const void* value, ByteWriter& out) const override { out.PutBytes(Bytes(value)); }
  Status Deserialize(ByteReader& in, void* value) const override {
    if (in.remaining() % stride_ != 0) return in.Malformed("list: a part of an element at the end");
    ByteView all;
    if (!in.ReadBytes(in.remaining(), &all)) return in.Malformed("list");
    static_cast<std::string*>(value)->assign(all);
    return Status();
  }
  uint32_t KeyHash(ByteView encoded) const override { return JavaBytesHash(encoded); }
  SerializerSnapshot Snapshot() const override {
    ByteWriter nested;
    element_->Snapshot().Write(nested);
    return {"list", 1, std::string(nested.view())};
  }

 private:
  static const std::string& Bytes(const void* list) { return *static_cast<const std::string*>(list); }

  const SerializerPtr element_;
  const size_t stride_;
};

/// The serializer and list serializer of one C++ type.
template <class T>
bool MatchType(const SerializerSnapshot& snapshot, bool list, SerializerPtr* serializer) {
  if (snapshot != Codec<T>::Snapshot()) return false;
  if (!list) {
    *serializer = SerializerFor<T>();
    return true;
  }
  if constexpr (std::is_same_v<T, bool>) {
    return false;
  } else {
    *serializer = ListSerializerFor<T>();
    return true;
  }
}

template <class... Ts>
bool MatchAny(const SerializerSnapshot& snapshot, bool list, SerializerPtr* serializer) {
  return (MatchType<Ts>(snapshot, list, serializer) || ...);
}

bool MatchBuiltin(const SerializerSnapshot& snapshot, bool list, SerializerPtr* serializer) {
  if (snapshot == RawBytesSerializer()->Snapshot()) {
    *serializer = RawBytesSerializer();
    if (list) *serializer = ListSerializerFor<std::string>(RawBytesSerializer());
    return true;
  }
  return MatchAny<int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t, uint64_t, float, double, bool,
                  std::string, VoidNamespace, TimeWindow>(snapshot, list, serializer);
}

Result<SerializerPtr> ElementFromSnapshot(const SerializerSnapshot& snapshot) {
  SerializerPtr serializer;
  if (MatchBuiltin(snapshot, false, &serializer)) return serializer;
  KVSTATE_ASSIGN_OR_RETURN(Shape shape, ShapeOf(snapshot, 0));
  const size_t size = shape.EncodedSize();
  if (size != kVariableSize && size > 0 && size <= kMaxKeyBytes) {
    return SerializerPtr(std::make_shared<FixedBytesSerializer>(snapshot, size));
  }
  return SerializerPtr(std::make_shared<EncodedSerializer>(snapshot, std::move(shape)));
}

}  // namespace

Result<SerializerPtr> SerializerFromSnapshot(const SerializerSnapshot& snapshot) {
  if (snapshot.type_id != "list") return ElementFromSnapshot(snapshot);
  ByteReader in(snapshot.parameters);
  KVSTATE_ASSIGN_OR_RETURN(const SerializerSnapshot element_snapshot, SerializerSnapshot::Read(in));
  if (!in.AtEnd()) return in.Malformed("end of the list's element snapshot");
  SerializerPtr list;
  if (MatchBuiltin(element_snapshot, true, &list)) return list;
  SerializerPtr element;
  if (element_snapshot.type_id == "bool") {
    element = std::make_shared<FixedBytesSerializer>(element_snapshot, 1);
  } else {
    KVSTATE_ASSIGN_OR_RETURN(element, ElementFromSnapshot(element_snapshot));
  }
  if (element->info().encoded_size != kVariableSize) {
    return SerializerPtr(std::make_shared<FixedBytesListSerializer>(std::move(element)));
  }
  return SerializerPtr(ListSerializerFor<std::string>(std::move(element)));
}

}  // namespace kvstate::harness
