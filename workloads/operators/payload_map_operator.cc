#include "workloads/operators/payload_map_operator.h"

namespace kvstate::workloads {

Status PayloadMapOperator::Put(int64_t user_key, ByteView payload) {
  payload_.assign(payload);
  return map_.Put(user_key, payload_);
}

Status PayloadMapOperator::Get(ByteView key, int64_t user_key) {
  KVSTATE_ASSIGN_OR_RETURN(const std::string* value, map_.Get(user_key));
  ByteWriter& row = NewRow();
  row.PutLengthPrefixed(key);
  row.PutFixed64(static_cast<uint64_t>(user_key));
  row.PutByte(value == nullptr ? 0 : 1);
  if (value != nullptr) row.PutBytes(*value);
  Emit();
  return Status();
}

Status PayloadMapOperator::Scan(ByteView key, uint64_t max_entries) {
  ByteWriter& row = NewRow();
  row.PutLengthPrefixed(key);
  KVSTATE_ASSIGN_OR_RETURN(auto entries, map_.Entries());
  for (uint64_t i = 0; i < max_entries; ++i) {
    KVSTATE_ASSIGN_OR_RETURN(const bool more, entries.Next());
    if (!more) break;
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* user_key, entries.Key());
    row.PutFixed64(static_cast<uint64_t>(*user_key));
    KVSTATE_ASSIGN_OR_RETURN(const std::string* value, entries.Value());
    if (value == nullptr) return InternalError("a map of payloads has a null value, which was never put");
    row.PutLengthPrefixed(*value);
  }
  Emit();
  return Status();
}

}  // namespace kvstate::workloads
