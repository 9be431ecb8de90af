#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <memory>
#include <string>
#include <utility>

#include "backends/interface_tax/side.h"
#include "backends/rocksdb/rocksdb_options.h"
#include "backends/rocksdb/rocksdb_store.h"
#include "backends/rocksdb/rocksdb_table.h"

namespace kvstate::interface_tax {

namespace {

using backends::AppendKind;
using backends::OrderedStore;
using backends::StoreTable;
using backends::TableOptions;
using backends::rocksdb::ParseOptions;
using backends::rocksdb::RocksDbStore;
using backends::rocksdb::RocksDbTable;

void Check(const rocksdb::Status& status) {
  if (!status.ok()) [[unlikely]]
    Fail(status.ToString());
}

rocksdb::Slice ToSlice(ByteView bytes) { return {bytes.data(), bytes.size()}; }

/// With the merge operator where kvstate uses it.
TableOptions TableFor(Shape shape) {
  TableOptions options;
  options.name = "direct";
  if (shape == Shape::kList) options.append = AppendKind::kConcat;
  return options;
}

/// A column family as the backend makes it, then nothing but calls of rocksdb::DB.
template <class V>
class DirectRocksdb {
 public:
  explicit DirectRocksdb(const SideOptions& options)
      : store_(Take(RocksDbStore::OpenNew(options.directory, Take(ParseOptions({}))))),
        table_(Take(store_->CreateTable(TableFor(options.shape)))),
        db_(store_->db()),
        family_(static_cast<RocksDbTable&>(*table_).family()->handle()) {
    write_.disableWAL = true;
  }

  const V* Get(uint64_t key) { return Find(key_.Encode(key)); }
  void Put(uint64_t key, const V& value) { Write(key_.Encode(key), value); }
  void Increment(uint64_t key) {
    if (Get(key) == nullptr) [[unlikely]]
      Fail("a value is gone");
    ValueTraits<V>::Increment(value_);
    Put(key, value_);
  }

  void Append(uint64_t key, const V& value) {
    const DirectValue<V> bytes(value);
    Check(db_.Merge(write_, family_, ToSlice(key_.Encode(key)), ToSlice(bytes.view())));
  }
  void Replace(uint64_t key, const V& value) { Put(key, value); }
  template <class F>
  void ForEachElement(uint64_t key, const F& f) {
    if (Find(key_.Encode(key)) == nullptr) return;
    for (size_t at = 0; at < bytes_.size(); at += ValueTraits<V>::kBytes) {
      DirectValue<V>::Read({bytes_.data() + at, ValueTraits<V>::kBytes}, &value_);
      f(value_);
    }
  }

  const V* MapGet(uint64_t key, uint64_t user_key) { return Find(key_.Encode(key, user_key)); }
  void MapPut(uint64_t key, uint64_t user_key, const V& value) { Write(key_.Encode(key, user_key), value); }
  template <class F>
  void Scan(uint64_t key, const F& f) {
    const std::string lower(key_.Encode(key));
    std::string upper = lower;
    upper.back() = 1;  // The void namespace is a 0 byte, so its successor bounds the map.
    const rocksdb::Slice bound(upper);
    rocksdb::ReadOptions read = read_;
    read.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> at(db_.NewIterator(read, family_));
    for (at->Seek(lower); at->Valid(); at->Next()) {
      DirectValue<V>::Read(at->value().ToStringView(), &value_);
      f(UserKeyOf(at->key().ToStringView()), value_);
    }
    Check(at->status());
  }

  void Settle() { interface_tax::Check(store_->Flush(/*compact=*/true)); }

 private:
  const V* Find(ByteView key) {
    bytes_.Reset();
    const rocksdb::Status status = db_.Get(read_, family_, ToSlice(key), &bytes_);
    if (status.IsNotFound()) return nullptr;
    Check(status);
    DirectValue<V>::Read(bytes_.ToStringView(), &value_);
    return &value_;
  }
  void Write(ByteView key, const V& value) {
    const DirectValue<V> bytes(value);
    Check(db_.Put(write_, family_, ToSlice(key), ToSlice(bytes.view())));
  }

  const std::unique_ptr<RocksDbStore> store_;
  const std::unique_ptr<StoreTable> table_;
  rocksdb::DB& db_;
  rocksdb::ColumnFamilyHandle* const family_;
  rocksdb::ReadOptions read_;
  rocksdb::WriteOptions write_;
  rocksdb::PinnableSlice bytes_;
  DirectKey key_;
  V value_;
};

}  // namespace

std::unique_ptr<Side> MakeDirectRocksdb(const SideOptions& options) { return MakeSide<DirectRocksdb>(options); }

}  // namespace kvstate::interface_tax
