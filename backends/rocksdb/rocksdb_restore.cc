#include "backends/rocksdb/rocksdb_restore.h"

#include <rocksdb/convenience.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "backends/embedded/key_group_bounds.h"
#include "backends/embedded/linked_files.h"
#include "backends/embedded/transfers.h"
#include "backends/rocksdb/rocksdb_iterator.h"
#include "backends/rocksdb/rocksdb_status.h"
#include "backends/rocksdb/rocksdb_store.h"

namespace kvstate::backends::rocksdb {

namespace {

using ::rocksdb::LiveFileMetaData;

constexpr size_t kBatchBytes = size_t{1} << 20;
// Files of a part are looked at once or twice.
constexpr int kOpenFilesOfPart = 64;
constexpr uint32_t kMostPartsAtOnce = 4;

/// Removes what the store has outside `keep`: files that are wholly there at once, the rest by a range tombstone on
/// each side, which compactions will make come true.
Status Clip(RocksDbStore& store, KeyGroupRange keep, size_t key_group_bytes) {
  const KeyBounds bounds = BoundsOf(keep, key_group_bytes);
  // All that there is, not only what the store should have: files that are removed may have hidden entries from an
  // older time, when it had more.
  const KeyBounds sides[] = {{"", bounds.lower}, {bounds.upper, KeyGroupBound(0x80, 1)}};
  std::vector<::rocksdb::ColumnFamilyHandle*> handles;
  for (const auto& [name, family] : store.restored()) {
    handles.push_back(family->handle());
    for (const KeyBounds& side : sides) {
      if (side.lower >= side.upper || (side.lower.empty() && keep.first == 0)) continue;
      const ::rocksdb::Slice lower = side.lower;
      const ::rocksdb::Slice upper = side.upper;
      const ::rocksdb::RangePtr range(&lower, &upper);
      ::rocksdb::Status status =
          ::rocksdb::DeleteFilesInRanges(&store.db(), family->handle(), &range, 1, /*include_end=*/false);
      if (status.ok()) status = store.db().DeleteRange(store.write_options(), family->handle(), lower, upper);
      if (!status.ok()) return FromRocksDb(status, "clip state '" + name + "'");
    }
  }
  // In a file a range tombstone is found without looking at it anew in each read.
  if (handles.empty()) return Status();
  return FromRocksDb(store.db().Flush(::rocksdb::FlushOptions(), handles), "flush");
}

/// Writes what `from` has within `bounds` to `to`. Operands that nobody can fold yet stay operands.
Status CopyEntries(RocksDbStore& source, const FamilyPtr& from, const KeyBounds& bounds, RocksDbStore& target,
                   const Family& to) {
  ::rocksdb::ReadOptions options;
  options.fill_cache = false;
  RocksDbIterator iterator(source.db(), from, options, bounds.upper);
  ::rocksdb::WriteBatch batch;
  KVSTATE_RETURN_IF_ERROR(iterator.Seek(bounds.lower));
  while (iterator.Valid()) {
    const ::rocksdb::Slice key = ToSlice(iterator.key());
    ::rocksdb::Status status;
    if (iterator.operands().empty()) status = batch.Put(to.handle(), key, ToSlice(iterator.value()));
    for (const std::string& operand : iterator.operands()) {
      if (status.ok()) status = batch.Merge(to.handle(), key, operand);
    }
    if (!status.ok()) return FromRocksDb(status, "copy an entry");
    KVSTATE_RETURN_IF_ERROR(iterator.Next());
    if (iterator.Valid() && batch.GetDataSize() < kBatchBytes) continue;
    KVSTATE_RETURN_IF_ERROR(target.Write(batch, 0));
    batch.Clear();
  }
  return Status();
}

/// The table files of a part, by the state's name.
using PartFiles = std::map<std::string, std::vector<LiveFileMetaData>>;

Result<::rocksdb::TablePropertiesCollection> PropertiesOf(RocksDbStore& store, const Family& family) {
  ::rocksdb::TablePropertiesCollection properties;
  const ::rocksdb::Status status = store.db().GetPropertiesOfAllTables(family.handle(), &properties);
  if (!status.ok()) return FromRocksDb(status, "read the properties of tables");
  return properties;
}

Result<bool> HasOperands(RocksDbStore& store, const Family& family) {
  KVSTATE_ASSIGN_OR_RETURN(const auto properties, PropertiesOf(store, family));
  return std::ranges::any_of(properties, [](const auto& table) { return table.second->num_merge_operands != 0; });
}

/// Whether a family's files can be put beside those of another part as they are. What was once clipped cannot until it
/// is compacted: RocksDB leaves the range tombstones out of account when it imports, and what lies under them may be
/// another part's. Nor can files that refer to others, or that have the sequence numbers that the level gives them.
Result<bool> CanBeImported(RocksDbStore& store, const Family& family, const std::vector<LiveFileMetaData>& files,
                           const KeyBounds& bounds) {
  KVSTATE_ASSIGN_OR_RETURN(const auto properties, PropertiesOf(store, family));
  for (const auto& [path, table] : properties) {
    if (table->num_range_deletions != 0) return false;
    if (table->user_collected_properties.count("rocksdb.external_sst_file.version") != 0) return false;
  }
  return std::ranges::all_of(files, [&](const LiveFileMetaData& file) {
    return file.oldest_blob_file_number == 0 && bounds.Contains(file.smallestkey) && bounds.Contains(file.largestkey);
  });
}

/// Nothing when some family of the part cannot be imported.
Result<std::optional<PartFiles>> FilesToImport(RocksDbStore& store, const FetchedFiles& part, size_t key_group_bytes) {
  std::vector<LiveFileMetaData> live;
  store.db().GetLiveFilesMetaData(&live);
  std::map<std::string, std::vector<LiveFileMetaData>> by_family;
  for (LiveFileMetaData& file : live) by_family[file.column_family_name].push_back(std::move(file));
  const KeyBounds bounds = BoundsOf(part.key_groups, key_group_bytes);
  PartFiles files;
  for (const auto& [name, family] : store.restored()) {
    std::vector<LiveFileMetaData>& of_family = by_family[FamilyName(name)];
    KVSTATE_ASSIGN_OR_RETURN(const bool can, CanBeImported(store, *family, of_family, bounds));
    if (!can) return std::optional<PartFiles>();
    files[name] = std::move(of_family);
  }
  return std::optional<PartFiles>(std::move(files));
}

Result<std::unique_ptr<RocksDbStore>> OpenPart(const FetchedFiles& part, EngineSettings settings, bool read_only) {
  settings.db.max_open_files = kOpenFilesOfPart;
  settings.column_family.disable_auto_compactions = true;
  if (read_only) return RocksDbStore::OpenReadOnly(part.directory, std::move(settings), part.states);
  settings.db.max_background_jobs = std::max<int>(settings.db.max_background_jobs, kMostPartsAtOnce);
  return RocksDbStore::OpenExisting(part.directory, std::move(settings), part.states);
}

/// Compacts what a part has outside its own key groups, which is nothing but what clipping has left: those files are
/// few. Leaves alone what there is no function for.
Status CompactOutside(RocksDbStore& store, const KeyBounds& own) {
  ::rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = ::rocksdb::BottommostLevelCompaction::kForce;
  const ::rocksdb::Slice lower = own.lower;
  const ::rocksdb::Slice upper = own.upper;
  for (const auto& [name, family] : store.restored()) {
    KVSTATE_ASSIGN_OR_RETURN(const bool has_operands, HasOperands(store, *family));
    if (family->unbound() && has_operands) continue;
    ::rocksdb::Status status = store.db().CompactRange(options, family->handle(), nullptr, &lower);
    if (status.ok()) status = store.db().CompactRange(options, family->handle(), &upper, nullptr);
    if (!status.ok()) return FromRocksDb(status, "compact state '" + name + "'");
  }
  return Status();
}

/// FilesToImport, for which the part is compacted if it must be.
Result<std::optional<PartFiles>> PrepareImport(const FetchedFiles& part, const EngineSettings& settings,
                                               size_t key_group_bytes) {
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<RocksDbStore> store, OpenPart(part, settings, /*read_only=*/true));
  KVSTATE_ASSIGN_OR_RETURN(std::optional<PartFiles> files, FilesToImport(*store, part, key_group_bytes));
  if (files) return files;
  store.reset();
  KVSTATE_ASSIGN_OR_RETURN(store, OpenPart(part, settings, /*read_only=*/false));
  KVSTATE_RETURN_IF_ERROR(CompactOutside(*store, BoundsOf(part.key_groups, key_group_bytes)));
  return FilesToImport(*store, part, key_group_bytes);
}

/// RocksDB wants the sequence numbers of level 0's files to tell which is newer. Those of several parts mean nothing to
/// one another: all get new ones, in the order that they had within their part.
void OrderLevelZero(std::vector<LiveFileMetaData>* files, uint64_t newest) {
  std::vector<LiveFileMetaData*> level_zero;
  for (LiveFileMetaData& file : *files) {
    if (file.level == 0) level_zero.push_back(&file);
  }
  std::ranges::stable_sort(level_zero, {}, [](const LiveFileMetaData* file) { return file->largest_seqno; });
  for (LiveFileMetaData* file : level_zero) {
    file->smallest_seqno = ++newest;
    file->largest_seqno = ++newest;
  }
}

/// All states of the parts, each once.
std::map<std::string, SavedState> StatesOf(std::span<const FetchedFiles> parts) {
  std::map<std::string, SavedState> states;
  for (const FetchedFiles& part : parts) {
    for (const SavedState& state : part.states) states.emplace(state.name, state);
  }
  return states;
}

/// A new store of all the parts' table files that have anything in `range`.
Result<std::unique_ptr<RocksDbStore>> Import(const std::string& directory, const EngineSettings& settings,
                                             std::span<const FetchedFiles> parts, std::vector<PartFiles> files,
                                             const KeyBounds& bounds) {
  uint64_t newest = 0;
  for (const PartFiles& part : files) {
    for (const auto& [name, of_family] : part) {
      for (const LiveFileMetaData& file : of_family) newest = std::max(newest, file.largest_seqno);
    }
  }
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<RocksDbStore> store, RocksDbStore::OpenNew(directory, settings));
  for (const auto& [name, state] : StatesOf(parts)) {
    std::vector<LiveFileMetaData> all;
    for (PartFiles& part : files) {
      for (LiveFileMetaData& file : part[name]) {
        if (file.smallestkey < bounds.upper && file.largestkey >= bounds.lower) all.push_back(std::move(file));
      }
    }
    OrderLevelZero(&all, newest);
    KVSTATE_RETURN_IF_ERROR(store->AddRestored(state, all));
  }
  return store;
}

