#include "workloads/operators/ycsb/ycsb_records.h"

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/operator_support.h"

namespace kvstate::workloads {
namespace {

std::string FieldName(uint64_t number) { return "field" + std::to_string(number); }

void MakeRecord(const YcsbRequest& request, YcsbRecord* record) {
  record->clear();
  for (const auto& [number, value] : request.fields) record->emplace_back(FieldName(number), value);
}

void WriteFields(const YcsbRequest& request, YcsbRecord* record) {
  for (const auto& [number, value] : request.fields) {
    const std::string name = FieldName(number);
    for (auto& field : *record) {
      if (field.first == name) field.second.assign(value);
    }
  }
}

Status NoScans() { return InvalidArgumentError("records that are a key each have no order, and are not scanned"); }

class ValueRecords final : public YcsbRecords {
 public:
  Status Open(KeyedStateBackend& backend) override {
    return OpenStateOf<VoidNamespace>(backend, ValueStateDescriptor<YcsbRecord>("record"), &record_);
  }
  Status Insert(const YcsbRequest& request) override {
    MakeRecord(request, &buffer_);
    return record_.Update(buffer_);
  }
  Result<const YcsbRecord*> Read(const YcsbRequest& /*request*/) override { return record_.Get(); }
  Status Update(const YcsbRequest& request) override {
    KVSTATE_ASSIGN_OR_RETURN(const YcsbRecord* stored, Read(request));
    if (stored == nullptr) return Status();
    buffer_ = *stored;
    WriteFields(request, &buffer_);
    return record_.Update(buffer_);
  }
  Status Scan(const YcsbRequest& /*request*/, std::vector<YcsbRecord>* /*records*/) override { return NoScans(); }

 private:
  ValueState<YcsbRecord> record_;
  YcsbRecord buffer_;
};

class FieldMapRecords final : public YcsbRecords {
 public:
  Status Open(KeyedStateBackend& backend) override {
    return OpenStateOf<VoidNamespace>(backend, MapStateDescriptor<std::string, std::string>("fields"), &fields_);
  }
  Status Insert(const YcsbRequest& request) override { return Update(request); }
  Result<const YcsbRecord*> Read(const YcsbRequest& /*request*/) override {
    buffer_.clear();
    KVSTATE_ASSIGN_OR_RETURN(auto entries, fields_.Entries());
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, entries.Next());
      if (!more) return buffer_.empty() ? nullptr : &buffer_;
      auto& field = buffer_.emplace_back();
      KVSTATE_ASSIGN_OR_RETURN(const std::string* name, entries.Key());
      field.first = *name;
      KVSTATE_ASSIGN_OR_RETURN(const std::string* value, entries.Value());
      field.second = *value;
    }
  }
  Status Update(const YcsbRequest& request) override {
    for (const auto& [number, value] : request.fields) {
      KVSTATE_RETURN_IF_ERROR(fields_.Put(FieldName(number), std::string(value)));
    }
    return Status();
  }
  Status Scan(const YcsbRequest& /*request*/, std::vector<YcsbRecord>* /*records*/) override { return NoScans(); }

 private:
  MapState<std::string, std::string> fields_;
  YcsbRecord buffer_;
};

class GroupedRecords final : public YcsbRecords {
 public:
  Status Open(KeyedStateBackend& backend) override {
    return OpenStateOf<VoidNamespace>(backend, MapStateDescriptor<std::string, YcsbRecord>("records"), &records_);
  }
  Status Insert(const YcsbRequest& request) override {
    MakeRecord(request, &buffer_);
    return records_.Put(std::string(request.record), buffer_);
  }
  Result<const YcsbRecord*> Read(const YcsbRequest& request) override {
    return records_.Get(std::string(request.record));
  }
  Status Update(const YcsbRequest& request) override {
    KVSTATE_ASSIGN_OR_RETURN(const YcsbRecord* stored, Read(request));
    if (stored == nullptr) return Status();
    buffer_ = *stored;
    WriteFields(request, &buffer_);
    return records_.Put(std::string(request.record), buffer_);
  }
  Status Scan(const YcsbRequest& request, std::vector<YcsbRecord>* records) override {
    records->clear();
    KVSTATE_ASSIGN_OR_RETURN(auto entries, records_.Entries());
    while (records->size() < request.scan_records) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, entries.Next());
      if (!more) break;
      KVSTATE_ASSIGN_OR_RETURN(const YcsbRecord* record, entries.Value());
      records->push_back(*record);
    }
    return Status();
  }

 private:
  MapState<std::string, YcsbRecord> records_;
  YcsbRecord buffer_;
};

}  // namespace

std::unique_ptr<YcsbRecords> MakeValueRecords() { return std::make_unique<ValueRecords>(); }
std::unique_ptr<YcsbRecords> MakeFieldMapRecords() { return std::make_unique<FieldMapRecords>(); }
std::unique_ptr<YcsbRecords> MakeGroupedRecords() { return std::make_unique<GroupedRecords>(); }

}  // namespace kvstate::workloads
