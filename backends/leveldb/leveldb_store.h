#ifndef KVSTATE_BACKENDS_LEVELDB_LEVELDB_STORE_H_
#define KVSTATE_BACKENDS_LEVELDB_LEVELDB_STORE_H_

#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>

#include "backends/embedded/ordered_store.h"
#include "backends/leveldb/leveldb_background_compaction.h"
#include "backends/leveldb/leveldb_env.h"
#include "backends/leveldb/leveldb_options.h"

namespace kvstate::backends::leveldb {

/// One LevelDB whose log writes are dropped; its tables are ranges of keys, told apart by a short prefix.
class LevelDbStore final : public OrderedStore {
 public:
  /// A new, empty one.
  static Result<std::unique_ptr<OrderedStore>> Open(const std::string& directory, EngineSettings settings);
  /// The one whose files are in `directory`, with states of these names and table numbers. DATA_LOSS when files are
  /// missing.
  static Result<std::unique_ptr<OrderedStore>> OpenExisting(const std::string& directory, EngineSettings settings,
                                                            std::map<std::string, uint32_t> states);
  ~LevelDbStore() override;

  Result<std::unique_ptr<StoreTable>> CreateTable(const TableOptions& options) override;
  Status DropTable(std::unique_ptr<StoreTable> table) override;
  Result<std::unique_ptr<StoreTable>> OpenTable(const SavedState& state) override;
  Result<std::unique_ptr<StoreView>> NewView(std::span<StoreTable* const> tables) override;
  std::string EngineDataOf(const StoreTable& table) const override;
  Result<std::unique_ptr<StoreFiles>> LinkFiles() override;
  Result<EngineCounters> Collect() override;
  Status Flush(bool compact) override;
  Status Close() override;

  // --- for its tables ---

  ::leveldb::DB& db() { return *db_; }
  /// Writes `batch`, whose key and value bytes are `bytes`.
  Status Write(::leveldb::WriteBatch& batch, size_t bytes);
  /// Has LevelDB flush its memory, and does not wait for it. Not where there is no room for it, nor while LevelDB has
  /// as many flushed files to compact as it takes at once: that would end in writes that wait.
  bool FlushInBackground();
  /// Has LevelDB compact the keys with `prefix`, and does not wait for it. Not where there is no room for a flush.
  bool CompactInBackground(const std::string& prefix);

 private:
  LevelDbStore(std::string directory, EngineSettings settings);
  Status OpenDatabase(bool is_new);
  /// Of memtables and the block cache.
  uint64_t MemoryBytes() const;
  /// Whether the file system has room for a flush.
  Status CheckRoom() const;

  const std::string directory_;
  EngineSettings settings_;
  StoreEnv env_;
  std::unique_ptr<::leveldb::DB> db_;
  BackgroundCompaction background_;
  std::set<uint32_t> table_ids_;
  std::map<std::string, uint32_t> unopened_;  ///< Tables of restored states, by name, until OpenTable.
  uint64_t links_made_ = 0;
  uint64_t logical_bytes_written_ = 0;
};

}  // namespace kvstate::backends::leveldb

#endif  // KVSTATE_BACKENDS_LEVELDB_LEVELDB_STORE_H_
