#include "workloads/sources/ycsb_events.h"

#include <string>

namespace kvstate::workloads {

void YcsbRequest::WriteTo(ByteWriter& out) const {
  out.PutLengthPrefixed(record);
  out.PutVarint(fields.size());
  for (const auto& [field, value] : fields) {
    out.PutVarint(field);
    out.PutLengthPrefixed(value);
  }
  out.PutVarint(scan_records);
}

Status YcsbRequest::ReadFrom(const Event& event) {
  if (event.stream > kYcsbReadModifyWrite) {
    return InvalidArgumentError("an event of stream " + std::to_string(event.stream) +
                                ": YCSB has 0 (insert) to 4 (read, modify, write)");
  }
  ByteReader in(event.value);
  uint64_t count = 0;
  if (!in.ReadLengthPrefixed(&record) || !in.ReadVarint(&count)) return in.Malformed("YCSB request");
  fields.clear();
  for (uint64_t i = 0; i < count; ++i) {
    auto& [field, value] = fields.emplace_back();
    if (!in.ReadVarint(&field) || !in.ReadLengthPrefixed(&value)) return in.Malformed("field of a YCSB request");
  }
  if (!in.ReadVarint(&scan_records) || !in.AtEnd()) return in.Malformed("end of a YCSB request");
  return Status();
}

}  // namespace kvstate::workloads
