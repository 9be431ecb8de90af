#ifndef KVSTATE_BACKENDS_COMMON_TTL_SERIALIZER_H_
#define KVSTATE_BACKENDS_COMMON_TTL_SERIALIZER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "kvstate/clock.h"
#include "kvstate/type_serializer.h"

namespace kvstate::backends {

/// No value's time: the first eight bytes of a borrowed object.
inline constexpr int64_t kBorrowed = INT64_MIN;

/// What the clock says, as a value's time.
inline int64_t TimestampOfClock(const Clock& clock) { return std::max(clock.NowMillis(), INT64_MIN + 1); }

/// Stands for a stored object that is about to be written: the time, and where the program's object is, so that nothing
/// is copied on its way to an encoding or a live object. TtlSerializer and TtlListSerializer take one wherever they
/// take a stored object by pointer to const; it is never stored. Of a list the time is every element's. Not to be given
/// to a state where TypeInfo::trivially_copyable: there a memcpy may stand for CopyAssign.
struct BorrowedObject {
  int64_t tag = kBorrowed;
  int64_t timestamp = 0;
  const void* value = nullptr;  ///< Null for a map's null value.
};

/// A value and its time: an object {int64_t timestamp; bool is_null, of a nullable one; T value}, written as
/// docs/formats.md, "Values with a time to live", says.
class TtlSerializer final : public TypeSerializer {
 public:
  /// `nullable`: of a map's values, among which a null one has a time too.
  TtlSerializer(SerializerPtr inner, bool nullable, int64_t ttl_millis);

  const SerializerPtr& inner() const { return inner_; }
  bool nullable() const { return nullable_; }
  int64_t ttl_millis() const { return ttl_millis_; }

  /// Of stored and of borrowed objects.
  static int64_t TimestampOf(const void* object) {
    const int64_t first = *static_cast<const int64_t*>(object);
    return first != kBorrowed ? first : static_cast<const BorrowedObject*>(object)->timestamp;
  }
  /// Null for a null value.
  const void* ValueOf(const void* object) const {
    if (*static_cast<const int64_t*>(object) == kBorrowed) return static_cast<const BorrowedObject*>(object)->value;
    return nullable_ && IsNull(object) ? nullptr : static_cast<const char*>(object) + value_offset_;
  }
  /// Of a stored object: the T that is there, also beside is_null.
  void* SlotOf(void* object) const { return static_cast<char*>(object) + value_offset_; }
  const void* SlotOf(const void* object) const { return static_cast<const char*>(object) + value_offset_; }
  /// Of a stored object. REQUIRES: timestamp != kBorrowed.
  static void SetTimestamp(void* object, int64_t timestamp) { *static_cast<int64_t*>(object) = timestamp; }

  // A value and its time apart, for states that access one often. REQUIRES: !nullable().
  /// Of a stored object.
  static int64_t StoredTimestampOf(const void* object) { return *static_cast<const int64_t*>(object); }
  /// Makes a stored object in raw memory.
  void ConstructTimed(void* at, int64_t timestamp, const void* value) const {
    new (at) int64_t(timestamp);
    if (copies_value_bytes_) {
      std::memcpy(SlotOf(at), value, value_bytes_);
    } else {
      inner_->CopyConstruct(SlotOf(at), value);
    }
  }
  /// Overwrites a stored object. `value` may be the one in it.
  void AssignTimed(void* object, int64_t timestamp, const void* value) const {
    SetTimestamp(object, timestamp);
    void* slot = SlotOf(object);
    if (value == slot) return;
    if (copies_value_bytes_) {
      std::memcpy(slot, value, value_bytes_);
    } else {
      inner_->CopyAssign(slot, value);
    }
  }
  /// Appends what Serialize would of the two.
  void SerializeTimed(int64_t timestamp, const void* value, ByteWriter& out) const {
    out.PutFixed64(static_cast<uint64_t>(timestamp));
    inner_->Serialize(value, out);
  }
  /// Reads what it wrote, all of `bytes`, into the live T `value`. DATA_LOSS as Deserialize's.
  Status DeserializeTimed(ByteView bytes, int64_t* timestamp, void* value) const;

