#ifndef KVSTATE_OPERATOR_STATE_FILES_H_
#define KVSTATE_OPERATOR_STATE_FILES_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "kvstate/bytes.h"
#include "kvstate/checkpoint.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/export.h"
#include "kvstate/status.h"

namespace kvstate {
inline namespace v1 {

/// One element of a list, or entry of a broadcast state. Views are valid during the call that gives it.
struct SavedOperatorEntry {
  uint32_t state = 0;  ///< Index into OperatorStateHandle::states.
  ByteView key;        ///< Of a broadcast state; else empty.
  ByteView value;      ///< As the state's value serializer writes it.
};

/// Calls `visit` for all that one subtask's handle has, state by state, in order; its first failure ends it. DATA_LOSS,
/// naming the file, when it is missing or damaged: bytes are verified before they are given.
KVSTATE_EXPORT Status ForEachOperatorEntry(CheckpointStorage& storage, const OperatorStateHandle& handle,
                                           const std::function<Status(const SavedOperatorEntry& entry)>& visit);

/// Copies the operator state and raw streams of `from` into `target`, and adds their handles to `to`, a checkpoint that
/// runs there: its id and kind say where. Nothing is redistributed. Every byte is verified. What was copied before a
/// failure is the CheckpointStore's to remove, as an abort does.
KVSTATE_EXPORT Status CopyOperatorState(CheckpointStorage& source, const CheckpointMetadata& from,
                                        const std::shared_ptr<CheckpointStorage>& target, CheckpointMetadata* to);

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_OPERATOR_STATE_FILES_H_
