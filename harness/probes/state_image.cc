#include "harness/probes/state_image.h"

#include <xxhash.h>

#include <algorithm>
#include <memory>
#include <span>
#include <tuple>

#include "kvstate/key_group.h"

namespace kvstate::harness {

namespace {

constexpr size_t kBatchEntries = 1024;

size_t VarintBytes(size_t value) {
  size_t bytes = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++bytes;
  }
  return bytes;
}

bool IsFixed(const TypeSerializer& serializer) { return serializer.info().encoded_size != kVariableSize; }

/// A key or a namespace as it stands in a composite key.
size_t PartBytes(const TypeSerializer& serializer, size_t encoded, bool lengths) {
  size_t bytes = encoded;
  if (!IsFixed(serializer) && !serializer.info().self_delimiting) bytes += VarintBytes(encoded);
  if (!lengths) return bytes;
  size_t suffix = 1;
  for (size_t rest = bytes >> 8; rest != 0; rest >>= 8) ++suffix;
  return bytes + suffix;
}

}  // namespace

size_t CompositeKeyBytes(const TypeSerializer& key_serializer, const TypeSerializer& namespace_serializer,
                         uint32_t max_parallelism, ByteView key, ByteView state_namespace, ByteView user_key) {
  const bool lengths = !IsFixed(key_serializer) && !IsFixed(namespace_serializer);
  return KeyGroupPrefixBytes(max_parallelism) + PartBytes(key_serializer, key.size(), lengths) +
         PartBytes(namespace_serializer, state_namespace.size(), lengths) + user_key.size();
}

Result<StateImage> StateImage::Take(KeyedStateBackend& backend, const std::vector<TraceState>& states,
                                    const std::function<bool()>& stopped) {
  StateImage image;
  ByteWriter bytes;
  for (const TraceState& traced : states) {
    if (traced.timers.has_value()) continue;
    KVSTATE_ASSIGN_OR_RETURN(InternalKVState * state,
                             backend.GetOrCreateState(traced.namespace_serializer, traced.descriptor));
    KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StateVisitor> visitor, state->Visit());
    const bool is_map = traced.descriptor.kind == StateKind::kMap;
    while (true) {
      if (stopped()) return CancelledError("interrupted");
      KVSTATE_ASSIGN_OR_RETURN(const std::span<const StateEntry> batch, visitor->NextBatch(kBatchEntries));
      if (batch.empty()) break;
      for (const StateEntry& from : batch) {
        Entry& entry = image.entries_.emplace_back();
        bytes.Clear();
        bytes.PutLengthPrefixed(traced.descriptor.name);
        bytes.PutLengthPrefixed(from.key);
        bytes.PutLengthPrefixed(from.state_namespace);
        bytes.PutBytes(from.user_key);
        const XXH128_hash_t key_hash = XXH3_128bits(bytes.view().data(), bytes.size());
        entry.key = {key_hash.low64, key_hash.high64};
        entry.key_bytes = static_cast<uint32_t>(
            CompositeKeyBytes(backend.key_serializer(), *traced.namespace_serializer, backend.max_parallelism(),
                              from.key, from.state_namespace, from.user_key));
        bytes.Clear();
        if (is_map) bytes.PutByte(from.value == nullptr ? 1 : 0);
        if (from.value != nullptr) traced.descriptor.value_serializer->Serialize(from.value, bytes);
        entry.value_hash = XXH3_64bits(bytes.view().data(), bytes.size());
        entry.value_bytes = static_cast<uint32_t>(bytes.size());
        image.bytes_ += uint64_t{entry.key_bytes} + entry.value_bytes;
      }
    }
  }
  std::sort(image.entries_.begin(), image.entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.key.high, a.key.low) < std::tie(b.key.high, b.key.low);
  });
  return image;
}

StateChange StateImage::ChangesSince(const StateImage& older) const {
  StateChange change;
  auto before = older.entries_.begin();
  const auto gone_before = [&](const Digest* key) {
    const auto is_less = [key](const Digest& a) {
      return key == nullptr || std::tie(a.high, a.low) < std::tie(key->high, key->low);
    };
    for (; before != older.entries_.end() && is_less(before->key); ++before) {
      ++change.entries;
      change.bytes += before->key_bytes;
    }
  };
  for (const Entry& entry : entries_) {
    gone_before(&entry.key);
    if (before != older.entries_.end() && before->key == entry.key) {
      const bool same = before->value_hash == entry.value_hash && before->value_bytes == entry.value_bytes;
      ++before;
      if (same) continue;
    }
    ++change.entries;
    change.bytes += uint64_t{entry.key_bytes} + entry.value_bytes;
  }
  gone_before(nullptr);
  return change;
}

}  // namespace kvstate::harness
