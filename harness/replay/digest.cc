#include "harness/replay/digest.h"

#include <xxhash.h>

#include <cstdio>

namespace kvstate::harness {

namespace {

constexpr size_t kBatchEntries = 1024;

void AddTo(Digest* sum, XXH128_hash_t hash) {
  const uint64_t low = sum->low + hash.low64;
  sum->high += hash.high64 + (low < sum->low ? 1 : 0);
  sum->low = low;
}

}  // namespace

std::string Digest::ToHex() const {
  char text[33];
  std::snprintf(text, sizeof(text), "%016llx%016llx", static_cast<unsigned long long>(high),
                static_cast<unsigned long long>(low));
  return text;
}

Result<StateDigest> DigestOfState(KeyedStateBackend& backend, const std::vector<TraceState>& states,
                                  const std::function<bool()>& stopped) {
  StateDigest result;
  ByteWriter bytes;
  for (const TraceState& traced : states) {
    KVSTATE_ASSIGN_OR_RETURN(InternalKVState * state,
                             backend.GetOrCreateState(traced.namespace_serializer, traced.descriptor));
    KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StateVisitor> visitor, state->Visit());
    while (true) {
      if (stopped()) return CancelledError("interrupted");
      KVSTATE_ASSIGN_OR_RETURN(const std::span<const StateEntry> entries, visitor->NextBatch(kBatchEntries));
      if (entries.empty()) break;
      for (const StateEntry& entry : entries) {
        bytes.Clear();
        bytes.PutLengthPrefixed(traced.descriptor.name);
        bytes.PutLengthPrefixed(entry.key);
        bytes.PutLengthPrefixed(entry.state_namespace);
        bytes.PutLengthPrefixed(entry.user_key);
        bytes.PutByte(entry.value == nullptr ? 1 : 0);
        if (entry.value != nullptr) traced.descriptor.value_serializer->Serialize(entry.value, bytes);
        AddTo(&result.digest, XXH3_128bits(bytes.view().data(), bytes.size()));
        ++result.entries;
      }
    }
  }
  return result;
}

}  // namespace kvstate::harness
