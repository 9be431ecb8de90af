#include "kvstate/type_serializer.h"

#include <new>
#include <utility>

#include "kvstate/serializers.h"

namespace kvstate {
inline namespace v1 {

void SerializerSnapshot::Write(ByteWriter& out) const {
  out.PutLengthPrefixed(type_id);
  out.PutVarint(version);
  out.PutLengthPrefixed(parameters);
}

Result<SerializerSnapshot> SerializerSnapshot::Read(ByteReader& in) {
  ByteView type_id;
  uint64_t version = 0;
  ByteView parameters;
  if (!in.ReadLengthPrefixed(&type_id)) return in.Malformed("serializer snapshot: type id");
  if (!in.ReadVarint(&version) || version > UINT32_MAX) return in.Malformed("serializer snapshot: version");
  if (!in.ReadLengthPrefixed(&parameters)) return in.Malformed("serializer snapshot: parameters");
  return SerializerSnapshot{std::string(type_id), static_cast<uint32_t>(version), std::string(parameters)};
}

TypeSerializer::~TypeSerializer() = default;

SerializerCompatibility TypeSerializer::ResolveCompatibility(const SerializerSnapshot& old) const {
  return old == Snapshot() ? SerializerCompatibility::kAsIs : SerializerCompatibility::kIncompatible;
}

void* TypeSerializer::GetExtension(std::string_view) const { return nullptr; }

void ListSerializer::SerializeElement(const void* element_value, ByteWriter& out) const {
  const TypeSerializer& serializer = *element();
  if (serializer.info().self_delimiting) {
    serializer.Serialize(element_value, out);
    return;
  }
  ByteWriter bytes;
  serializer.Serialize(element_value, bytes);
  out.PutLengthPrefixed(bytes.view());
}

void ListSerializer::SerializeElementBytes(ByteView element_bytes, ByteWriter& out) const {
  if (element()->info().self_delimiting) {
    out.PutBytes(element_bytes);
  } else {
    out.PutLengthPrefixed(element_bytes);
  }
}

namespace {

void* Allocate(const TypeInfo& info) { return ::operator new(info.size, std::align_val_t(info.alignment)); }

class RawBytes final : public internal::ObjectSerializer<std::string> {
 public:
  RawBytes() : ObjectSerializer(kVariableSize, false) {}
  void Serialize(const void* value, ByteWriter& out) const override {
    out.PutBytes(*static_cast<const std::string*>(value));
  }
  Status Deserialize(ByteReader& in, void* value) const override {
    ByteView all;
    if (!in.ReadBytes(in.remaining(), &all)) return in.Malformed("raw bytes");
    static_cast<std::string*>(value)->assign(all);
    return Status();
  }
  uint32_t KeyHash(ByteView encoded) const override { return JavaBytesHash(encoded); }
  SerializerSnapshot Snapshot() const override { return internal::SimpleSnapshot("raw_bytes"); }
};

}  // namespace

SerializerPtr RawBytesSerializer() {
  static const SerializerPtr serializer = std::make_shared<RawBytes>();
  return serializer;
}

TypedObject::TypedObject(SerializerPtr serializer)
    : serializer_(std::move(serializer)), object_(Allocate(serializer_->info())) {
  serializer_->Construct(object_);
}

TypedObject::TypedObject(SerializerPtr serializer, const void* from)
    : serializer_(std::move(serializer)), object_(Allocate(serializer_->info())) {
  serializer_->CopyConstruct(object_, from);
}

TypedObject::TypedObject(TypedObject&& other) noexcept
    : serializer_(std::move(other.serializer_)), object_(std::exchange(other.object_, nullptr)) {}

TypedObject& TypedObject::operator=(TypedObject&& other) noexcept {
  std::swap(serializer_, other.serializer_);
  std::swap(object_, other.object_);
  return *this;
}

TypedObject::~TypedObject() {
  if (object_ == nullptr) return;
  serializer_->Destroy(object_);
  ::operator delete(object_, std::align_val_t(serializer_->info().alignment));
}

}  // namespace v1
}  // namespace kvstate
