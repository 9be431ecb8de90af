#ifndef KVSTATE_BACKENDS_LMDB_LAYERED_CURSOR_H_
#define KVSTATE_BACKENDS_LMDB_LAYERED_CURSOR_H_

#include <lmdb.h>

#include <string>
#include <utility>
#include <vector>

#include "backends/lmdb/environment.h"
#include "backends/lmdb/key_layers.h"
#include "kvstate/bytes.h"

namespace kvstate::backends::lmdb {

/// Walks a table by cursors of one transaction: one in its entries, which is given to it, and one in each layer
/// (key_layers.h) that the current key is in. Codes are LMDB's.
class LayeredCursor {
 public:
  /// `owner`: whose LockAsOwner is to be held where cursors are opened and closed; null: nobody else uses the
  /// transaction.
  explicit LayeredCursor(Environment* owner) : owner_(owner) {}
  ~LayeredCursor() { PopAll(); }
  LayeredCursor(const LayeredCursor&) = delete;
  LayeredCursor& operator=(const LayeredCursor&) = delete;

  bool attached() const { return cursor_ != nullptr; }
  /// REQUIRES: !attached(). `cursor` is of `txn`.
  void Attach(MDB_txn* txn, MDB_cursor* cursor) {
    txn_ = txn;
    cursor_ = cursor;
  }
  /// Gives the cursor back; the layers' are closed.
  MDB_cursor* Detach() {
    PopAll();
    return std::exchange(cursor_, nullptr);
  }
  /// LMDB closed all cursors, with their transaction.
  void Forget() {
    layers_.clear();
    cursor_ = nullptr;
  }

  /// To the first entry whose key is at or after `key`; MDB_NOTFOUND when there is none. `layers` is the table's
  /// database of layers, if it has one.
  int Seek(ByteView key, MDB_dbi layers);
  /// REQUIRES: the last call gave 0.
  int Next() { return Settle(mdb_cursor_get(cursor(), &key_, &value_, MDB_NEXT)); }
  /// REQUIRES: the last call gave 0. They point into the map.
  ByteView key() const { return layers_.empty() ? ToView(key_) : ByteView(whole_key_); }
  ByteView value() const { return ToView(value_); }

 private:
  struct Layer {
    MDB_cursor* cursor = nullptr;
    std::string id;
    size_t whole_key_bytes = 0;  ///< Of the links that lead here.
  };

  MDB_cursor* cursor() const { return layers_.empty() ? cursor_ : layers_.back().cursor; }
  Environment::Lock LockCursors() const { return owner_ == nullptr ? Environment::Lock() : owner_->LockAsOwner(); }
  /// Into the layer of the link that the innermost cursor stands on.
  int PushLayer();
  void PopLayer();
  void PopAll() {
    while (!layers_.empty()) PopLayer();
  }
  /// From where the innermost cursor stands, or stopped with `error`, on to the next entry.
  int Settle(int error) {
    if (error == 0 && layers_.empty() && !IsLink(key_)) [[likely]]
      return 0;
    return SettleInLayers(error);
  }
  int SettleInLayers(int error);

  Environment* const owner_;
  MDB_txn* txn_ = nullptr;
  MDB_cursor* cursor_ = nullptr;
  MDB_dbi layers_dbi_ = 0;
  std::vector<Layer> layers_;
  MDB_val key_ = {};
  MDB_val value_ = {};
  std::string whole_key_;  ///< Where layers_ is not empty.
};

}  // namespace kvstate::backends::lmdb

#endif  // KVSTATE_BACKENDS_LMDB_LAYERED_CURSOR_H_
