#ifndef KVSTATE_SERIALIZERS_H_
#define KVSTATE_SERIALIZERS_H_

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/codec.h"
#include "kvstate/codec_evolution.h"
#include "kvstate/export.h"
#include "kvstate/format_conversion.h"
#include "kvstate/object_serializer.h"
#include "kvstate/serializer_evolution.h"
#include "kvstate/status.h"
#include "kvstate/stored_format.h"
#include "kvstate/type_serializer.h"

namespace kvstate {
inline namespace v1 {

namespace internal {

template <class T>
class CodecSerializer final : public ObjectSerializer<T>, public SerializerEvolution {
 public:
  CodecSerializer() : ObjectSerializer<T>(Codec<T>::kEncodedSize, true) {}
  void Serialize(const void* value, ByteWriter& out) const override {
    Codec<T>::Write(*static_cast<const T*>(value), out);
  }
  Status Deserialize(ByteReader& in, void* value) const override { return Codec<T>::Read(in, *static_cast<T*>(value)); }
  uint32_t KeyHash(ByteView encoded) const override { return Codec<T>::KeyHash(encoded); }
  SerializerSnapshot Snapshot() const override { return Codec<T>::Snapshot(); }

  SerializerCompatibility ResolveCompatibility(const SerializerSnapshot& old) const override {
    if (old == Snapshot()) return SerializerCompatibility::kAsIs;
    return FormatConversion(StoredFormat::Of(old), FormatOfCodec<T>()).compatibility();
  }
  void* GetExtension(std::string_view id) const override {
    if (id != SerializerEvolution::kExtensionId) return nullptr;
    return const_cast<SerializerEvolution*>(static_cast<const SerializerEvolution*>(this));
  }
  Result<SerializerPtr> ReaderOf(const SerializerSnapshot& old) const override {
    return ConvertingSerializer<T>::Make(old, /*writes=*/false);
  }
  Result<SerializerPtr> ReconfiguredFor(const SerializerSnapshot& old) const override {
    return ConvertingSerializer<T>::Make(old, /*writes=*/true);
  }
  std::string WhyIncompatible(const SerializerSnapshot& old) const override {
    return FormatConversion(StoredFormat::Of(old), FormatOfCodec<T>()).reason();
  }
};

/// The SerializerEvolution of a list: that of its elements.
class KVSTATE_EXPORT ListEvolution : public SerializerEvolution {
 public:
  Result<SerializerPtr> ReaderOf(const SerializerSnapshot& old) const final;
  Result<SerializerPtr> ReconfiguredFor(const SerializerSnapshot& old) const final;
  std::string WhyIncompatible(const SerializerSnapshot& old) const final;

 protected:
  static SerializerCompatibility ResolveList(const TypeSerializer& element, const SerializerSnapshot& old);

 private:
  virtual const TypeSerializer& evolving_element() const = 0;
  /// A serializer of the same lists with other elements.
  virtual SerializerPtr WithElement(SerializerPtr element) const = 0;
};

/// std::vector<V> as a list state's value.
template <class V>
class VectorListSerializer final : public ObjectSerializer<std::vector<V>, ListSerializer>, public ListEvolution {
  static_assert(!std::is_same_v<V, bool>, "std::vector<bool> has no elements to point to: use uint8_t");
  using List = std::vector<V>;

 public:
  explicit VectorListSerializer(SerializerPtr element)
      : ObjectSerializer<List, ListSerializer>(kVariableSize, false), element_(std::move(element)) {}

  const SerializerPtr& element() const override { return element_; }
  size_t Size(const void* list) const override { return static_cast<const List*>(list)->size(); }
  const void* At(const void* list, size_t index) const override { return &(*static_cast<const List*>(list))[index]; }
  void Append(void* list, const void* element) const override {
    static_cast<List*>(list)->push_back(*static_cast<const V*>(element));
  }
  void Clear(void* list) const override { static_cast<List*>(list)->clear(); }

  void Serialize(const void* value, ByteWriter& out) const override {
    for (const V& element : *static_cast<const List*>(value)) this->SerializeElement(&element, out);
  }
  Status Deserialize(ByteReader& in, void* value) const override {
    List& list = *static_cast<List*>(value);
    const TypeInfo& info = element_->info();
    if (info.encoded_size != kVariableSize && info.encoded_size != 0) {
      list.resize(in.remaining() / info.encoded_size);
      for (V& element : list) KVSTATE_RETURN_IF_ERROR(element_->Deserialize(in, &element));
      return in.AtEnd() ? Status() : in.Malformed("list: a part of an element at the end");
    }
    list.clear();
    while (!in.AtEnd()) {
      const size_t before = in.remaining();
      V& element = list.emplace_back();
      if (info.self_delimiting) {
        KVSTATE_RETURN_IF_ERROR(element_->Deserialize(in, &element));
        if (in.remaining() == before) return in.Malformed("list: an element without bytes");
      } else {
        ByteView bytes;
        if (!in.ReadLengthPrefixed(&bytes)) return in.Malformed("list element");
        ByteReader one(bytes);
        KVSTATE_RETURN_IF_ERROR(element_->Deserialize(one, &element));
      }
    }
    return Status();
  }
  uint32_t KeyHash(ByteView encoded) const override { return JavaBytesHash(encoded); }
  SerializerSnapshot Snapshot() const override {
    ByteWriter nested;
    element_->Snapshot().Write(nested);
    return {"list", 1, std::string(nested.view())};
  }

  SerializerCompatibility ResolveCompatibility(const SerializerSnapshot& old) const override {
    return ResolveList(*element_, old);
  }
  void* GetExtension(std::string_view id) const override {
    if (id != SerializerEvolution::kExtensionId) return nullptr;
    return const_cast<SerializerEvolution*>(static_cast<const SerializerEvolution*>(this));
  }

 private:
  const TypeSerializer& evolving_element() const override { return *element_; }
  SerializerPtr WithElement(SerializerPtr element) const override {
    return std::make_shared<VectorListSerializer>(std::move(element));
  }

  SerializerPtr element_;
};

}  // namespace internal

/// The serializer that T's codec makes; one shared object a program and type.
template <HasCodec T>
SerializerPtr SerializerFor() {
  static const SerializerPtr serializer = std::make_shared<internal::CodecSerializer<T>>();
  return serializer;
}

/// std::string as just its bytes, nothing before or after: the shortest form for keys, user keys and values that are
/// opaque, and the one whose byte order is the strings' own. Not self-delimiting, so it does not nest in tuples.
KVSTATE_EXPORT SerializerPtr RawBytesSerializer();

/// std::vector<V> as a list state's value, its elements written by `element`.
template <class V>
ListSerializerPtr ListSerializerFor(SerializerPtr element) {
  return std::make_shared<internal::VectorListSerializer<V>>(std::move(element));
}
template <HasCodec V>
ListSerializerPtr ListSerializerFor() {
  return ListSerializerFor<V>(SerializerFor<V>());
}

/// The canonical bytes of a value.
template <HasCodec T>
std::string Encode(const T& value) {
  ByteWriter out;
  Codec<T>::Write(value, out);
  return std::string(out.view());
}

/// The value of canonical bytes, all of them. DATA_LOSS when they are not one encoding of a T.
template <HasCodec T>
Result<T> Decode(ByteView bytes) {
  ByteReader in(bytes);
  T value{};
  KVSTATE_RETURN_IF_ERROR(Codec<T>::Read(in, value));
  if (!in.AtEnd()) return in.Malformed("end of the value");
  return value;
}

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_SERIALIZERS_H_
