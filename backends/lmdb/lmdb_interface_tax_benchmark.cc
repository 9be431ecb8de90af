#include <lmdb.h>

#include <memory>
#include <string>

#include "backends/interface_tax/side.h"
#include "backends/lmdb/environment.h"
#include "backends/lmdb/lmdb_options.h"

namespace kvstate::interface_tax {

namespace {

using backends::lmdb::Database;
using backends::lmdb::Environment;
using backends::lmdb::ParseLmdbOptions;

void CheckCode(int code) {
  if (code != MDB_SUCCESS) [[unlikely]]
    Fail(mdb_strerror(code));
}

MDB_val ToVal(ByteView bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }
ByteView ToView(const MDB_val& val) { return {static_cast<const char*>(val.mv_data), val.mv_size}; }

/// A named database in the backend's environment, with its flags, its write transaction, and its rule of when to commit
/// and grow; then nothing but calls of LMDB. Of what the rule costs the direct side bears a part of kWritesAtOnce: a
/// program that knows its writes asks for many at once.
template <class V>
class DirectLmdb {
 public:
  explicit DirectLmdb(const SideOptions& options)
      : environment_(Take(Environment::Open(options.directory, Take(ParseLmdbOptions({}))))),
        database_(Take(environment_->CreateDatabase("direct"))),
        txn_(environment_->txn()),
        table_(database_->dbi) {}

  const V* Get(uint64_t key) { return Find(key_.Encode(key)); }
  void Put(uint64_t key, const V& value) { Write(key_.Encode(key), value); }
  void Increment(uint64_t key) {
    if (Get(key) == nullptr) [[unlikely]]
      Fail("a value is gone");
    ValueTraits<V>::Increment(value_);
    Put(key, value_);
  }

  /// LMDB has no merge: the list is read, extended and written.
  void Append(uint64_t key, const V& value) {
    const ByteView encoded = key_.Encode(key);
    ByteView stored;
    bytes_.clear();
    if (Read(encoded, &stored)) bytes_.append(stored);
    bytes_.append(DirectValue<V>(value).view());
    WriteBytes(encoded, bytes_);
  }
  void Replace(uint64_t key, const V& value) { Put(key, value); }
  template <class F>
  void ForEachElement(uint64_t key, const F& f) {
    ByteView stored;
    if (!Read(key_.Encode(key), &stored)) return;
    for (size_t at = 0; at < stored.size(); at += ValueTraits<V>::kBytes) {
      DirectValue<V>::Read(stored.substr(at, ValueTraits<V>::kBytes), &value_);
      f(value_);
    }
  }

  const V* MapGet(uint64_t key, uint64_t user_key) { return Find(key_.Encode(key, user_key)); }
  void MapPut(uint64_t key, uint64_t user_key, const V& value) { Write(key_.Encode(key, user_key), value); }
  template <class F>
  void Scan(uint64_t key, const F& f) {
    const ByteView prefix = key_.Encode(key);
    MDB_cursor* const cursor = database_->cursor;
    MDB_val at = ToVal(prefix);
    MDB_val data;
    int code = mdb_cursor_get(cursor, &at, &data, MDB_SET_RANGE);
    while (code == MDB_SUCCESS && ToView(at).starts_with(prefix)) {
      DirectValue<V>::Read(ToView(data), &value_);
      f(UserKeyOf(ToView(at)), value_);
      code = mdb_cursor_get(cursor, &at, &data, MDB_NEXT);
    }
    if (code != MDB_NOTFOUND) CheckCode(code);
  }

  void Settle() {
    interface_tax::Check(environment_->Commit());
    txn_ = environment_->txn();
    writes_allowed_ = 0;
  }

 private:
  bool Read(ByteView key, ByteView* stored) {
    MDB_val at = ToVal(key);
    MDB_val data;
    const int code = mdb_get(txn_, table_, &at, &data);
    if (code == MDB_NOTFOUND) return false;
    CheckCode(code);
    *stored = ToView(data);
    return true;
  }
  const V* Find(ByteView key) {
    ByteView stored;
    if (!Read(key, &stored)) return nullptr;
    DirectValue<V>::Read(stored, &value_);
    return &value_;
  }
  void Write(ByteView key, const V& value) {
    const DirectValue<V> bytes(value);
    WriteBytes(key, bytes.view());
  }
  void WriteBytes(ByteView key, ByteView bytes) {
    const uint64_t run_pages = environment_->RunPages(key.size(), bytes.size());
    if (writes_allowed_ == 0 || run_pages != 0) [[unlikely]]
      AskForRoom(run_pages);
    --writes_allowed_;
    MDB_val at = ToVal(key);
    MDB_val data = ToVal(bytes);
    CheckCode(mdb_put(txn_, table_, &at, &data, 0));
  }
  void AskForRoom(uint64_t run_pages) {
    writes_allowed_ = run_pages == 0 ? kWritesAtOnce : 1;
    interface_tax::Check(environment_->MakeRoomFor(writes_allowed_ * database_->pages_per_write, run_pages,
                                                   Environment::Purpose::kInsert));
    txn_ = environment_->txn();
  }

  static constexpr uint64_t kWritesAtOnce = 32;

  const std::unique_ptr<Environment> environment_;
  Database* const database_;
  MDB_txn* txn_;
  const MDB_dbi table_;
  uint64_t writes_allowed_ = 0;
  std::string bytes_;
  DirectKey key_;
  V value_;
};

}  // namespace

std::unique_ptr<Side> MakeDirectLmdb(const SideOptions& options) { return MakeSide<DirectLmdb>(options); }

}  // namespace kvstate::interface_tax
