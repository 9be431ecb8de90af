#ifndef KVSTATE_BACKENDS_EMBEDDED_STREAM_SNAPSHOT_H_
#define KVSTATE_BACKENDS_EMBEDDED_STREAM_SNAPSHOT_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "backends/checkpoint/delta_chain.h"
#include "backends/checkpoint/snapshot_writer.h"
#include "backends/common/snapshot_filter.h"
#include "backends/embedded/change_tracker.h"
#include "backends/embedded/ordered_store.h"
#include "kvstate/checkpoint.h"

namespace kvstate::backends {

/// What a checkpoint as a chain of streams may build on, and what becomes of it. The snapshot's work and its backend
/// share it.
struct StreamChainPlan {
  std::shared_ptr<PendingChain> chain;
  /// Since the chain's checkpoint, and since its whole stream; none when they are not known.
  std::optional<ChangeSpan> since_confirmed;
  std::optional<ChangeSpan> since_whole;

  /// By a work that folded: `since_whole`, each key once.
  std::vector<SavedState> states;
  std::vector<std::shared_ptr<const KeySet>> folded;
  std::atomic<bool> is_folded{false};  ///< The two above are there, and change no more.
};

/// Writes the tables of a view, one for each of the handle's states, as a state stream: a savepoint, or a checkpoint as
/// `plan` says. `filters`: one for each of the handle's states, for whole streams. `key_group_bytes`: of each key,
/// before what a stream has of it.
std::unique_ptr<SnapshotWork> MakeStreamWork(KeyedStateHandle handle, std::unique_ptr<StoreView> view,
                                             std::vector<SnapshotFilter> filters, size_t key_group_bytes,
                                             std::shared_ptr<StreamChainPlan> plan);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_STREAM_SNAPSHOT_H_
