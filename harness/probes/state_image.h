#ifndef KVSTATE_HARNESS_PROBES_STATE_IMAGE_H_
#define KVSTATE_HARNESS_PROBES_STATE_IMAGE_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "harness/replay/digest.h"
#include "harness/replay/trace.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// How two moments of state differ.
struct StateChange {
  uint64_t entries = 0;  ///< Distinct (state, key, namespace, user key) that are new, have another value, or are gone.
  uint64_t bytes = 0;    ///< Of these, composite key and value as an engine stores them; of those gone the key alone.
  friend bool operator==(const StateChange&, const StateChange&) = default;
};

/// All state of a backend at one moment, by hashes and sizes: to be compared with another moment's. 40 bytes an entry.
class StateImage {
 public:
  StateImage() = default;  ///< Of nothing.
  /// Walks all entries. The sizes are those that docs/formats.md gives, on every backend.
  static Result<StateImage> Take(KeyedStateBackend& backend, const std::vector<TraceState>& states,
                                 const std::function<bool()>& stopped);

  StateChange ChangesSince(const StateImage& older) const;
  uint64_t entries() const { return entries_.size(); }
  /// Keys and values of all.
  uint64_t bytes() const { return bytes_; }

 private:
  struct Entry {
    Digest key;  ///< Of state, key, namespace and user key.
    uint64_t value_hash = 0;
    uint32_t key_bytes = 0;
    uint32_t value_bytes = 0;
  };

  std::vector<Entry> entries_;  ///< Ascending by key.
  uint64_t bytes_ = 0;
};

/// The length of a composite key, bytes.
size_t CompositeKeyBytes(const TypeSerializer& key_serializer, const TypeSerializer& namespace_serializer,
                         uint32_t max_parallelism, ByteView key, ByteView state_namespace, ByteView user_key);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_PROBES_STATE_IMAGE_H_
