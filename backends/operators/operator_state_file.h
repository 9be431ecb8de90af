#ifndef KVSTATE_BACKENDS_OPERATORS_OPERATOR_STATE_FILE_H_
#define KVSTATE_BACKENDS_OPERATORS_OPERATOR_STATE_FILE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backends/checkpoint/snapshot_writer.h"
#include "kvstate/bytes.h"
#include "kvstate/checkpoint.h"
#include "kvstate/operator_state.h"

namespace kvstate::backends {

/// The entries of a state for a snapshot: immutable, for any thread.
class EntrySource {
 public:
  virtual ~EntrySource() = default;
  /// Calls `write` with each entry as it stands in a file: length and bytes of an element, or of a key and then of a
  /// value.
  virtual Status ForEach(const std::function<Status(ByteView entry)>& write) const = 0;
};

struct StateSnapshot {
  SavedOperatorState saved;
  std::shared_ptr<const EntrySource> entries;
};

/// Writes one part file with all states, unless there are none.
Result<OperatorStateHandle> WriteOperatorState(SnapshotWriter& writer, const OperatorStateOptions& options,
                                               const std::vector<StateSnapshot>& states);

/// A state that was restored, with this subtask's entries one after another, as they stood in files.
struct RestoredState {
  SavedOperatorState saved;  ///< With the number of these entries.
  std::shared_ptr<const std::string> bytes;
};

/// This subtask's share of what `handles` have, which are one of each subtask of its operator, in order. The states are
/// in the order in which they are met.
Result<std::vector<RestoredState>> ReadOperatorState(const std::vector<const OperatorStateHandle*>& handles,
                                                     const OperatorStateOptions& options, CheckpointStorage& storage);

/// Takes an entry off `in`; false when there is none.
[[nodiscard]] bool ReadEntry(ByteReader& in, OperatorStateMode mode, ByteView* entry);

/// The entries of a restored state, once more.
std::shared_ptr<const EntrySource> EntriesOf(const RestoredState& state);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_OPERATORS_OPERATOR_STATE_FILE_H_
