#include "backends/leveldb/leveldb_manifest.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <utility>

namespace kvstate::backends::leveldb {

namespace {

constexpr size_t kBlockBytes = 32768;
constexpr size_t kHeaderBytes = 7;  // Checksum, 4; length, 2; type, 1.
constexpr std::string_view kComparatorName = "leveldb.BytewiseComparator";

enum Type : uint8_t { kZero = 0, kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };
enum Tag : uint8_t {
  kComparator = 1,
  kLogNumber = 2,
  kNextFile = 3,
  kLastSequence = 4,
  kCompactPointer = 5,
  kDeletedFile = 6,
  kNewFile = 7,
  kPreviousLog = 9,
};

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    table[byte] = crc;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = MakeCrcTable();

/// CRC-32C of a fragment's type and payload, masked as LevelDB stores it.
uint32_t MaskedChecksum(ByteView type_and_payload) {
  uint32_t crc = ~uint32_t{0};
  for (const char c : type_and_payload) crc = kCrcTable[(crc ^ static_cast<uint8_t>(c)) & 0xff] ^ (crc >> 8);
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

uint32_t ReadLittleEndian(ByteView bytes) {
  uint32_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = (value << 8) | static_cast<uint8_t>(bytes[i]);
  return value;
}

void PutLittleEndian(uint64_t value, size_t bytes, std::string* out) {
  for (size_t i = 0; i < bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}

/// The records of a log file, each joined from its fragments.
Result<std::vector<std::string>> ReadRecords(ByteView bytes) {
  std::vector<std::string> records;
  std::string record;
  size_t at = 0;
  while (true) {
    const size_t left_in_block = kBlockBytes - at % kBlockBytes;
    if (left_in_block < kHeaderBytes) at += left_in_block;
    if (at + kHeaderBytes > bytes.size()) return records;
    const ByteView header = bytes.substr(at, kHeaderBytes);
    const size_t length = ReadLittleEndian(header.substr(4, 2));
    const auto type = static_cast<uint8_t>(header[6]);
    if (at + kHeaderBytes + length > bytes.size()) return records;
    if (at % kBlockBytes + kHeaderBytes + length > kBlockBytes || type < kFull || type > kLast ||
        MaskedChecksum(bytes.substr(at + 6, 1 + length)) != ReadLittleEndian(header.substr(0, 4))) {
      return DataLossError("LevelDB's MANIFEST is damaged at byte " + std::to_string(at));
    }
    if (type == kFull || type == kFirst) record.clear();
    record.append(bytes.substr(at + kHeaderBytes, length));
    if (type == kFull || type == kLast) records.push_back(std::exchange(record, {}));
    at += kHeaderBytes + length;
  }
}

class EditReader {
 public:
  explicit EditReader(Manifest* manifest) : manifest_(manifest) {}

  bool Apply(ByteView edit) {
    ByteReader in(edit);
    while (!in.AtEnd()) {
      if (!ApplyField(in)) return false;
    }
    return true;
  }
  void Finish() {
    for (auto& [place, file] : files_) manifest_->files.push_back(std::move(file));
  }

 private:
  bool ApplyField(ByteReader& in) {
    uint64_t tag = 0;
    uint64_t number = 0;
    ByteView ignored;
    if (!in.ReadVarint(&tag)) return false;
    switch (tag) {
      case kComparator: {
        ByteView name;
        return in.ReadLengthPrefixed(&name) && name == kComparatorName;
      }
      case kLogNumber:
        return in.ReadVarint(&manifest_->log_number);
      case kNextFile:
        return in.ReadVarint(&manifest_->next_file);
      case kLastSequence:
        return in.ReadVarint(&manifest_->last_sequence);
      case kPreviousLog:
        return in.ReadVarint(&number);
      case kCompactPointer:
        return in.ReadVarint(&number) && in.ReadLengthPrefixed(&ignored);
      case kDeletedFile:
        return RemoveFile(in);
      case kNewFile:
        return AddFile(in);
      default:
        return false;
    }
  }
  bool RemoveFile(ByteReader& in) {
    uint64_t level = 0;
    uint64_t number = 0;
    return in.ReadVarint(&level) && in.ReadVarint(&number) && files_.erase({level, number}) == 1;
  }
  bool AddFile(ByteReader& in) {
    uint64_t level = 0;
    TableFile file;
    ByteView smallest;
    ByteView largest;
    if (!in.ReadVarint(&level) || level > 64 || !in.ReadVarint(&file.number) || !in.ReadVarint(&file.bytes) ||
        !in.ReadLengthPrefixed(&smallest) || !in.ReadLengthPrefixed(&largest) ||
        smallest.size() < kInternalSuffixBytes || largest.size() < kInternalSuffixBytes) {
      return false;
    }
    file.level = static_cast<uint32_t>(level);
    file.smallest = smallest;
    file.largest = largest;
    return files_.try_emplace({level, file.number}, std::move(file)).second;
  }

  Manifest* const manifest_;
  std::map<std::pair<uint64_t, uint64_t>, TableFile> files_;  // By level and number.
};

void PutField(Tag tag, uint64_t value, ByteWriter& out) {
  out.PutVarint(tag);
  out.PutVarint(value);
}

}  // namespace

Result<Manifest> ParseManifest(ByteView bytes) {
  KVSTATE_ASSIGN_OR_RETURN(const std::vector<std::string> records, ReadRecords(bytes));
  if (records.empty())
    return DataLossError("LevelDB's MANIFEST has no edit in its " + std::to_string(bytes.size()) + " bytes");
  Manifest manifest;
  EditReader reader(&manifest);
  for (size_t i = 0; i < records.size(); ++i) {
    if (!reader.Apply(records[i])) {
      return DataLossError("LevelDB's MANIFEST is damaged in edit " + std::to_string(i));
    }
  }
  reader.Finish();
  return manifest;
}

std::string EncodeManifest(const Manifest& manifest) {
  ByteWriter edit;
  edit.PutVarint(kComparator);
  edit.PutLengthPrefixed(kComparatorName);
  PutField(kLogNumber, manifest.log_number, edit);
  PutField(kPreviousLog, 0, edit);
  PutField(kNextFile, manifest.next_file, edit);
  PutField(kLastSequence, manifest.last_sequence, edit);
  for (const TableFile& file : manifest.files) {
    PutField(kNewFile, file.level, edit);
    edit.PutVarint(file.number);
    edit.PutVarint(file.bytes);
    edit.PutLengthPrefixed(file.smallest);
    edit.PutLengthPrefixed(file.largest);
  }
  std::string out;
  ByteView rest = edit.view();
  for (bool first = true; first || !rest.empty(); first = false) {
    const size_t left_in_block = kBlockBytes - out.size() % kBlockBytes;
    const ByteView payload = rest.substr(0, left_in_block - kHeaderBytes);
    rest.remove_prefix(payload.size());
    const Type type = rest.empty() ? (first ? kFull : kLast) : (first ? kFirst : kMiddle);
    std::string body(1, static_cast<char>(type));
    body.append(payload);
    PutLittleEndian(MaskedChecksum(body), 4, &out);
    PutLittleEndian(payload.size(), 2, &out);
    out.append(body);
  }
  return out;
}

std::string TableFileName(uint64_t number) {
  char name[32];
  std::snprintf(name, sizeof(name), "%06llu.ldb", static_cast<unsigned long long>(number));
  return name;
}

}  // namespace kvstate::backends::leveldb
