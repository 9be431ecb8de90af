#ifndef KVSTATE_HARNESS_REPLAY_DIGEST_H_
#define KVSTATE_HARNESS_REPLAY_DIGEST_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/replay/trace.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// 128 bits that are the same for the same content, whatever its order.
struct Digest {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const Digest&, const Digest&) = default;
  std::string ToHex() const;
};

struct StateDigest {
  Digest digest;
  uint64_t entries = 0;
  friend bool operator==(const StateDigest&, const StateDigest&) = default;
  /// Of both contents together, which have nothing in common: such as parallel instances.
  StateDigest& operator+=(const StateDigest& other);
};

/// The sum, modulo 2^128, of the XXH3-128 hashes of all entries of the given states: state name, key, namespace, user
/// key, and value as the state's serializer writes it; of a queue, of its timers. States are made in the backend where
/// they are not there yet. `stopped` is asked now and then; CANCELLED once it says so.
Result<StateDigest> DigestOfState(KeyedStateBackend& backend, const std::vector<TraceState>& states,
                                  const std::function<bool()>& stopped);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_DIGEST_H_
