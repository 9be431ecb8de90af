#include "backends/leveldb/leveldb_table.h"

#include "backends/common/composite_key.h"
#include "backends/leveldb/leveldb_iterator.h"
#include "backends/leveldb/leveldb_status.h"

namespace kvstate::backends::leveldb {

namespace {

constexpr size_t kRemoveBatchBytes = size_t{1} << 20;

}  // namespace

std::string LevelDbTable::PrefixOf(uint32_t id) {
  if (id < 0x80) return std::string(1, static_cast<char>(id));
  return {static_cast<char>(0x80 | (id >> 8)), static_cast<char>(id & 0xff)};
}

std::optional<uint32_t> LevelDbTable::IdOf(ByteView prefix) {
  uint32_t id = 0;
  if (prefix.size() == 1) id = static_cast<uint8_t>(prefix[0]);
  if (prefix.size() == 2) id = (static_cast<uint8_t>(prefix[0]) & 0x7fu) << 8 | static_cast<uint8_t>(prefix[1]);
  if (prefix.empty() || PrefixOf(id) != prefix) return std::nullopt;
  return id;
}

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

Status LevelDbTable::DeleteMany(std::span<const ByteView> keys, uint64_t* deleted) {
  batch_.Clear();
  size_t bytes = 0;
  for (const ByteView key : keys) {
    batch_.Delete(Prefixed(key));
    bytes += key.size();
  }
  KVSTATE_RETURN_IF_ERROR(store_.Write(batch_, bytes));
  *deleted += keys.size();
  return Status();
}

Status LevelDbTable::Append(ByteView, ByteView) {
  return UnimplementedError("LevelDB appends to no value; get and put it");
}

Result<std::unique_ptr<StoreIterator>> LevelDbTable::NewIterator(ByteView /*lower*/, ByteView upper) {
  return std::unique_ptr<StoreIterator>(std::make_unique<LevelDbIterator>(db_, read_options_, prefix_, upper));
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
  LevelDbIterator iterator(db_, read_options_, prefix_, upper);
  KVSTATE_RETURN_IF_ERROR(iterator.Seek(prefix));
  while (iterator.Valid()) {
    visit(iterator.key(), iterator.value());
    KVSTATE_RETURN_IF_ERROR(iterator.Next());
  }
  return Status();
}

Status LevelDbTable::RemoveAll() {
  LevelDbIterator iterator(db_, read_options_, prefix_, {});
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
