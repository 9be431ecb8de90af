#include <cstdint>
#include <string>
#include <vector>

#include "backends/checkpoint/part_file.h"
#include "kvstate/operator_state.h"
#include "kvstate/operator_state_files.h"
#include "kvstate/raw_state_streams.h"
#include "tests/fuzz/fuzz_target.h"

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

namespace kvstate {
namespace {

constexpr uint64_t kStorageBytes = uint64_t{1} << 30;
constexpr std::string_view kPath = "chk-1/fuzzed";
constexpr size_t kFooterBytes = 16;
constexpr size_t kStartBytes = 12;

void MustBeRefusal(const Status& status) {
  FUZZ_CHECK(status.code() == StatusCode::kDataLoss || status.code() == StatusCode::kUnimplemented);
  FUZZ_CHECK(status.message().find(kPath) != std::string_view::npos);
}

/// With the checksum of the index that it should have, so that what stands behind it is tried.
std::string WithRightIndexChecksum(std::string bytes) {
  if (bytes.size() < kStartBytes + kFooterBytes) return bytes;
  const std::string offset_bytes = bytes.substr(bytes.size() - kFooterBytes, 8);
  ByteReader in(offset_bytes);
  uint64_t offset = 0;
  FUZZ_CHECK(in.ReadFixed64(&offset));
  if (offset < kStartBytes || offset > bytes.size() - kFooterBytes) return bytes;
  const std::string index = bytes.substr(offset, bytes.size() - kFooterBytes - offset);
  const std::string seed = bytes.substr(0, kStartBytes) + offset_bytes;
  const uint64_t checksum =
      ToBigEndian(uint64_t{XXH3_64bits_withSeed(index.data(), index.size(), XXH3_64bits(seed.data(), seed.size()))});
  bytes.replace(bytes.size() - 8, 8, reinterpret_cast<const char*>(&checksum), 8);
  return bytes;
}

SnapshotFile FileOf(const std::string& bytes) {
  return {"f", {std::string(kPath), bytes.size(), XXH3_64bits(bytes.data(), bytes.size())}, false};
}

/// As subtask 0 of 1 has it: a list and a broadcast state.
void TryOperatorState(const std::shared_ptr<CheckpointStorage>& storage, const std::string& bytes) {
  OperatorStateHandle handle{1, "op", 0, 1, {}, {FileOf(bytes)}};
  handle.states = {{"list", OperatorStateMode::kUnion, {"string", 1, ""}, std::nullopt, 1},
                   {"rules", OperatorStateMode::kBroadcast, {"string", 1, ""}, SerializerSnapshot{"string", 1, ""}, 1}};
  uint64_t entries = 0;
  const Status walked = ForEachOperatorEntry(*storage, handle, [&](const SavedOperatorEntry& entry) {
    FUZZ_CHECK(entry.state < 2);
    ++entries;
    return Status();
  });
  auto backend = MakeOperatorStateBackend({"op", 0, 1});
  FUZZ_CHECK(backend.ok());
  const Status restored = (*backend)->Restore({&handle, 1}, storage);
  if (!walked.ok()) MustBeRefusal(walked);
  if (!restored.ok()) MustBeRefusal(restored);
  if (walked.ok()) FUZZ_CHECK(entries == 2 && restored.ok());
}

void TryRaw(const std::shared_ptr<CheckpointStorage>& storage, const std::string& bytes) {
  RawKeyedStateHandle handle{1, "op", 4, {0, 3}, 2, 6, {FileOf(bytes)}};
  const auto reader = OpenRawKeyedState(storage, {&handle, 1}, "op", 4, {0, 3});
  FUZZ_CHECK(reader.ok());
  for (uint64_t id = 0;;) {
    const auto more = (*reader)->NextStream(&id);
    if (!more.ok()) return MustBeRefusal(more.status());
    if (!*more) return;
    FUZZ_CHECK(id < 4);
    const auto stream = (*reader)->ReadAll();
    if (!stream.ok()) return MustBeRefusal(stream.status());
    FUZZ_CHECK(stream->size() <= bytes.size());
  }
}

void Try(const std::string& bytes) {
  const auto storage = MakeMemoryStorage(kStorageBytes);
  FUZZ_CHECK(storage->Publish(kPath, bytes).ok());
  TryOperatorState(storage, bytes);
  TryRaw(storage, bytes);
}

}  // namespace
}  // namespace kvstate

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(kvstate::fuzz::BytesOf(data, size));
  kvstate::Try(bytes);
  kvstate::Try(kvstate::WithRightIndexChecksum(bytes));
  return 0;
}
