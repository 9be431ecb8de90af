#ifndef KVSTATE_BACKENDS_LMDB_LMDB_ITERATOR_H_
#define KVSTATE_BACKENDS_LMDB_LMDB_ITERATOR_H_

#include <lmdb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "backends/embedded/ordered_store.h"
#include "backends/lmdb/environment.h"

namespace kvstate::backends::lmdb {

class LmdbTable;

/// Walks a table by cursors of the live transaction: one in the table's entries and one in each layer (key_layers.h)
/// that the current key is in.
///
/// A cursor dies with its transaction, which any write may end: Seek opens new ones then, and nothing else works.
class LmdbIterator final : public StoreIterator {
 public:
  /// kLocked: the caller holds the environment's lock while it uses the iterator.
  enum class Caller { kOwner, kLocked };

  LmdbIterator(const LmdbTable& table, ByteView lower, ByteView upper, Caller caller);
  ~LmdbIterator() override;
  LmdbIterator(const LmdbIterator&) = delete;
  LmdbIterator& operator=(const LmdbIterator&) = delete;

  Status Seek(ByteView key) override;
  Status Next() override;
  bool Valid() const override { return valid_; }
  ByteView key() const override { return levels_.size() == 1 ? ByteView(plain_key_) : ByteView(whole_key_); }
  ByteView value() const override { return {static_cast<const char*>(value_.mv_data), value_.mv_size}; }

 private:
  struct Level {
    MDB_cursor* cursor = nullptr;
    std::string id;              // The layer's; empty for the table's entries.
    size_t whole_key_bytes = 0;  // Of the links that lead here.
  };

  Status PushLevel(ByteView id);
  void PopLevel();
  void CloseCursors();
  /// From where the innermost cursor stands, or stopped with `error`, on to the next entry.
  Status Settle(int error);
  Environment::Lock LockCursors() const;

  const LmdbTable& table_;
  const Caller caller_;
  const std::string lower_;
  const std::string upper_;
  uint64_t generation_ = 0;
  std::vector<Level> levels_;
  bool valid_ = false;
  MDB_val key_ = {};
  MDB_val value_ = {};
  ByteView plain_key_;
  std::string whole_key_;
};

}  // namespace kvstate::backends::lmdb

#endif  // KVSTATE_BACKENDS_LMDB_LMDB_ITERATOR_H_
