#ifndef KVSTATE_BACKENDS_LMDB_LMDB_ITERATOR_H_
#define KVSTATE_BACKENDS_LMDB_LMDB_ITERATOR_H_

#include <cstdint>
#include <string>

#include "backends/embedded/ordered_store.h"
#include "backends/lmdb/environment.h"
#include "backends/lmdb/layered_cursor.h"

namespace kvstate::backends::lmdb {

class LmdbTable;

/// Walks a table by cursors of the live transaction.
///
/// Cursors die with their transaction, which any write, and a commit or a new table too, may end. Seek opens new ones
/// then; so does Next where no write came between.
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
  ByteView key() const override { return cursor_.key(); }
  ByteView value() const override { return cursor_.value(); }

 private:
  Status OpenCursor();
  void CloseCursors();
  /// After the cursor moved, with LMDB's code `error`.
  Status Settle(int error) {
    valid_ = error == 0 && (upper_.empty() || key() < upper_);
    if (error == 0 || error == MDB_NOTFOUND) [[likely]]
      return Status();
    return Failure(error);
  }
  Status Failure(int error) const;
  Environment::Lock LockCursors() const;

  const LmdbTable& table_;
  const Caller caller_;
  const std::string lower_;
  const std::string upper_;
  uint64_t generation_ = 0;
  bool borrowed_ = false;  ///< The cursor is the database's own.
  bool valid_ = false;
  LayeredCursor cursor_;
};

}  // namespace kvstate::backends::lmdb

#endif  // KVSTATE_BACKENDS_LMDB_LMDB_ITERATOR_H_
