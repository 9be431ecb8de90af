#include <xxhash.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "backends/checkpoint/state_stream.h"
#include "backends/checkpoint/state_stream_format.h"
#include "tests/fuzz/fuzz_target.h"

namespace kvstate::backends {
namespace {

constexpr uint64_t kStorageBytes = uint64_t{1} << 32;
constexpr ByteView kPath = "chk-1/fuzzed";

struct OwnedEntry {
  uint32_t key_group = 0;
  uint32_t state = 0;
  std::string key;
  std::string value;
  bool removed = false;
  friend bool operator==(const OwnedEntry&, const OwnedEntry&) = default;
};

struct Content {
  StreamHeader header;
  std::vector<OwnedEntry> entries;
};

/// Gives each block of a stream the checksum that it should have, so that what stands behind the checksums is tried.
std::string WithRightChecksums(std::string bytes) {
  uint64_t number = 0;
  for (size_t at = kStreamStartBytes; bytes.size() >= at + kStreamBlockHeadBytes; ++number) {
    ByteReader in(ByteView(bytes).substr(at));
    StreamBlockHead head{.number = number};
    uint8_t type = 0;
    uint32_t stored = 0;
    uint32_t raw = 0;
    FUZZ_CHECK(in.ReadByte(&type) && in.ReadFixed32(&stored) && in.ReadFixed32(&raw));
    if (stored > bytes.size() - at - kStreamBlockHeadBytes) break;
    head.type = static_cast<StreamBlockType>(type);
    head.stored_bytes = stored;
    head.raw_bytes = raw;
    WriteStreamBlockHead(head, ByteView(bytes).substr(at + kStreamBlockHeadBytes, stored), bytes.data() + at);
    at += kStreamBlockHeadBytes + stored;
  }
  return bytes;
}

Result<Content> Read(CheckpointStorage& storage, const StoredFile& file) {
  KVSTATE_ASSIGN_OR_RETURN(const auto reader, StateStreamReader::Open(storage, file, nullptr));
  Content content{reader->header(), {}};
  const KeyGroupRange range = content.header.key_groups;
  for (uint32_t key_group = range.first; key_group <= range.last; ++key_group) {
    KVSTATE_RETURN_IF_ERROR(reader->ForEach(key_group, [&](uint32_t state, const StreamEntry& entry) {
      FUZZ_CHECK(state < content.header.states.size());
      FUZZ_CHECK(content.header.changes || !entry.removed);
      content.entries.push_back({key_group, state, std::string(entry.key), std::string(entry.value), entry.removed});
      return Status();
    }));
  }
  return content;
}

StoredFile Write(CheckpointStorage& storage, const Content& content, bool compress) {
  auto writer =
      StateStreamWriter::Create(storage, compress ? "chk-2/small" : "chk-2/plain", content.header, compress, nullptr);
  FUZZ_CHECK(writer.ok());
  const OwnedEntry* last = nullptr;
  for (const OwnedEntry& entry : content.entries) {
    if (last == nullptr || std::pair(last->key_group, last->state) != std::pair(entry.key_group, entry.state)) {
      FUZZ_CHECK((*writer)->Begin(entry.key_group, entry.state).ok());
    }
    last = &entry;
    FUZZ_CHECK((*writer)->Add({entry.key, entry.value, entry.removed}).ok());
  }
  auto file = (*writer)->Finish();
  FUZZ_CHECK(file.ok());
  return std::move(file).value();
}

void Try(const std::string& bytes) {
  const auto storage = MakeMemoryStorage(kStorageBytes);
  FUZZ_CHECK(storage->Publish(kPath, bytes).ok());
  const StoredFile file{std::string(kPath), bytes.size(), XXH3_64bits(bytes.data(), bytes.size())};
  const auto content = Read(*storage, file);
  if (!content.ok()) {
    const StatusCode code = content.status().code();
    FUZZ_CHECK(code == StatusCode::kDataLoss || code == StatusCode::kUnimplemented);
    FUZZ_CHECK(content.status().message().find(kPath) != std::string_view::npos);
    return;
  }
  for (const bool compress : {false, true}) {
    const auto again = Read(*storage, Write(*storage, *content, compress));
    FUZZ_CHECK(again.ok());
    FUZZ_CHECK(again->header.states == content->header.states);
    FUZZ_CHECK(again->entries == content->entries);
  }
}

}  // namespace
}  // namespace kvstate::backends

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(kvstate::fuzz::BytesOf(data, size));
  kvstate::backends::Try(bytes);
  kvstate::backends::Try(kvstate::backends::WithRightChecksums(bytes));
  return 0;
}
