#include "backends/lmdb/layered_cursor.h"

namespace kvstate::backends::lmdb {

int LayeredCursor::PushLayer() {
  const size_t outer_id_bytes = layers_.empty() ? 0 : kLayerIdBytes;
  const size_t outer_key_bytes = layers_.empty() ? 0 : layers_.back().whole_key_bytes;
  whole_key_.resize(outer_key_bytes);
  whole_key_.append(ToView(key_).substr(outer_id_bytes));

  Layer layer;
  layer.id = ToView(value_);
  layer.whole_key_bytes = whole_key_.size();
  const Environment::Lock lock = LockCursors();
  const int error = mdb_cursor_open(txn_, layers_dbi_, &layer.cursor);
  if (error == 0) layers_.push_back(std::move(layer));
  return error;
}

void LayeredCursor::PopLayer() {
  const Environment::Lock lock = LockCursors();
  mdb_cursor_close(layers_.back().cursor);
  layers_.pop_back();
}

int LayeredCursor::Seek(ByteView key, MDB_dbi layers) {
  PopAll();
  layers_dbi_ = layers;
  KeyCutter cutter(key);
  for (;;) {
    const MDB_val part = cutter.part();
    key_ = part;
    const MDB_cursor_op op = part.mv_size == 0 ? MDB_FIRST : MDB_SET_RANGE;
    int error = mdb_cursor_get(cursor(), &key_, &value_, op);
    if (error != 0 || cutter.last() || ToView(key_) != ToView(part)) return Settle(error);
    cutter.Descend(ToView(value_));
    error = PushLayer();
    if (error != 0) return error;
  }
}

int LayeredCursor::SettleInLayers(int error) {
  for (;;) {
    if (error != 0 && error != MDB_NOTFOUND) return error;
    const bool inside = error == 0 && (layers_.empty() || ToView(key_).starts_with(layers_.back().id));
    if (!inside) {
      if (layers_.empty()) return MDB_NOTFOUND;
      PopLayer();
      error = mdb_cursor_get(cursor(), &key_, &value_, MDB_NEXT);
      continue;
    }
    if (!IsLink(key_)) break;
    error = PushLayer();
    if (error != 0) return error;
    key_ = ToMdb(layers_.back().id);
    error = mdb_cursor_get(cursor(), &key_, &value_, MDB_SET_RANGE);
  }
  if (!layers_.empty()) {
    whole_key_.resize(layers_.back().whole_key_bytes);
    whole_key_.append(ToView(key_).substr(kLayerIdBytes));
  }
  return 0;
}

}  // namespace kvstate::backends::lmdb
