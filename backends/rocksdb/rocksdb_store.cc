#include "backends/rocksdb/rocksdb_store.h"

#include <rocksdb/convenience.h>

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "backends/embedded/linked_files.h"
#include "backends/rocksdb/rocksdb_files.h"
#include "backends/rocksdb/rocksdb_log.h"
#include "backends/rocksdb/rocksdb_merge.h"
#include "backends/rocksdb/rocksdb_status.h"
#include "backends/rocksdb/rocksdb_table.h"
#include "backends/rocksdb/rocksdb_view.h"

namespace kvstate::backends::rocksdb {

namespace {

// Trying to go on after the disk was full flushes; more often than this only fills the LOG.
constexpr std::chrono::milliseconds kResumeInterval{100};
constexpr std::chrono::milliseconds kPollInterval{1};

// A look at the clock is of no account beside so many accesses.
constexpr int64_t kAccessesPerTick = 64;
const uint64_t kPeriodNotSet = ::rocksdb::ColumnFamilyOptions().periodic_compaction_seconds;

AppendKind AppendOf(StateKind kind) {
  if (kind == StateKind::kList) return AppendKind::kConcat;
  // Whether it has operands is the function's to know, which comes later.
  return kind == StateKind::kReducing ? AppendKind::kReduce : AppendKind::kNone;
}

std::shared_ptr<ReduceOperator> UnboundOperator(StateKind kind) {
  return AppendOf(kind) == AppendKind::kReduce ? std::make_shared<ReduceOperator>() : nullptr;
}

/// Of an attempt to open files whose bytes are verified: what RocksDB says of them is damage all the same.
Status AsDamage(const Status& status) {
  return status.code() == StatusCode::kInternal ? DataLossError(std::string(status.message())) : status;
}

/// DATA_LOSS unless the database in `directory` has a column family for each of `states`, and no other.
Status CheckFamilies(const ::rocksdb::DBOptions& options, const std::string& directory,
                     std::span<const SavedState> states) {
  std::vector<std::string> names;
  const ::rocksdb::Status listed = ::rocksdb::DB::ListColumnFamilies(options, directory, &names);
  if (!listed.ok()) return AsDamage(FromRocksDb(listed, "list the column families in '" + directory + "'"));
  std::set<std::string> there(names.begin(), names.end());
  there.erase(::rocksdb::kDefaultColumnFamilyName);
  for (const SavedState& state : states) {
    if (there.erase(FamilyName(state.name)) != 0) continue;
    return DataLossError("the RocksDB in '" + directory + "' has no column family of state '" + state.name + "'");
  }
  if (there.empty()) return Status();
  return DataLossError("the RocksDB in '" + directory + "' has a column family of no state: '" + *there.begin() + "'");
}

}  // namespace

RocksDbStore::RocksDbStore(std::string directory, EngineSettings settings)
    : directory_(std::move(directory)), settings_(std::move(settings)), counters_(std::make_shared<JobCounters>()) {
  write_options_.disableWAL = true;
  log_ = MakeLog(directory_, settings_.db);
}

RocksDbStore::~RocksDbStore() { Close().IgnoreError(); }

Status RocksDbStore::OpenDatabase(Mode mode, std::vector<::rocksdb::ColumnFamilyDescriptor> families,
                                  std::vector<::rocksdb::ColumnFamilyHandle*>* handles) {
  ::rocksdb::DBOptions options = settings_.db;
  options.listeners.push_back(counters_);
  options.info_log = log_;
  options.create_if_missing = mode == Mode::kNew;
  options.error_if_exists = mode == Mode::kNew;
  families.insert(families.begin(),
                  {::rocksdb::kDefaultColumnFamilyName, FamilyOptions(AppendKind::kNone, nullptr, nullptr)});
  ::rocksdb::DB* db = nullptr;
  const ::rocksdb::Status status = mode == Mode::kReadOnly
                                       ? ::rocksdb::DB::OpenForReadOnly(options, directory_, families, handles, &db)
                                       : ::rocksdb::DB::Open(options, directory_, families, handles, &db);
  if (!status.ok()) return FromRocksDb(status, "open '" + directory_ + "'");
  db_.reset(db);
  const ::rocksdb::ColumnFamilyOptions& family = settings_.column_family;
  sweeper_ = std::make_unique<Sweeper>(*db_, *counters_, family.target_file_size_base,
                                       family.compaction_style != ::rocksdb::kCompactionStyleFIFO);
  default_family_ = handles->front();
  handles->erase(handles->begin());
  return Status();
}

::rocksdb::ColumnFamilyOptions RocksDbStore::FamilyOptions(AppendKind append, std::shared_ptr<ReduceOperator> reduce,
                                                           const std::shared_ptr<FamilyTtl>& ttl) const {
  ::rocksdb::ColumnFamilyOptions options = settings_.column_family;
  options.table_factory.reset(::rocksdb::NewBlockBasedTableFactory(settings_.table));
  if (append == AppendKind::kConcat) options.merge_operator = MakeConcatOperator();
  if (append == AppendKind::kReduce) {
    // Without its function a compaction could not do its work.
    if (!reduce->is_bound()) options.disable_auto_compactions = true;
    options.merge_operator = std::move(reduce);
  }
  if (ttl != nullptr) {
    SetTtlOptions(ttl, &options);
    // With a filter RocksDB would take 30 days for what is not set; StartTtl says what it is.
    if (options.periodic_compaction_seconds == kPeriodNotSet) options.periodic_compaction_seconds = 0;
  }
  return options;
}

Result<std::unique_ptr<RocksDbStore>> RocksDbStore::OpenNew(const std::string& directory, EngineSettings settings) {
  return OpenStates(Mode::kNew, directory, std::move(settings), {});
}

Result<std::unique_ptr<RocksDbStore>> RocksDbStore::OpenExisting(const std::string& directory, EngineSettings settings,
                                                                 std::span<const SavedState> states) {
  KVSTATE_RETURN_IF_ERROR(CheckFamilies(settings.db, directory, states));
  return OpenStates(Mode::kExisting, directory, std::move(settings), states);
}

Result<std::unique_ptr<RocksDbStore>> RocksDbStore::OpenReadOnly(const std::string& directory, EngineSettings settings,
                                                                 std::span<const SavedState> states) {
  KVSTATE_RETURN_IF_ERROR(CheckFamilies(settings.db, directory, states));
  return OpenStates(Mode::kReadOnly, directory, std::move(settings), states);
}

Result<std::unique_ptr<RocksDbStore>> RocksDbStore::OpenStates(Mode mode, const std::string& directory,
                                                               EngineSettings settings,
                                                               std::span<const SavedState> states) {
  std::unique_ptr<RocksDbStore> store(new RocksDbStore(directory, std::move(settings)));
  std::vector<::rocksdb::ColumnFamilyDescriptor> families;
  std::vector<std::shared_ptr<ReduceOperator>> operators;
  std::vector<std::shared_ptr<FamilyTtl>> ttls;
  for (const SavedState& state : states) {
    operators.push_back(UnboundOperator(state.kind));
    ttls.push_back(std::make_shared<FamilyTtl>(store->log_));
    families.emplace_back(FamilyName(state.name),
                          store->FamilyOptions(AppendOf(state.kind), operators.back(), ttls.back()));
  }
  std::vector<::rocksdb::ColumnFamilyHandle*> handles;
  const Status opened = store->OpenDatabase(mode, std::move(families), &handles);
  if (!opened.ok()) return mode == Mode::kNew ? opened : AsDamage(opened);
  for (size_t i = 0; i < states.size(); ++i) {
    store->restored_[states[i].name] = std::make_shared<const Family>(*store->db_, handles[i], states[i].name,
                                                                      std::move(operators[i]), std::move(ttls[i]));
  }
  return store;
}

Status RocksDbStore::AddRestored(const SavedState& state, const std::vector<::rocksdb::LiveFileMetaData>& files) {
  std::shared_ptr<ReduceOperator> reduce = UnboundOperator(state.kind);
  auto ttl = std::make_shared<FamilyTtl>(log_);
  const ::rocksdb::ColumnFamilyOptions options = FamilyOptions(AppendOf(state.kind), reduce, ttl);
  ::rocksdb::ColumnFamilyHandle* handle = nullptr;
  ::rocksdb::Status status;
  if (files.empty()) {
    status = db_->CreateColumnFamily(options, FamilyName(state.name), &handle);
  } else {
    ::rocksdb::ImportColumnFamilyOptions import;
    import.move_files = true;
    ::rocksdb::ExportImportFilesMetaData metadata;
    metadata.db_comparator_name = options.comparator->Name();
    metadata.files = files;
    status = db_->CreateColumnFamilyWithImport(options, FamilyName(state.name), import, metadata, &handle);
  }
  if (!status.ok()) return FromRocksDb(status, "make the column family of state '" + state.name + "'");
  restored_[state.name] = std::make_shared<const Family>(*db_, handle, state.name, std::move(reduce), std::move(ttl));
  return Status();
}

Result<std::unique_ptr<StoreTable>> RocksDbStore::CreateTable(const TableOptions& options) {
  std::shared_ptr<ReduceOperator> reduce;
  if (options.append == AppendKind::kReduce) {
    reduce = std::make_shared<ReduceOperator>();
    if (options.reduce) reduce->Bind(options.reduce);
  }
  ::rocksdb::ColumnFamilyHandle* handle = nullptr;
  auto ttl = options.may_expire ? std::make_shared<FamilyTtl>(log_) : nullptr;
  const ::rocksdb::Status status =
      db_->CreateColumnFamily(FamilyOptions(options.append, reduce, ttl), FamilyName(options.name), &handle);
  if (!status.ok()) return FromRocksDb(status, "create a column family");
  auto family = std::make_shared<const Family>(*db_, handle, options.name, std::move(reduce), std::move(ttl));
  auto table = std::make_unique<RocksDbTable>(*this, std::move(family), options.append);
  tables_.push_back(table.get());
  return std::unique_ptr<StoreTable>(std::move(table));
}

Result<std::unique_ptr<StoreTable>> RocksDbStore::OpenTable(const SavedState& state) {
  const auto unopened = restored_.find(state.name);
  if (unopened == restored_.end())
    return DataLossError("RocksDB's files have no column family of state '" + state.name + "'");
  auto table = std::make_unique<RocksDbTable>(*this, std::move(unopened->second), AppendKind::kNone);
  restored_.erase(unopened);
  tables_.push_back(table.get());
  return std::unique_ptr<StoreTable>(std::move(table));
}

Status RocksDbStore::ResumeCompactions(const Family& family) {
  if (settings_.column_family.disable_auto_compactions) return Status();
  return FromRocksDb(db_->EnableAutoCompaction({family.handle()}), "compact");
}

Status RocksDbStore::CheckMigratable() const {
  // Operands, and values that a compaction filter meets, are not told by their format: those that a view keeps alive
  // would be combined and filtered as the new ones are.
  uint64_t views = 0;
  if (!db_->GetIntProperty(::rocksdb::DB::Properties::kNumSnapshots, &views) || views == 0) return Status();
  return FailedPreconditionError(
      "a savepoint is being taken, of values as they were; ask for the state again when that "
      "is done");
}

Result<std::unique_ptr<StoreView>> RocksDbStore::NewView(std::span<StoreTable* const> tables) {
  std::vector<FamilyPtr> families;
  for (StoreTable* table : tables) families.push_back(static_cast<RocksDbTable*>(table)->family());
  return MakeView(*db_, std::move(families));
}

Result<std::unique_ptr<StoreFiles>> RocksDbStore::LinkFiles() {
  uint64_t memory = 0;
  if (db_->GetAggregatedIntProperty(::rocksdb::DB::Properties::kCurSizeAllMemTables, &memory)) {
    KVSTATE_RETURN_IF_ERROR(CheckRoomForFlush(directory_, "RocksDB", memory));
  }
  return LinkLiveFiles(*db_, directory_ + "/links." + std::to_string(++links_made_));
}

Status RocksDbStore::DropTable(std::unique_ptr<StoreTable> table) {
  std::erase(tables_, static_cast<RocksDbTable*>(table.get()));
  return FromRocksDb(db_->DropColumnFamily(static_cast<RocksDbTable&>(*table).family()->handle()),
                     "drop a column family");
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
  for (const RocksDbTable* table : tables_) handles.push_back(table->family()->handle());
  return handles;
}

void RocksDbStore::TickTables() {
  accesses_left_ = INT64_MAX;
  for (RocksDbTable* table : tables_) {
    if (!table->drops_expired()) continue;
    accesses_left_ = kAccessesPerTick;
    table->Tick();
  }
}

Result<EngineCounters> RocksDbStore::Collect() {
  EngineCounters counters;
  counters_->AddTo(&counters);
  counters.logical_bytes_written = logical_bytes_written_;

  std::map<std::string, std::string> totals;
  if (db_->GetMapProperty(::rocksdb::DB::Properties::kDBStats, &totals)) {
    const auto stall = totals.find("db.user_write_stall_micros");
    if (stall != totals.end()) {
      counters.stall_time_ns = std::stoull(stall->second) * 1000 + static_cast<uint64_t>(sweep_stall_.count());
    }
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
  if (compact) sweeper_->Wait();
  KVSTATE_RETURN_IF_ERROR(sweeper_->TakeFailure());
  if (!compact) return Status();
  return WaitForCompactions();
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
  restored_.clear();
  // What runs is cancelled first: a job of the sweeper's may be long.
  ::rocksdb::CancelAllBackgroundWork(db_.get(), /*wait=*/false);
  sweeper_->Stop();
  if (default_family_ != nullptr) {
    db_->DestroyColumnFamilyHandle(std::exchange(default_family_, nullptr)).PermitUncheckedError();
  }
  ::rocksdb::CancelAllBackgroundWork(db_.get(), /*wait=*/true);
  const ::rocksdb::Status status = db_->Close();
  db_.reset();
  return FromRocksDb(status, "close");
}

}  // namespace kvstate::backends::rocksdb
