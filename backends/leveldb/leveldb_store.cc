#include "backends/leveldb/leveldb_store.h"

#include <charconv>
#include <utility>

#include "backends/leveldb/leveldb_status.h"
#include "backends/leveldb/leveldb_table.h"

namespace kvstate::backends::leveldb {

LevelDbStore::~LevelDbStore() { Close().IgnoreError(); }

Result<std::unique_ptr<OrderedStore>> LevelDbStore::Open(const std::string& directory, EngineSettings settings) {
  std::unique_ptr<LevelDbStore> store(new LevelDbStore(std::move(settings)));
  store->settings_.options.env = &store->env_;
  store->settings_.options.info_log = &store->env_;
  ::leveldb::DB* db = nullptr;
  const ::leveldb::Status status = ::leveldb::DB::Open(store->settings_.options, directory, &db);
  if (!status.ok()) return FromLevelDb(status, "open '" + directory + "'");
  store->db_.reset(db);
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

Result<std::unique_ptr<StoreTable>> LevelDbStore::CreateTable(const TableOptions& /*options*/) {
  uint32_t id = 0;
  while (table_ids_.count(id) != 0) ++id;
  if (id == LevelDbTable::kMaxTables) {
    return ResourceExhaustedError("a leveldb backend has at most " + std::to_string(id) + " states; remove some");
  }
  table_ids_.insert(id);
  return std::unique_ptr<StoreTable>(std::make_unique<LevelDbTable>(*this, id));
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
  std::string text;
  uint64_t bytes = 0;
  if (db_->GetProperty("leveldb.approximate-memory-usage", &text) &&
      std::from_chars(text.data(), text.data() + text.size(), bytes).ec == std::errc()) {
    counters.memory_bytes = bytes;
  }
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
  db_.reset();
  env_.WaitUntilIdle();
  return Status();
}

}  // namespace kvstate::backends::leveldb
