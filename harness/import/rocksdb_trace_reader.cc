#include "harness/import/rocksdb_trace_reader.h"

#include <utility>

namespace kvstate::harness {

namespace {

using Kind = StoreAccess::Kind;

constexpr std::string_view kMagic = "feedcafedeadbeef";
constexpr std::string_view kVersionLabel = "\tTrace Version: ";
constexpr size_t kHeadBytes = 13;
constexpr size_t kMaxHeaderBytes = 4096;
constexpr size_t kAccessesAtATime = 1024;

// Numbers of members in a payload map.
constexpr uint32_t kWriteBatchMember = 1;
constexpr uint32_t kGetFamilyMember = 2;
constexpr uint32_t kGetKeyMember = 3;
constexpr uint32_t kSeekFamilyMember = 4;
constexpr uint32_t kSeekKeyMember = 5;
constexpr uint32_t kSeekLowerBoundMember = 6;
constexpr uint32_t kSeekUpperBoundMember = 7;
constexpr uint32_t kMultiGetSizeMember = 8;
constexpr uint32_t kMultiGetFamiliesMember = 9;
constexpr uint32_t kMultiGetKeysMember = 10;

constexpr uint64_t Members(std::initializer_list<uint32_t> members) {
  uint64_t map = 0;
  for (const uint32_t member : members) map |= uint64_t{1} << member;
  return map;
}

/// What stands behind the tag of an entry in a write batch.
enum class Entry : uint8_t { kPut, kMerge, kDelete, kNoCounterpart, kMarker, kUnknown };
struct EntryForm {
  Entry entry = Entry::kUnknown;
  bool has_family = false;
  int texts = 0;                ///< Length-prefixed: key and value, or others.
  std::string_view left_out{};  ///< What it is, where it has no counterpart.
};

/// Of the tags 0 to 25.
constexpr EntryForm kEntryForms[] = {
    {Entry::kDelete, false, 1},
    {Entry::kPut, false, 2},
    {Entry::kMerge, false, 2},
    {Entry::kMarker, false, 1},  // Log data.
    {Entry::kDelete, true, 1},
    {Entry::kPut, true, 2},
    {Entry::kMerge, true, 2},
    {Entry::kDelete, false, 1},  // Single deletes.
    {Entry::kDelete, true, 1},
    {Entry::kMarker, false, 0},  // Of transactions, to 12: begin, end, commit, rollback.
    {Entry::kMarker, false, 1},
    {Entry::kMarker, false, 1},
    {Entry::kMarker, false, 1},
    {Entry::kMarker, false, 0},
    {Entry::kNoCounterpart, true, 2, "deletes of a range of keys"},
    {Entry::kNoCounterpart, false, 2, "deletes of a range of keys"},
    {Entry::kNoCounterpart, true, 2, "puts of references to blobs"},
    {Entry::kNoCounterpart, false, 2, "puts of references to blobs"},
    {Entry::kMarker, false, 0},
    {Entry::kMarker, false, 0},
    {},  // Is in no write batch.
    {Entry::kMarker, false, 2},
    {Entry::kNoCounterpart, false, 2, "puts of entities of several columns"},
    {Entry::kNoCounterpart, true, 2, "puts of entities of several columns"},
    {Entry::kNoCounterpart, false, 2, "puts with a time"},
    {Entry::kNoCounterpart, true, 2, "puts with a time"},
};

}  // namespace

/// Little-endian numbers and length-prefixed texts. Each Read returns false when the bytes do not hold it.
class RocksDBTraceReader::Cursor {
 public:
  explicit Cursor(ByteView bytes) : in_(bytes) {}

