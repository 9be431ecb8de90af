#ifndef KVSTATE_INTERNAL_KV_STATE_H_
#define KVSTATE_INTERNAL_KV_STATE_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/export.h"
#include "kvstate/state_descriptor.h"
#include "kvstate/status.h"
#include "kvstate/type_serializer.h"

namespace kvstate {
inline namespace v1 {

/// One entry that a visitor gives. Views and the pointer are valid until the visitor's next call or any call on the
/// state.
struct StateEntry {
  ByteView key;              ///< Canonical bytes.
  ByteView state_namespace;  ///< Canonical bytes.
  ByteView user_key;         ///< Canonical bytes; empty unless the state is a map.
  /// The stored value: as StateDescriptor::value_serializer describes it; null for a map's null value.
  const void* value = nullptr;
};

/// Walks a state's entries, in any order, a batch at a time, beside the owner's own calls: for TTL cleanup, digests,
/// migration. An entry that is there during the whole walk is given at least once; one that comes, goes or changes
/// meanwhile may or may not be. Does not disturb the current key and namespace. Same thread as the state.
class KVSTATE_EXPORT StateVisitor {
 public:
  virtual ~StateVisitor();
  /// Up to `max_entries` further entries, valid until the next call on this visitor or the state; empty at the end.
  virtual Result<std::span<const StateEntry>> NextBatch(size_t max_entries) = 0;
  /// Removes, or overwrites the value of, an entry of the last batch; views of that batch stay valid for further calls
  /// of these two. NOT_FOUND when it went away since.
  virtual Status Remove(const StateEntry& entry) = 0;
  virtual Status Update(const StateEntry& entry, const void* value) = 0;
};

/// State of one descriptor in one backend, under the backend's current key and this state's current namespace.
///
/// Owned by the backend, whose thread is the only one to call it, GetSerialized excepted. Objects cross this interface
/// as `void*` to the types that the descriptor's serializers describe; kvstate/state.h puts types on top.
///
/// Pointers handed out are valid until the next call on the same state. They point to the live object on a backend of
/// objects, and to the value just decoded on a backend of bytes.
///
/// Reads and writes fail with FAILED_PRECONDITION before a key, or a namespace where it is not void, has been set;
/// with INVALID_ARGUMENT when a key or value is over kMaxKeyBytes or kMaxValueBytes; otherwise as the engine does.
class KVSTATE_EXPORT InternalKVState {
 public:
  virtual ~InternalKVState();

  virtual const StateDescriptor& descriptor() const = 0;
  virtual const TypeSerializer& key_serializer() const = 0;
  virtual const TypeSerializer& namespace_serializer() const = 0;

  /// Encoded once here and used until it changes. INVALID_ARGUMENT unless it has the length of a fixed-size encoding.
  virtual Status SetCurrentNamespace(ByteView encoded) = 0;
  /// Empty when none is set.
  virtual ByteView current_namespace() const = 0;
  /// Back to the state before SetCurrentNamespace: unset, or the void namespace where that is the type.
  virtual void ClearCurrentNamespace() = 0;

  /// Removes what is stored under the current key and namespace; nothing there is fine.
  virtual Status Clear() = 0;

  /// The serialized value under the given canonical bytes; of a map, its entries in order, each as length (varint) and
  /// bytes of the user key, a byte that is 1 for a null value and else 0, and, unless null, length and bytes of the
  /// value. False when absent; `out` is then empty.
  ///
  /// The one call that any thread may make, beside the owner, on a state with a queryable name; FAILED_PRECONDITION on
  /// others. Sees the owner's last finished write.
  virtual Result<bool> GetSerialized(ByteView key, ByteView state_namespace, std::string* out) = 0;

  virtual Result<std::unique_ptr<StateVisitor>> Visit() = 0;

  /// See kvstate/extension.h. SerializedAccess (kvstate/serialized_access.h) is one that every backend has.
  virtual void* GetExtension(std::string_view id) = 0;
};

class KVSTATE_EXPORT InternalValueState : public InternalKVState {
 public:
  /// Null when absent, a copy of the default value where the descriptor has one.
  virtual Result<const void*> Get() = 0;
  /// Stores a copy; null clears. `value` may be a pointer that Get gave.
  virtual Status Update(const void* value) = 0;
};

/// State that takes inputs one at a time.
class KVSTATE_EXPORT InternalAppendingState : public InternalKVState {
 public:
  /// Null when absent. The list (of a ListSerializer); the reduced value; an aggregate's result; the folded value.
  virtual Result<const void*> Get() = 0;
  /// One element or input. INVALID_ARGUMENT for null.
  virtual Status Add(const void* input) = 0;
  /// The raw accumulator, null when absent: for lists, reducing and folding states the same as Get.
  virtual Result<const void*> GetInternal() = 0;
  /// Overwrites the raw accumulator; null (and for lists the empty list) clears. May be a pointer that GetInternal
  /// gave.
  virtual Status UpdateInternal(const void* accumulator) = 0;
};

/// State whose contents under several namespaces can become one: what merging windows need.
class KVSTATE_EXPORT InternalMergingState : public InternalAppendingState {
 public:
  /// Folds what the current key has under `sources` (canonical bytes, each once) into what it has under `target`, in
  /// the order given, and removes the sources. Absent ones count for nothing; `target` among the sources stays as it
  /// is. Does not disturb the current namespace.
  virtual Status MergeNamespaces(ByteView target, std::span<const ByteView> sources) = 0;
};

class KVSTATE_EXPORT InternalListState : public InternalMergingState {
 public:
  /// Replaces the list by a copy of `list`; an empty one clears. INVALID_ARGUMENT for null.
  virtual Status Update(const void* list) = 0;
  /// Appends each element of `list`; an empty one does nothing, and makes no list. INVALID_ARGUMENT for null.
  virtual Status AddAll(const void* list) = 0;
};

class KVSTATE_EXPORT InternalReducingState : public InternalMergingState {};

class KVSTATE_EXPORT InternalAggregatingState : public InternalMergingState {};

class KVSTATE_EXPORT InternalFoldingState : public InternalAppendingState {};

/// Walks one map's entries in ascending byte order of their canonical user keys. Starts before the first entry.
///
/// Lives through any call on the map. Entries there during the whole walk are given exactly once; entries that others
/// put or remove meanwhile may or may not be. Views and pointers are valid until the next call on the iterator or the
/// state. It stays with the key and namespace it was made under. Must not outlive the backend.
class KVSTATE_EXPORT MapIterator {
 public:
  virtual ~MapIterator();
  /// Moves to the next entry; false at the end.
  virtual Result<bool> Next() = 0;

  /// Of the entry that Next last moved to. REQUIRES: Next returned true, and Remove was not called since.
  virtual ByteView user_key_bytes() const = 0;
  /// FAILED_PRECONDITION after Remove or before Next. The value is null where a null value is stored.
  virtual Result<const void*> user_key() = 0;
  virtual Result<const void*> value() = 0;

  /// Removes the entry that Next last moved to. FAILED_PRECONDITION when there is none, as after another Remove.
  virtual Status Remove() = 0;
  /// Writes that entry's value, null included, to the state.
  virtual Status SetValue(const void* value) = 0;
};

class KVSTATE_EXPORT InternalMapState : public InternalKVState {
 public:
  /// Null when there is no such entry, and when its value is null: Contains tells them apart.
  virtual Result<const void*> Get(const void* user_key) = 0;
  /// Stores a copy; `value` may be null, which is stored as such, or a pointer that Get gave.
  virtual Status Put(const void* user_key, const void* value) = 0;
  /// No such entry is fine.
  virtual Status Remove(const void* user_key) = 0;
  virtual Result<bool> Contains(const void* user_key) = 0;
  virtual Result<bool> IsEmpty() = 0;
  /// Over no entries where the map is absent.
  virtual Result<std::unique_ptr<MapIterator>> Iterate() = 0;
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_INTERNAL_KV_STATE_H_
