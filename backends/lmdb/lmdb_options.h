#ifndef KVSTATE_BACKENDS_LMDB_LMDB_OPTIONS_H_
#define KVSTATE_BACKENDS_LMDB_LMDB_OPTIONS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kvstate/backend_registry.h"
#include "kvstate/status.h"

namespace kvstate::backends::lmdb {

/// How an LmdbStore uses its file. The defaults are those measured best in docs/decisions.md.
struct LmdbOptions {
  uint64_t map_bytes = uint64_t{1} << 30;       ///< Size of the memory map at first; it grows as needed.
  uint64_t map_growth_percent = 100;            ///< How much larger each growth makes the map.
  uint64_t reserve_bytes = uint64_t{64} << 20;  ///< The most disk space that is reserved at a time, ahead of use.
  uint64_t commit_dirty_pages = 65536;          ///< A transaction that may have dirtied so many pages is committed.
  uint64_t max_states = 1024;                   ///< The most tables at a time.
};

/// Every option, sorted by name, with its default as text.
std::vector<EngineOption> DescribeLmdbOptions();

/// INVALID_ARGUMENT for an unknown name, listing those there are, and for a value out of range, saying what is allowed.
Result<LmdbOptions> ParseLmdbOptions(const std::map<std::string, std::string>& engine);

}  // namespace kvstate::backends::lmdb

#endif  // KVSTATE_BACKENDS_LMDB_LMDB_OPTIONS_H_
