#ifndef KVSTATE_BACKENDS_HASHMAP_VIEW_WRITER_H_
#define KVSTATE_BACKENDS_HASHMAP_VIEW_WRITER_H_

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "backends/checkpoint/state_stream.h"
#include "backends/common/composite_key.h"
#include "backends/common/snapshot_filter.h"
#include "backends/hashmap/change_set.h"
#include "backends/hashmap/entry_buffer.h"
#include "backends/hashmap/map_entries.h"
#include "backends/hashmap/state_tables.h"
#include "backends/hashmap/state_view.h"
#include "kvstate/status.h"

namespace kvstate::backends::hashmap {

/// Where the entries of one state in one key group go: begun in the stream when the first comes.
class StreamPart {
 public:
  StreamPart(StateStreamWriter& out, uint32_t key_group, uint32_t state)
      : out_(out), key_group_(key_group), state_(state) {}
  Status Add(ByteView key, ByteView value, bool removed) {
    if (!begun_) KVSTATE_RETURN_IF_ERROR(out_.Begin(key_group_, state_));
    begun_ = true;
    return out_.Add({key, value, removed});
  }

 private:
  StateStreamWriter& out_;
  const uint32_t key_group_;
  const uint32_t state_;
  bool begun_ = false;
};

/// The asynchronous side of a StateView: writes what the snapshot has of one state, table by table, beside the owner.
/// Takes a few entries at a time and writes them with nothing held that the owner could wait for. Maps are read under
/// the table's lock; other entries without it, in a range of hashes that the owner is told of and keeps off.
class ViewWriter {
 public:
  /// `base` is 0 for all entries; else only what was changed in that epoch or later is written, removals too.
  /// `filter` is asked for all entries alone.
  ViewWriter(StateTables& tables, StateView& view, uint32_t base, SnapshotFilter filter);

  Status Write(size_t table, StreamPart& out);
  /// How many entries Write would write, or a few more. REQUIRES: a base.
  uint64_t CountChanges(size_t table);

 private:
  struct Candidate {
    ByteView composite;
    bool was_absent;  ///< At the base: it need not be removed.
    bool written;
  };

  void CollectCandidates(size_t table);
  Status WalkObjects(size_t table, StreamPart& out);
  void TakeObjects(size_t table, uint64_t end, const uint32_t* stamps, TableCursor* cursor);
  Status WalkMaps(size_t table, StreamPart& out);
  void TakeMaps(size_t table, TableView& seen);
  bool TakeMap(size_t table, TableView& seen, size_t* budget);
  Status LookUpCandidates(size_t table, StreamPart& out);
  Status LookUp(size_t table, const Candidate& candidate);
  Status WriteBatch(StreamPart& out, const EntryBuffer& batch);

  StateTables& tables_;
  StateView& view_;
  const uint32_t base_;
  SnapshotFilter filter_;
  const MapEntries* const maps_;
  CompositeKeyParser parser_;
  std::vector<std::shared_ptr<const ChangeSet>> sets_;  ///< What candidates_ look into.
  /// What may have to be removed, of maps all that may have changed; by composite key without key group.
  absl::flat_hash_map<ByteView, Candidate> candidates_;
  EntryBuffer batch_;
  ByteWriter key_;
  ByteWriter value_;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_VIEW_WRITER_H_
