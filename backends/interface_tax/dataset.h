#ifndef KVSTATE_BACKENDS_INTERFACE_TAX_DATASET_H_
#define KVSTATE_BACKENDS_INTERFACE_TAX_DATASET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/codec.h"
#include "kvstate/key_group.h"

/// What both sides of the interface_tax benchmark work on: the operations, their keys and their values.
namespace kvstate::interface_tax {

enum class Shape { kValue, kList, kMap };

enum class Operation { kGetHit, kGetMiss, kPut, kReadModifyWrite, kListAppend, kMapGet, kMapPut, kScan10 };

/// In the order in which they are measured: on each shape reads come first, so that they find the data settled.
inline constexpr std::array<Operation, 8> kOperations = {
    Operation::kGetHit,     Operation::kGetMiss, Operation::kPut,    Operation::kReadModifyWrite,
    Operation::kListAppend, Operation::kMapGet,  Operation::kScan10, Operation::kMapPut};

std::string_view OperationName(Operation operation);
Shape ShapeOf(Operation operation);
bool Writes(Operation operation);

/// Entries of each map. Maps have this many times fewer keys than values have, so that entries are as many.
inline constexpr uint64_t kMapEntries = 10;

/// State of a plain struct: its encoding is its bytes.
template <size_t kSize>
struct Payload {
  std::array<char, kSize> bytes;
};

/// One access: where it goes. The user key counts on maps alone.
struct Access {
  uint64_t key = 0;
  uint64_t user_key = 0;
};

/// The accesses of one shape, pseudo-random and the same on every machine.
class AccessPlan {
 public:
  AccessPlan(Shape shape, uint64_t keys);

  Shape shape() const { return shape_; }
  /// Every entry once, in the order of encoded keys: the order in which both sides load.
  const std::vector<Access>& load() const { return load_; }
  /// `count` accesses of the `slice`-th slice of `operation`. Slices follow one another through a random permutation
  /// of all entries (of all keys for scans; of as many absent keys for misses), over and over.
  /// Valid until the next call.
  std::span<const Access> Slice(Operation operation, uint64_t slice, size_t count);

 private:
  const Shape shape_;
  std::vector<Access> load_;
  std::vector<Access> permuted_;
  std::vector<Access> absent_;
  std::vector<Access> scans_;
  std::vector<Access> slice_;
};

/// Fills `to` with pseudo-random bytes that a compressor can halve: what is random stands twice.
void FillHalfCompressible(uint64_t seed, std::span<char> to);

template <class V>
struct ValueTraits;

template <>
struct ValueTraits<uint64_t> {
  static constexpr size_t kBytes = 8;
  static void Fill(uint64_t seed, uint64_t* value) {
    FillHalfCompressible(seed, {reinterpret_cast<char*>(value), sizeof(*value)});
  }
  static uint64_t Touch(const uint64_t& value) { return value; }
  static void Increment(uint64_t& value) { ++value; }
};

template <size_t kSize>
struct ValueTraits<Payload<kSize>> {
  static constexpr size_t kBytes = kSize;
  static void Fill(uint64_t seed, Payload<kSize>* value) { FillHalfCompressible(seed, value->bytes); }
  /// Reads its first and its last word.
  static uint64_t Touch(const Payload<kSize>& value) {
    uint64_t first = 0;
    uint64_t last = 0;
    std::memcpy(&first, value.bytes.data(), 8);
    std::memcpy(&last, value.bytes.data() + kSize - 8, 8);
    return first + 3 * last;
  }
  static void Increment(Payload<kSize>& value) {
    uint64_t first = 0;
    std::memcpy(&first, value.bytes.data(), 8);
    ++first;
    std::memcpy(value.bytes.data(), &first, 8);
  }
};

/// Values to write, made beforehand: what is measured is the state, not the making of values.
template <class V>
class ValuePool {
 public:
  ValuePool() : values_(kSize) {
    for (size_t i = 0; i < kSize; ++i) ValueTraits<V>::Fill(i + 1, &values_[i]);
  }
  /// The value that `access` gets in the given round of writes. Rounds differ.
  const V& At(const Access& access, uint64_t round) const {
    return values_[(access.key + access.user_key + round) % kSize];
  }

