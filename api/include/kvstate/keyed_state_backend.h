#ifndef KVSTATE_KEYED_STATE_BACKEND_H_
#define KVSTATE_KEYED_STATE_BACKEND_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/export.h"
#include "kvstate/internal_kv_state.h"
#include "kvstate/key_group.h"
#include "kvstate/state_descriptor.h"
#include "kvstate/status.h"
#include "kvstate/type_serializer.h"

namespace kvstate {
inline namespace v1 {

/// A key as a backend takes it: canonical bytes and TypeSerializer::KeyHash of them, computed once by the caller.
struct EncodedKey {
  ByteView bytes;
  uint32_t hash = 0;
};

/// Walks keys, or (key, namespace) pairs, of one state, each once, in any order. The state may be changed meanwhile:
/// what is there during the whole walk is given exactly once, the rest at most once. Must not outlive the backend.
/// Of a state with a time to live: those with something that has not expired; each Next counts as a call on the state,
/// so that pointers it gave are not valid any more.
class KVSTATE_EXPORT KeyIterator {
 public:
  virtual ~KeyIterator();
  /// False at the end.
  virtual Result<bool> Next() = 0;
  /// Canonical bytes, valid until the next call of Next. REQUIRES: Next returned true.
  virtual ByteView key() const = 0;
  virtual ByteView state_namespace() const = 0;
};

/// All keyed state of one task: the states of one operator instance over a range of key groups.
///
/// One thread owns a backend and all its states; only InternalKVState::GetSerialized may be called from others.
/// Parallel work is several backends on disjoint ranges. Destroying a backend disposes of it.
class KVSTATE_EXPORT KeyedStateBackend {
 public:
  virtual ~KeyedStateBackend();

  /// The name it is registered under.
  virtual std::string_view name() const = 0;
  virtual const TypeSerializer& key_serializer() const = 0;
  virtual uint32_t max_parallelism() const = 0;
  virtual KeyGroupRange key_group_range() const = 0;

  /// Sets the key under which all states of this backend work, until the next call. The bytes are copied.
  /// INVALID_ARGUMENT when its key group is outside the range, when a fixed-size encoding has another length, or when
  /// it is longer than kMaxKeyBytes; the current key then stays.
  virtual Status SetCurrentKey(const EncodedKey& key) = 0;
  /// Canonical bytes; valid until the key changes. Empty when none is set (and for an empty key).
  virtual ByteView current_key() const = 0;
  /// REQUIRES: a current key.
  virtual uint32_t current_key_group() const = 0;

  /// The state of that name, made if there is none. Lives until RemoveState or Dispose. The same pointer for the same
  /// name; INVALID_ARGUMENT when it exists with another kind or with serializers that write something else.
  virtual Result<InternalKVState*> GetOrCreateState(SerializerPtr namespace_serializer,
                                                    const StateDescriptor& descriptor) = 0;

  /// Keys that have something in state `state_name` under `state_namespace`. NOT_FOUND when there is no such state.
  virtual Result<std::unique_ptr<KeyIterator>> Keys(std::string_view state_name, ByteView state_namespace) = 0;
  virtual Result<std::unique_ptr<KeyIterator>> KeysAndNamespaces(std::string_view state_name) = 0;

  /// Calls `function` once with each key that state `state_name` has under `state_namespace`, which are then current.
  /// The function may change this state and others, clearing and adding included; keys that it adds may or may not be
  /// visited. Stops at the first failure. The key and namespace that were current before are again afterwards.
  virtual Status ApplyToAllKeys(std::string_view state_name, ByteView state_namespace,
                                const std::function<Status(ByteView key, InternalKVState& state)>& function) = 0;

  /// Entries over all states: one for each (key, namespace), of maps one for each user key; all that is stored, expired
  /// or not. May scan.
  virtual Result<uint64_t> NumEntries() = 0;

  /// Names of the states, in the order in which they were made.
  virtual std::vector<std::string> StateNames() const = 0;
  /// Drops a state and all it holds; pointers to it are dead. NOT_FOUND when there is none. When an engine fails to,
  /// the state is gone all the same; what the engine still has of it goes with the backend.
  virtual Status RemoveState(std::string_view state_name) = 0;

  /// Closes engines and removes every file this backend made. Afterwards every call fails with FAILED_PRECONDITION,
  /// but another Dispose, which does nothing, and destruction.
  virtual Status Dispose() = 0;

  /// See kvstate/extension.h: EngineStatistics and what later versions add.
  virtual void* GetExtension(std::string_view id) = 0;
};

/// EncodedKey of bytes that `backend`'s key serializer wrote.
inline EncodedKey EncodeKey(const KeyedStateBackend& backend, ByteView bytes) {
  return {bytes, backend.key_serializer().KeyHash(bytes)};
}

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_KEYED_STATE_BACKEND_H_