/// The part that has most of `range` as it is, clipped, and the others' entries one by one.
Result<std::unique_ptr<RocksDbStore>> CopyIntoBest(const std::string& directory, const EngineSettings& settings,
                                                   std::span<const FetchedFiles> parts, KeyGroupRange range,
                                                   size_t key_group_bytes) {
  const auto best = std::ranges::max_element(
      parts, {}, [&](const FetchedFiles& part) { return Overlap(part.key_groups, range).size(); });
  KVSTATE_RETURN_IF_ERROR(MoveFiles(best->directory, directory));
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<RocksDbStore> store,
                           RocksDbStore::OpenExisting(directory, settings, best->states));
  if (!Covers(range, best->key_groups)) {
    KVSTATE_RETURN_IF_ERROR(Clip(*store, Overlap(best->key_groups, range), key_group_bytes));
  }
  for (const auto& [name, state] : StatesOf(parts)) {
    if (store->restored().count(name) == 0) KVSTATE_RETURN_IF_ERROR(store->AddRestored(state, {}));
  }
  for (auto part = parts.begin(); part != parts.end(); ++part) {
    const KeyGroupRange wanted = Overlap(part->key_groups, range);
    if (part == best || wanted.size() == 0) continue;
    KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<RocksDbStore> source, OpenPart(*part, settings, /*read_only=*/true));
    for (const auto& [name, family] : source->restored()) {
      KVSTATE_RETURN_IF_ERROR(
          CopyEntries(*source, family, BoundsOf(wanted, key_group_bytes), *store, *store->restored().at(name)));
    }
  }
  return store;
}

