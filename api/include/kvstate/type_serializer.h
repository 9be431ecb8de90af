#ifndef KVSTATE_TYPE_SERIALIZER_H_
#define KVSTATE_TYPE_SERIALIZER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "kvstate/bytes.h"
#include "kvstate/export.h"
#include "kvstate/status.h"

namespace kvstate {
inline namespace v1 {

/// TypeInfo::encoded_size of a type whose encodings differ in length.
inline constexpr size_t kVariableSize = static_cast<size_t>(-1);

/// What code that does not know a type needs to know of it. Constant for a serializer's life.
struct TypeInfo {
  size_t size = 0;                      ///< sizeof(T), bytes.
  size_t alignment = 1;                 ///< alignof(T).
  size_t encoded_size = kVariableSize;  ///< Length of every encoding, bytes, or kVariableSize.
  bool trivially_copyable = false;      ///< Copy, move and destroy may be memcpy and nothing.
  /// A reader finds the end of an encoding by itself, so that encodings can be put one after another. Only the raw
  /// serializer is not: it takes all the bytes there are.
  bool self_delimiting = true;
};

/// What is stored beside state so that a later program can tell whether its serializer reads it.
/// Two serializers are equal when their snapshots are, whatever objects they are: equality is by what is written.
struct SerializerSnapshot {
  std::string type_id;     ///< Stable name of the format, such as "int64" or "list".
  uint32_t version = 1;    ///< Version of that format.
  std::string parameters;  ///< What the format depends on, nested snapshots included; canonical bytes.

  /// Self-delimiting canonical bytes; the form in which snapshots nest and are stored.
  KVSTATE_EXPORT void Write(ByteWriter& out) const;
  KVSTATE_EXPORT static Result<SerializerSnapshot> Read(ByteReader& in);
  friend bool operator==(const SerializerSnapshot&, const SerializerSnapshot&) = default;
};

/// What becomes of stored state when a new serializer meets the snapshot of the one that wrote it.
enum class SerializerCompatibility {
  kAsIs,            ///< The bytes are read and written unchanged.
  kAfterMigration,  ///< Values must be read in the old format and rewritten first.
  kReconfigured,    ///< Use the serializer that the new one reconfigures itself into.
  kIncompatible,    ///< Refuse, and leave the state as it is.
};

/// Describes one type T to code that does not know it: its layout, how to make, copy, move and destroy objects, and
/// their canonical bytes. `void*` arguments point to a live T, except where a method makes one.
///
/// Immutable and thread-safe. Encodings are deterministic: equal values have equal bytes, on every machine.
/// docs/formats.md gives those of the built-in serializers (kvstate/serializers.h makes them from C++ types).
class KVSTATE_EXPORT TypeSerializer {
 public:
  virtual ~TypeSerializer();
  TypeSerializer(const TypeSerializer&) = delete;
  TypeSerializer& operator=(const TypeSerializer&) = delete;

  const TypeInfo& info() const { return info_; }

  /// Makes a value-initialised T in raw memory of info().size bytes, aligned to info().alignment.
  virtual void Construct(void* at) const = 0;
  virtual void CopyConstruct(void* at, const void* from) const = 0;
  /// Leaves `from` live, as a moved-from object.
  virtual void MoveConstruct(void* at, void* from) const = 0;
  virtual void CopyAssign(void* to, const void* from) const = 0;
  virtual void MoveAssign(void* to, void* from) const = 0;
  virtual void Destroy(void* at) const = 0;

  /// Appends the encoding of `value` to `out`.
  virtual void Serialize(const void* value, ByteWriter& out) const = 0;
  /// Reads one encoding from `in` into the live object `value`, reusing its memory. DATA_LOSS when the bytes are not an
  /// encoding; `value` is then some valid object. Never reads past `in`, nor allocates much more than `in` holds.
  virtual Status Deserialize(ByteReader& in, void* value) const = 0;

  /// The hash from which a key's key group comes, of its canonical bytes: Java's hashCode() for integers, floating
  /// point, bool and strings, so that groups match a Flink job's; Java's Arrays.hashCode(bytes) for other types.
  virtual uint32_t KeyHash(ByteView encoded) const = 0;

  virtual SerializerSnapshot Snapshot() const = 0;
  /// Whether this serializer can take over state that the one with snapshot `old` wrote. The default: as is when the
  /// snapshots are equal, else incompatible.
  virtual SerializerCompatibility ResolveCompatibility(const SerializerSnapshot& old) const;

  /// See kvstate/extension.h.
  virtual void* GetExtension(std::string_view id) const;

 protected:
  explicit TypeSerializer(const TypeInfo& info) : info_(info) {}

 private:
  const TypeInfo info_;
};

/// A serializer is shared by descriptors, backends and snapshots, which may outlive the code that made it.
using SerializerPtr = std::shared_ptr<const TypeSerializer>;

/// Describes a growable sequence, such as std::vector<V>, in terms of its elements: how a list state's value is built
/// up and taken apart. The sequence's own encoding is its elements' encodings one after another (each after its length
/// when the element serializer is not self-delimiting), without a count, so that an element is added by appending.
class KVSTATE_EXPORT ListSerializer : public TypeSerializer {
 public:
  virtual const SerializerPtr& element() const = 0;
  virtual size_t Size(const void* list) const = 0;
  /// REQUIRES: index < Size(list). Valid until the list changes.
  virtual const void* At(const void* list, size_t index) const = 0;
  /// Appends a copy of `element`.
  virtual void Append(void* list, const void* element) const = 0;
  /// Empties the list; its memory may stay for reuse.
  virtual void Clear(void* list) const = 0;
  /// Appends the encoding of one element as it stands in a list.
  void SerializeElement(const void* element, ByteWriter& out) const;
  /// The same for an element that is serialized already.
  void SerializeElementBytes(ByteView element, ByteWriter& out) const;

 protected:
  using TypeSerializer::TypeSerializer;
};

using ListSerializerPtr = std::shared_ptr<const ListSerializer>;

/// One live T of a serializer's type, owned. Movable, not copyable; not thread-safe.
class KVSTATE_EXPORT TypedObject {
 public:
  TypedObject() = default;
  /// A value-initialised object.
  explicit TypedObject(SerializerPtr serializer);
  /// A copy of `*from`.
  TypedObject(SerializerPtr serializer, const void* from);
  TypedObject(TypedObject&& other) noexcept;
  TypedObject& operator=(TypedObject&& other) noexcept;
  ~TypedObject();

  explicit operator bool() const { return object_ != nullptr; }
  void* get() { return object_; }
  const void* get() const { return object_; }
  const SerializerPtr& serializer() const { return serializer_; }

 private:
  SerializerPtr serializer_;
  void* object_ = nullptr;
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_TYPE_SERIALIZER_H_
