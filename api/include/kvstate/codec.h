#ifndef KVSTATE_CODEC_H_
#define KVSTATE_CODEC_H_

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/export.h"
#include "kvstate/namespaces.h"
#include "kvstate/status.h"
#include "kvstate/type_serializer.h"

namespace kvstate {
inline namespace v1 {

/// How a C++ type becomes canonical bytes. The library has codecs for integers, bool, float, double, std::string,
/// std::optional, std::pair, std::tuple, std::vector, std::map, std::unordered_map, the namespaces, and structs with a
/// StructTraits. A codec for another type is a specialisation with the members of the Codec concept below.
/// docs/formats.md gives each encoding. All codecs are self-delimiting.
template <class T>
struct Codec;

template <class T>
concept HasCodec = requires(const T& value, T& target, ByteWriter& out, ByteReader& in, ByteView bytes) {
  { Codec<T>::kEncodedSize } -> std::convertible_to<size_t>;
  Codec<T>::Write(value, out);
  { Codec<T>::Read(in, target) } -> std::same_as<Status>;
  { Codec<T>::KeyHash(bytes) } -> std::same_as<uint32_t>;
  { Codec<T>::Snapshot() } -> std::same_as<SerializerSnapshot>;
};

/// Java's Arrays.hashCode(byte[]).
KVSTATE_EXPORT uint32_t JavaBytesHash(ByteView bytes);
/// Java's String.hashCode() of UTF-8 text, over its UTF-16 units; a byte that is not UTF-8 counts as U+FFFD.
KVSTATE_EXPORT uint32_t JavaStringHash(ByteView utf8);

/// The members of a struct that is to be state. Specialise with
///   static constexpr std::string_view kName = "Bid";   // stable: it is stored
///   static constexpr auto kMembers = std::make_tuple(Member("price", &Bid::price), …);
template <class T>
struct StructTraits;

template <class S, class M>
struct MemberOf {
  std::string_view name;
  M S::*pointer;
};
template <class S, class M>
constexpr MemberOf<S, M> Member(std::string_view name, M S::*pointer) {
  return {name, pointer};
}

namespace internal {

inline SerializerSnapshot SimpleSnapshot(std::string_view type_id) { return {std::string(type_id), 1, {}}; }

template <class... Ts>
SerializerSnapshot NestedSnapshot(std::string_view type_id) {
  SerializerSnapshot snapshot = SimpleSnapshot(type_id);
  if constexpr (sizeof...(Ts) > 0) {
    ByteWriter nested;
    (Codec<Ts>::Snapshot().Write(nested), ...);
    snapshot.parameters = nested.view();
  }
  return snapshot;
}

template <class... Ts>
constexpr size_t SumOfEncodedSizes() {
  if (((Codec<Ts>::kEncodedSize == kVariableSize) || ...)) return kVariableSize;
  return (size_t{0} + ... + Codec<Ts>::kEncodedSize);
}

/// Guards a claimed element count against what the bytes can hold, before anything is allocated for it.
template <class... Ts>
bool CountIsPlausible(uint64_t count, const ByteReader& in) {
  constexpr size_t kEncoded = SumOfEncodedSizes<Ts...>();
  constexpr size_t kLeast = kEncoded == kVariableSize ? 1 : kEncoded;
  if constexpr (kLeast == 0) return count <= kMaxKeyBytes;
  return count <= in.remaining() / kLeast;
}

template <class T>
struct IntegerCodec {
  using Unsigned = std::make_unsigned_t<T>;
  static constexpr size_t kEncodedSize = sizeof(T);
  static void Write(const T& value, ByteWriter& out) {
    const auto bits = static_cast<Unsigned>(value);
    if constexpr (sizeof(T) == 1) {
      out.PutByte(bits);
    } else if constexpr (sizeof(T) == 2) {
      out.PutFixed16(bits);
    } else if constexpr (sizeof(T) == 4) {
      out.PutFixed32(bits);
    } else {
      out.PutFixed64(bits);
    }
  }
  static bool ReadBits(ByteReader& in, Unsigned* bits) {
    if constexpr (sizeof(T) == 1) {
      return in.ReadByte(bits);
    } else if constexpr (sizeof(T) == 2) {
      return in.ReadFixed16(bits);
    } else if constexpr (sizeof(T) == 4) {
      return in.ReadFixed32(bits);
    } else {
      uint64_t wide = 0;
      const bool ok = in.ReadFixed64(&wide);
      *bits = wide;
      return ok;
    }
  }
  static Status Read(ByteReader& in, T& value) {
    Unsigned bits = 0;
    if (!ReadBits(in, &bits)) [[unlikely]]
      return in.Malformed(TypeId());
    value = static_cast<T>(bits);
    return Status();
  }
  static uint32_t KeyHash(ByteView encoded) {
    ByteReader in(encoded);
    Unsigned bits = 0;
    if (!ReadBits(in, &bits)) return 0;
    if constexpr (sizeof(T) == 8) {
      return static_cast<uint32_t>(bits ^ (bits >> 32));
    } else {
      return static_cast<uint32_t>(static_cast<int32_t>(static_cast<T>(bits)));
    }
  }
  static constexpr std::string_view TypeId() {
    constexpr bool kSigned = std::is_signed_v<T>;
    if constexpr (sizeof(T) == 1) return kSigned ? "int8" : "uint8";
    if constexpr (sizeof(T) == 2) return kSigned ? "int16" : "uint16";
    if constexpr (sizeof(T) == 4) return kSigned ? "int32" : "uint32";
    return kSigned ? "int64" : "uint64";
  }
  static SerializerSnapshot Snapshot() { return SimpleSnapshot(TypeId()); }
};

/// IEEE 754 bits, big-endian; every NaN is written as the one quiet NaN, as Java does. -0.0 and 0.0 differ.
template <class T, class Bits>
struct FloatCodec {
  static constexpr size_t kEncodedSize = sizeof(T);
  static void Write(const T& value, ByteWriter& out) {
    constexpr Bits kQuietNan = sizeof(T) == 4 ? Bits{0x7fc00000u} : static_cast<Bits>(0x7ff8000000000000ull);
    IntegerCodec<Bits>::Write(value != value ? kQuietNan : std::bit_cast<Bits>(value), out);
  }
  static Status Read(ByteReader& in, T& value) {
    Bits bits = 0;
    if (!IntegerCodec<Bits>::ReadBits(in, &bits)) [[unlikely]]
      return in.Malformed(sizeof(T) == 4 ? "float" : "double");
    value = std::bit_cast<T>(bits);
    return Status();
  }
  static uint32_t KeyHash(ByteView encoded) { return IntegerCodec<Bits>::KeyHash(encoded); }
  static SerializerSnapshot Snapshot() { return SimpleSnapshot(sizeof(T) == 4 ? "float" : "double"); }
};

template <class... Ts>
struct SequenceCodec {
  static constexpr size_t kEncodedSize = SumOfEncodedSizes<Ts...>();
  static uint32_t KeyHash(ByteView encoded) { return JavaBytesHash(encoded); }
};

/// Entries in the order of their encoded keys' bytes would differ from std::map's for signed numbers; a std::map is
/// written in its own order, an unordered one sorted by its encoded keys. Both are deterministic.
template <class Map, bool kSorted>
struct MapCodec {
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  static constexpr size_t kEncodedSize = kVariableSize;
  static void Write(const Map& map, ByteWriter& out) {
    out.PutVarint(map.size());
    if constexpr (kSorted) {
      for (const auto& [key, value] : map) {
        Codec<K>::Write(key, out);
        Codec<V>::Write(value, out);
      }
    } else {
      std::vector<std::pair<std::string, const V*>> entries;
      entries.reserve(map.size());
      ByteWriter encoded;
      for (const auto& [key, value] : map) {
        encoded.Clear();
        Codec<K>::Write(key, encoded);
        entries.emplace_back(encoded.view(), &value);
      }
      std::sort(entries.begin(), entries.end());
      for (const auto& [key, value] : entries) {
        out.PutBytes(key);
        Codec<V>::Write(*value, out);
      }
    }
  }
  static Status Read(ByteReader& in, Map& map) {
    map.clear();
    uint64_t count = 0;
    if (!in.ReadVarint(&count) || !CountIsPlausible<K, V>(count, in)) return in.Malformed("map size");
    for (uint64_t i = 0; i < count; ++i) {
      K key{};
      V value{};
      KVSTATE_RETURN_IF_ERROR(Codec<K>::Read(in, key));
      KVSTATE_RETURN_IF_ERROR(Codec<V>::Read(in, value));
      if (!map.emplace(std::move(key), std::move(value)).second) return in.Malformed("map: a key stands twice");
    }
    return Status();
  }
  static uint32_t KeyHash(ByteView encoded) { return JavaBytesHash(encoded); }
  static SerializerSnapshot Snapshot() { return NestedSnapshot<K, V>(kSorted ? "map" : "unordered_map"); }
};

}  // namespace internal

template <class T>
requires(std::integral<T> && !std::same_as<T, bool>) struct Codec<T> : internal::IntegerCodec<T> {
};

template <>
struct Codec<float> : internal::FloatCodec<float, uint32_t> {};
template <>
struct Codec<double> : internal::FloatCodec<double, uint64_t> {};

template <>
struct Codec<bool> {
  static constexpr size_t kEncodedSize = 1;
  static void Write(const bool& value, ByteWriter& out) { out.PutByte(value ? 1 : 0); }
  static Status Read(ByteReader& in, bool& value) {
    uint8_t byte = 0;
    if (!in.ReadByte(&byte) || byte > 1) return in.Malformed("bool");
    value = byte == 1;
    return Status();
  }
  static uint32_t KeyHash(ByteView encoded) { return !encoded.empty() && encoded[0] == 1 ? 1231 : 1237; }
  static SerializerSnapshot Snapshot() { return internal::SimpleSnapshot("bool"); }
};

template <>
struct Codec<std::string> {
  static constexpr size_t kEncodedSize = kVariableSize;
  static void Write(const std::string& value, ByteWriter& out) { out.PutLengthPrefixed(value); }
  static Status Read(ByteReader& in, std::string& value) {
    ByteView view;
    if (!in.ReadLengthPrefixed(&view)) [[unlikely]]
      return in.Malformed("string");
    value.assign(view);
    return Status();
  }
  static uint32_t KeyHash(ByteView encoded) {
    ByteReader in(encoded);
    ByteView text;
    return in.ReadLengthPrefixed(&text) ? JavaStringHash(text) : JavaBytesHash(encoded);
  }
  static SerializerSnapshot Snapshot() { return internal::SimpleSnapshot("string"); }
};

template <class T>
struct Codec<std::optional<T>> : internal::SequenceCodec<std::string> {
  static void Write(const std::optional<T>& value, ByteWriter& out) {
    out.PutByte(value.has_value() ? 1 : 0);
    if (value.has_value()) Codec<T>::Write(*value, out);
  }
  static Status Read(ByteReader& in, std::optional<T>& value) {
    uint8_t byte = 0;
    if (!in.ReadByte(&byte) || byte > 1) return in.Malformed("optional");
    if (byte == 0) {
      value.reset();
      return Status();
    }
    if (!value.has_value()) value.emplace();
    return Codec<T>::Read(in, *value);
  }
  static SerializerSnapshot Snapshot() { return internal::NestedSnapshot<T>("optional"); }
};

template <class... Ts>
struct Codec<std::tuple<Ts...>> : internal::SequenceCodec<Ts...> {
  static void Write(const std::tuple<Ts...>& value, ByteWriter& out) {
    std::apply([&]([[maybe_unused]] const Ts&... parts) { (Codec<Ts>::Write(parts, out), ...); }, value);
  }
  static Status Read(ByteReader& in, std::tuple<Ts...>& value) {
    Status status;
    std::apply([&](Ts&... parts) { static_cast<void>(((status = Codec<Ts>::Read(in, parts), status.ok()) && ...)); },
               value);
    return status;
  }
  static SerializerSnapshot Snapshot() { return internal::NestedSnapshot<Ts...>("tuple"); }
};

template <class A, class B>
struct Codec<std::pair<A, B>> : internal::SequenceCodec<A, B> {
  static void Write(const std::pair<A, B>& value, ByteWriter& out) {
    Codec<A>::Write(value.first, out);
    Codec<B>::Write(value.second, out);
  }
  static Status Read(ByteReader& in, std::pair<A, B>& value) {
    KVSTATE_RETURN_IF_ERROR(Codec<A>::Read(in, value.first));
    return Codec<B>::Read(in, value.second);
  }
  static SerializerSnapshot Snapshot() { return internal::NestedSnapshot<A, B>("tuple"); }
};

template <class T>
struct Codec<std::vector<T>> : internal::SequenceCodec<std::string> {
  static void Write(const std::vector<T>& value, ByteWriter& out) {
    out.PutVarint(value.size());
    for (const T& element : value) Codec<T>::Write(element, out);
  }
  static Status Read(ByteReader& in, std::vector<T>& value) {
    uint64_t count = 0;
    if (!in.ReadVarint(&count) || !internal::CountIsPlausible<T>(count, in)) return in.Malformed("vector size");
    value.clear();
    for (uint64_t i = 0; i < count; ++i) {
      T element{};
      KVSTATE_RETURN_IF_ERROR(Codec<T>::Read(in, element));
      value.push_back(std::move(element));
    }
    return Status();
  }
  static SerializerSnapshot Snapshot() { return internal::NestedSnapshot<T>("vector"); }
};

template <class K, class V>
struct Codec<std::map<K, V>> : internal::MapCodec<std::map<K, V>, true> {};
template <class K, class V>
struct Codec<std::unordered_map<K, V>> : internal::MapCodec<std::unordered_map<K, V>, false> {};

template <>
struct Codec<VoidNamespace> {
  static constexpr size_t kEncodedSize = 1;
  static void Write(const VoidNamespace&, ByteWriter& out) { out.PutByte(0); }
  static Status Read(ByteReader& in, VoidNamespace&) {
    uint8_t byte = 0;
    return in.ReadByte(&byte) && byte == 0 ? Status() : in.Malformed("void namespace");
  }
  static uint32_t KeyHash(ByteView) { return 0; }
  static SerializerSnapshot Snapshot() { return internal::SimpleSnapshot("void_namespace"); }
};

template <>
struct Codec<TimeWindow> : internal::SequenceCodec<int64_t, int64_t> {
  static void Write(const TimeWindow& value, ByteWriter& out) {
    Codec<int64_t>::Write(value.start, out);
    Codec<int64_t>::Write(value.end, out);
  }
  static Status Read(ByteReader& in, TimeWindow& value) {
    KVSTATE_RETURN_IF_ERROR(Codec<int64_t>::Read(in, value.start));
    return Codec<int64_t>::Read(in, value.end);
  }
  static SerializerSnapshot Snapshot() { return internal::SimpleSnapshot("time_window"); }
};

/// A struct is its members, one after another in the order of kMembers. The snapshot holds names and types, so that a
/// later program can tell which members came, went or moved.
template <class T>
requires requires { StructTraits<T>::kMembers; }
struct Codec<T> {
  static constexpr size_t kEncodedSize =
      std::apply([]<class... Ms>(const MemberOf<T, Ms>&...) { return internal::SumOfEncodedSizes<Ms...>(); },
                 StructTraits<T>::kMembers);
  static void Write(const T& value, ByteWriter& out) {
    std::apply([&]<class... Ms>(const MemberOf<T, Ms>&... m) { (Codec<Ms>::Write(value.*m.pointer, out), ...); },
               StructTraits<T>::kMembers);
  }
  static Status Read(ByteReader& in, T& value) {
    Status status;
    std::apply(
        [&]<class... Ms>(const MemberOf<T, Ms>&... m) {
          static_cast<void>(((status = Codec<Ms>::Read(in, value.*m.pointer), status.ok()) && ...));
        },
        StructTraits<T>::kMembers);
    return status;
  }
  static uint32_t KeyHash(ByteView encoded) { return JavaBytesHash(encoded); }
  static SerializerSnapshot Snapshot() {
    ByteWriter parameters;
    parameters.PutLengthPrefixed(StructTraits<T>::kName);
    std::apply(
        [&]<class... Ms>(const MemberOf<T, Ms>&... m) {
          parameters.PutVarint(sizeof...(Ms));
          ((parameters.PutLengthPrefixed(m.name), Codec<Ms>::Snapshot().Write(parameters)), ...);
        },
        StructTraits<T>::kMembers);
    return {"struct", 1, std::string(parameters.view())};
  }
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_CODEC_H_
