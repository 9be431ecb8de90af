#ifndef KVSTATE_HARNESS_SAVEPOINT_SNAPSHOT_DUMP_H_
#define KVSTATE_HARNESS_SAVEPOINT_SNAPSHOT_DUMP_H_

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

#include "harness/savepoint/snapshot_catalog.h"
#include "harness/savepoint/snapshot_converter.h"

namespace kvstate::harness {

struct DumpOptions {
  std::string states;  ///< Globs over their names, with commas between them; empty: all.
  std::optional<KeyGroupRange> key_groups;
  uint64_t limit = 0;  ///< Entries; 0: all.
};

/// From "3-7", or "3".
Result<KeyGroupRange> ParseKeyGroups(std::string_view text);

/// Writes a line of JSON for each entry, key group by key group within each handle: state, key_group, key, namespace,
/// user_key (of maps), value; AppendJsonValue says how. Then, unless key groups are asked for, one for each entry of
/// operator state: operator, state, subtask, key (of broadcast states), value. INVALID_ARGUMENT when there is no such
/// state or key group. Snapshots in an engine's own format go through `converter`, which may be null for others.
/// UNAVAILABLE when `out` takes no more.
Status DumpSnapshot(SnapshotConverter* converter, const SnapshotLocation& location, const CheckpointMetadata& metadata,
                    const DumpOptions& options, const std::function<bool()>& stopped, std::ostream& out);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_SAVEPOINT_SNAPSHOT_DUMP_H_
