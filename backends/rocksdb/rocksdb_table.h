#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_TABLE_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_TABLE_H_

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "backends/embedded/ordered_store.h"
#include "backends/rocksdb/rocksdb_family.h"
#include "backends/rocksdb/rocksdb_store.h"
#include "backends/rocksdb/rocksdb_write_sample.h"

namespace kvstate::backends::rocksdb {

/// A column family.
class RocksDbTable final : public StoreTable {
 public:
  RocksDbTable(RocksDbStore& store, FamilyPtr family, AppendKind append);

  Result<bool> Get(ByteView key, ByteView* value) override;
  Status Put(ByteView key, ByteView value) override;
  Status Delete(ByteView key) override;
  Status DeleteMany(std::span<const ByteView> keys, uint64_t* deleted) override;
  bool appends() const override { return most_operands_ != 0; }
  Status Append(ByteView key, ByteView operand) override;
  Result<std::unique_ptr<StoreIterator>> NewIterator(ByteView lower, ByteView upper) override;
  bool iterators_survive_writes() const override { return true; }
  Result<bool> ConcurrentGet(ByteView key, std::string* value) override;
  Status ConcurrentScan(ByteView prefix, const std::function<void(ByteView key, ByteView value)>& visit) override;
  Status Claim(const TableOptions& options) override;
  Status StartTtl(std::shared_ptr<const TableTtl> ttl) override;
  Status SweepExpired() override;
  void AddTtlFigures(TtlFigures* figures) const override;

  const FamilyPtr& family() const { return shared_family_; }
  /// Whether the engine drops what has expired.
  bool drops_expired() const { return shared_family_->ttl() != nullptr && shared_family_->ttl()->ttl() != nullptr; }
  /// To be called now and then: has the files looked at when the clock has moved far enough.
  void Tick();

 private:
  /// Asks for a sweep.
  void Look(int64_t now);
  void CountLive(int64_t now);
  /// As RocksDB holds writers back whose compactions are behind: until the sweep is done that the promise needs.
  void WaitForSweep(int64_t now);
  /// Of a restored table, for want of an operator that could do it later: each value whole.
  Status FoldAll(const TableOptions& options);
  void CollapseOperands(ByteView key);

  RocksDbStore& store_;
  ::rocksdb::DB& db_;
  const FamilyPtr shared_family_;
  ::rocksdb::ColumnFamilyHandle* const family_;
  /// A read that met more of them writes the value back whole; 0 when the table does not append.
  size_t most_operands_;
  const ::rocksdb::ReadOptions read_options_;
  ::rocksdb::PinnableSlice value_;  ///< What Get's view points into.
  ::rocksdb::WriteBatch batch_;     ///< Kept for its memory.
  uint64_t bytes_since_tick_ = 0;   ///< Written.
  int64_t last_look_ = 0;
  /// Where a write replaces what was there: all but lists.
  std::optional<WriteSample> sample_;
  int64_t last_counted_ = 0;  ///< When what lives was last counted.
  // When the sweeper was asked for what it may be at still.
  int64_t asked_at_ = 0;
  std::chrono::steady_clock::time_point asked_at_time_;
};

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_TABLE_H_
