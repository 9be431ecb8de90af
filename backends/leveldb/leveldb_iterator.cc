#include "backends/leveldb/leveldb_iterator.h"

#include <string>

#include "backends/common/composite_key.h"
#include "backends/leveldb/leveldb_status.h"

namespace kvstate::backends::leveldb {

LevelDbIterator::LevelDbIterator(::leveldb::DB& db, const ::leveldb::ReadOptions& options, ByteView prefix,
                                 ByteView upper)
    : prefix_bytes_(prefix.size()), iterator_(db.NewIterator(options)) {
  seek_key_.PutBytes(prefix);
  if (!upper.empty()) {
    upper_.PutBytes(prefix);
    upper_.PutBytes(upper);
    return;
  }
  std::string end;
  UpperBoundOfPrefix(prefix, &end);
  upper_.PutBytes(end);
}

Status LevelDbIterator::Seek(ByteView key) {
  seek_key_.Truncate(prefix_bytes_);
  seek_key_.PutBytes(key);
  iterator_->Seek(ToSlice(seek_key_.view()));
  return Outcome();
}

Status LevelDbIterator::Next() {
  iterator_->Next();
  return Outcome();
}

Status LevelDbIterator::Outcome() {
  valid_ = iterator_->Valid();
  if (!valid_) [[unlikely]]
    return FromLevelDb(iterator_->status(), "iterate");
  key_ = ToView(iterator_->key());
  // The bound is empty for the last prefix of all, 0xff 0xff, alone.
  valid_ = upper_.size() == 0 || key_ < upper_.view();
  return Status();
}

}  // namespace kvstate::backends::leveldb
