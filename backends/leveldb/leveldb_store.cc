#include "backends/leveldb/leveldb_store.h"

#include <charconv>
#include <utility>
#include <vector>

#include "backends/embedded/linked_files.h"
#include "backends/leveldb/leveldb_files.h"
#include "backends/leveldb/leveldb_status.h"
#include "backends/leveldb/leveldb_table.h"
#include "backends/leveldb/leveldb_view.h"

namespace kvstate::backends::leveldb {

LevelDbStore::~LevelDbStore() { Close().IgnoreError(); }

LevelDbStore::LevelDbStore(std::string directory, EngineSettings settings)
    : directory_(std::move(directory)), settings_(std::move(settings)) {
  settings_.options.env = &env_;
  settings_.options.info_log = &env_;
}

Status LevelDbStore::OpenDatabase(bool is_new) {
  ::leveldb::Options options = settings_.options;
  options.create_if_missing = is_new;
  options.error_if_exists = is_new;
  ::leveldb::DB* db = nullptr;
  const ::leveldb::Status status = ::leveldb::DB::Open(options, directory_, &db);
  if (!status.ok()) return FromLevelDb(status, "open '" + directory_ + "'");
  db_.reset(db);
  return Status();
}

Result<std::unique_ptr<OrderedStore>> LevelDbStore::Open(const std::string& directory, EngineSettings settings) {
  std::unique_ptr<LevelDbStore> store(new LevelDbStore(directory, std::move(settings)));
  KVSTATE_RETURN_IF_ERROR(store->OpenDatabase(/*is_new=*/true));
  return std::unique_ptr<OrderedStore>(std::move(store));
}

Result<std::unique_ptr<OrderedStore>> LevelDbStore::OpenExisting(const std::string& directory, EngineSettings settings,
                                                                 std::map<std::string, uint32_t> states) {
  // LevelDB looks at no file's size before it reads it.
  KVSTATE_ASSIGN_OR_RETURN(const Manifest manifest, ReadVersion(directory));
  std::unique_ptr<LevelDbStore> store(new LevelDbStore(directory, std::move(settings)));
  for (const TableFile& file : manifest.files) {
    store->env_.AddFile(directory + "/" + TableFileName(file.number), file.bytes);
  }
  KVSTATE_RETURN_IF_ERROR(store->OpenDatabase(/*is_new=*/false));
  for (const auto& [name, id] : states) store->table_ids_.insert(id);
  store->unopened_ = std::move(states);
  return std::unique_ptr<OrderedStore>(std::move(store));
}

Status LevelDbStore::Write(::leveldb::WriteBatch& batch, size_t bytes) {
  logical_bytes_written_ += bytes;
  const ::leveldb::Status status = db_->Write(::leveldb::WriteOptions(), &batch);
  env_.EndStall();
  if (status.ok()) [[likely]]
    return Status();
  return FromLevelDb(status, "write");
}

bool LevelDbStore::FlushInBackground() {
  std::string files;
  if (!db_->GetProperty("leveldb.num-files-at-level0", &files) || files.size() > 1 || files[0] >= '4') return false;
  return CheckRoom().ok() && background_.Flush(*db_);
}

bool LevelDbStore::CompactInBackground(const std::string& prefix) {
  return CheckRoom().ok() && background_.CompactPrefix(*db_, prefix);
}

Result<std::unique_ptr<StoreTable>> LevelDbStore::CreateTable(const TableOptions& /*options*/) {
  uint32_t id = 0;
  while (table_ids_.count(id) != 0) ++id;
  if (id == LevelDbTable::kMaxTables) {
    return ResourceExhaustedError("a leveldb backend has at most " + std::to_string(id) + " states; remove some");
  }
  table_ids_.insert(id);
  return std::unique_ptr<StoreTable>(std::make_unique<LevelDbTable>(*this, id));
}

Result<std::unique_ptr<StoreTable>> LevelDbStore::OpenTable(const SavedState& state) {
  const auto unopened = unopened_.find(state.name);
  if (unopened == unopened_.end()) return DataLossError("LevelDB's files have no state '" + state.name + "'");
  auto table = std::make_unique<LevelDbTable>(*this, unopened->second);
  unopened_.erase(unopened);
  return std::unique_ptr<StoreTable>(std::move(table));
}

Result<std::unique_ptr<StoreView>> LevelDbStore::NewView(std::span<StoreTable* const> tables) {
  std::vector<std::string> prefixes;
  for (StoreTable* table : tables) prefixes.push_back(static_cast<LevelDbTable*>(table)->prefix());
  return MakeView(*db_, std::move(prefixes));
}

std::string LevelDbStore::EngineDataOf(const StoreTable& table) const {
  return static_cast<const LevelDbTable&>(table).prefix();
}

uint64_t LevelDbStore::MemoryBytes() const {
  std::string text;
  uint64_t bytes = 0;
  if (!db_->GetProperty("leveldb.approximate-memory-usage", &text)) return 0;
  std::from_chars(text.data(), text.data() + text.size(), bytes);
  return bytes;
}

Status LevelDbStore::CheckRoom() const {
  // A flush that fails would be the end of this LevelDB: it takes no writes afterwards.
  const uint64_t cached = settings_.cache->TotalCharge();
  const uint64_t memory = MemoryBytes();
  return CheckRoomForFlush(directory_, "LevelDB", memory > cached ? memory - cached : 0);
}

Result<std::unique_ptr<StoreFiles>> LevelDbStore::LinkFiles() {
  KVSTATE_RETURN_IF_ERROR(CheckRoom());
  KVSTATE_RETURN_IF_ERROR(Flush(/*compact=*/false));
  return LinkLiveFiles(env_, directory_, directory_ + "/links." + std::to_string(++links_made_));
}

Status LevelDbStore::DropTable(std::unique_ptr<StoreTable> table) {
  auto& dropped = static_cast<LevelDbTable&>(*table);
  KVSTATE_RETURN_IF_ERROR(dropped.RemoveAll());
  table_ids_.erase(dropped.id());
  return Status();
}

Result<EngineCounters> LevelDbStore::Collect() {
  EngineCounters counters;
  env_.AddTo(&counters);
  counters.logical_bytes_written = logical_bytes_written_;
  counters.memory_bytes = MemoryBytes();
  return counters;
}

Status LevelDbStore::Flush(bool compact) {
  // Over a range that is before every key LevelDB flushes its memory, and has nothing else to compact.
  const ::leveldb::Slice nothing("", 0);
  db_->CompactRange(&nothing, &nothing);
  if (compact) env_.WaitUntilIdle();
  // CompactRange returns nothing; a write tells whether background work has failed.
  ::leveldb::WriteBatch empty;
  return FromLevelDb(db_->Write(::leveldb::WriteOptions(), &empty), "flush");
}

Status LevelDbStore::Close() {
  background_.Stop();
  db_.reset();
  env_.WaitUntilIdle();
  return Status();
}

}  // namespace kvstate::backends::leveldb
