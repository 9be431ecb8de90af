#ifndef KVSTATE_CODEC_EVOLUTION_H_
#define KVSTATE_CODEC_EVOLUTION_H_

#include <concepts>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/codec.h"
#include "kvstate/format_conversion.h"
#include "kvstate/object_serializer.h"
#include "kvstate/status.h"
#include "kvstate/stored_format.h"
#include "kvstate/type_serializer.h"

namespace kvstate {
inline namespace v1 {

/// A codec of the program's own takes over what older ones wrote when it has these static members:
///   SerializerCompatibility ResolveCompatibility(const SerializerSnapshot& old);   // anything but kReconfigured
/// and, where that is kAfterMigration:
///   Status ReadOld(const SerializerSnapshot& old, ByteReader& in, T& value);
///   size_t OldEncodedSize(const SerializerSnapshot& old);   // as kEncodedSize
/// They are asked where the snapshots differ. Without them it reads what has its own snapshot, and no other.
template <class T>
concept HasCodecEvolution = requires(const SerializerSnapshot& old, ByteReader& in, T& value) {
  { Codec<T>::ResolveCompatibility(old) } -> std::same_as<SerializerCompatibility>;
  { Codec<T>::ReadOld(old, in, value) } -> std::same_as<Status>;
  { Codec<T>::OldEncodedSize(old) } -> std::convertible_to<size_t>;
};

namespace internal {

template <class T>
struct OwnCodecOf {
  static Status Skip(ByteReader& in) {
    T value{};
    return Codec<T>::Read(in, value);
  }
  static SerializerCompatibility Resolve([[maybe_unused]] const SerializerSnapshot& old) {
    if constexpr (HasCodecEvolution<T>) return Codec<T>::ResolveCompatibility(old);
    return SerializerCompatibility::kIncompatible;
  }
  static Status Rewrite([[maybe_unused]] const SerializerSnapshot& old, [[maybe_unused]] ByteReader& in,
                        ByteWriter& out) {
    T value{};
    if constexpr (HasCodecEvolution<T>) KVSTATE_RETURN_IF_ERROR(Codec<T>::ReadOld(old, in, value));
    Codec<T>::Write(value, out);
    return Status();
  }
  static size_t OldEncodedSize([[maybe_unused]] const SerializerSnapshot& old) {
    if constexpr (HasCodecEvolution<T>) return Codec<T>::OldEncodedSize(old);
    return kVariableSize;
  }
  static constexpr OwnCodec kCodec = HasCodecEvolution<T>
                                         ? OwnCodec{Codec<T>::kEncodedSize, &Skip, &Resolve, &Rewrite, &OldEncodedSize}
                                         : OwnCodec{Codec<T>::kEncodedSize, &Skip, nullptr, nullptr, nullptr};
};

/// Adds to the format of T's codec what its snapshot does not say: codecs of the program's own, and defaults. A codec
/// that the program has for a compound type is told from the library's by the form of its snapshot.
template <class T>
struct FormatAnnotation {
  static void Annotate(StoredFormat& format) {
    if (format.form == StoredFormat::Form::kUnknown || HasCodecEvolution<T>) format.own = &OwnCodecOf<T>::kCodec;
  }
};

template <class... Ts>
void AnnotateParts(StoredFormat& format, StoredFormat::Form form) {
  if (format.form != form || format.parts.size() != sizeof...(Ts)) return;
  size_t next = 0;
  (FormatAnnotation<Ts>::Annotate(format.parts[next++]), ...);
}

template <class T>
struct FormatAnnotation<std::optional<T>> {
  static void Annotate(StoredFormat& format) { AnnotateParts<T>(format, StoredFormat::Form::kOptional); }
};
template <class... Ts>
struct FormatAnnotation<std::tuple<Ts...>> {
  static void Annotate(StoredFormat& format) { AnnotateParts<Ts...>(format, StoredFormat::Form::kTuple); }
};
template <class A, class B>
struct FormatAnnotation<std::pair<A, B>> {
  static void Annotate(StoredFormat& format) { AnnotateParts<A, B>(format, StoredFormat::Form::kTuple); }
};
template <class T>
struct FormatAnnotation<std::vector<T>> {
  static void Annotate(StoredFormat& format) { AnnotateParts<T>(format, StoredFormat::Form::kVector); }
};
template <class K, class V>
struct FormatAnnotation<std::map<K, V>> {
  static void Annotate(StoredFormat& format) { AnnotateParts<K, V>(format, StoredFormat::Form::kMap); }
};
template <class K, class V>
struct FormatAnnotation<std::unordered_map<K, V>> {
  static void Annotate(StoredFormat& format) { AnnotateParts<K, V>(format, StoredFormat::Form::kUnorderedMap); }
};
template <class T>
requires requires { StructTraits<T>::kMembers; }
struct FormatAnnotation<T> {
  static void Annotate(StoredFormat& format) {
    std::apply(
        [&]<class... Ms>(const MemberOf<T, Ms>&... members) {
          AnnotateParts<Ms...>(format, StoredFormat::Form::kStruct);
          // On the heap: GCC 12 warns of members of T that it takes for uninitialised elsewhere.
          const auto initial = std::make_unique<T>();
          const auto encode = [](const auto& value) {
            ByteWriter out;
            Codec<std::remove_cvref_t<decltype(value)>>::Write(value, out);
            return std::string(out.view());
          };
          format.defaults = {encode((*initial).*members.pointer)...};
        },
        StructTraits<T>::kMembers);
  }
};

/// The format of T's codec.
template <class T>
StoredFormat FormatOfCodec() {
  StoredFormat format = StoredFormat::Of(Codec<T>::Snapshot());
  FormatAnnotation<T>::Annotate(format);
  return format;
}

/// Reads into a T what was written in another format.
template <class T>
class ConvertingSerializer final : public ObjectSerializer<T> {
 public:
  using Conversion = std::unique_ptr<const FormatConversion>;

  /// `write`: null, or the other way round. REQUIRES: neither is kIncompatible.
  ConvertingSerializer(Conversion read, Conversion write)
      : ObjectSerializer<T>(read->SizeRead(), true), read_(std::move(read)), write_(std::move(write)) {}
  void Serialize(const void* value, ByteWriter& out) const override {
    ByteWriter encoded;
    Codec<T>::Write(*static_cast<const T*>(value), encoded);
    ByteReader in(encoded.view());
    // It is what was just written, and in a form that fits.
    if (write_ != nullptr) write_->Convert(in, out).IgnoreError();
  }
  Status Deserialize(ByteReader& in, void* value) const override {
    ByteWriter converted;
    KVSTATE_RETURN_IF_ERROR(read_->Convert(in, converted));
    ByteReader encoded(converted.view());
    return Codec<T>::Read(encoded, *static_cast<T*>(value));
  }
  uint32_t KeyHash(ByteView encoded) const override { return Codec<T>::KeyHash(encoded); }
  SerializerSnapshot Snapshot() const override { return read_->from().snapshot; }

  /// A reader of `old`, that also writes it if `writes`.
  static SerializerPtr Make(const SerializerSnapshot& old, bool writes) {
    const StoredFormat stored = StoredFormat::Of(old);
    auto read = std::make_unique<const FormatConversion>(stored, FormatOfCodec<T>());
    Conversion write = writes ? std::make_unique<const FormatConversion>(FormatOfCodec<T>(), stored) : nullptr;
    return std::make_shared<ConvertingSerializer>(std::move(read), std::move(write));
  }

 private:
  const Conversion read_;
  const Conversion write_;
};

}  // namespace internal
}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_CODEC_EVOLUTION_H_
