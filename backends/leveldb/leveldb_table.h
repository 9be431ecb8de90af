#ifndef KVSTATE_BACKENDS_LEVELDB_LEVELDB_TABLE_H_
#define KVSTATE_BACKENDS_LEVELDB_LEVELDB_TABLE_H_

#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "backends/embedded/ordered_store.h"
#include "backends/leveldb/leveldb_store.h"

namespace kvstate::backends::leveldb {

/// The entries of a LevelDB whose keys start with the table's prefix.
class LevelDbTable final : public StoreTable {
 public:
  LevelDbTable(LevelDbStore& store, uint32_t id);

  /// The most tables that a store has.
  static constexpr uint32_t kMaxTables = 0x8000;
  /// What the table's keys start with: one byte below 0x80, or two of which the first is at least that, so that no
  /// prefix is the prefix of another.
  static std::string PrefixOf(uint32_t id);
  /// Nothing for what is no prefix.
  static std::optional<uint32_t> IdOf(ByteView prefix);

  Result<bool> Get(ByteView key, ByteView* value) override;
  Status Put(ByteView key, ByteView value) override;
  Status Delete(ByteView key) override;
  Status DeleteMany(std::span<const ByteView> keys, uint64_t* deleted) override;
  bool ReclaimMemory() override { return store_.FlushInBackground(); }
  bool ReclaimAll() override { return store_.CompactInBackground(prefix_); }
  bool appends() const override { return false; }
  Status Append(ByteView key, ByteView operand) override;
  Result<std::unique_ptr<StoreIterator>> NewIterator(ByteView lower, ByteView upper) override;
  bool iterators_survive_writes() const override { return true; }
  Result<bool> ConcurrentGet(ByteView key, std::string* value) override;
  Status ConcurrentScan(ByteView prefix, const std::function<void(ByteView key, ByteView value)>& visit) override;

  Status Claim(const TableOptions& /*options*/) override { return Status(); }

  uint32_t id() const { return id_; }
  const std::string& prefix() const { return prefix_; }
  /// Removes all entries, and gives their space on disk back.
  Status RemoveAll();

 private:
  ::leveldb::Slice Prefixed(ByteView key) {
    key_.resize(prefix_.size());
    key_.append(key);
    return key_;
  }

  LevelDbStore& store_;
  ::leveldb::DB& db_;
  const uint32_t id_;
  const std::string prefix_;
  const ::leveldb::ReadOptions read_options_;
  std::string key_;              ///< Starts with the prefix, always.
  std::string value_;            ///< What Get's view points into.
  ::leveldb::WriteBatch batch_;  ///< Kept for its memory.
};

}  // namespace kvstate::backends::leveldb

#endif  // KVSTATE_BACKENDS_LEVELDB_LEVELDB_TABLE_H_
