#include "backends/lmdb/lmdb_table.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "backends/lmdb/key_layers.h"
#include "backends/lmdb/lmdb_iterator.h"

namespace kvstate::backends::lmdb {

using Lock = Environment::Lock;
using Purpose = Environment::Purpose;

Result<std::unique_ptr<LmdbTable>> LmdbTable::Create(Environment& environment, const TableOptions& options,
                                                     uint64_t number) {
  // A state's name may be any bytes, LMDB's names are C strings: tables are numbered.
  const Lock lock = environment.LockAsOwner();
  KVSTATE_ASSIGN_OR_RETURN(Database * entries, environment.CreateDatabase("entries-" + std::to_string(number)));
  if (options.concurrent_reads) environment.AllowConcurrentReads();
  return std::unique_ptr<LmdbTable>(new LmdbTable(environment, options, number, entries));
}

Status LmdbTable::Drop() {
  const Lock lock = environment_.LockAsOwner();
  if (layers_ != nullptr) KVSTATE_RETURN_IF_ERROR(environment_.DropDatabase(std::exchange(layers_, nullptr)));
  return environment_.DropDatabase(std::exchange(entries_, nullptr));
}

const Database& LmdbTable::DatabaseOf(const KeyCutter& cutter) const {
  return cutter.in_layer() ? *layers_ : *entries_;
}

int LmdbTable::Find(ByteView key, MDB_val* value) const {
  if (IsPlainKey(key)) [[likely]] {
    MDB_val plain = ToMdb(key);
    return key.empty() ? MDB_NOTFOUND : mdb_get(environment_.txn(), entries_->dbi, &plain, value);
  }
  if (layers_ == nullptr) return MDB_NOTFOUND;
  KeyCutter cutter(key);
  for (;;) {
    MDB_val part = cutter.part();
    const int error = mdb_get(environment_.txn(), DatabaseOf(cutter).dbi, &part, value);
    if (error != 0 || cutter.last()) return error;
    cutter.Descend(ToView(*value));
  }
}

Result<bool> LmdbTable::Get(ByteView key, ByteView* value) {
  MDB_val found;
  const int error = Find(key, &found);
  if (error == 0) [[likely]] {
    *value = ToView(found);
    return true;
  }
  if (error == MDB_NOTFOUND) return false;
  return environment_.ReadFailure(error);
}

Status LmdbTable::Put(ByteView key, ByteView value) {
  if (key.empty()) return InvalidArgumentError("lmdb: state '" + name_ + "': an empty key cannot be stored");
  if (value.size() > kMaxValueBytes) {
    return InvalidArgumentError("lmdb: state '" + name_ + "': a value of " + std::to_string(value.size()) +
                                " bytes is over the limit of " + std::to_string(kMaxValueBytes));
  }
  const Lock lock = environment_.LockAsOwner();
  std::string copy;
  if (environment_.Maps(value)) [[unlikely]] {
    copy = value;
    value = copy;
  }
  const uint64_t run_pages = environment_.RunPages(key.size(), value.size());
  MDB_val data = ToMdb(value);
  if (!IsPlainKey(key)) {
    KVSTATE_RETURN_IF_ERROR(PutLong(key, data, run_pages));
  } else {
    KVSTATE_RETURN_IF_ERROR(environment_.MakeRoomFor(entries_->pages_per_write, run_pages, Purpose::kInsert));
    MDB_val plain = ToMdb(key);
    const int error = mdb_put(environment_.txn(), entries_->dbi, &plain, &data, 0);
    if (error != 0) [[unlikely]]
      return environment_.WriteFailure(error, "a put");
  }
  logical_bytes_written_ += key.size() + value.size();
  return Status();
}

uint64_t LmdbTable::PagesOfLongKey() const { return std::max(entries_->pages_per_write, layers_->pages_per_write); }

Status LmdbTable::PutLong(ByteView key, MDB_val value, uint64_t run_pages) {
  if (layers_ == nullptr) {
    KVSTATE_ASSIGN_OR_RETURN(layers_, environment_.CreateDatabase("layers-" + std::to_string(number_)));
  }
  KVSTATE_RETURN_IF_ERROR(
      environment_.MakeRoomFor(PagesOfLongKey() * (MostLinks(key.size()) + 1), run_pages, Purpose::kInsert));
  KeyCutter cutter(key);
  for (; !cutter.last();) {
    const uint64_t new_id = ToBigEndian(next_layer_id_);
    const ByteView new_id_bytes(reinterpret_cast<const char*>(&new_id), sizeof(new_id));
    MDB_val part = cutter.part();
    MDB_val id = ToMdb(new_id_bytes);
    const int error = mdb_put(environment_.txn(), DatabaseOf(cutter).dbi, &part, &id, MDB_NOOVERWRITE);
    if (error == 0) ++next_layer_id_;
    if (error != 0 && error != MDB_KEYEXIST) return environment_.WriteFailure(error, "a put of a long key");
    cutter.Descend(error == 0 ? new_id_bytes : ToView(id));
  }
  MDB_val part = cutter.part();
  const int error = mdb_put(environment_.txn(), DatabaseOf(cutter).dbi, &part, &value, 0);
  return error == 0 ? Status() : environment_.WriteFailure(error, "a put of a long key");
}

Status LmdbTable::Delete(ByteView key) {
  const Lock lock = environment_.LockAsOwner();
  if (!IsPlainKey(key)) {
    if (layers_ == nullptr) return Status();
    KVSTATE_RETURN_IF_ERROR(DeleteLong(key));
  } else if (!key.empty()) {
    KVSTATE_RETURN_IF_ERROR(environment_.MakeRoomFor(entries_->pages_per_write, 0, Purpose::kDelete));
    const int error = DeleteFrom(*entries_, ToMdb(key));
    if (error != 0 && error != MDB_NOTFOUND) return environment_.WriteFailure(error, "a delete");
  }
  logical_bytes_written_ += key.size();
  return Status();
}

int LmdbTable::DeleteFrom(const Database& database, MDB_val key) {
  MDB_stat before;
  MDB_stat after;
  int error = mdb_stat(environment_.txn(), database.dbi, &before);
  if (error == 0) error = mdb_del(environment_.txn(), database.dbi, &key, nullptr);
  if (error == 0) error = mdb_stat(environment_.txn(), database.dbi, &after);
  if (error == 0 && after.ms_depth < before.ms_depth) environment_.NoteShrunkTree(before.ms_depth - after.ms_depth);
  return error;
}

bool LmdbTable::IsLayerEmpty(ByteView id) const {
  MDB_val key = ToMdb(id);
  MDB_val value;
  return mdb_cursor_get(layers_->cursor, &key, &value, MDB_SET_RANGE) != 0 || !ToView(key).starts_with(id);
}

Status LmdbTable::DeleteLong(ByteView key) {
  KVSTATE_RETURN_IF_ERROR(
      environment_.MakeRoomFor(PagesOfLongKey() * (MostLinks(key.size()) + 1), 0, Purpose::kDelete));
  struct Link {
    const Database* database;
    std::string key;
    std::string id;
  };
  std::vector<Link> links;
  KeyCutter cutter(key);
  int error = 0;
  for (; error == 0 && !cutter.last();) {
    MDB_val part = cutter.part();
    MDB_val id;
    error = mdb_get(environment_.txn(), DatabaseOf(cutter).dbi, &part, &id);
    if (error != 0) break;
    links.push_back({&DatabaseOf(cutter), std::string(ToView(part)), std::string(ToView(id))});
    cutter.Descend(links.back().id);
  }
  if (error == 0) error = DeleteFrom(DatabaseOf(cutter), cutter.part());
  // Layers that are empty now go too, from the innermost on.
  while (error == 0 && !links.empty() && IsLayerEmpty(links.back().id)) {
    error = DeleteFrom(*links.back().database, ToMdb(links.back().key));
    links.pop_back();
  }
  return error == 0 || error == MDB_NOTFOUND ? Status() : environment_.WriteFailure(error, "a delete of a long key");
}

Status LmdbTable::Append(ByteView, ByteView) {
  return UnimplementedError("lmdb: state '" + name_ + "' has no append; get the value and put the longer one");
}

Result<std::unique_ptr<StoreIterator>> LmdbTable::NewIterator(ByteView lower, ByteView upper) {
  return std::unique_ptr<StoreIterator>(new LmdbIterator(*this, lower, upper, LmdbIterator::Caller::kOwner));
}

Result<bool> LmdbTable::ConcurrentGet(ByteView key, std::string* value) {
  const Lock lock = environment_.LockAsReader();
  MDB_val found;
  const int error = Find(key, &found);
  if (error == MDB_NOTFOUND) return false;
  if (error != 0) return environment_.ReadFailure(error);
  value->assign(ToView(found));
  return true;
}

Status LmdbTable::ConcurrentScan(ByteView prefix, const std::function<void(ByteView key, ByteView value)>& visit) {
  const Lock lock = environment_.LockAsReader();
  LmdbIterator iterator(*this, prefix, {}, LmdbIterator::Caller::kLocked);
  KVSTATE_RETURN_IF_ERROR(iterator.Seek(prefix));
  while (iterator.Valid() && iterator.key().starts_with(prefix)) {
    visit(iterator.key(), iterator.value());
    KVSTATE_RETURN_IF_ERROR(iterator.Next());
  }
  return Status();
}

}  // namespace kvstate::backends::lmdb
