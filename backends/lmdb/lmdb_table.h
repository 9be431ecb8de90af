#ifndef KVSTATE_BACKENDS_LMDB_LMDB_TABLE_H_
#define KVSTATE_BACKENDS_LMDB_LMDB_TABLE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "backends/embedded/ordered_store.h"
#include "backends/lmdb/environment.h"

namespace kvstate::backends::lmdb {

class KeyCutter;

/// A table as one or two databases of an Environment: its entries and, once it has had a key of 511 bytes or more, the
/// layers of its long keys (key_layers.h).
class LmdbTable final : public StoreTable {
 public:
  /// `number` is unlike any other table's that the environment has had.
  static Result<std::unique_ptr<LmdbTable>> Create(Environment& environment, const TableOptions& options,
                                                   uint64_t number);
  /// Removes what the table holds. Nothing else may be called afterwards.
  Status Drop();

  Result<bool> Get(ByteView key, ByteView* value) override;
  Status Put(ByteView key, ByteView value) override;
  Status Delete(ByteView key) override;
  /// LMDB would find and write the whole value, as Get and Put do.
  bool appends() const override { return false; }
  Status Append(ByteView key, ByteView operand) override;
  Result<std::unique_ptr<StoreIterator>> NewIterator(ByteView lower, ByteView upper) override;
  bool iterators_survive_writes() const override { return false; }
  Result<bool> ConcurrentGet(ByteView key, std::string* value) override;
  Status ConcurrentScan(ByteView prefix, const std::function<void(ByteView key, ByteView value)>& visit) override;
  Status Claim(const TableOptions& options) override {
    if (options.concurrent_reads) environment_.AllowConcurrentReads();
    return Status();
  }

  Environment& environment() const { return environment_; }
  Database& entries() const { return *entries_; }
  /// Null when there has been no long key.
  const Database* layers() const { return layers_; }
  uint64_t logical_bytes_written() const { return logical_bytes_written_; }

 private:
  LmdbTable(Environment& environment, const TableOptions& options, uint64_t number, Database* entries)
      : environment_(environment), name_(options.name), number_(number), entries_(entries) {}

  const Database& DatabaseOf(const KeyCutter& cutter) const;
  int Find(ByteView key, MDB_val* value) const;
  Status PutLong(ByteView key, MDB_val value, uint64_t run_pages);
  Status DeleteLong(ByteView key);
  /// LMDB's code; MDB_NOTFOUND when there is no such entry.
  int DeleteFrom(const Database& database, MDB_val key);
  bool IsLayerEmpty(ByteView id) const;
  uint64_t PagesOfLongKey() const;

  Environment& environment_;
  const std::string name_;
  const uint64_t number_;
  Database* entries_;
  Database* layers_ = nullptr;
  uint64_t next_layer_id_ = 1;
  uint64_t logical_bytes_written_ = 0;
};

}  // namespace kvstate::backends::lmdb

#endif  // KVSTATE_BACKENDS_LMDB_LMDB_TABLE_H_
