#ifndef KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_RESTORE_H_
#define KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_RESTORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/checkpoint/snapshot_backend.h"
#include "backends/embedded/ordered_store.h"
#include "kvstate/checkpoint.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// A new table for a state that is restored from streams.
Result<std::unique_ptr<StoreTable>> CreateRestoredTable(OrderedStore& store, const SavedState& state,
                                                        size_t key_group_bytes);

/// Puts into `tables`, one for each of the plan's states, what the streams of `handle` have in `range`. Gives the
/// number of entries.
Result<uint64_t> RestoreStreams(const RestorePlan& plan, const KeyedStateHandle& handle, KeyGroupRange range,
                                size_t key_group_bytes, const std::vector<std::unique_ptr<StoreTable>>& tables);

/// Fetches the files of those of the plan's handles that are of `format`, each handle's into a new directory of its own
/// in `directory`.
Result<std::vector<FetchedFiles>> FetchFiles(const RestorePlan& plan, std::string_view format,
                                             const std::string& directory);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_RESTORE_H_
