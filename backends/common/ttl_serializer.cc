#include "backends/common/ttl_serializer.h"

#include <cassert>
#include <new>
#include <utility>

#include "kvstate/codec.h"

namespace kvstate::backends {

namespace {

constexpr std::string_view kTypeId = "ttl";
constexpr uint32_t kVersion = 1;

size_t AlignUp(size_t size, size_t alignment) { return (size + alignment - 1) / alignment * alignment; }

size_t ValueOffset(const TypeInfo& inner, bool nullable) {
  return AlignUp(sizeof(int64_t) + (nullable ? 1 : 0), inner.alignment);
}

TypeInfo InfoOf(const TypeInfo& inner, bool nullable) {
  TypeInfo info;
  info.alignment = std::max(inner.alignment, alignof(int64_t));
  info.size = AlignUp(ValueOffset(inner, nullable) + inner.size, info.alignment);
  const bool fixed = !nullable && inner.encoded_size != kVariableSize;
  info.encoded_size = fixed ? sizeof(int64_t) + inner.encoded_size : kVariableSize;
  info.trivially_copyable = inner.trivially_copyable;
  // So that elements of a list stand after their lengths, and a filter finds their times without knowing types.
  info.self_delimiting = fixed;
  return info;
}

/// A time that no clock gave would pass for a borrowed object.
Status ReadTimestamp(ByteReader& in, int64_t* timestamp) {
  uint64_t bits = 0;
  if (!in.ReadFixed64(&bits)) [[unlikely]]
    return in.Malformed("the time of a value with a time to live");
  *timestamp = static_cast<int64_t>(bits);
  if (*timestamp == kBorrowed) [[unlikely]]
    return in.Malformed("the time of a value with a time to live: no clock gives the least number");
  return Status();
}

bool IsBorrowed(const void* object) { return *static_cast<const int64_t*>(object) == kBorrowed; }

}  // namespace

// --- A value ---

TtlSerializer::TtlSerializer(SerializerPtr inner, bool nullable, int64_t ttl_millis)
    : TypeSerializer(InfoOf(inner->info(), nullable)),
      inner_(std::move(inner)),
      nullable_(nullable),
      ttl_millis_(ttl_millis),
      value_offset_(ValueOffset(inner_->info(), nullable)),
      value_bytes_(inner_->info().size),
      copies_value_bytes_(inner_->info().trivially_copyable) {}

TtlSerializerPtr MakeTtlSerializer(SerializerPtr inner, bool nullable, int64_t ttl_millis) {
  return std::make_shared<TtlSerializer>(std::move(inner), nullable, ttl_millis);
}

void TtlSerializer::Construct(void* at) const {
  new (at) int64_t(0);
  SetNull(at, false);
  inner_->Construct(SlotOf(at));
}

void TtlSerializer::CopyConstruct(void* at, const void* from) const {
  new (at) int64_t(TimestampOf(from));
  const void* value = ValueOf(from);
  SetNull(at, value == nullptr);
  if (value != nullptr) {
    inner_->CopyConstruct(SlotOf(at), value);
  } else {
    inner_->Construct(SlotOf(at));
  }
}

void TtlSerializer::MoveConstruct(void* at, void* from) const {
  assert(!IsBorrowed(from));
  new (at) int64_t(TimestampOf(from));
  SetNull(at, ValueOf(from) == nullptr);
  inner_->MoveConstruct(SlotOf(at), SlotOf(from));
}

void TtlSerializer::CopyAssign(void* to, const void* from) const {
  const void* value = ValueOf(from);
  SetTimestamp(to, TimestampOf(from));
  SetNull(to, value == nullptr);
  // A borrowed object may point into the very object that is about to be written.
  if (value != nullptr && value != SlotOf(to)) inner_->CopyAssign(SlotOf(to), value);
}

void TtlSerializer::MoveAssign(void* to, void* from) const {
  assert(!IsBorrowed(from));
  SetTimestamp(to, TimestampOf(from));
  SetNull(to, ValueOf(from) == nullptr);
  inner_->MoveAssign(SlotOf(to), SlotOf(from));
}

void TtlSerializer::Destroy(void* at) const { inner_->Destroy(SlotOf(at)); }

void TtlSerializer::Serialize(const void* object, ByteWriter& out) const {
  out.PutFixed64(static_cast<uint64_t>(TimestampOf(object)));
  const void* value = ValueOf(object);
  if (nullable_) out.PutByte(value == nullptr ? 1 : 0);
  if (value != nullptr) inner_->Serialize(value, out);
}

Status TtlSerializer::Deserialize(ByteReader& in, void* object) const {
  int64_t timestamp = 0;
  KVSTATE_RETURN_IF_ERROR(ReadTimestamp(in, &timestamp));
  SetTimestamp(object, timestamp);
  if (nullable_) {
    uint8_t is_null = 0;
    if (!in.ReadByte(&is_null) || is_null > 1) return in.Malformed("the null byte of a value with a time to live");
    SetNull(object, is_null == 1);
    if (is_null == 1) return Status();
  }
  return inner_->Deserialize(in, SlotOf(object));
}

Status TtlSerializer::DeserializeTimed(ByteView bytes, int64_t* timestamp, void* value) const {
  ByteReader in(bytes);
  KVSTATE_RETURN_IF_ERROR(ReadTimestamp(in, timestamp));
  KVSTATE_RETURN_IF_ERROR(inner_->Deserialize(in, value));
  return in.AtEnd() ? Status() : in.Malformed("end of a stored value");
}

uint32_t TtlSerializer::KeyHash(ByteView encoded) const { return JavaBytesHash(encoded); }

SerializerSnapshot TtlSerializer::Snapshot() const {
  ByteWriter parameters;
  parameters.PutByte(nullable_ ? 1 : 0);
  parameters.PutFixed64(static_cast<uint64_t>(ttl_millis_));
  inner_->Snapshot().Write(parameters);
  return {std::string(kTypeId), kVersion, std::string(parameters.view())};
}

SerializerCompatibility TtlSerializer::ResolveCompatibility(const SerializerSnapshot& old) const {
  if (old.type_id != kTypeId || old.version != kVersion) return SerializerCompatibility::kIncompatible;
  ByteReader in(old.parameters);
  uint8_t nullable = 0;
  uint64_t ttl_millis = 0;  // What it was does not matter: times are stored, not when they are over.
  if (!in.ReadByte(&nullable) || (nullable == 1) != nullable_ || !in.ReadFixed64(&ttl_millis)) {
    return SerializerCompatibility::kIncompatible;
  }
  const Result<SerializerSnapshot> inner = SerializerSnapshot::Read(in);
  if (!inner.ok() || !in.AtEnd()) return SerializerCompatibility::kIncompatible;
  const bool as_is = inner_->ResolveCompatibility(*inner) == SerializerCompatibility::kAsIs;
  return as_is ? SerializerCompatibility::kAsIs : SerializerCompatibility::kIncompatible;
}

// --- A list ---

namespace {

/// Elements of which a list is one chunk after another, and nothing else.
size_t ChunkBytes(const TypeInfo& element) {
  return element.encoded_size == kVariableSize || !element.self_delimiting ? 0 : element.encoded_size;
}

/// What At gave last, on each thread.
thread_local BorrowedObject element_given;

}  // namespace

TtlListSerializer::TtlListSerializer(ListSerializerPtr inner, int64_t ttl_millis)
    : ListSerializer([&] {
        TypeInfo info;
        info.alignment = std::max(inner->info().alignment, alignof(Head));
        info.size = AlignUp(AlignUp(sizeof(Head), inner->info().alignment) + inner->info().size, info.alignment);
        info.self_delimiting = false;
        return info;
      }()),
      inner_(std::move(inner)),
      timed_element_(MakeTtlSerializer(inner_->element(), /*nullable=*/false, ttl_millis)),
      element_(timed_element_),
      inner_offset_(AlignUp(sizeof(Head), inner_->info().alignment)),
      chunk_bytes_(ChunkBytes(inner_->element()->info())) {}

TtlListSerializerPtr MakeTtlListSerializer(ListSerializerPtr inner, int64_t ttl_millis) {
  return std::make_shared<TtlListSerializer>(std::move(inner), ttl_millis);
}

int64_t TtlListSerializer::OldestOf(const void* list) const {
  if (!IsBorrowed(list)) return HeadOf(list).oldest;
  return Size(list) == 0 ? INT64_MAX : static_cast<const BorrowedObject*>(list)->timestamp;
}

int64_t TtlListSerializer::TimeAt(const void* list, size_t index) const {
  return IsBorrowed(list) ? static_cast<const BorrowedObject*>(list)->timestamp : HeadOf(list).times[index];
}

const void* TtlListSerializer::InnerOf(const void* list) const {
  return IsBorrowed(list) ? static_cast<const BorrowedObject*>(list)->value
                          : static_cast<const char*>(list) + inner_offset_;
}

void TtlListSerializer::AppendTimed(void* list, int64_t timestamp, const void* element) const {
  Head& head = HeadOf(list);
  inner_->Append(InnerIn(list), element);
  head.times.push_back(timestamp);
  head.oldest = std::min(head.oldest, timestamp);
}

const void* TtlListSerializer::At(const void* list, size_t index) const {
  element_given.timestamp = TimeAt(list, index);
  element_given.value = inner_->At(InnerOf(list), index);
  return &element_given;
}

void TtlListSerializer::Append(void* list, const void* element) const {
  AppendTimed(list, TtlSerializer::TimestampOf(element), timed_element_->ValueOf(element));
}

void TtlListSerializer::Clear(void* list) const {
  inner_->Clear(InnerIn(list));
  HeadOf(list).times.clear();
  HeadOf(list).oldest = INT64_MAX;
}

void TtlListSerializer::Construct(void* at) const {
  new (at) Head;
  inner_->Construct(InnerIn(at));
}

void TtlListSerializer::CopyConstruct(void* at, const void* from) const {
  Construct(at);
  CopyAssign(at, from);
}

void TtlListSerializer::MoveConstruct(void* at, void* from) const {
  assert(!IsBorrowed(from));
  new (at) Head(std::move(HeadOf(from)));
  inner_->MoveConstruct(InnerIn(at), InnerIn(from));
  // What is left must be a list, whose times fit.
  Clear(from);
}

void TtlListSerializer::CopyAssign(void* to, const void* from) const {
  if (to == from) return;
  const void* inner = InnerOf(from);
  // A borrowed object may point into the very object that is about to be written.
  if (inner != InnerIn(to)) inner_->CopyAssign(InnerIn(to), inner);
  Head& head = HeadOf(to);
  if (IsBorrowed(from)) {
    head.times.assign(inner_->Size(InnerIn(to)), static_cast<const BorrowedObject*>(from)->timestamp);
    head.oldest = OldestOf(from);
  } else {
    head = HeadOf(from);
  }
}

void TtlListSerializer::MoveAssign(void* to, void* from) const {
  if (to == from) return;
  assert(!IsBorrowed(from));
  inner_->MoveAssign(InnerIn(to), InnerIn(from));
  HeadOf(to) = std::move(HeadOf(from));
  Clear(from);
}

void TtlListSerializer::Destroy(void* at) const {
  inner_->Destroy(InnerIn(at));
  HeadOf(at).~Head();
}

void TtlListSerializer::Serialize(const void* list, ByteWriter& out) const {
  if (chunk_bytes_ != 0) return SerializeChunks(list, out);
  const SerializerPtr& serializer = inner_->element();
  const void* inner = InnerOf(list);
  const size_t size = inner_->Size(inner);
  ByteWriter bytes;
  for (size_t i = 0; i < size; ++i) {
    bytes.Clear();
    bytes.PutFixed64(static_cast<uint64_t>(TimeAt(list, i)));
    serializer->Serialize(inner_->At(inner, i), bytes);
    SerializeElementBytes(bytes.view(), out);
  }
}

void TtlListSerializer::SerializeChunks(const void* list, ByteWriter& out) const {
  ByteWriter plain;
  inner_->Serialize(InnerOf(list), plain);
  const ByteView bytes = plain.view();
  assert(bytes.size() == Size(list) * chunk_bytes_);
  for (size_t i = 0; i * chunk_bytes_ < bytes.size(); ++i) {
    out.PutFixed64(static_cast<uint64_t>(TimeAt(list, i)));
    out.PutBytes(bytes.substr(i * chunk_bytes_, chunk_bytes_));
  }
}

Status TtlListSerializer::Deserialize(ByteReader& in, void* list) const {
  Clear(list);
  Status status = chunk_bytes_ != 0 ? DeserializeChunks(in, list) : DeserializePieces(in, list);
  // Else it would be a list whose times do not fit.
  if (!status.ok()) Clear(list);
  return status;
}

Status TtlListSerializer::DeserializeChunks(ByteReader& in, void* list) const {
  Head& head = HeadOf(list);
  ByteWriter plain;
  while (!in.AtEnd()) {
    int64_t timestamp = 0;
    ByteView bytes;
    KVSTATE_RETURN_IF_ERROR(ReadTimestamp(in, &timestamp));
    if (!in.ReadBytes(chunk_bytes_, &bytes)) return in.Malformed("list: a part of an element at the end");
    plain.PutBytes(bytes);
    head.times.push_back(timestamp);
    head.oldest = std::min(head.oldest, timestamp);
  }
  ByteReader elements(plain.view());
  KVSTATE_RETURN_IF_ERROR(inner_->Deserialize(elements, InnerIn(list)));
  if (inner_->Size(InnerIn(list)) != head.times.size()) return in.Malformed("list: elements and their times");
  return Status();
}

Status TtlListSerializer::DeserializePieces(ByteReader& in, void* list) const {
  TypedObject element(inner_->element());
  const TypeInfo& info = timed_element_->info();
  while (!in.AtEnd()) {
    ByteView piece;
    const bool read = info.self_delimiting ? in.ReadBytes(info.encoded_size, &piece) : in.ReadLengthPrefixed(&piece);
    if (!read) return in.Malformed("list element");
    ByteReader one(piece);
    int64_t timestamp = 0;
    KVSTATE_RETURN_IF_ERROR(ReadTimestamp(one, &timestamp));
    KVSTATE_RETURN_IF_ERROR(inner_->element()->Deserialize(one, element.get()));
    if (!one.AtEnd()) return in.Malformed("list: the end of an element");
    AppendTimed(list, timestamp, element.get());
  }
  return Status();
}

uint32_t TtlListSerializer::KeyHash(ByteView encoded) const { return JavaBytesHash(encoded); }

SerializerSnapshot TtlListSerializer::Snapshot() const {
  ByteWriter nested;
  timed_element_->Snapshot().Write(nested);
  return {"list", 1, std::string(nested.view())};
}

SerializerCompatibility TtlListSerializer::ResolveCompatibility(const SerializerSnapshot& old) const {
  if (old.type_id != "list" || old.version != 1) return SerializerCompatibility::kIncompatible;
  ByteReader in(old.parameters);
  const Result<SerializerSnapshot> element = SerializerSnapshot::Read(in);
  if (!element.ok() || !in.AtEnd()) return SerializerCompatibility::kIncompatible;
  return timed_element_->ResolveCompatibility(*element);
}

}  // namespace kvstate::backends
