#include <xxhash.h>

#include <string>
#include <string_view>

#include "kvstate/checkpoint.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

bool IsRefusal(const kvstate::Status& status) {
  return status.code() == kvstate::StatusCode::kDataLoss || status.code() == kvstate::StatusCode::kUnimplemented;
}

void TryAsVersion(char version, std::string_view payload) {
  std::string sealed("KVSTMETA\0\0\0", 11);
  sealed += version;
  sealed.append(payload);
  const uint64_t checksum = kvstate::ToBigEndian(uint64_t{XXH3_64bits(sealed.data(), sealed.size())});
  sealed.append(reinterpret_cast<const char*>(&checksum), sizeof(checksum));
  const auto metadata = kvstate::DecodeCheckpointMetadata(sealed);
  if (!metadata.ok()) {
    FUZZ_CHECK(metadata.status().code() == kvstate::StatusCode::kDataLoss);
    return;
  }
  const std::string written = kvstate::EncodeCheckpointMetadata(*metadata);
  if (version == '\2') FUZZ_CHECK(written == sealed);
  const auto again = kvstate::DecodeCheckpointMetadata(written);
  FUZZ_CHECK(again.ok() && *again == *metadata);
}

}  // namespace

/// The input is what stands between version and checksum, which no mutation would get past.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto payload = kvstate::fuzz::BytesOf(data, size);
  const auto unsealed = kvstate::DecodeCheckpointMetadata(payload);
  FUZZ_CHECK(unsealed.ok() || IsRefusal(unsealed.status()));

  for (const char version : {'\1', '\2'}) TryAsVersion(version, payload);
  return 0;
}
