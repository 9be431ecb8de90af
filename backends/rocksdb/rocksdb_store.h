#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_STORE_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_STORE_H_

#include <rocksdb/db.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "backends/embedded/ordered_store.h"
#include "backends/rocksdb/rocksdb_counters.h"
#include "backends/rocksdb/rocksdb_options.h"

namespace kvstate::backends::rocksdb {

/// A RocksDB without write-ahead log; a column family a table.
class RocksDbStore final : public OrderedStore {
 public:
  static Result<std::unique_ptr<OrderedStore>> Open(const std::string& directory, EngineSettings settings);
  ~RocksDbStore() override;

  Result<std::unique_ptr<StoreTable>> CreateTable(const TableOptions& options) override;
  Status DropTable(std::unique_ptr<StoreTable> table) override;
  Result<EngineCounters> Collect() override;
  Status Flush(bool compact) override;
  Status Close() override;

  // --- for its tables ---

  ::rocksdb::DB& db() { return *db_; }
  /// Writes `batch`, whose key and value bytes are `bytes`.
  Status Write(::rocksdb::WriteBatch& batch, size_t bytes) {
    logical_bytes_written_ += bytes;
    const ::rocksdb::Status status = db_->Write(write_options_, &batch);
    if (status.ok()) [[likely]]
      return Status();
    return RetryWrite(status, batch);
  }

 private:
  explicit RocksDbStore(EngineSettings settings);

  Status RetryWrite(const ::rocksdb::Status& failure, ::rocksdb::WriteBatch& batch);
  Status WaitForCompactions();
  std::vector<::rocksdb::ColumnFamilyHandle*> Handles() const;

  const EngineSettings settings_;
  const std::shared_ptr<JobCounters> counters_;
  ::rocksdb::WriteOptions write_options_;
  std::unique_ptr<::rocksdb::DB> db_;
  ::rocksdb::ColumnFamilyHandle* default_family_ = nullptr;  ///< RocksDB insists on one; nothing is in it.
  std::vector<StoreTable*> tables_;
  uint64_t logical_bytes_written_ = 0;
  std::chrono::steady_clock::time_point last_resume_;
};

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_STORE_H_
