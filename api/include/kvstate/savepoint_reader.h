#ifndef KVSTATE_SAVEPOINT_READER_H_
#define KVSTATE_SAVEPOINT_READER_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "kvstate/bytes.h"
#include "kvstate/checkpoint.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/export.h"
#include "kvstate/status.h"
#include "kvstate/type_serializer.h"

namespace kvstate {
inline namespace v1 {

/// One entry of a state stream. Views are valid until the next call on the reader.
struct SavedEntry {
  uint32_t state = 0;  ///< Index into KeyedStateHandle::states.
  uint32_t key_group = 0;
  ByteView key;
  ByteView state_namespace;
  ByteView user_key;     ///< Of maps; else empty.
  ByteView value;        ///< As the state's value serializer writes it; empty when null.
  bool is_null = false;  ///< A map's null value.
};

/// Gives the entries of a snapshot in kStateStreamFormat, changes applied: each (state, key, namespace, user
/// key) once, key group by key group in ascending order, states in their order within each. Holds one block in memory,
/// and the changes of one key group where there are any. Not thread-safe.
class KVSTATE_EXPORT SavepointReader {
 public:
  virtual ~SavepointReader();
  /// False at the end. DATA_LOSS, naming the file, when it is damaged.
  virtual Result<bool> Next(SavedEntry* entry) = 0;
};

/// Gives a serializer that reads what the one with this snapshot wrote. Where an entry's key ends is known to it alone.
using SerializerOf = std::function<Result<SerializerPtr>(const SerializerSnapshot& snapshot)>;

/// Over the key groups of `handle` that are in `range`. INVALID_ARGUMENT for another format: such a snapshot has to be
/// restored by its backend, which can then write a savepoint.
KVSTATE_EXPORT Result<std::unique_ptr<SavepointReader>> OpenSavepoint(std::shared_ptr<CheckpointStorage> storage,
                                                                      const KeyedStateHandle& handle,
                                                                      KeyGroupRange range,
                                                                      const SerializerOf& serializer_of);

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_SAVEPOINT_READER_H_
