#ifndef KVSTATE_WORKLOADS_SOURCES_YCSB_EVENTS_H_
#define KVSTATE_WORKLOADS_SOURCES_YCSB_EVENTS_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/status.h"
#include "workloads/workload.h"

namespace kvstate::workloads {

/// Event.stream of YCSB's operations.
enum YcsbOperation : uint32_t {
  kYcsbInsert = 0,
  kYcsbRead = 1,
  kYcsbUpdate = 2,
  kYcsbScan = 3,
  kYcsbReadModifyWrite = 4,
};

/// Event.value, decoded. Views are the event's.
struct YcsbRequest {
  /// The record's key, where the event's key is that of several records; else empty.
  ByteView record;
  /// What is written: the numbers of fields, and their values.
  std::vector<std::pair<uint64_t, ByteView>> fields;
  uint64_t scan_records = 0;

  void WriteTo(ByteWriter& out) const;
  /// DATA_LOSS when the value is none; INVALID_ARGUMENT for a stream that there is not.
  Status ReadFrom(const Event& event);
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_SOURCES_YCSB_EVENTS_H_
