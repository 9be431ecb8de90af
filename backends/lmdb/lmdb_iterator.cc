#include "backends/lmdb/lmdb_iterator.h"

#include <cassert>

#include "backends/lmdb/lmdb_table.h"

namespace kvstate::backends::lmdb {

LmdbIterator::LmdbIterator(const LmdbTable& table, ByteView lower, ByteView upper, Caller caller)
    : table_(table),
      caller_(caller),
      lower_(lower),
      upper_(upper),
      cursor_(caller == Caller::kOwner ? &table.environment() : nullptr) {}

LmdbIterator::~LmdbIterator() { CloseCursors(); }

Environment::Lock LmdbIterator::LockCursors() const {
  return caller_ == Caller::kOwner ? table_.environment().LockAsOwner() : Environment::Lock();
}

Status LmdbIterator::Failure(int error) const { return table_.environment().ReadFailure(error); }

Status LmdbIterator::OpenCursor() {
  generation_ = table_.environment().generation();
  Database& database = table_.entries();
  MDB_txn* const txn = table_.environment().txn();
  const Environment::Lock lock = LockCursors();
  if (caller_ == Caller::kOwner && !database.cursor_is_lent) {
    // Most scans are one at a time and short: opening a cursor would be a good part of them.
    cursor_.Attach(txn, database.cursor);
    borrowed_ = database.cursor_is_lent = true;
    return Status();
  }
  borrowed_ = false;
  MDB_cursor* opened = nullptr;
  const int error = mdb_cursor_open(txn, database.dbi, &opened);
  if (error != 0) return Failure(error);
  cursor_.Attach(txn, opened);
  return Status();
}

void LmdbIterator::CloseCursors() {
  if (generation_ != table_.environment().generation()) {
    // LMDB closed those of a transaction that has ended.
    cursor_.Forget();
    return;
  }
  if (!cursor_.attached()) return;
  MDB_cursor* const detached = cursor_.Detach();
  const Environment::Lock lock = LockCursors();
  if (borrowed_) {
    table_.entries().cursor_is_lent = false;
  } else {
    mdb_cursor_close(detached);
  }
}

Status LmdbIterator::Seek(ByteView key) {
  valid_ = false;
  if (generation_ != table_.environment().generation()) CloseCursors();
  if (!cursor_.attached()) KVSTATE_RETURN_IF_ERROR(OpenCursor());
  const Database* const layers = table_.layers();
  return Settle(cursor_.Seek(key < lower_ ? ByteView(lower_) : key, layers == nullptr ? 0 : layers->dbi));
}

Status LmdbIterator::Next() {
  assert(valid_);
  if (generation_ != table_.environment().generation()) [[unlikely]] {
    // The least key behind the current one is it with a zero byte.
    const std::string behind = std::string(key()) + '\0';
    return Seek(behind);
  }
  valid_ = false;
  return Settle(cursor_.Next());
}

}  // namespace kvstate::backends::lmdb
