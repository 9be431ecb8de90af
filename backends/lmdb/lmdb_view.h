#ifndef KVSTATE_BACKENDS_LMDB_LMDB_VIEW_H_
#define KVSTATE_BACKENDS_LMDB_LMDB_VIEW_H_

#include <lmdb.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends/embedded/ordered_store.h"
#include "backends/lmdb/environment.h"
#include "backends/lmdb/layered_cursor.h"

namespace kvstate::backends::lmdb {

/// Tables as they were committed at one moment, by a read transaction of the environment. It is read under the lock of
/// the map, in batches that are copied: the map moves when the owner makes it grow.
class LmdbView final : public StoreView {
 public:
  /// REQUIRES: LockAsOwner.
  static Result<std::unique_ptr<StoreView>> Create(Environment& environment, std::span<StoreTable* const> tables);

  Result<std::unique_ptr<StoreIterator>> NewIterator(size_t table, ByteView lower, ByteView upper) override;
  Result<bool> Get(size_t table, ByteView key, std::string* value) override;

  /// The databases of a table.
  struct Table {
    MDB_dbi entries = 0;
    MDB_dbi layers = 0;  ///< 0, which is none of a table's, when it has none.
  };
  /// The read transaction, which ends with the last that refers to it.
  struct Transaction {
    Transaction(Environment& of, MDB_txn* view) : environment(of), txn(view) {}
    ~Transaction() { environment.EndView(txn); }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    Environment& environment;
    MDB_txn* const txn;
  };

 private:
  class Iterator;

  LmdbView(std::shared_ptr<Transaction> transaction, std::vector<Table> tables)
      : transaction_(std::move(transaction)), tables_(std::move(tables)) {}

  const std::shared_ptr<Transaction> transaction_;
  const std::vector<Table> tables_;
};

}  // namespace kvstate::backends::lmdb

#endif  // KVSTATE_BACKENDS_LMDB_LMDB_VIEW_H_
