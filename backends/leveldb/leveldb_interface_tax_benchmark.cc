#include <leveldb/db.h>
#include <leveldb/options.h>

#include <memory>
#include <string>

#include "backends/interface_tax/side.h"
#include "backends/leveldb/leveldb_options.h"
#include "backends/leveldb/leveldb_store.h"

namespace kvstate::interface_tax {

namespace {

using backends::OrderedStore;
using backends::leveldb::LevelDbStore;
using backends::leveldb::ParseOptions;

void Check(const leveldb::Status& status) {
  if (!status.ok()) [[unlikely]]
    Fail(status.ToString());
}

leveldb::Slice ToSlice(ByteView bytes) { return {bytes.data(), bytes.size()}; }
ByteView ToView(const leveldb::Slice& slice) { return {slice.data(), slice.size()}; }

/// A LevelDB as the backend opens it, its Env that drops log writes included, then nothing but calls of leveldb::DB.
template <class V>
class DirectLeveldb {
 public:
  explicit DirectLeveldb(const SideOptions& options)
      : store_(Take(LevelDbStore::Open(options.directory, Take(ParseOptions({}))))),
        db_(static_cast<LevelDbStore&>(*store_).db()) {}

  const V* Get(uint64_t key) { return Find(key_.Encode(key)); }
  void Put(uint64_t key, const V& value) { Write(key_.Encode(key), value); }
  void Increment(uint64_t key) {
    if (Get(key) == nullptr) [[unlikely]]
      Fail("a value is gone");
    ValueTraits<V>::Increment(value_);
    Put(key, value_);
  }

  /// LevelDB has no merge: the list is read, extended and written.
  void Append(uint64_t key, const V& value) {
    const leveldb::Slice encoded = ToSlice(key_.Encode(key));
    if (!Read(encoded)) bytes_.clear();
    bytes_.append(DirectValue<V>(value).view());
    Check(db_.Put(write_, encoded, bytes_));
  }
  void Replace(uint64_t key, const V& value) { Put(key, value); }
  template <class F>
  void ForEachElement(uint64_t key, const F& f) {
    if (!Read(ToSlice(key_.Encode(key)))) return;
    for (size_t at = 0; at < bytes_.size(); at += ValueTraits<V>::kBytes) {
      DirectValue<V>::Read({bytes_.data() + at, ValueTraits<V>::kBytes}, &value_);
      f(value_);
    }
  }

  const V* MapGet(uint64_t key, uint64_t user_key) { return Find(key_.Encode(key, user_key)); }
  void MapPut(uint64_t key, uint64_t user_key, const V& value) { Write(key_.Encode(key, user_key), value); }
  template <class F>
  void Scan(uint64_t key, const F& f) {
    const leveldb::Slice prefix = ToSlice(key_.Encode(key));
    const std::unique_ptr<leveldb::Iterator> at(db_.NewIterator(read_));
    for (at->Seek(prefix); at->Valid() && at->key().starts_with(prefix); at->Next()) {
      DirectValue<V>::Read(ToView(at->value()), &value_);
      f(UserKeyOf(ToView(at->key())), value_);
    }
    Check(at->status());
  }

  void Settle() { interface_tax::Check(store_->Flush(/*compact=*/true)); }

 private:
  bool Read(const leveldb::Slice& key) {
    const leveldb::Status status = db_.Get(read_, key, &bytes_);
    if (status.IsNotFound()) return false;
    Check(status);
    return true;
  }
  const V* Find(ByteView key) {
    if (!Read(ToSlice(key))) return nullptr;
    DirectValue<V>::Read(bytes_, &value_);
    return &value_;
  }
  void Write(ByteView key, const V& value) {
    const DirectValue<V> bytes(value);
    Check(db_.Put(write_, ToSlice(key), ToSlice(bytes.view())));
  }

  const std::unique_ptr<OrderedStore> store_;
  leveldb::DB& db_;
  const leveldb::ReadOptions read_;
  const leveldb::WriteOptions write_;
  std::string bytes_;
  DirectKey key_;
  V value_;
};

}  // namespace

std::unique_ptr<Side> MakeDirectLeveldb(const SideOptions& options) { return MakeSide<DirectLeveldb>(options); }

}  // namespace kvstate::interface_tax
