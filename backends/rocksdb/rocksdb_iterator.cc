#include "backends/rocksdb/rocksdb_iterator.h"

#include <utility>

namespace kvstate::backends::rocksdb {

RocksDbIterator::RocksDbIterator(::rocksdb::DB& db, FamilyPtr family, ::rocksdb::ReadOptions options, ByteView upper)
    : family_(std::move(family)), unbound_(family_->unbound()), upper_(upper) {
  upper_slice_ = upper_;
  if (!upper.empty()) options.iterate_upper_bound = &upper_slice_;
  iterator_.reset(db.NewIterator(options, family_->handle()));
}

template <class Move>
Status RocksDbIterator::MoveUnbound(Move&& move) {
  if (misread_) return family_->NotFoldedError();
  const OperandCapture capture(operands_);
  move();
  return Outcome();
}

Status RocksDbIterator::Seek(ByteView key) {
  if (unbound_) [[unlikely]]
    return MoveUnbound([&] { iterator_->Seek(ToSlice(key)); });
  iterator_->Seek(ToSlice(key));
  return Outcome();
}

Status RocksDbIterator::Next() {
  if (unbound_) [[unlikely]]
    return MoveUnbound([&] { iterator_->Next(); });
  iterator_->Next();
  return Outcome();
}

}  // namespace kvstate::backends::rocksdb
