#ifndef KVSTATE_WORKLOADS_OPERATORS_YCSB_YCSB_RECORDS_H_
#define KVSTATE_WORKLOADS_OPERATORS_YCSB_YCSB_RECORDS_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/keyed_state_backend.h"
#include "kvstate/status.h"
#include "workloads/sources/ycsb_events.h"

namespace kvstate::workloads {

/// A record of YCSB: names and values of its fields, the order of the names' numbers.
using YcsbRecord = std::vector<std::pair<std::string, std::string>>;

/// How records are kept in state, under the backend's current key.
class YcsbRecords {
 public:
  virtual ~YcsbRecords() = default;
  virtual Status Open(KeyedStateBackend& backend) = 0;
  virtual Status Insert(const YcsbRequest& request) = 0;
  /// Null when there is none. Valid until the next call.
  virtual Result<const YcsbRecord*> Read(const YcsbRequest& request) = 0;
  /// Of a record that is there.
  virtual Status Update(const YcsbRequest& request) = 0;
  /// The first records, up to so many as are asked for, in the order of their keys.
  virtual Status Scan(const YcsbRequest& request, std::vector<YcsbRecord>* records) = 0;
};

/// Each the whole value of a value state: an update reads and writes the record, as YCSB's bindings of stores of bytes
/// do. Does not scan.
std::unique_ptr<YcsbRecords> MakeValueRecords();
/// A map state of fields: an update writes the field. Does not scan.
std::unique_ptr<YcsbRecords> MakeFieldMapRecords();
/// Each an entry, under the record's key, of the map state of a group of records.
std::unique_ptr<YcsbRecords> MakeGroupedRecords();

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_YCSB_YCSB_RECORDS_H_
