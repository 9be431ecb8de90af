#include <string>

#include "harness/replay/snapshot_serializers.h"
#include "harness/replay/state_codec.h"
#include "tests/fuzz/fuzz_target.h"

namespace kvstate::harness {
namespace {

bool IsKnownFailure(const Status& status) {
  return status.code() == StatusCode::kDataLoss || status.code() == StatusCode::kInvalidArgument;
}

/// A serializer made of a snapshot writes what it has read, and says that it is of that snapshot.
void CheckSerializer(ByteView bytes) {
  ByteReader in(bytes);
  const auto snapshot = SerializerSnapshot::Read(in);
  if (!snapshot.ok()) return;
  const auto serializer = SerializerFromSnapshot(*snapshot);
  if (!serializer.ok()) {
    FUZZ_CHECK(IsKnownFailure(serializer.status()));
    return;
  }
  FUZZ_CHECK((*serializer)->Snapshot() == *snapshot);
  const ByteView encoded = in.rest();
  TypedObject object(*serializer);
  const Status status = (*serializer)->Deserialize(in, object.get());
  if (!status.ok()) {
    FUZZ_CHECK(status.code() == StatusCode::kDataLoss);
    return;
  }
  ByteWriter out;
  (*serializer)->Serialize(object.get(), out);
  // A NaN of other bits is written as the one quiet NaN.
  const bool floating = snapshot->type_id == "float" || snapshot->type_id == "double" || snapshot->type_id == "list";
  if (!floating) FUZZ_CHECK(out.view() == encoded.substr(0, encoded.size() - in.remaining()));
}

}  // namespace
}  // namespace kvstate::harness

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = kvstate::fuzz::BytesOf(data, size);
  kvstate::harness::CheckSerializer(bytes);
  const auto header = kvstate::harness::DecodeTraceHeader(bytes);
  if (!header.ok()) FUZZ_CHECK(kvstate::harness::IsKnownFailure(header.status()));
  for (uint32_t version = 1; version <= kvstate::harness::kTraceVersion; ++version) {
    const auto state = kvstate::harness::DecodeTraceState(bytes, version);
    if (!state.ok()) {
      FUZZ_CHECK(kvstate::harness::IsKnownFailure(state.status()));
      continue;
    }
    FUZZ_CHECK(state->timers.has_value() || state->descriptor.Validate().ok());
    kvstate::ByteWriter out;
    FUZZ_CHECK(kvstate::harness::EncodeTraceState(*state, out).ok());
    const auto again = kvstate::harness::DecodeTraceState(out.view());
    FUZZ_CHECK(again.ok());
    FUZZ_CHECK(again->timers == state->timers);
    FUZZ_CHECK(again->descriptor.ttl == state->descriptor.ttl);
  }
  return 0;
}
