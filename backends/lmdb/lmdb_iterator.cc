#include "backends/lmdb/lmdb_iterator.h"

#include <cassert>

#include "backends/lmdb/key_layers.h"
#include "backends/lmdb/lmdb_table.h"

namespace kvstate::backends::lmdb {

LmdbIterator::LmdbIterator(const LmdbTable& table, ByteView lower, ByteView upper, Caller caller)
    : table_(table), caller_(caller), lower_(lower), upper_(upper) {}

LmdbIterator::~LmdbIterator() { CloseCursors(); }

Environment::Lock LmdbIterator::LockCursors() const {
  return caller_ == Caller::kOwner ? table_.environment().LockAsOwner() : Environment::Lock();
}

Status LmdbIterator::PushLevel(ByteView id) {
  Level level;
  level.id = id;
  if (!levels_.empty()) level.whole_key_bytes = levels_.back().whole_key_bytes + kLinkBytes - levels_.back().id.size();
  const Database& database = id.empty() ? table_.entries() : *table_.layers();
  const Environment::Lock lock = LockCursors();
  const int error = mdb_cursor_open(table_.environment().txn(), database.dbi, &level.cursor);
  if (error != 0) return table_.environment().ReadFailure(error);
  levels_.push_back(std::move(level));
  return Status();
}

void LmdbIterator::PopLevel() {
  const Environment::Lock lock = LockCursors();
  mdb_cursor_close(levels_.back().cursor);
  levels_.pop_back();
}

void LmdbIterator::CloseCursors() {
  // LMDB closed those of a transaction that has ended.
  if (generation_ != table_.environment().generation()) levels_.clear();
  while (!levels_.empty()) PopLevel();
}

Status LmdbIterator::Seek(ByteView key) {
  valid_ = false;
  if (generation_ != table_.environment().generation()) levels_.clear();
  generation_ = table_.environment().generation();
  while (levels_.size() > 1) PopLevel();
  if (levels_.empty()) KVSTATE_RETURN_IF_ERROR(PushLevel({}));

  const ByteView target = key < lower_ ? ByteView(lower_) : key;
  KeyCutter cutter(target);
  for (;;) {
    const MDB_val part = cutter.part();
    key_ = part;
    const MDB_cursor_op op = part.mv_size == 0 ? MDB_FIRST : MDB_SET_RANGE;
    const int error = mdb_cursor_get(levels_.back().cursor, &key_, &value_, op);
    if (error != 0 || cutter.last() || ToView(key_) != ToView(part)) return Settle(error);
    cutter.Descend(ToView(value_));
    whole_key_.resize(levels_.back().whole_key_bytes);
    whole_key_.append(ToView(key_).substr(levels_.back().id.size()));
    KVSTATE_RETURN_IF_ERROR(PushLevel(ToView(value_)));
  }
}

Status LmdbIterator::Next() {
  assert(valid_ && generation_ == table_.environment().generation());
  valid_ = false;
  return Settle(mdb_cursor_get(levels_.back().cursor, &key_, &value_, MDB_NEXT));
}

Status LmdbIterator::Settle(int error) {
  for (;;) {
    const Level& level = levels_.back();
    if (error != 0 && error != MDB_NOTFOUND) return table_.environment().ReadFailure(error);
    if (error == MDB_NOTFOUND || !ToView(key_).starts_with(level.id)) {
      if (levels_.size() == 1) return Status();
      PopLevel();
      error = mdb_cursor_get(levels_.back().cursor, &key_, &value_, MDB_NEXT);
      continue;
    }
    const bool link = IsLink(key_);
    if (!link && levels_.size() == 1) [[likely]] {
      plain_key_ = ToView(key_);
      break;
    }
    whole_key_.resize(level.whole_key_bytes);
    whole_key_.append(ToView(key_).substr(level.id.size()));
    if (!link) break;
    KVSTATE_RETURN_IF_ERROR(PushLevel(ToView(value_)));
    key_ = ToMdb(levels_.back().id);
    error = mdb_cursor_get(levels_.back().cursor, &key_, &value_, MDB_SET_RANGE);
  }
  valid_ = upper_.empty() || this->key() < upper_;
  return Status();
}

}  // namespace kvstate::backends::lmdb
