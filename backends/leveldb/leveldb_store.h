#ifndef KVSTATE_BACKENDS_LEVELDB_LEVELDB_STORE_H_
#define KVSTATE_BACKENDS_LEVELDB_LEVELDB_STORE_H_

#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include <memory>
#include <set>
#include <string>

#include "backends/embedded/ordered_store.h"
#include "backends/leveldb/leveldb_env.h"
#include "backends/leveldb/leveldb_options.h"

namespace kvstate::backends::leveldb {

/// One LevelDB whose log writes are dropped; its tables are ranges of keys, told apart by a short prefix.
class LevelDbStore final : public OrderedStore {
 public:
  static Result<std::unique_ptr<OrderedStore>> Open(const std::string& directory, EngineSettings settings);
  ~LevelDbStore() override;

  Result<std::unique_ptr<StoreTable>> CreateTable(const TableOptions& options) override;
  Status DropTable(std::unique_ptr<StoreTable> table) override;
  Result<EngineCounters> Collect() override;
  Status Flush(bool compact) override;
  Status Close() override;

  // --- for its tables ---

  ::leveldb::DB& db() { return *db_; }
  /// Writes `batch`, whose key and value bytes are `bytes`.
  Status Write(::leveldb::WriteBatch& batch, size_t bytes);

 private:
  explicit LevelDbStore(EngineSettings settings) : settings_(std::move(settings)) {}

  EngineSettings settings_;
  StoreEnv env_;
  std::unique_ptr<::leveldb::DB> db_;
  std::set<uint32_t> table_ids_;
  uint64_t logical_bytes_written_ = 0;
};

}  // namespace kvstate::backends::leveldb

#endif  // KVSTATE_BACKENDS_LEVELDB_LEVELDB_STORE_H_
