// YCSB's operations on state, against plain maps.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/serializers.h"
#include "tests/unit/workloads/operator_testing.h"
#include "workloads/sources/ycsb_events.h"

namespace kvstate::workloads {
namespace {

using Fields = std::map<uint64_t, std::string>;

std::string RowOf(const std::string& key, const std::string& record, const Fields* fields) {
  RowBuilder row;
  row.Prefixed(key).Prefixed(record).Byte(fields == nullptr ? 0 : 1);
  if (fields == nullptr) return row.Build();
  row.Byte(static_cast<uint8_t>(fields->size()));
  for (const auto& [number, value] : *fields) row.Prefixed("field" + std::to_string(number)).Prefixed(value);
  return row.Build();
}

struct Reference {
  std::vector<std::string> rows;
  uint64_t records = 0;
  uint64_t scanned = 0;
};

Reference RunReference(const std::vector<OwnedEvent>& events) {
  Reference reference;
  // Of each key, by the encoded key of the record.
  std::map<std::string, std::map<std::string, Fields>> state;
  for (const OwnedEvent& event : events) {
    YcsbRequest request;
    EXPECT_TRUE(request.ReadFrom({event.time_ms, event.key, event.value, event.stream}).ok());
    const std::string record(request.record);
    auto& of_key = state[event.key];
    if (event.stream == kYcsbInsert) ++reference.records;
    if (event.stream == kYcsbScan) {
      uint64_t left = request.scan_records;
      for (const auto& [name, fields] : of_key) {
        if (left-- == 0) break;
        reference.rows.push_back(RowOf(event.key, record, &fields));
        ++reference.scanned;
      }
    }
    if (event.stream == kYcsbRead || event.stream == kYcsbReadModifyWrite) {
      const auto found = of_key.find(Encode(record));
      reference.rows.push_back(RowOf(event.key, record, found == of_key.end() ? nullptr : &found->second));
    }
    for (const auto& [number, value] : request.fields) of_key[Encode(record)][number] = value;
  }
  return reference;
}

Parameters Small(Parameters own = {}) {
  own.insert({{"events", "1500"}, {"keys", "200"}, {"field_bytes", "7"}});
  return own;
}

TEST(YcsbTest, ReadsWhatWasWrittenAsAValueAndAsAMap) {
  for (const char* workload : {"ycsb_a", "ycsb_b", "ycsb_c", "ycsb_d", "ycsb_f"}) {
    SCOPED_TRACE(workload);
    const auto events = ReadEvents(workload, Small(), 1);
    const Reference expected = RunReference(events);
    ASSERT_GT(expected.rows.size(), 500u);
    ExpectOutput(workload, {{"record", "value"}}, events, expected.rows, expected.records);
    ExpectOutput(workload, {{"record", "map"}}, events, expected.rows, expected.records * 10);
  }
}

TEST(YcsbTest, ScansTheRecordsOfAGroupInOrder) {
  const auto events = ReadEvents("ycsb_e", Small({{"records_per_key", "40"}}), 1);
  const Reference expected = RunReference(events);
  ASSERT_GT(expected.scanned, 20'000u);
  ExpectOutput("ycsb_e", {}, events, expected.rows, expected.records);
}

TEST(YcsbTest, GroupedRecordsAreReadAndUpdatedToo) {
  const auto events = ReadEvents("ycsb_e",
                                 Small({{"records_per_key", "40"},
                                        {"scan_percent", "10"},
                                        {"scan_records_max", "5"},
                                        {"read_percent", "40"},
                                        {"update_percent", "30"},
                                        {"read_modify_write_percent", "15"}}),
                                 2);
  const Reference expected = RunReference(events);
  ExpectOutput("ycsb_e", {}, events, expected.rows, expected.records);
}

TEST(YcsbTest, OfAStreamOfItsOwnOnly) {
  const auto spec = FindWorkload("ycsb_a");
  ASSERT_TRUE(spec.ok());
  EXPECT_FALSE((*spec)->takes_any_events);
  YcsbRequest request;
  EXPECT_EQ(request.ReadFrom({0, "k", "\x7f", kYcsbRead}).code(), StatusCode::kDataLoss);
  EXPECT_EQ(request.ReadFrom({0, "k", std::string(3, '\0'), 5}).code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(request.ReadFrom({0, "k", std::string(3, '\0'), kYcsbRead}).ok());
}

}  // namespace
}  // namespace kvstate::workloads
