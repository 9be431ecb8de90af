#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_FAMILY_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_FAMILY_H_

#include <rocksdb/db.h>

#include <memory>
#include <string>

#include "backends/rocksdb/rocksdb_merge.h"
#include "backends/rocksdb/rocksdb_ttl.h"
#include "kvstate/status.h"

namespace kvstate::backends::rocksdb {

/// A state's column family, open. Who shares it can read it, also after it was dropped. Thread-safe. REQUIRES: let go
/// before the database is closed.
class Family {
 public:
  /// Takes over `handle`. `reduce` is null but for tables of AppendKind::kReduce; `ttl` for tables that have no time to
  /// live and will never have one.
  Family(::rocksdb::DB& db, ::rocksdb::ColumnFamilyHandle* handle, std::string state_name,
         std::shared_ptr<ReduceOperator> reduce, std::shared_ptr<FamilyTtl> ttl);
  ~Family();
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  ::rocksdb::ColumnFamilyHandle* handle() const { return handle_; }
  const std::string& state_name() const { return state_name_; }
  ReduceOperator* reduce() const { return reduce_.get(); }
  const std::shared_ptr<FamilyTtl>& ttl() const { return ttl_; }
  /// Whether its operands can be folded by nobody yet.
  bool unbound() const { return reduce_ != nullptr && !reduce_->is_bound(); }

  /// The Status for RocksDB's `status` of a read, just done by this thread.
  Status FromRead(const ::rocksdb::Status& status, const char* what) const;
  /// FAILED_PRECONDITION: what is to be read must be folded first, by a function that is not known.
  Status NotFoldedError() const;

 private:
  ::rocksdb::DB& db_;
  ::rocksdb::ColumnFamilyHandle* const handle_;
  const std::string state_name_;
  const std::shared_ptr<ReduceOperator> reduce_;
  const std::shared_ptr<FamilyTtl> ttl_;
};

using FamilyPtr = std::shared_ptr<const Family>;

/// A column family's name for a state's: a state may have any bytes in it, one called "default" included.
std::string FamilyName(const std::string& state_name);

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_FAMILY_H_
