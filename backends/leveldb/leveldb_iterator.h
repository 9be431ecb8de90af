#ifndef KVSTATE_BACKENDS_LEVELDB_LEVELDB_ITERATOR_H_
#define KVSTATE_BACKENDS_LEVELDB_LEVELDB_ITERATOR_H_

#include <leveldb/db.h>

#include <memory>

#include "backends/embedded/ordered_store.h"
#include "kvstate/bytes.h"

namespace kvstate::backends::leveldb {

inline ::leveldb::Slice ToSlice(ByteView bytes) { return {bytes.data(), bytes.size()}; }
inline ByteView ToView(const ::leveldb::Slice& slice) { return {slice.data(), slice.size()}; }

/// Entries whose keys start with a table's prefix, and are below a bound after it.
class LevelDbIterator final : public StoreIterator {
 public:
  /// An empty `upper` is the end of the table.
  LevelDbIterator(::leveldb::DB& db, const ::leveldb::ReadOptions& options, ByteView prefix, ByteView upper);

  Status Seek(ByteView key) override;
  Status Next() override;
  bool Valid() const override { return valid_; }
  ByteView key() const override { return key_.substr(prefix_bytes_); }
  ByteView value() const override { return ToView(iterator_->value()); }

 private:
  Status Outcome();

  const size_t prefix_bytes_;
  ByteWriter upper_;     // Both have room for most keys in themselves.
  ByteWriter seek_key_;  // Starts with the prefix, always.
  std::unique_ptr<::leveldb::Iterator> iterator_;
  ByteView key_;
  bool valid_ = false;
};

}  // namespace kvstate::backends::leveldb

#endif  // KVSTATE_BACKENDS_LEVELDB_LEVELDB_ITERATOR_H_
