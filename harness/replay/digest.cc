#include "harness/replay/digest.h"

#include <xxhash.h>

#include <cstdio>

#include "harness/replay/recording_timers.h"

namespace kvstate::harness {

namespace {

constexpr size_t kBatchEntries = 1024;

void AddTo(Digest* sum, const Digest& other) {
  const uint64_t low = sum->low + other.low;
  sum->high += other.high + (low < sum->low ? 1 : 0);
  sum->low = low;
}

void AddTo(Digest* sum, XXH128_hash_t hash) { AddTo(sum, Digest{hash.low64, hash.high64}); }

Status AddTimers(KeyedStateBackend& backend, const TraceState& traced, StateDigest* result) {
  KVSTATE_ASSIGN_OR_RETURN(TimerQueue * timers, OpenTraceQueue(backend, traced));
  ByteWriter bytes;
  const KeyGroupRange range = backend.key_group_range();
  for (uint32_t group = range.first; group <= range.last; ++group) {
    KVSTATE_RETURN_IF_ERROR(timers->ForEach(group, [&](const Timer& timer) {
      bytes.Clear();
      bytes.PutLengthPrefixed(traced.descriptor.name);
      bytes.PutLengthPrefixed(timer.key);
      bytes.PutLengthPrefixed(timer.state_namespace);
      bytes.PutFixed64(static_cast<uint64_t>(timer.timestamp));
      AddTo(&result->digest, XXH3_128bits(bytes.view().data(), bytes.size()));
      ++result->entries;
      return Status();
    }));
  }
  return Status();
}

}  // namespace

std::string Digest::ToHex() const {
  char text[33];
  std::snprintf(text, sizeof(text), "%016llx%016llx", static_cast<unsigned long long>(high),
                static_cast<unsigned long long>(low));
  return text;
}

StateDigest& StateDigest::operator+=(const StateDigest& other) {
  AddTo(&digest, other.digest);
  entries += other.entries;
  return *this;
}

Result<StateDigest> DigestOfState(KeyedStateBackend& backend, const std::vector<TraceState>& states,
                                  const std::function<bool()>& stopped) {
  StateDigest result;
  ByteWriter bytes;
  for (const TraceState& traced : states) {
    if (traced.timers.has_value()) {
      KVSTATE_RETURN_IF_ERROR(AddTimers(backend, traced, &result));
      continue;
    }
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
