#ifndef KVSTATE_BACKENDS_HASHMAP_HASHMAP_SNAPSHOT_H_
#define KVSTATE_BACKENDS_HASHMAP_HASHMAP_SNAPSHOT_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "backends/checkpoint/snapshot_writer.h"
#include "backends/checkpoint/state_stream.h"
#include "backends/common/snapshot_filter.h"
#include "backends/hashmap/raw_state.h"
#include "backends/hashmap/snapshot_history.h"
#include "backends/hashmap/state_tables.h"
#include "backends/hashmap/state_view.h"
#include "kvstate/checkpoint.h"

namespace kvstate::backends::hashmap {

/// The asynchronous part of a snapshot: one state stream.
class HashMapSnapshot final : public SnapshotWork {
 public:
  /// Of the handle's states one of both: a live one, whose tables were told of the view, or a restored one.
  struct State {
    std::shared_ptr<StateTables> tables;
    std::shared_ptr<StateView> view;
    std::shared_ptr<const RawState> raw;
    SnapshotFilter filter;  ///< Of a live one.
  };

  HashMapSnapshot(KeyedStateHandle handle, SnapshotPlan plan, std::vector<State> states);
  ~HashMapSnapshot() override;
  Result<KeyedStateHandle> Write(SnapshotWriter& writer) override;

 private:
  uint32_t ChooseBase(ChainStep* step) const;
  uint64_t CountChanges(uint32_t base) const;
  Status WriteStates(uint32_t base, StateStreamWriter& out, SnapshotWriter& writer);

  KeyedStateHandle handle_;
  const SnapshotPlan plan_;
  const std::vector<State> states_;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_HASHMAP_SNAPSHOT_H_