Result<std::unique_ptr<RocksDbStore>> OpenSeveral(const std::string& directory, const EngineSettings& settings,
                                                  std::span<const FetchedFiles> parts, KeyGroupRange range,
                                                  size_t key_group_bytes) {
  std::vector<PartFiles> files(parts.size());
  std::atomic<bool> all_can{true};
  KVSTATE_RETURN_IF_ERROR(RunTransfers(parts.size(), kMostPartsAtOnce, [&](size_t i) -> Status {
    KVSTATE_ASSIGN_OR_RETURN(std::optional<PartFiles> of_part, PrepareImport(parts[i], settings, key_group_bytes));
    if (of_part) {
      files[i] = std::move(*of_part);
    } else {
      all_can = false;
    }
    return Status();
  }));
  if (!all_can) return CopyIntoBest(directory, settings, parts, range, key_group_bytes);
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<RocksDbStore> store,
                           Import(directory, settings, parts, std::move(files), BoundsOf(range, key_group_bytes)));
  const bool all_wanted = std::ranges::all_of(parts, [&](const auto& part) { return Covers(range, part.key_groups); });
  if (!all_wanted) KVSTATE_RETURN_IF_ERROR(Clip(*store, range, key_group_bytes));
  return store;
}

Result<std::unique_ptr<RocksDbStore>> OpenOne(const std::string& directory, const EngineSettings& settings,
                                              const FetchedFiles& part, KeyGroupRange range, size_t key_group_bytes) {
  KVSTATE_RETURN_IF_ERROR(MoveFiles(part.directory, directory));
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<RocksDbStore> store,
                           RocksDbStore::OpenExisting(directory, settings, part.states));
  if (!Covers(range, part.key_groups)) KVSTATE_RETURN_IF_ERROR(Clip(*store, range, key_group_bytes));
  return store;
}

}  // namespace

Result<std::unique_ptr<OrderedStore>> OpenFromFiles(const std::string& directory, const EngineSettings& settings,
                                                    std::span<const FetchedFiles> parts, KeyGroupRange range,
                                                    size_t key_group_bytes) {
  auto store = parts.size() == 1 ? OpenOne(directory, settings, parts[0], range, key_group_bytes)
                                 : OpenSeveral(directory, settings, parts, range, key_group_bytes);
  if (!store.ok()) return store.status();
  return std::unique_ptr<OrderedStore>(std::move(store).value());
}

}  // namespace kvstate::backends::rocksdb
