#include "backends/rocksdb/rocksdb_family.h"

#include <utility>

#include "backends/rocksdb/rocksdb_status.h"

namespace kvstate::backends::rocksdb {

std::string FamilyName(const std::string& state_name) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string name = "state.";
  for (const char c : state_name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (plain) {
      name.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      name.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return name;
}

Family::Family(::rocksdb::DB& db, ::rocksdb::ColumnFamilyHandle* handle, std::string state_name,
               std::shared_ptr<ReduceOperator> reduce, std::shared_ptr<FamilyTtl> ttl)
    : db_(db), handle_(handle), state_name_(std::move(state_name)), reduce_(std::move(reduce)), ttl_(std::move(ttl)) {}

Family::~Family() { db_.DestroyColumnFamilyHandle(handle_).PermitUncheckedError(); }

Status Family::FromRead(const ::rocksdb::Status& status, const char* what) const {
  if (status.ok()) return Status();
  if (reduce_ != nullptr && TakeRefusedFold()) return NotFoldedError();
  return FromRocksDb(status, what);
}

Status Family::NotFoldedError() const {
  return FailedPreconditionError("reducing state '" + state_name_ +
                                 "' was restored with inputs that only its ReduceFunction can combine; call "
                                 "GetOrCreateState for it before it is read or a savepoint is taken");
}

}  // namespace kvstate::backends::rocksdb
