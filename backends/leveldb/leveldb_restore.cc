#include "backends/leveldb/leveldb_restore.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "backends/common/file_error.h"
#include "backends/embedded/key_group_bounds.h"
#include "backends/embedded/linked_files.h"
#include "backends/leveldb/leveldb_files.h"
#include "backends/leveldb/leveldb_rewrite.h"
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

/// One number for each state of all parts: the one that it has in the first, where that is free.
Result<TableIds> CommonIds(const std::vector<TableIds>& parts) {
  TableIds common;
  std::set<uint32_t> taken;
  for (const TableIds& part : parts) {
    for (const auto& [name, id] : part) {
      if (common.count(name) == 0 && taken.insert(id).second) common[name] = id;
    }
  }
  uint32_t next = 0;
  for (const TableIds& part : parts) {
    for (const auto& [name, id] : part) {
      if (common.count(name) != 0) continue;
      while (!taken.insert(next).second) ++next;
      if (next >= LevelDbTable::kMaxTables) return ResourceExhaustedError("the parts have too many states together");
      common[name] = next;
    }
  }
  return common;
}

/// Puts the files of several databases, or a part of one's, into a new one, on the levels that they have. Files that
/// are not wanted whole are rewritten, and those are few: on each level but 0 those at the bounds of a table's range.
///
/// Invariant: on each level but 0 no two files overlap, since the parts' key groups do not, and a file has keys of one
/// table and one part alone, where there are several parts. On level 0, where a newer file has the greater number,
/// files of one part keep their order, and those of several have nothing in common.
class Assembly {
 public:
  Assembly(const std::string& directory, const EngineSettings& settings, TableIds ids, bool of_one_part)
      : directory_(directory), settings_(settings), ids_(std::move(ids)), of_one_part_(of_one_part) {}

  /// Takes what the part has in `keep`.
  Status Add(const FetchedFiles& part, const TableIds& part_ids, KeyGroupRange keep, size_t key_group_bytes) {
    KVSTATE_ASSIGN_OR_RETURN(Manifest manifest, ReadVersion(part.directory));
    manifest_.last_sequence = std::max(manifest_.last_sequence, manifest.last_sequence);
    Kept kept;
    kept.moves = MovesOf(part_ids, BoundsOf(keep, key_group_bytes));
    kept.everything = Covers(keep, part.key_groups);
    kept.renamed = !std::ranges::all_of(kept.moves, [](const auto& move) { return move.prefix == move.new_prefix; });
    // Of level 0 the oldest first, which get the lowest numbers.
    for (TableFile& file : manifest.files) KVSTATE_RETURN_IF_ERROR(AddFile(part.directory, std::move(file), kept));
    return Status();
  }

  Status Finish() {
    std::ranges::sort(manifest_.files, {}, [](const TableFile& file) { return std::pair(file.level, file.number); });
    return WriteVersion(directory_, manifest_);
  }
  const TableIds& ids() const { return ids_; }

 private:
  /// What is kept of a part.
  struct Kept {
    std::vector<KeyMove> moves;  ///< One a table, by old keys.
    bool everything = false;
    bool renamed = false;  ///< Some prefix changes.
  };

  std::vector<KeyMove> MovesOf(const TableIds& part_ids, const KeyBounds& bounds) const {
    std::vector<KeyMove> moves;
    for (const auto& [name, id] : part_ids) {
      const std::string prefix = LevelDbTable::PrefixOf(id);
      moves.push_back({prefix + bounds.lower, prefix + bounds.upper, prefix, LevelDbTable::PrefixOf(ids_.at(name))});
    }
    std::ranges::sort(moves, {}, &KeyMove::lower);
    return moves;
  }

  Status AddFile(const std::string& from, TableFile file, const Kept& kept) {
    std::vector<KeyMove> met;
    for (const KeyMove& move : kept.moves) {
      if (UserKey(file.largest) >= move.lower && UserKey(file.smallest) < move.upper) met.push_back(move);
    }
    if (met.empty()) return Status();
    const std::string path = from + "/" + TableFileName(file.number);
    const bool may_overlap = file.level == 0 || of_one_part_;
    const bool within_one = met.size() == 1 && UserKey(file.smallest) >= met[0].lower &&
                            UserKey(file.largest) < met[0].upper && met[0].prefix == met[0].new_prefix;
    if (within_one || (may_overlap && kept.everything && !kept.renamed)) return Take(path, std::move(file));
    if (may_overlap && !kept.renamed) return Rewrite(path, file, met);
    for (KeyMove& move : met) KVSTATE_RETURN_IF_ERROR(Rewrite(path, file, {std::move(move)}));
    return Status();
  }

  Status Take(const std::string& path, TableFile file) {
    file.number = manifest_.next_file++;
    const std::string target = directory_ + "/" + TableFileName(file.number);
    if (std::rename(path.c_str(), target.c_str()) != 0) {
      return FileError("cannot move to '" + target + "'", path, errno);
    }
    manifest_.files.push_back(std::move(file));
    return Status();
  }

  Status Rewrite(const std::string& path, const TableFile& file, const std::vector<KeyMove>& moves) {
    TableFile written;
    written.level = file.level;
    written.number = manifest_.next_file;
    const std::string target = directory_ + "/" + TableFileName(written.number);
    KVSTATE_RETURN_IF_ERROR(RewriteTable(settings_, path, file, moves, target, &written));
    if (written.bytes == 0) return Status();
    ++manifest_.next_file;
    manifest_.files.push_back(std::move(written));
    return Status();
  }

  const std::string directory_;
  const EngineSettings& settings_;
  const TableIds ids_;
  const bool of_one_part_;
  Manifest manifest_;
};

Result<std::unique_ptr<OrderedStore>> OpenWhole(const std::string& directory, const EngineSettings& settings,
                                                const FetchedFiles& part) {
  KVSTATE_ASSIGN_OR_RETURN(TableIds ids, IdsOf(part));
  KVSTATE_RETURN_IF_ERROR(MoveFiles(part.directory, directory));
  return LevelDbStore::OpenExisting(directory, settings, std::move(ids));
}

}  // namespace

Result<std::unique_ptr<OrderedStore>> OpenFromFiles(const std::string& directory, const EngineSettings& settings,
                                                    std::span<const FetchedFiles> parts, KeyGroupRange range,
                                                    size_t key_group_bytes) {
  if (parts.size() == 1 && Covers(range, parts[0].key_groups)) return OpenWhole(directory, settings, parts[0]);
  std::vector<TableIds> part_ids;
  for (const FetchedFiles& part : parts) {
    KVSTATE_ASSIGN_OR_RETURN(part_ids.emplace_back(), IdsOf(part));
  }
  KVSTATE_ASSIGN_OR_RETURN(TableIds ids, CommonIds(part_ids));
  Assembly assembly(directory, settings, std::move(ids), parts.size() == 1);
  for (size_t i = 0; i < parts.size(); ++i) {
    const KeyGroupRange keep = Overlap(parts[i].key_groups, range);
    if (keep.size() == 0) continue;
    KVSTATE_RETURN_IF_ERROR(assembly.Add(parts[i], part_ids[i], keep, key_group_bytes));
  }
  KVSTATE_RETURN_IF_ERROR(assembly.Finish());
  return LevelDbStore::OpenExisting(directory, settings, assembly.ids());
}

}  // namespace kvstate::backends::leveldb
