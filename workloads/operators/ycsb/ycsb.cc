#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "workloads/operators/operator_support.h"
#include "workloads/operators/ycsb/ycsb_records.h"
#include "workloads/sources/ycsb_events.h"
#include "workloads/sources/ycsb_source.h"

namespace kvstate::workloads {

WorkloadSpec YcsbA();
WorkloadSpec YcsbB();
WorkloadSpec YcsbC();
WorkloadSpec YcsbD();
WorkloadSpec YcsbE();
WorkloadSpec YcsbF();

namespace {

/// YCSB's operations on records in state. Emits what is read: key, record and, if it is there, its fields; of a scan a
/// row each.
class YcsbOperator final : public OperatorBase {
 public:
  explicit YcsbOperator(std::unique_ptr<YcsbRecords> records) : records_(std::move(records)) {}

  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(request_.ReadFrom(event));
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    switch (event.stream) {
      case kYcsbInsert:
        return records_->Insert(request_);
      case kYcsbUpdate:
        return records_->Update(request_);
      case kYcsbScan:
        KVSTATE_RETURN_IF_ERROR(records_->Scan(request_, &scanned_));
        for (const YcsbRecord& record : scanned_) EmitRecord(event.key, &record);
        return Status();
      case kYcsbReadModifyWrite:
        KVSTATE_RETURN_IF_ERROR(Read(event.key));
        return records_->Update(request_);
      default:
        return Read(event.key);
    }
  }

  Status Finish() override { return Status(); }

 private:
  Status OpenStates() override { return records_->Open(backend()); }

  Status Read(ByteView key) {
    KVSTATE_ASSIGN_OR_RETURN(const YcsbRecord* record, records_->Read(request_));
    EmitRecord(key, record);
    return Status();
  }

  void EmitRecord(ByteView key, const YcsbRecord* record) {
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(key);
    row.PutLengthPrefixed(request_.record);
    row.PutByte(record == nullptr ? 0 : 1);
    if (record != nullptr) Codec<YcsbRecord>::Write(*record, row);
    Emit();
  }

  const std::unique_ptr<YcsbRecords> records_;
  YcsbRequest request_;
  std::vector<YcsbRecord> scanned_;
};

WorkloadSpec MakeYcsb(std::string name, std::string description, bool scans, const Parameters& source_defaults) {
  WorkloadSpec spec;
  spec.name = std::move(name);
  spec.description = std::move(description);
  spec.takes_any_events = false;
  spec.source_parameters = YcsbSourceParameters(scans, source_defaults);
  spec.make_source = [workload = spec.name, specs = spec.source_parameters](const Parameters& parameters,
                                                                            uint64_t seed) {
    return MakeYcsbSource(workload, specs, parameters, seed);
  };
  if (scans) {
    SetOperator(&spec, {}, [](ParameterReader&) { return std::make_unique<YcsbOperator>(MakeGroupedRecords()); });
    return spec;
  }
  SetOperator(&spec,
              {{"record", "value", "What a record is: value (one value of all fields), map (an entry for each field)"}},
              [](ParameterReader& reader) {
                const bool is_value = reader.Choice("record", {"value", "map"}) == 0;
                return std::make_unique<YcsbOperator>(is_value ? MakeValueRecords() : MakeFieldMapRecords());
              });
  return spec;
}

}  // namespace

WorkloadSpec YcsbA() {
  return MakeYcsb("ycsb_a", "YCSB A: half reads, half updates of a field, by a Zipfian", false,
                  {{"read_percent", "50"}, {"update_percent", "50"}});
}

WorkloadSpec YcsbB() {
  return MakeYcsb("ycsb_b", "YCSB B: reads, and 5% updates of a field, by a Zipfian", false,
                  {{"read_percent", "95"}, {"update_percent", "5"}});
}

WorkloadSpec YcsbC() {
  return MakeYcsb("ycsb_c", "YCSB C: reads alone, by a Zipfian", false, {{"read_percent", "100"}});
}

WorkloadSpec YcsbD() {
  return MakeYcsb("ycsb_d", "YCSB D: reads of the latest records, and 5% insertions", false,
                  {{"read_percent", "95"}, {"insert_percent", "5"}, {"key_distribution", "latest"}});
}

WorkloadSpec YcsbE() {
  return MakeYcsb("ycsb_e", "YCSB E: scans of up to 100 records of a group, by a Zipfian, and 5% insertions", true,
                  {{"scan_percent", "95"}, {"insert_percent", "5"}});
}

WorkloadSpec YcsbF() {
  return MakeYcsb("ycsb_f", "YCSB F: half reads, half reads with an update of a field after them, by a Zipfian", false,
                  {{"read_percent", "50"}, {"read_modify_write_percent", "50"}});
}

}  // namespace kvstate::workloads
