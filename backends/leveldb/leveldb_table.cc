#include "backends/leveldb/leveldb_table.h"

#include "backends/common/composite_key.h"
#include "backends/leveldb/leveldb_status.h"

namespace kvstate::backends::leveldb {

namespace {

constexpr size_t kRemoveBatchBytes = size_t{1} << 20;

::leveldb::Slice ToSlice(ByteView bytes) { return {bytes.data(), bytes.size()}; }
ByteView ToView(const ::leveldb::Slice& slice) { return {slice.data(), slice.size()}; }

/// One byte below 0x80, or two of which the first is at least that: no prefix is the prefix of another.
std::string PrefixOf(uint32_t id) {
  if (id < 0x80) return std::string(1, static_cast<char>(id));
  return {static_cast<char>(0x80 | (id >> 8)), static_cast<char>(id & 0xff)};
}

class LevelDbIterator final : public StoreIterator {
 public:
  /// An empty `upper` is the end of the table.
  LevelDbIterator(::leveldb::DB& db, ByteView prefix, ByteView upper)
      : prefix_bytes_(prefix.size()), iterator_(db.NewIterator(::leveldb::ReadOptions())) {
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

  Status Seek(ByteView key) override {
    seek_key_.Truncate(prefix_bytes_);
    seek_key_.PutBytes(key);
    iterator_->Seek(ToSlice(seek_key_.view()));
    return Outcome();
  }
  Status Next() override {
    iterator_->Next();
    return Outcome();
  }
  bool Valid() const override { return valid_; }
  ByteView key() const override { return key_.substr(prefix_bytes_); }
  ByteView value() const override { return ToView(iterator_->value()); }

 private:
  Status Outcome() {
    valid_ = iterator_->Valid();
    if (!valid_) [[unlikely]]
      return FromLevelDb(iterator_->status(), "iterate");
    key_ = ToView(iterator_->key());
    // The bound is empty for the last prefix of all, 0xff 0xff, alone.
    valid_ = upper_.size() == 0 || key_ < upper_.view();
    return Status();
  }

  const size_t prefix_bytes_;
  ByteWriter upper_;     // Both have room for most keys in themselves.
  ByteWriter seek_key_;  // Starts with the prefix, always.
  std::unique_ptr<::leveldb::Iterator> iterator_;
  ByteView key_;
  bool valid_ = false;
};

}  // namespace

LevelDbTable::LevelDbTable(LevelDbStore& store, uint32_t id)
    : store_(store), db_(store.db()), id_(id), prefix_(PrefixOf(id)), key_(prefix_) {}

Result<bool> LevelDbTable::Get(ByteView key, ByteView* value) {
  const ::leveldb::Status status = db_.Get(read_options_, Prefixed(key), &value_);
  if (status.ok()) {
    *value = value_;
    return true;
  }
  if (status.IsNotFound()) return false;
  return FromLevelDb(status, "get");
}

Status LevelDbTable::Put(ByteView key, ByteView value) {
  batch_.Clear();
  batch_.Put(Prefixed(key), ToSlice(value));
  return store_.Write(batch_, key.size() + value.size());
}

Status LevelDbTable::Delete(ByteView key) {
  batch_.Clear();
  batch_.Delete(Prefixed(key));
  return store_.Write(batch_, key.size());
}

Status LevelDbTable::Append(ByteView, ByteView) {
  return UnimplementedError("LevelDB appends to no value; get and put it");
}

Result<std::unique_ptr<StoreIterator>> LevelDbTable::NewIterator(ByteView /*lower*/, ByteView upper) {
  return std::unique_ptr<StoreIterator>(std::make_unique<LevelDbIterator>(db_, prefix_, upper));
}

Result<bool> LevelDbTable::ConcurrentGet(ByteView key, std::string* value) {
  std::string prefixed = prefix_;
  prefixed.append(key);
  const ::leveldb::Status status = db_.Get(::leveldb::ReadOptions(), prefixed, value);
  if (status.ok()) return true;
  value->clear();
  if (status.IsNotFound()) return false;
  return FromLevelDb(status, "get");
}

Status LevelDbTable::ConcurrentScan(ByteView prefix, const std::function<void(ByteView key, ByteView value)>& visit) {
  std::string upper;
  UpperBoundOfPrefix(prefix, &upper);
  LevelDbIterator iterator(db_, prefix_, upper);
  KVSTATE_RETURN_IF_ERROR(iterator.Seek(prefix));
  while (iterator.Valid()) {
    visit(iterator.key(), iterator.value());
    KVSTATE_RETURN_IF_ERROR(iterator.Next());
  }
  return Status();
}

Status LevelDbTable::RemoveAll() {
  LevelDbIterator iterator(db_, prefix_, {});
  KVSTATE_RETURN_IF_ERROR(iterator.Seek({}));
  batch_.Clear();
  while (iterator.Valid()) {
    batch_.Delete(Prefixed(iterator.key()));
    KVSTATE_RETURN_IF_ERROR(iterator.Next());
    if (iterator.Valid() && batch_.ApproximateSize() < kRemoveBatchBytes) continue;
    KVSTATE_RETURN_IF_ERROR(store_.Write(batch_, 0));
    batch_.Clear();
  }
  // Otherwise the entries stay on disk, beneath their tombstones, until a compaction happens to come by.
  std::string upper;
  UpperBoundOfPrefix(prefix_, &upper);
  const ::leveldb::Slice begin = prefix_;
  const ::leveldb::Slice end = upper;
  db_.CompactRange(&begin, upper.empty() ? nullptr : &end);
  return Status();
}

}  // namespace kvstate::backends::leveldb
