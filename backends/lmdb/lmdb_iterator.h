#ifndef KVSTATE_BACKENDS_LMDB_LMDB_ITERATOR_H_
#define KVSTATE_BACKENDS_LMDB_LMDB_ITERATOR_H_

#include <lmdb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "backends/embedded/ordered_store.h"
#include "backends/lmdb/environment.h"
#include "backends/lmdb/key_layers.h"

namespace kvstate::backends::lmdb {

class LmdbTable;

/// Walks a table by cursors of the live transaction: one in the table's entries, and one in each layer (key_layers.h)
/// that the current key is in.
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
  ByteView key() const override { return layers_.empty() ? ToView(key_) : ByteView(whole_key_); }
  ByteView value() const override { return ToView(value_); }

 private:
  struct Layer {
    MDB_cursor* cursor = nullptr;
    std::string id;
    size_t whole_key_bytes = 0;  ///< Of the links that lead here.
  };

  MDB_cursor* cursor() const { return layers_.empty() ? cursor_ : layers_.back().cursor; }
  Status OpenCursor();
  void CloseCursors();
  /// Into the layer of the link that the innermost cursor stands on.
  Status PushLayer();
  void PopLayer();
  /// From where the innermost cursor stands, or stopped with `error`, on to the next entry.
  Status Settle(int error) {
    if (error == 0 && layers_.empty() && !IsLink(key_)) [[likely]] {
      valid_ = IsBelowUpper();
      return Status();
    }
    return SettleInLayers(error);
  }
  Status SettleInLayers(int error);
  bool IsBelowUpper() const { return upper_.empty() || key() < upper_; }
  Environment::Lock LockCursors() const;

  const LmdbTable& table_;
  const Caller caller_;
  const std::string lower_;
  const std::string upper_;
  uint64_t generation_ = 0;
  MDB_cursor* cursor_ = nullptr;
  bool borrowed_ = false;  ///< cursor_ is the database's own.
  std::vector<Layer> layers_;
  bool valid_ = false;
  MDB_val key_ = {};
  MDB_val value_ = {};
  std::string whole_key_;  ///< Where layers_ is not empty.
};

}  // namespace kvstate::backends::lmdb

#endif  // KVSTATE_BACKENDS_LMDB_LMDB_ITERATOR_H_
