#ifndef KVSTATE_OPERATOR_STATE_H_
#define KVSTATE_OPERATOR_STATE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/checkpoint.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/export.h"
#include "kvstate/snapshots.h"
#include "kvstate/status.h"
#include "kvstate/type_serializer.h"

namespace kvstate {
inline namespace v1 {

/// Names a state of an operator and says what it holds. Plain data without types; the makers in
/// kvstate/operator_state_views.h fill it in from C++ types.
struct OperatorStateDescriptor {
  std::string name;  ///< Unique in a backend, 1 to 255 bytes.
  OperatorStateMode mode = OperatorStateMode::kSplit;
  SerializerPtr value_serializer;  ///< The list (a ListSerializer), or the value of an entry of a broadcast state.
  SerializerPtr key_serializer;    ///< Broadcast alone.
};

/// A list of a subtask's: offsets of a source, pending transactions of a sink. Elements are kept as objects. Owner's
/// thread.
class KVSTATE_EXPORT InternalOperatorListState {
 public:
  virtual ~InternalOperatorListState();
  virtual const OperatorStateDescriptor& descriptor() const = 0;
  /// The list, empty or not, never null; valid until the next call on this state.
  virtual const void* Get() = 0;
  /// INVALID_ARGUMENT for null, here and below.
  virtual Status Add(const void* element) = 0;
  virtual Status AddAll(const void* list) = 0;
  /// Replaces all elements.
  virtual Status Update(const void* list) = 0;
  virtual void Clear() = 0;
};

/// A map that every subtask of an operator keeps with the same content, since each gets the same input for it: rules,
/// models. Nothing here sees to that they are the same. Owner's thread.
class KVSTATE_EXPORT InternalBroadcastState {
 public:
  virtual ~InternalBroadcastState();
  virtual const OperatorStateDescriptor& descriptor() const = 0;
  /// Null when absent; valid until the next call that changes this state.
  virtual const void* Get(const void* key) = 0;
  /// INVALID_ARGUMENT for null.
  virtual Status Put(const void* key, const void* value) = 0;
  /// No such key is fine.
  virtual void Remove(const void* key) = 0;
  virtual uint64_t Size() = 0;
  /// Calls `visit` for the entries, in ascending order of their keys' bytes; its first failure ends it. It must not
  /// change the state.
  virtual Status ForEach(const std::function<Status(const void* key, const void* value)>& visit) = 0;
  virtual void Clear() = 0;
};

struct OperatorSnapshotResult {
  OperatorStateHandle handle;
  SnapshotFigures figures;
};

/// The asynchronous part of a snapshot of operator state; as SnapshotTask is, of which see each method. It may outlive
/// its backend.
class KVSTATE_EXPORT OperatorSnapshotTask {
 public:
  virtual ~OperatorSnapshotTask();
  virtual Result<OperatorSnapshotResult> Run() = 0;
  virtual void Cancel() = 0;
};

struct OperatorStateOptions {
  std::string operator_name = "operator";  ///< Of several in a job each its own, for ever; 1 to 255 bytes.
  uint32_t subtask = 0;                    ///< From 0.
  uint32_t parallelism = 1;                ///< Subtasks of this operator, at least 1.
};

/// The state of one subtask of an operator that belongs to no key. In memory; durable at checkpoints. Owner's thread.
///
/// When the parallelism changes, a kSplit list is the lists of all subtasks one after another, cut into as many pieces
/// as there are subtasks now, each at most one element longer than another; who gets the longer ones goes round from
/// state to state. At the same parallelism each subtask keeps its own. A kUnion list is always the lists of all
/// subtasks, in order. Of a kBroadcast state subtask i gets the whole copy of old subtask i mod old parallelism
/// (counting those that had the state): where copies differed, they do so afterwards.
class KVSTATE_EXPORT OperatorStateBackend {
 public:
  /// Cancels snapshots that still run, waits for them, and leaves no files of theirs.
  virtual ~OperatorStateBackend();

  virtual const OperatorStateOptions& options() const = 0;

  /// The state of that name, made if there is none, or restored. Lives until RemoveState. The same pointer for the same
  /// name. INVALID_ARGUMENT, changing nothing, for a descriptor that lacks something, or when the state exists, or was
  /// restored, with another mode or serializers that this one cannot take over; of restored elements and values what
  /// TypeSerializer::ResolveCompatibility says holds (kvstate/serializer_evolution.h), keys must be as they were.
  /// DATA_LOSS when restored bytes are not in their serializer's format.
  virtual Result<InternalOperatorListState*> GetOrCreateList(const OperatorStateDescriptor& descriptor) = 0;
  virtual Result<InternalBroadcastState*> GetOrCreateBroadcast(const OperatorStateDescriptor& descriptor) = 0;
  /// Drops a state, asked for or not, and all it holds; pointers to it are dead. NOT_FOUND when there is none.
  virtual Status RemoveState(std::string_view name) = 0;
  /// In the order in which they were made.
  virtual std::vector<std::string> StateNames() const = 0;
  /// Restored states that nobody has asked for; they are in every snapshot all the same.
  virtual std::vector<SavedOperatorState> UnclaimedStates() const = 0;

  /// The synchronous part: copies the objects of lists, and encodes broadcast states. Ids are given by the caller, each
  /// once and ascending; INVALID_ARGUMENT otherwise. `kind` says in which folder the file goes; all of it is written
  /// each time. A failure of the task leaves no file.
  virtual Result<std::unique_ptr<OperatorSnapshotTask>> Snapshot(uint64_t checkpoint_id,
                                                                 std::shared_ptr<CheckpointStorage> storage,
                                                                 SnapshotKind kind) = 0;

  /// Fills this backend, which must be new and without states (FAILED_PRECONDITION otherwise), with its share of what
  /// the subtasks of its operator had. `handles` are those of a whole checkpoint; other operators' are passed over.
  /// INVALID_ARGUMENT when there is none of this operator, or not one of each of its subtasks. DATA_LOSS, naming the
  /// file, when one is missing or damaged where this subtask reads it; bytes are verified before they are taken. After
  /// a failure the backend is empty and can be used or restored again. The files are read only here.
  virtual Status Restore(std::span<const OperatorStateHandle> handles, std::shared_ptr<CheckpointStorage> storage) = 0;
};

/// INVALID_ARGUMENT for a name of no or too many bytes, or a subtask that is not below the parallelism.
KVSTATE_EXPORT Result<std::unique_ptr<OperatorStateBackend>> MakeOperatorStateBackend(
    const OperatorStateOptions& options);

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_OPERATOR_STATE_H_
