#include "backends/leveldb/leveldb_restore.h"

#include <map>
#include <set>

#include "backends/embedded/linked_files.h"
#include "backends/leveldb/leveldb_store.h"
#include "backends/leveldb/leveldb_table.h"

namespace kvstate::backends::leveldb {

namespace {

using TableIds = std::map<std::string, uint32_t>;  // By the state's name.

Result<TableIds> IdsOf(const FetchedFiles& part) {
  TableIds ids;
  std::set<uint32_t> taken;
  for (const SavedState& state : part.states) {
    const std::optional<uint32_t> id = LevelDbTable::IdOf(state.engine_data);
    if (!id || !taken.insert(*id).second) {
      return DataLossError("state '" + state.name + "' of a LevelDB has a prefix that is none, or another state's");
    }
    ids[state.name] = *id;
  }
  return ids;
}

bool Covers(KeyGroupRange outer, KeyGroupRange inner) {
  return inner.size() == 0 || (outer.Contains(inner.first) && outer.Contains(inner.last));
}

}  // namespace

Result<std::unique_ptr<OrderedStore>> OpenFromFiles(const std::string& directory, const EngineSettings& settings,
                                                    std::span<const FetchedFiles> parts, KeyGroupRange range,
                                                    size_t /*key_group_bytes*/) {
  if (parts.size() != 1 || !Covers(range, parts[0].key_groups)) {
    return UnimplementedError("rescaling of LevelDB's files");
  }
  KVSTATE_ASSIGN_OR_RETURN(TableIds ids, IdsOf(parts[0]));
  KVSTATE_RETURN_IF_ERROR(MoveFiles(parts[0].directory, directory));
  return LevelDbStore::OpenExisting(directory, settings, std::move(ids));
}

}  // namespace kvstate::backends::leveldb