  template <class Number>
  [[nodiscard]] bool ReadFixed(Number* v) {
    ByteView bytes;
    if (!in_.ReadBytes(sizeof(Number), &bytes)) return false;
    *v = 0;
    for (size_t i = sizeof(Number); i-- > 0;) *v = static_cast<Number>(*v << 8 | static_cast<uint8_t>(bytes[i]));
    return true;
  }
  [[nodiscard]] bool ReadByte(uint8_t* v) { return in_.ReadByte(v); }
  [[nodiscard]] bool ReadVarint32(uint32_t* v) {
    uint64_t wide = 0;
    if (!in_.ReadVarint(&wide) || wide > UINT32_MAX) return false;
    *v = static_cast<uint32_t>(wide);
    return true;
  }
  [[nodiscard]] bool ReadText(ByteView* v) { return in_.ReadLengthPrefixed(v); }
  ByteView rest() const { return in_.rest(); }
  bool AtEnd() const { return in_.AtEnd(); }

 private:
  ByteReader in_;
};

Result<std::unique_ptr<AccessReader>> RocksDBTraceReader::Open(std::unique_ptr<InputFile> file, uint64_t seek_steps,
                                                               bool skip_bad_rows) {
  std::unique_ptr<RocksDBTraceReader> reader(new RocksDBTraceReader(std::move(file), seek_steps, skip_bad_rows));
  KVSTATE_RETURN_IF_ERROR(reader->ReadHeader());
  return std::unique_ptr<AccessReader>(std::move(reader));
}

Status RocksDBTraceReader::ReadHeader() {
  const std::string& path = file().path();
  KVSTATE_RETURN_IF_ERROR(input().Read(kHeadBytes + kMagic.size(), &head_));
  if (head_.size() < kHeadBytes + kMagic.size() || head_[8] != static_cast<char>(Type::kBegin) ||
      head_.substr(kHeadBytes) != kMagic) {
    return InvalidArgumentError(path + " is no trace of RocksDB's queries");
  }
  Cursor head(ByteView(head_).substr(9));
  uint32_t length = 0;
  if (!head.ReadFixed(&length) || length < kMagic.size() || length > kMaxHeaderBytes) {
    return DataLossError(path + " at offset 0: a header of " + std::to_string(length) + " bytes");
  }
  KVSTATE_RETURN_IF_ERROR(input().Read(length - kMagic.size(), &payload_));
  std::string_view text = payload_;
  if (text.size() < length - kMagic.size() || !text.starts_with(kVersionLabel)) {
    return DataLossError(path + " at offset 0: the header is cut short or damaged");
  }
  text.remove_prefix(kVersionLabel.size());
  const std::string version(text.substr(0, text.find('\t')));
  if (version != "0.1" && version != "0.2") {
    return InvalidArgumentError(path + ": a trace of version '" + version + "'; there are 0.1 and 0.2");
  }
  has_payload_map_ = version == "0.2";
  return Status();
}

Result<RocksDBTraceReader::Read> RocksDBTraceReader::ReadRecord(std::string* complaint) {
  record_offset_ = file().offset();
  head_.clear();
  payload_.clear();
  KVSTATE_RETURN_IF_ERROR(input().Read(kHeadBytes, &head_));
  if (head_.empty()) {
    *complaint = "the trace is cut short: it has no record of its end";
    return Read::kLost;
  }
  Cursor head{ByteView(head_)};
  uint64_t time_us = 0;
  uint8_t type = 0;
  uint32_t length = 0;
  if (!head.ReadFixed(&time_us) || !head.ReadByte(&type) || !head.ReadFixed(&length)) {
    *complaint = "the trace is cut short, in the head of a record";
    return Read::kLost;
  }
  if (type <= static_cast<uint8_t>(Type::kBegin) || type > static_cast<uint8_t>(Type::kLast) ||
      length > kMaxRecordBytes) {
    *complaint = "a record of type " + std::to_string(type) + " and " + std::to_string(length) +
                 " bytes: the trace is damaged, or of a newer RocksDB";
    return Read::kLost;
  }
  KVSTATE_RETURN_IF_ERROR(input().Read(length, &payload_));
  if (payload_.size() < length) {
    *complaint = "the trace is cut short: of a record's " + std::to_string(length) + " bytes there are " +
                 std::to_string(payload_.size());
    return Read::kLost;
  }
  type_ = static_cast<Type>(type);
  time_ms_ = static_cast<int64_t>(time_us / 1000);
  return type_ == Type::kEnd ? Read::kEnd : Read::kRecord;
}

Result<bool> RocksDBTraceReader::TakeEnd() {
  ended_ = true;
  record_offset_ = file().offset();
  KVSTATE_ASSIGN_OR_RETURN(const int next, input().PeekByte());
  if (next >= 0) KVSTATE_RETURN_IF_ERROR(BadRow(Where(), "something follows the record of the trace's end"));
  return false;
}

Result<bool> RocksDBTraceReader::ReadOn(std::vector<StoreAccess>* accesses) {
  if (ended_) return false;
  std::string complaint;
  if (!batch_.empty()) {
    complaint = TakeOfWriteBatch(accesses);
  } else if (multi_gets_left_ > 0) {
    complaint = TakeOfMultiGet(accesses);
  } else {
    KVSTATE_ASSIGN_OR_RETURN(const Read read, ReadRecord(&complaint));
    if (read == Read::kEnd) return TakeEnd();
    if (read == Read::kLost) {
      ended_ = true;
      KVSTATE_RETURN_IF_ERROR(BadRow(Where(), complaint));
      return false;
    }
    complaint = TakeRecord(accesses);
  }
  if (complaint.empty()) return true;
  Drop();
  KVSTATE_RETURN_IF_ERROR(BadRow(Where(), complaint));
  return true;
}

void RocksDBTraceReader::Drop() {
  batch_ = {};
  multi_gets_left_ = 0;
}

std::string RocksDBTraceReader::TakeRecord(std::vector<StoreAccess>* accesses) {
  const Cursor payload{ByteView(payload_)};
  switch (type_) {
    case Type::kWrite:
      return BeginWriteBatch(payload);
    case Type::kGet:
      return TakeGet(payload, accesses);
    case Type::kSeek:
    case Type::kSeekForPrev:
      return TakeSeek(payload, accesses);
    case Type::kMultiGet:
      return BeginMultiGet(payload);
    default:
      LeaveOut("records that are no queries");
      return {};
  }
}

StoreAccess RocksDBTraceReader::Access(StoreAccess::Kind kind, uint32_t family, ByteView key) {
  std::string& name = names_[family];
  if (name.empty()) name = family == 0 ? "default" : "column_family_" + std::to_string(family);
  StoreAccess access;
  access.kind = kind;
  access.store = name;
  access.key = key;
  access.time_ms = time_ms_;
  return access;
}

std::string RocksDBTraceReader::TakeGet(Cursor payload, std::vector<StoreAccess>* accesses) {
  uint64_t map = Members({kGetFamilyMember, kGetKeyMember});
  const uint64_t expected = map;
  uint32_t family = 0;
  ByteView key;
  if (has_payload_map_ && !payload.ReadFixed(&map)) return "a get without members";
  if (map != expected || !payload.ReadFixed(&family) || !payload.ReadText(&key) || !payload.AtEnd()) {
    return "a get that is damaged, or of a newer RocksDB";
  }
  accesses->push_back(Access(Kind::kGet, family, key));
  return {};
}

std::string RocksDBTraceReader::TakeSeek(Cursor payload, std::vector<StoreAccess>* accesses) {
  const uint64_t least = Members({kSeekFamilyMember, kSeekKeyMember});
  const uint64_t lower = Members({kSeekLowerBoundMember});
  const uint64_t upper = Members({kSeekUpperBoundMember});
  uint64_t map = least;
  uint32_t family = 0;
  ByteView key;
  ByteView bound;
  if (has_payload_map_ && !payload.ReadFixed(&map)) return "a seek without members";
  const bool good = (map & ~(lower | upper)) == least && payload.ReadFixed(&family) && payload.ReadText(&key) &&
                    ((map & lower) == 0 || payload.ReadText(&bound)) &&
                    ((map & upper) == 0 || payload.ReadText(&bound)) && payload.AtEnd();
  if (!good) return "a seek that is damaged, or of a newer RocksDB";
  accesses->push_back(Access(Kind::kSeek, family, key));
  accesses->back().steps = seek_steps_;
  return {};
}

std::string RocksDBTraceReader::BeginWriteBatch(Cursor payload) {
  ByteView batch = payload.rest();
  uint64_t map = 0;
  if (has_payload_map_ && (!payload.ReadFixed(&map) || map != Members({kWriteBatchMember}) ||
                           !payload.ReadText(&batch) || !payload.AtEnd())) {
    return "a write that is damaged, or of a newer RocksDB";
  }
  Cursor in(batch);
  uint64_t sequence = 0;
  if (!in.ReadFixed(&sequence) || !in.ReadFixed(&batch_writes_left_)) return "a write batch without a head";
  batch_ = in.rest();
  return batch_.empty() && batch_writes_left_ > 0 ? "a write batch that is cut short" : "";
}

std::string RocksDBTraceReader::TakeOfWriteBatch(std::vector<StoreAccess>* accesses) {
  while (!batch_.empty() && accesses->size() < kAccessesAtATime) {
    std::string complaint = TakeWrite(accesses);
    if (!complaint.empty()) return complaint;
  }
  return batch_.empty() && batch_writes_left_ > 0 ? "a write batch that is cut short" : "";
}

std::string RocksDBTraceReader::TakeWrite(std::vector<StoreAccess>* accesses) {
  Cursor in(batch_);
  uint8_t tag = 0;
  uint32_t family = 0;
  ByteView texts[2];
  if (!in.ReadByte(&tag) || tag >= std::size(kEntryForms) || kEntryForms[tag].entry == Entry::kUnknown) {
    return "an entry of type " + std::to_string(tag) + " in a write batch: the trace is damaged, or of a newer RocksDB";
  }
  const EntryForm& form = kEntryForms[tag];
  bool good = !form.has_family || in.ReadVarint32(&family);
  for (int i = 0; i < form.texts; ++i) good = good && in.ReadText(&texts[i]);
  if (!good) return "an entry in a write batch that is damaged";
  batch_ = in.rest();
  if (form.entry == Entry::kMarker) return {};
  if (batch_writes_left_-- == 0) return "a write batch with more entries than it says";
  if (form.entry == Entry::kNoCounterpart) {
    LeaveOut(std::string(form.left_out));
    return {};
  }
  const Kind kind = form.entry == Entry::kPut ? Kind::kPut : form.entry == Entry::kMerge ? Kind::kMerge : Kind::kDelete;
  accesses->push_back(Access(kind, family, texts[0]));
  accesses->back().value = texts[1];
  return {};
}

std::string RocksDBTraceReader::BeginMultiGet(Cursor payload) {
  uint64_t map = 0;
  const uint64_t expected = Members({kMultiGetSizeMember, kMultiGetFamiliesMember, kMultiGetKeysMember});
  uint32_t count = 0;
  if (!has_payload_map_ || !payload.ReadFixed(&map) || map != expected || !payload.ReadFixed(&count) ||
      !payload.ReadText(&multi_get_families_) || !payload.ReadText(&multi_get_keys_) || !payload.AtEnd()) {
    return "a multi-get that is damaged, or of a newer RocksDB";
  }
  if (multi_get_families_.size() != uint64_t{count} * 4) {
    return "a multi-get of " + std::to_string(count) + " keys with column families of others";
  }
  multi_gets_left_ = count;
  return {};
}

std::string RocksDBTraceReader::TakeOfMultiGet(std::vector<StoreAccess>* accesses) {
  Cursor families(multi_get_families_);
  Cursor keys(multi_get_keys_);
  while (multi_gets_left_ > 0 && accesses->size() < kAccessesAtATime) {
    uint32_t family = 0;
    ByteView key;
    if (!families.ReadFixed(&family) || !keys.ReadText(&key)) return "a multi-get that has fewer keys than it says";
    accesses->push_back(Access(Kind::kGet, family, key));
    --multi_gets_left_;
  }
  multi_get_families_ = families.rest();
  multi_get_keys_ = keys.rest();
  return multi_gets_left_ == 0 && !keys.AtEnd() ? "a multi-get that has more keys than it says" : "";
}

}  // namespace kvstate::harness
