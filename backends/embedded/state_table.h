#ifndef KVSTATE_BACKENDS_EMBEDDED_STATE_TABLE_H_
#define KVSTATE_BACKENDS_EMBEDDED_STATE_TABLE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "backends/embedded/change_tracker.h"
#include "backends/embedded/ordered_store.h"
#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// One state's table, with its writes counted, so that a walk can tell whether what it stands on has changed, and with
/// the keys noted that they change.
class StateTable {
 public:
  /// `store_writes` counts the writes to all tables of the store; it outlives this. `changes` is what notes the keys of
  /// writes; null where nobody asks for them.
  StateTable(std::unique_ptr<StoreTable> table, uint64_t* store_writes, TableChanges* changes)
      : table_(std::move(table)),
        appends_(table_->appends()),
        iterators_survive_writes_(table_->iterators_survive_writes()),
        store_writes_(store_writes),
        changes_(changes) {}

  Result<bool> Get(ByteView key, ByteView* value) { return table_->Get(key, value); }
  Status Put(ByteView key, ByteView value) {
    CountWrite(key);
    return table_->Put(key, value);
  }
  Status Delete(ByteView key) {
    CountWrite(key);
    return table_->Delete(key);
  }
  Status DeleteMany(std::span<const ByteView> keys, uint64_t* deleted) {
    for (const ByteView key : keys) CountWrite(key);
    return table_->DeleteMany(keys, deleted);
  }
  bool ReclaimMemory() { return table_->ReclaimMemory(); }
  bool ReclaimAll() { return table_->ReclaimAll(); }
  bool appends() const { return appends_; }
  Status Append(ByteView key, ByteView operand) {
    CountWrite(key);
    return table_->Append(key, operand);
  }

  Result<std::unique_ptr<StoreIterator>> NewIterator(ByteView lower, ByteView upper) {
    return table_->NewIterator(lower, upper);
  }
  bool iterators_survive_writes() const { return iterators_survive_writes_; }
  /// Grows with each write that an iterator must not be used across: when iterators survive writes, because it would
  /// not see those to this table; when they do not, because any write to the store may invalidate it.
  uint64_t writes() const { return iterators_survive_writes_ ? table_writes_ : *store_writes_; }

  /// To this table, since it was made.
  uint64_t table_writes() const { return table_writes_; }

  /// For any thread.
  StoreTable& store_table() { return *table_; }
  std::unique_ptr<StoreTable> Release() { return std::move(table_); }

 private:
  void CountWrite(ByteView key) {
    ++table_writes_;
    ++*store_writes_;
    // Also of a write that fails: nobody knows what it did.
    if (changes_ != nullptr) changes_->Note(key);
  }

  std::unique_ptr<StoreTable> table_;
  const bool appends_;
  const bool iterators_survive_writes_;
  uint64_t table_writes_ = 0;
  uint64_t* const store_writes_;
  TableChanges* const changes_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_STATE_TABLE_H_
