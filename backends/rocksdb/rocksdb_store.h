#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_STORE_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_STORE_H_

#include <rocksdb/db.h>
#include <rocksdb/metadata.h>

#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends/embedded/ordered_store.h"
#include "backends/rocksdb/rocksdb_counters.h"
#include "backends/rocksdb/rocksdb_family.h"
#include "backends/rocksdb/rocksdb_options.h"
#include "backends/rocksdb/rocksdb_sweeper.h"

namespace kvstate::backends::rocksdb {

class RocksDbTable;

/// A RocksDB without write-ahead log; a column family a table.
class RocksDbStore final : public OrderedStore {
 public:
  /// A new, empty one.
  static Result<std::unique_ptr<RocksDbStore>> OpenNew(const std::string& directory, EngineSettings settings);
  /// The one whose files are in `directory`; `states` are those it has. DATA_LOSS when they are not in it.
  static Result<std::unique_ptr<RocksDbStore>> OpenExisting(const std::string& directory, EngineSettings settings,
                                                            std::span<const SavedState> states);
  /// The same, to be read alone: through db() and restored().
  static Result<std::unique_ptr<RocksDbStore>> OpenReadOnly(const std::string& directory, EngineSettings settings,
                                                            std::span<const SavedState> states);
  ~RocksDbStore() override;

  Result<std::unique_ptr<StoreTable>> CreateTable(const TableOptions& options) override;
  Status DropTable(std::unique_ptr<StoreTable> table) override;
  Result<std::unique_ptr<StoreTable>> OpenTable(const SavedState& state) override;
  Status CheckMigratable() const override;
  Result<std::unique_ptr<StoreView>> NewView(std::span<StoreTable* const> tables) override;
  Result<std::unique_ptr<StoreFiles>> LinkFiles() override;
  Result<EngineCounters> Collect() override;
  Status Flush(bool compact) override;
  Status Close() override;

  // --- for its tables ---

  ::rocksdb::DB& db() { return *db_; }
  const ::rocksdb::WriteOptions& write_options() const { return write_options_; }
  /// Writes `batch`, whose key and value bytes are `bytes`.
  Status Write(::rocksdb::WriteBatch& batch, size_t bytes) {
    logical_bytes_written_ += bytes;
    CountAccess();
    const ::rocksdb::Status status = db_->Write(write_options_, &batch);
    if (status.ok()) [[likely]]
      return Status();
    return RetryWrite(status, batch);
  }
  /// Now and then gives each table whose values expire a Tick.
  void CountAccess() {
    if (--accesses_left_ <= 0) [[unlikely]]
      TickTables();
  }
  /// There is a table whose values expire.
  void WatchAccesses() { accesses_left_ = 0; }
  Sweeper& sweeper() { return *sweeper_; }
  /// That an access waited for a sweep.
  void CountStall(std::chrono::nanoseconds time) { sweep_stall_ += time; }

  // --- for a restore, before any table is opened ---

  using Families = std::map<std::string, FamilyPtr>;
  /// Of restored states, by name, until OpenTable.
  const Families& restored() const { return restored_; }
  /// Adds a family of a restored state, made of the table files given; they are taken. There may be none.
  Status AddRestored(const SavedState& state, const std::vector<::rocksdb::LiveFileMetaData>& files);

  /// Of a restored family, once it needs no function that is not known.
  Status ResumeCompactions(const Family& family);

 private:
  RocksDbStore(std::string directory, EngineSettings settings);

  enum class Mode : uint8_t { kNew, kExisting, kReadOnly };
  Status OpenDatabase(Mode mode, std::vector<::rocksdb::ColumnFamilyDescriptor> families,
                      std::vector<::rocksdb::ColumnFamilyHandle*>* handles);
  static Result<std::unique_ptr<RocksDbStore>> OpenStates(Mode mode, const std::string& directory,
                                                          EngineSettings settings, std::span<const SavedState> states);
  ::rocksdb::ColumnFamilyOptions FamilyOptions(AppendKind append, std::shared_ptr<ReduceOperator> reduce,
                                               const std::shared_ptr<FamilyTtl>& ttl) const;
  void TickTables();

  Status RetryWrite(const ::rocksdb::Status& failure, ::rocksdb::WriteBatch& batch);
  Status WaitForCompactions();
  std::vector<::rocksdb::ColumnFamilyHandle*> Handles() const;

  const std::string directory_;
  const EngineSettings settings_;
  const std::shared_ptr<JobCounters> counters_;
  std::shared_ptr<::rocksdb::Logger> log_;
  ::rocksdb::WriteOptions write_options_;
  std::unique_ptr<::rocksdb::DB> db_;
  ::rocksdb::ColumnFamilyHandle* default_family_ = nullptr;  ///< RocksDB insists on one; nothing is in it.
  std::unique_ptr<Sweeper> sweeper_;
  std::vector<RocksDbTable*> tables_;
  int64_t accesses_left_ = INT64_MAX;  ///< Before the next TickTables.
  Families restored_;
  uint64_t links_made_ = 0;
  uint64_t logical_bytes_written_ = 0;
  std::chrono::nanoseconds sweep_stall_{0};
  std::chrono::steady_clock::time_point last_resume_;
};

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_STORE_H_
