#include "backends/rocksdb/rocksdb_store.h"

#include <rocksdb/convenience.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "backends/rocksdb/rocksdb_log.h"
#include "backends/rocksdb/rocksdb_merge.h"
#include "backends/rocksdb/rocksdb_status.h"
#include "backends/rocksdb/rocksdb_table.h"

namespace kvstate::backends::rocksdb {

namespace {

// Trying to go on after the disk was full flushes; more often than this only fills the LOG.
constexpr std::chrono::milliseconds kResumeInterval{100};
constexpr std::chrono::milliseconds kPollInterval{1};

/// A column family's name for a state's: a state may have any bytes in it, one called "default" included.
std::string FamilyName(const std::string& state_name) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string name = "state.";
  for (const char c : state_name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (plain) {
      name.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      name.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return name;
}

}  // namespace

RocksDbStore::RocksDbStore(EngineSettings settings)
    : settings_(std::move(settings)), counters_(std::make_shared<JobCounters>()) {
  write_options_.disableWAL = true;
}

RocksDbStore::~RocksDbStore() { Close().IgnoreError(); }

Result<std::unique_ptr<OrderedStore>> RocksDbStore::Open(const std::string& directory, EngineSettings settings) {
  std::unique_ptr<RocksDbStore> store(new RocksDbStore(std::move(settings)));
  ::rocksdb::Options options(store->settings_.db, store->settings_.column_family);
  options.table_factory.reset(::rocksdb::NewBlockBasedTableFactory(store->settings_.table));
  options.listeners.push_back(store->counters_);
  options.info_log = MakeLog(directory, options);
  const std::vector<::rocksdb::ColumnFamilyDescriptor> families = {{::rocksdb::kDefaultColumnFamilyName, options}};
  std::vector<::rocksdb::ColumnFamilyHandle*> handles;
  ::rocksdb::DB* db = nullptr;
  const ::rocksdb::Status status = ::rocksdb::DB::Open(options, directory, families, &handles, &db);
  if (!status.ok()) return FromRocksDb(status, "open '" + directory + "'");
  store->db_.reset(db);
  store->default_family_ = handles.front();
  return std::unique_ptr<OrderedStore>(std::move(store));
}

Result<std::unique_ptr<StoreTable>> RocksDbStore::CreateTable(const TableOptions& options) {
  ::rocksdb::ColumnFamilyOptions family_options = settings_.column_family;
  family_options.table_factory.reset(::rocksdb::NewBlockBasedTableFactory(settings_.table));
  if (options.append == AppendKind::kConcat) family_options.merge_operator = MakeConcatOperator();
  if (options.append == AppendKind::kReduce) family_options.merge_operator = MakeReduceOperator(options.reduce);
  ::rocksdb::ColumnFamilyHandle* family = nullptr;
  const ::rocksdb::Status status = db_->CreateColumnFamily(family_options, FamilyName(options.name), &family);
  if (!status.ok()) return FromRocksDb(status, "create a column family");
  auto table = std::make_unique<RocksDbTable>(*this, family, options.append);
  tables_.push_back(table.get());
  return std::unique_ptr<StoreTable>(std::move(table));
}

Status RocksDbStore::DropTable(std::unique_ptr<StoreTable> table) {
  std::erase(tables_, table.get());
  return FromRocksDb(db_->DropColumnFamily(static_cast<RocksDbTable&>(*table).family()), "drop a column family");
}

Status RocksDbStore::RetryWrite(const ::rocksdb::Status& failure, ::rocksdb::WriteBatch& batch) {
  const auto now = std::chrono::steady_clock::now();
  if (IsOutOfSpace(failure) && now - last_resume_ >= kResumeInterval) {
    last_resume_ = now;
    // The caller may have freed space meanwhile; without this RocksDB would refuse writes for ever.
    if (db_->Resume().ok()) return FromRocksDb(db_->Write(write_options_, &batch), "write");
  }
  return FromRocksDb(failure, "write");
}

std::vector<::rocksdb::ColumnFamilyHandle*> RocksDbStore::Handles() const {
  std::vector<::rocksdb::ColumnFamilyHandle*> handles;
  for (StoreTable* table : tables_) handles.push_back(static_cast<RocksDbTable*>(table)->family());
  return handles;
}

Result<EngineCounters> RocksDbStore::Collect() {
  EngineCounters counters;
  counters_->AddTo(&counters);
  counters.logical_bytes_written = logical_bytes_written_;

  std::map<std::string, std::string> totals;
  if (db_->GetMapProperty(::rocksdb::DB::Properties::kDBStats, &totals)) {
    const auto stall = totals.find("db.user_write_stall_micros");
    if (stall != totals.end()) counters.stall_time_ns = std::stoull(stall->second) * 1000;
  }
  const auto sum = [this](const std::string& property) {
    std::optional<uint64_t> total;
    uint64_t value = 0;
    if (db_->GetAggregatedIntProperty(property, &value)) total = value;
    return total;
  };
  counters.disk_bytes = sum(::rocksdb::DB::Properties::kTotalSstFilesSize);
  const auto memtables = sum(::rocksdb::DB::Properties::kSizeAllMemTables);
  const auto readers = sum(::rocksdb::DB::Properties::kEstimateTableReadersMem);
  const auto& cache = settings_.table.block_cache;
  if (memtables && readers) counters.memory_bytes = *memtables + *readers + (cache ? cache->GetUsage() : 0);
  return counters;
}

Status RocksDbStore::Flush(bool compact) {
  const auto handles = Handles();
  if (handles.empty()) return Status();
  KVSTATE_RETURN_IF_ERROR(FromRocksDb(db_->Flush(::rocksdb::FlushOptions(), handles), "flush"));
  return compact ? WaitForCompactions() : Status();
}

Status RocksDbStore::WaitForCompactions() {
  while (true) {
    uint64_t jobs = 0;
    for (const std::string& property :
         {::rocksdb::DB::Properties::kMemTableFlushPending, ::rocksdb::DB::Properties::kNumRunningFlushes,
          ::rocksdb::DB::Properties::kCompactionPending, ::rocksdb::DB::Properties::kNumRunningCompactions}) {
      uint64_t value = 0;
      if (!db_->GetAggregatedIntProperty(property, &value)) return InternalError("RocksDB lacks property " + property);
      jobs += value;
    }
    uint64_t errors = 0;
    if (db_->GetIntProperty(::rocksdb::DB::Properties::kBackgroundErrors, &errors) && errors > 0 && jobs > 0) {
      // A job that keeps failing stays pending: say so rather than wait for it.
      KVSTATE_RETURN_IF_ERROR(FromRocksDb(db_->Resume(), "compact"));
    }
    if (jobs == 0) return Status();
    std::this_thread::sleep_for(kPollInterval);
  }
}

Status RocksDbStore::Close() {
  if (db_ == nullptr) return Status();
  if (default_family_ != nullptr) {
    db_->DestroyColumnFamilyHandle(std::exchange(default_family_, nullptr)).PermitUncheckedError();
  }
  ::rocksdb::CancelAllBackgroundWork(db_.get(), /*wait=*/true);
  const ::rocksdb::Status status = db_->Close();
  db_.reset();
  return FromRocksDb(status, "close");
}

}  // namespace kvstate::backends::rocksdb
