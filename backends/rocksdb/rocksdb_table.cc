#include "backends/rocksdb/rocksdb_table.h"

#include <utility>

#include "backends/common/composite_key.h"
#include "backends/rocksdb/rocksdb_iterator.h"
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

}  // namespace

RocksDbTable::RocksDbTable(RocksDbStore& store, FamilyPtr family, AppendKind append)
    : store_(store),
      db_(store.db()),
      shared_family_(std::move(family)),
      family_(shared_family_->handle()),
      most_operands_(MostOperands(append)) {}

Status RocksDbTable::Claim(const TableOptions& options) {
  most_operands_ = MostOperands(options.append);
  if (!shared_family_->unbound()) return Status();
  if (options.append == AppendKind::kReduce) {
    shared_family_->reduce()->Bind(options.reduce);
  } else {
    KVSTATE_RETURN_IF_ERROR(FoldAll(options));
  }
  return store_.ResumeCompactions(*shared_family_);
}

Status RocksDbTable::FoldAll(const TableOptions& options) {
  RocksDbIterator iterator(db_, shared_family_, ::rocksdb::ReadOptions(), {});
  KVSTATE_RETURN_IF_ERROR(iterator.Seek({}));
  while (iterator.Valid()) {
    const std::vector<std::string>& operands = iterator.operands();
    if (!operands.empty()) {
      if (!options.reduce) return shared_family_->NotFoldedError();
      std::string folded = operands.front();
      for (size_t i = 1; i < operands.size(); ++i) KVSTATE_RETURN_IF_ERROR(options.reduce(&folded, operands[i]));
      KVSTATE_RETURN_IF_ERROR(Put(iterator.key(), folded));
    }
    KVSTATE_RETURN_IF_ERROR(iterator.Next());
  }
  return Status();
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
  return shared_family_->FromRead(status, "get");
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
  return std::unique_ptr<StoreIterator>(
      std::make_unique<RocksDbIterator>(db_, shared_family_, ::rocksdb::ReadOptions(), upper));
}

Result<bool> RocksDbTable::ConcurrentGet(ByteView key, std::string* value) {
  const ::rocksdb::Status status = db_.Get(::rocksdb::ReadOptions(), family_, ToSlice(key), value);
  if (status.ok()) return true;
  value->clear();
  if (status.IsNotFound()) return false;
  return shared_family_->FromRead(status, "get");
}

Status RocksDbTable::ConcurrentScan(ByteView prefix, const std::function<void(ByteView key, ByteView value)>& visit) {
  std::string upper;
  UpperBoundOfPrefix(prefix, &upper);
  RocksDbIterator iterator(db_, shared_family_, ::rocksdb::ReadOptions(), upper);
  KVSTATE_RETURN_IF_ERROR(iterator.Seek(prefix));
  while (iterator.Valid()) {
    visit(iterator.key(), iterator.value());
    KVSTATE_RETURN_IF_ERROR(iterator.Next());
  }
  return Status();
}

}  // namespace kvstate::backends::rocksdb