  void Construct(void* at) const override;
  void CopyConstruct(void* at, const void* from) const override;
  void MoveConstruct(void* at, void* from) const override;
  void CopyAssign(void* to, const void* from) const override;
  void MoveAssign(void* to, void* from) const override;
  void Destroy(void* at) const override;
  void Serialize(const void* object, ByteWriter& out) const override;
  Status Deserialize(ByteReader& in, void* object) const override;
  uint32_t KeyHash(ByteView encoded) const override;
  SerializerSnapshot Snapshot() const override;
  SerializerCompatibility ResolveCompatibility(const SerializerSnapshot& old) const override;

 private:
  static bool IsNull(const void* object) { return static_cast<const char*>(object)[sizeof(int64_t)] != 0; }
  void SetNull(void* object, bool is_null) const {
    if (nullable_) static_cast<char*>(object)[sizeof(int64_t)] = is_null ? 1 : 0;
  }

  const SerializerPtr inner_;
  const bool nullable_;
  const int64_t ttl_millis_;
  const size_t value_offset_;
  const size_t value_bytes_;
  const bool copies_value_bytes_;  ///< T is trivially copyable.
};

using TtlSerializerPtr = std::shared_ptr<const TtlSerializer>;
TtlSerializerPtr MakeTtlSerializer(SerializerPtr inner, bool nullable, int64_t ttl_millis);

/// A list and its elements' times: an object {int64_t oldest; std::vector<int64_t> times; inner list}, so that a list
/// of which nothing has expired can be handed out as it is. Its elements, as the interface sees them, are objects of a
/// TtlSerializer; what At gives is a borrowed one, valid until the next At on the same thread.
class TtlListSerializer final : public ListSerializer {
 public:
  TtlListSerializer(ListSerializerPtr inner, int64_t ttl_millis);

  const ListSerializerPtr& inner() const { return inner_; }
  const TtlSerializerPtr& timed_element() const { return timed_element_; }

  /// The least of the elements' times, INT64_MAX of an empty list. Of stored and of borrowed objects, as what follows.
  int64_t OldestOf(const void* list) const;
  int64_t TimeAt(const void* list, size_t index) const;
  const void* InnerOf(const void* list) const;
  /// Appends a copy of `element`, of the inner list's, to a stored object.
  void AppendTimed(void* list, int64_t timestamp, const void* element) const;

  const SerializerPtr& element() const override { return element_; }
  size_t Size(const void* list) const override { return inner_->Size(InnerOf(list)); }
  const void* At(const void* list, size_t index) const override;
  void Append(void* list, const void* element) const override;
  void Clear(void* list) const override;

  void Construct(void* at) const override;
  void CopyConstruct(void* at, const void* from) const override;
  void MoveConstruct(void* at, void* from) const override;
  void CopyAssign(void* to, const void* from) const override;
  void MoveAssign(void* to, void* from) const override;
  void Destroy(void* at) const override;
  void Serialize(const void* list, ByteWriter& out) const override;
  Status Deserialize(ByteReader& in, void* list) const override;
  uint32_t KeyHash(ByteView encoded) const override;
  SerializerSnapshot Snapshot() const override;
  SerializerCompatibility ResolveCompatibility(const SerializerSnapshot& old) const override;

 private:
  struct Head {
    int64_t oldest = INT64_MAX;
    std::vector<int64_t> times;
  };
  static Head& HeadOf(void* list) { return *static_cast<Head*>(list); }
  static const Head& HeadOf(const void* list) { return *static_cast<const Head*>(list); }
  void* InnerIn(void* list) const { return static_cast<char*>(list) + inner_offset_; }

  void SerializeChunks(const void* list, ByteWriter& out) const;
  Status DeserializeChunks(ByteReader& in, void* list) const;
  Status DeserializePieces(ByteReader& in, void* list) const;

  const ListSerializerPtr inner_;
  const TtlSerializerPtr timed_element_;
  const SerializerPtr element_;  ///< timed_element_, as the interface gives it.
  const size_t inner_offset_;
  const size_t chunk_bytes_;  ///< Of an inner element, where all take as much and some; else 0.
};

using TtlListSerializerPtr = std::shared_ptr<const TtlListSerializer>;
TtlListSerializerPtr MakeTtlListSerializer(ListSerializerPtr inner, int64_t ttl_millis);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_TTL_SERIALIZER_H_
