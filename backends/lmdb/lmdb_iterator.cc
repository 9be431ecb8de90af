#include "backends/lmdb/lmdb_iterator.h"

#include <cassert>
#include <utility>

#include "backends/lmdb/lmdb_table.h"

namespace kvstate::backends::lmdb {

LmdbIterator::LmdbIterator(const LmdbTable& table, ByteView lower, ByteView upper, Caller caller)
    : table_(table), caller_(caller), lower_(lower), upper_(upper) {}

LmdbIterator::~LmdbIterator() { CloseCursors(); }

Environment::Lock LmdbIterator::LockCursors() const {
  return caller_ == Caller::kOwner ? table_.environment().LockAsOwner() : Environment::Lock();
}

Status LmdbIterator::OpenCursor() {
  generation_ = table_.environment().generation();
  Database& database = table_.entries();
  const Environment::Lock lock = LockCursors();
  if (caller_ == Caller::kOwner && !database.cursor_is_lent) {
    // Most scans are one at a time and short: opening a cursor would be a good part of them.
    cursor_ = database.cursor;
    borrowed_ = database.cursor_is_lent = true;
    return Status();
  }
  borrowed_ = false;
  const int error = mdb_cursor_open(table_.environment().txn(), database.dbi, &cursor_);
  return error == 0 ? Status() : table_.environment().ReadFailure(error);
}

void LmdbIterator::CloseCursors() {
  if (generation_ != table_.environment().generation()) {
    // LMDB closed those of a transaction that has ended.
    layers_.clear();
    cursor_ = nullptr;
    return;
  }
  while (!layers_.empty()) PopLayer();
  if (cursor_ == nullptr) return;
  const Environment::Lock lock = LockCursors();
  if (borrowed_) {
    table_.entries().cursor_is_lent = false;
  } else {
    mdb_cursor_close(cursor_);
  }
  cursor_ = nullptr;
}

Status LmdbIterator::PushLayer() {
  const size_t outer_id_bytes = layers_.empty() ? 0 : kLayerIdBytes;
  const size_t outer_key_bytes = layers_.empty() ? 0 : layers_.back().whole_key_bytes;
  whole_key_.resize(outer_key_bytes);
  whole_key_.append(ToView(key_).substr(outer_id_bytes));

  Layer layer;
  layer.id = ToView(value_);
  layer.whole_key_bytes = whole_key_.size();
  const Environment::Lock lock = LockCursors();
  const int error = mdb_cursor_open(table_.environment().txn(), table_.layers()->dbi, &layer.cursor);
  if (error != 0) return table_.environment().ReadFailure(error);
  layers_.push_back(std::move(layer));
  return Status();
}

void LmdbIterator::PopLayer() {
  const Environment::Lock lock = LockCursors();
  mdb_cursor_close(layers_.back().cursor);
  layers_.pop_back();
}

Status LmdbIterator::Seek(ByteView key) {
  valid_ = false;
  if (generation_ != table_.environment().generation()) CloseCursors();
  while (!layers_.empty()) PopLayer();
  if (cursor_ == nullptr) KVSTATE_RETURN_IF_ERROR(OpenCursor());

  KeyCutter cutter(key < lower_ ? ByteView(lower_) : key);
  for (;;) {
    const MDB_val part = cutter.part();
    key_ = part;
    const MDB_cursor_op op = part.mv_size == 0 ? MDB_FIRST : MDB_SET_RANGE;
    const int error = mdb_cursor_get(cursor(), &key_, &value_, op);
    if (error != 0 || cutter.last() || ToView(key_) != ToView(part)) return Settle(error);
    cutter.Descend(ToView(value_));
    KVSTATE_RETURN_IF_ERROR(PushLayer());
  }
}

Status LmdbIterator::Next() {
  assert(valid_);
  if (generation_ != table_.environment().generation()) [[unlikely]] {
    // The least key behind the current one is it with a zero byte.
    const std::string behind = std::string(key()) + '\0';
    return Seek(behind);
  }
  valid_ = false;
  return Settle(mdb_cursor_get(cursor(), &key_, &value_, MDB_NEXT));
}

Status LmdbIterator::SettleInLayers(int error) {
  for (;;) {
    if (error != 0 && error != MDB_NOTFOUND) return table_.environment().ReadFailure(error);
    const bool inside = error == 0 && (layers_.empty() || ToView(key_).starts_with(layers_.back().id));
    if (!inside) {
      if (layers_.empty()) return Status();
      PopLayer();
      error = mdb_cursor_get(cursor(), &key_, &value_, MDB_NEXT);
      continue;
    }
    if (!IsLink(key_)) break;
    KVSTATE_RETURN_IF_ERROR(PushLayer());
    key_ = ToMdb(layers_.back().id);
    error = mdb_cursor_get(cursor(), &key_, &value_, MDB_SET_RANGE);
  }
  if (!layers_.empty()) {
    whole_key_.resize(layers_.back().whole_key_bytes);
    whole_key_.append(ToView(key_).substr(kLayerIdBytes));
  }
  valid_ = IsBelowUpper();
  return Status();
}

}  // namespace kvstate::backends::lmdb
