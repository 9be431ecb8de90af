#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_ITERATOR_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_ITERATOR_H_

#include <rocksdb/db.h>

#include <memory>
#include <string>
#include <vector>

#include "backends/embedded/ordered_store.h"
#include "backends/rocksdb/rocksdb_family.h"

namespace kvstate::backends::rocksdb {

inline ::rocksdb::Slice ToSlice(ByteView bytes) { return {bytes.data(), bytes.size()}; }
inline ByteView ToView(const ::rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

/// Entries of a family whose keys are below `upper`.
///
/// Entries of a restored reducing state whose operands nobody can fold yet have a key alone: after value() of one the
/// next call fails. So they can be counted, and moved with operands(), but not be taken for something else.
class RocksDbIterator final : public StoreIterator {
 public:
  /// `options` without bounds; an empty `upper` is none.
  RocksDbIterator(::rocksdb::DB& db, FamilyPtr family, ::rocksdb::ReadOptions options, ByteView upper);

  Status Seek(ByteView key) override;
  Status Next() override;
  bool Valid() const override { return iterator_->Valid(); }
  ByteView key() const override { return ToView(iterator_->key()); }
  ByteView value() const override {
    if (!operands_.empty()) [[unlikely]]
      misread_ = true;
    return ToView(iterator_->value());
  }

  /// At least two, where there is no value; else none.
  const std::vector<std::string>& operands() const override { return operands_; }

 private:
  Status Outcome() const {
    if (iterator_->Valid()) [[likely]]
      return Status();
    return family_->FromRead(iterator_->status(), "iterate");
  }
  template <class Move>
  Status MoveUnbound(Move&& move);

  const FamilyPtr family_;
  const bool unbound_;
  const std::string upper_;
  ::rocksdb::Slice upper_slice_;  // RocksDB keeps a pointer to it.
  std::unique_ptr<::rocksdb::Iterator> iterator_;
  std::vector<std::string> operands_;
  mutable bool misread_ = false;
};

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_ITERATOR_H_
