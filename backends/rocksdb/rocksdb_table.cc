#include "backends/rocksdb/rocksdb_table.h"

#include "backends/common/composite_key.h"
#include "backends/rocksdb/rocksdb_merge.h"
#include "backends/rocksdb/rocksdb_status.h"

namespace kvstate::backends::rocksdb {

namespace {

// Each read of a value combines all operands that memory holds for it, again and again: on a hot key that is
// quadratic. Beyond so many, one write costs less than the next read would.
size_t MostOperands(AppendKind append) {
  switch (append) {
    case AppendKind::kConcat:
      return 64;
    case AppendKind::kReduce:
      return 8;
    case AppendKind::kNone:
      break;
  }
  return 0;
}

::rocksdb::Slice ToSlice(ByteView bytes) { return {bytes.data(), bytes.size()}; }
ByteView ToView(const ::rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

class RocksDbIterator final : public StoreIterator {
 public:
  RocksDbIterator(::rocksdb::DB& db, ::rocksdb::ColumnFamilyHandle* family, ByteView upper) : upper_(upper) {
    ::rocksdb::ReadOptions options;
    upper_slice_ = upper_;
    if (!upper.empty()) options.iterate_upper_bound = &upper_slice_;
    iterator_.reset(db.NewIterator(options, family));
  }

  Status Seek(ByteView key) override {
    iterator_->Seek(ToSlice(key));
    return Outcome();
  }
  Status Next() override {
    iterator_->Next();
    return Outcome();
  }
  bool Valid() const override { return iterator_->Valid(); }
  ByteView key() const override { return ToView(iterator_->key()); }
  ByteView value() const override { return ToView(iterator_->value()); }

 private:
  Status Outcome() const {
    if (iterator_->Valid()) [[likely]]
      return Status();
    return FromRocksDb(iterator_->status(), "iterate");
  }

  const std::string upper_;
  ::rocksdb::Slice upper_slice_;  // RocksDB keeps a pointer to it.
  std::unique_ptr<::rocksdb::Iterator> iterator_;
};

}  // namespace

RocksDbTable::RocksDbTable(RocksDbStore& store, ::rocksdb::ColumnFamilyHandle* family, AppendKind append)
    : store_(store), db_(store.db()), family_(family), most_operands_(MostOperands(append)) {}

RocksDbTable::~RocksDbTable() {
  value_.Reset();
  db_.DestroyColumnFamilyHandle(family_).PermitUncheckedError();
}

Result<bool> RocksDbTable::Get(ByteView key, ByteView* value) {
  value_.Reset();
  if (appends()) TakeMergedOperands();
  const ::rocksdb::Status status = db_.Get(read_options_, family_, ToSlice(key), &value_);
  if (status.ok()) {
    if (appends() && TakeMergedOperands() > most_operands_) CollapseOperands(key);
    *value = ToView(value_);
    return true;
  }
  if (status.IsNotFound()) return false;
  return FromRocksDb(status, "get");
}

void RocksDbTable::CollapseOperands(ByteView key) {
  batch_.Clear();
  // The value is the same with and without: where it cannot be written, as on a full disk, reads go on as before.
  if (batch_.Put(family_, ToSlice(key), value_).ok()) store_.Write(batch_, 0).IgnoreError();
}

Status RocksDbTable::Put(ByteView key, ByteView value) {
  batch_.Clear();
  const ::rocksdb::Status status = batch_.Put(family_, ToSlice(key), ToSlice(value));
  if (!status.ok()) return FromRocksDb(status, "put");
  return store_.Write(batch_, key.size() + value.size());
}

Status RocksDbTable::Delete(ByteView key) {
  batch_.Clear();
  const ::rocksdb::Status status = batch_.Delete(family_, ToSlice(key));
  if (!status.ok()) return FromRocksDb(status, "delete");
  return store_.Write(batch_, key.size());
}

Status RocksDbTable::Append(ByteView key, ByteView operand) {
  batch_.Clear();
  const ::rocksdb::Status status = batch_.Merge(family_, ToSlice(key), ToSlice(operand));
  if (!status.ok()) return FromRocksDb(status, "merge");
  return store_.Write(batch_, key.size() + operand.size());
}

Result<std::unique_ptr<StoreIterator>> RocksDbTable::NewIterator(ByteView /*lower*/, ByteView upper) {
  // RocksDB uses a lower bound only when it goes backwards.
  return std::unique_ptr<StoreIterator>(std::make_unique<RocksDbIterator>(db_, family_, upper));
}

Result<bool> RocksDbTable::ConcurrentGet(ByteView key, std::string* value) {
  const ::rocksdb::Status status = db_.Get(::rocksdb::ReadOptions(), family_, ToSlice(key), value);
  if (status.ok()) return true;
  value->clear();
  if (status.IsNotFound()) return false;
  return FromRocksDb(status, "get");
}

Status RocksDbTable::ConcurrentScan(ByteView prefix, const std::function<void(ByteView key, ByteView value)>& visit) {
  std::string upper;
  UpperBoundOfPrefix(prefix, &upper);
  RocksDbIterator iterator(db_, family_, upper);
  KVSTATE_RETURN_IF_ERROR(iterator.Seek(prefix));
  while (iterator.Valid()) {
    visit(iterator.key(), iterator.value());
    KVSTATE_RETURN_IF_ERROR(iterator.Next());
  }
  return Status();
}

}  // namespace kvstate::backends::rocksdb