 private:
  static constexpr size_t kSize = 256;  // Of the largest values, still within a second-level cache.
  std::vector<V> values_;
};

/// The key group of a key, as a program that calls an engine itself would find it.
inline char KeyGroupByte(uint64_t key) {
  return static_cast<char>(KeyGroupOf(static_cast<uint32_t>(key ^ (key >> 32)), kDefaultMaxParallelism));
}

/// Encodes keys for the direct sides of the engines: the bytes that kvstate gives the engine too, so that both sides
/// ask the engine for the same. The view is valid until the next call.
class DirectKey {
 public:
  static constexpr size_t kPrefixBytes = 10;
  static constexpr size_t kBytes = 18;

  /// Key group, key, void namespace.
  ByteView Encode(uint64_t key) {
    bytes_[0] = KeyGroupByte(key);
    const uint64_t big_endian = ToBigEndian(key);
    std::memcpy(bytes_ + 1, &big_endian, 8);
    bytes_[9] = 0;
    return {bytes_, kPrefixBytes};
  }
  /// The same, then the user key.
  ByteView Encode(uint64_t key, uint64_t user_key) {
    Encode(key);
    const uint64_t big_endian = ToBigEndian(user_key);
    std::memcpy(bytes_ + kPrefixBytes, &big_endian, 8);
    return {bytes_, kBytes};
  }

 private:
  char bytes_[kBytes];
};

/// The user key at the end of a key that DirectKey wrote.
inline uint64_t UserKeyOf(ByteView encoded) {
  uint64_t big_endian = 0;
  std::memcpy(&big_endian, encoded.data() + DirectKey::kPrefixBytes, 8);
  return ToBigEndian(big_endian);
}

/// The bytes of a value for an engine: of a number in kvstate's byte order, of a struct as they lie in memory.
template <class V>
class DirectValue {
 public:
  explicit DirectValue(const V& value) : value_(value) {}
  ByteView view() const { return {value_.bytes.data(), value_.bytes.size()}; }
  static void Read(ByteView bytes, V* value) { std::memcpy(value->bytes.data(), bytes.data(), value->bytes.size()); }

 private:
  const V& value_;
};

template <>
class DirectValue<uint64_t> {
 public:
  explicit DirectValue(const uint64_t& value) : big_endian_(ToBigEndian(value)) {}
  ByteView view() const { return {reinterpret_cast<const char*>(&big_endian_), sizeof(big_endian_)}; }
  static void Read(ByteView bytes, uint64_t* value) {
    std::memcpy(value, bytes.data(), sizeof(*value));
    *value = ToBigEndian(*value);
  }

 private:
  uint64_t big_endian_;
};

}  // namespace kvstate::interface_tax

namespace kvstate {
inline namespace v1 {

template <size_t kSize>
struct Codec<interface_tax::Payload<kSize>> {
  static constexpr size_t kEncodedSize = kSize;
  static void Write(const interface_tax::Payload<kSize>& value, ByteWriter& out) {
    std::memcpy(out.Extend(kSize), value.bytes.data(), kSize);
  }
  static Status Read(ByteReader& in, interface_tax::Payload<kSize>& value) {
    ByteView bytes;
    if (!in.ReadBytes(kSize, &bytes)) [[unlikely]]
      return in.Malformed("payload");
    std::memcpy(value.bytes.data(), bytes.data(), kSize);
    return Status();
  }
  static uint32_t KeyHash(ByteView encoded) { return JavaBytesHash(encoded); }
  static SerializerSnapshot Snapshot() { return internal::SimpleSnapshot("interface_tax_payload"); }
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_BACKENDS_INTERFACE_TAX_DATASET_H_
