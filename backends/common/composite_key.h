#ifndef KVSTATE_BACKENDS_COMMON_COMPOSITE_KEY_H_
#define KVSTATE_BACKENDS_COMMON_COMPOSITE_KEY_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "kvstate/bytes.h"
#include "kvstate/key_group.h"
#include "kvstate/status.h"
#include "kvstate/type_serializer.h"

namespace kvstate::backends {

/// How (key group, key, namespace, user key) become the bytes of an ordered store, and back:
///
///   key group | key | [length of key] | namespace | [length of namespace] | user key
///
/// The key group is 1 byte, or 2 big-endian when max parallelism is over 128. The lengths are there when key and
/// namespace are both of variable size: of the part as written, low byte first, 8 bits at a time, until nothing is
/// left. A key or namespace that is not self-delimiting is written after its length as a varint.
///
/// Invariant: what stands before the user key is no prefix of the same of another (key group, key, namespace), so that
/// a scan by that prefix meets the entries of one map alone.
///
/// Immutable and thread-safe.
class CompositeKeyFormat {
 public:
  CompositeKeyFormat(SerializerPtr key, SerializerPtr state_namespace, uint32_t max_parallelism);

  /// Overwrites `out` with all that stands before the user key. REQUIRES: parts of fixed size have that size.
  void WritePrefix(uint32_t key_group, ByteView key, ByteView state_namespace, ByteWriter& out) const {
    out.Clear();
    if (is_usual_) [[likely]] {
      char* at = out.Extend(1 + sizeof(uint64_t) + 1);
      at[0] = static_cast<char>(key_group);
      std::memcpy(at + 1, key.data(), sizeof(uint64_t));
      at[1 + sizeof(uint64_t)] = state_namespace[0];
      return;
    }
    WriteKeyGroup(key_group, out);
    WritePart(key, key_shape_, out);
    WritePart(state_namespace, namespace_shape_, out);
  }
  void WriteKeyGroup(uint32_t key_group, ByteWriter& out) const {
    if (key_group_bytes_ == 1) {
      out.PutByte(static_cast<uint8_t>(key_group));
    } else {
      out.PutFixed16(static_cast<uint16_t>(key_group));
    }
  }
  size_t key_group_bytes() const { return key_group_bytes_; }
  /// Whether it is a key group in one byte, a key in eight, and a namespace in one: the case worth a path of its own.
  bool is_usual() const { return is_usual_; }

 private:
  friend class CompositeKeyParser;

  enum class Shape : uint8_t {
    kFixed,           ///< Every encoding has one length.
    kSelfDelimiting,  ///< Its serializer finds the end.
    kLengthFirst,     ///< Its own encoding starts with its length, as a varint.
    kRaw,             ///< Takes all the bytes there are: the length is put before it here.
  };
  static Shape ShapeOf(const TypeSerializer& serializer);

  void WritePart(ByteView part, Shape shape, ByteWriter& out) const {
    const size_t start = out.size();
    if (shape == Shape::kRaw) out.PutVarint(part.size());
    out.PutBytes(part);
    if (!lengths_) return;
    size_t length = out.size() - start;
    do {
      out.PutByte(static_cast<uint8_t>(length));
      length >>= 8;
    } while (length != 0);
  }

  const SerializerPtr key_;
  const SerializerPtr namespace_;
  const size_t key_group_bytes_;
  const Shape key_shape_;
  const Shape namespace_shape_;
  const bool lengths_;
  const bool is_usual_;  ///< One byte of key group, eight of key, one of namespace: written without loops or calls.
};

/// Takes composite keys apart. Not thread-safe: it decodes into objects of its own where only a serializer knows where
/// an encoding ends.
class CompositeKeyParser {
 public:
  explicit CompositeKeyParser(const CompositeKeyFormat& format);

  /// DATA_LOSS when `composite` is no composite key. Views given out afterwards point into `composite`.
  Status Parse(ByteView composite);
  /// The same of what stands after the key group, as in a state stream; prefix() begins there too, and key_group() is
  /// not known.
  Status ParseAfterKeyGroup(ByteView rest);

  uint32_t key_group() const { return key_group_; }
  ByteView key() const { return key_part_; }
  ByteView state_namespace() const { return namespace_part_; }
  /// All that stands before the user key.
  ByteView prefix() const { return prefix_; }
  ByteView user_key() const { return user_key_; }

 private:
  Status ReadParts(ByteReader& in, ByteView all);
  Status ReadPart(ByteReader& in, CompositeKeyFormat::Shape shape, const TypeSerializer& serializer,
                  TypedObject& scratch, ByteView* part) const;

  const CompositeKeyFormat& format_;
  TypedObject key_object_;
  TypedObject namespace_object_;
  uint32_t key_group_ = 0;
  ByteView key_part_;
  ByteView namespace_part_;
  ByteView prefix_;
  ByteView user_key_;
};

/// Sets `bound` to the least bytes that are greater than all that start with `prefix`; to nothing, which means no
/// bound, when there are none such: the prefix is empty or all 0xff.
void UpperBoundOfPrefix(ByteView prefix, std::string* bound);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_COMPOSITE_KEY_H_
