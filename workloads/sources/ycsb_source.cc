#include "workloads/sources/ycsb_source.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "kvstate/bytes.h"
#include "workloads/parameters.h"
#include "workloads/sources/payload_generator.h"
#include "workloads/sources/random.h"
#include "workloads/sources/ycsb_events.h"
#include "workloads/sources/ycsb_keys.h"

namespace kvstate::workloads {
namespace {

/// Streams of random numbers under one seed. Part of what a seed means: never renumber.
enum RandomStream : uint64_t {
  kOperationStream = 200,
  kKeyStream = 201,
  kFieldStream = 202,
  kPayloadStream = 203,
  kScanStream = 204,
};

constexpr int64_t kStartMs = 1'600'000'000'000;
constexpr uint64_t kMaxEvents = 1'000'000'000'000;
constexpr uint64_t kMaxRecords = 1'000'000'000;

struct YcsbOptions {
  uint64_t events = 0;
  uint64_t records = 0;
  /// By YcsbOperation; 1 in all.
  std::array<double, 5> shares{};
  YcsbDistribution distribution = YcsbDistribution::kZipfian;
  uint64_t fields = 1;
  size_t field_bytes = 0;
  bool writes_all_fields = false;
  uint32_t value_random_percent = 100;
  uint64_t scan_records_max = 1;
  uint64_t groups = 0;  ///< 0: each record has a key of its own.
};

class YcsbSource final : public EventSource {
 public:
  YcsbSource(const YcsbOptions& options, uint64_t seed)
      : options_(options),
        operation_random_(seed, kOperationStream),
        key_random_(seed, kKeyStream),
        field_random_(seed, kFieldStream),
        scan_random_(seed, kScanStream),
        chooser_(options.distribution, options.records, ExpectedInsertions(options)),
        payload_(options.value_random_percent, seed, kPayloadStream) {}

  Result<bool> Next(Event* event) override {
    if (next_ == options_.events) return false;
    request_.fields.clear();
    request_.scan_records = 0;
    const bool fills = next_ < options_.records;
    event->stream = fills ? kYcsbInsert : NextOperation();
    event->time_ms = kStartMs + static_cast<int64_t>(fills ? 0 : next_ - options_.records);
    const bool inserts = event->stream == kYcsbInsert;
    SetKey(inserts ? inserted_++ : chooser_.Draw(key_random_, inserted_ - 1));
    if (event->stream == kYcsbScan) {
      request_.scan_records = 1 + scan_random_.Below(options_.scan_records_max);
    } else if (event->stream != kYcsbRead) {
      SetFields(inserts || options_.writes_all_fields);
    }
    encoded_.Clear();
    request_.WriteTo(encoded_);
    event->key = key_;
    event->value = encoded_.view();
    ++next_;
    return true;
  }

  uint64_t size() const override { return options_.events; }
  uint64_t fill_events() const override { return options_.records; }

 private:
  /// YCSB allows for twice as many as there are on average.
  static uint64_t ExpectedInsertions(const YcsbOptions& options) {
    const auto operations = static_cast<double>(options.events - options.records);
    return static_cast<uint64_t>(operations * options.shares[kYcsbInsert] * 2.0);
  }

  uint32_t NextOperation() {
    double rest = operation_random_.Unit();
    uint32_t last = kYcsbRead;
    for (const uint32_t operation : {kYcsbRead, kYcsbUpdate, kYcsbInsert, kYcsbScan, kYcsbReadModifyWrite}) {
      const double share = options_.shares.at(operation);
      if (share == 0) continue;
      if (rest < share) return operation;
      rest -= share;
      last = operation;
    }
    return last;
  }

  void SetKey(uint64_t number) {
    if (options_.groups == 0) {
      key_ = YcsbKey(number);
      return;
    }
    record_ = YcsbKey(number);
    request_.record = record_;
    key_ = "group" + std::to_string(YcsbHash(number) % options_.groups);
  }

  void SetFields(bool all) {
    const uint64_t first = all ? 0 : field_random_.Below(options_.fields);
    const uint64_t count = all ? options_.fields : 1;
    const ByteView payload = payload_.Next(count * options_.field_bytes);
    for (uint64_t i = 0; i < count; ++i) {
      request_.fields.emplace_back(first + i, payload.substr(i * options_.field_bytes, options_.field_bytes));
    }
  }

  const YcsbOptions options_;
  Random operation_random_;
  Random key_random_;
  Random field_random_;
  Random scan_random_;
  YcsbKeyChooser chooser_;
  PayloadGenerator payload_;
  YcsbRequest request_;
  std::string key_;
  std::string record_;
  ByteWriter encoded_;
  uint64_t next_ = 0;
  uint64_t inserted_ = 0;
};

Result<YcsbOptions> Read(ParameterReader& reader, bool scans) {
  YcsbOptions options;
  options.events = reader.Count("events", 5, kMaxEvents);
  options.records = reader.Count("keys", 4, kMaxRecords);
  if (options.events <= options.records) reader.Refuse("events", "more than keys, which are inserted first");
  const auto share = [&reader](std::string_view name) { return reader.Real(name, 0, 100) / 100; };
  options.shares[kYcsbRead] = share("read_percent");
  options.shares[kYcsbUpdate] = share("update_percent");
  options.shares[kYcsbInsert] = share("insert_percent");
  options.shares[kYcsbReadModifyWrite] = share("read_modify_write_percent");
  if (scans) {
    options.shares[kYcsbScan] = share("scan_percent");
    options.scan_records_max = reader.Count("scan_records_max", 1, 1'000'000);
    options.groups = std::max<uint64_t>(1, options.records / reader.Count("records_per_key", 1, kMaxRecords));
  }
  double all = 0;
  for (const double of_one : options.shares) all += of_one;
  if (all < 0.999999 || all > 1.000001) reader.Refuse("read_percent", "what makes 100 of all shares of operations");
  options.distribution =
      static_cast<YcsbDistribution>(reader.Choice("key_distribution", {"zipfian", "latest", "uniform"}));
  options.fields = reader.Count("fields", 1, 1000);
  options.field_bytes = reader.Count("field_bytes", 0, uint64_t{1} << 20);
  options.writes_all_fields = reader.Choice("write_all_fields", {"no", "yes"}) == 1;
  options.value_random_percent = static_cast<uint32_t>(reader.Count("value_random_percent", 1, 100));
  KVSTATE_RETURN_IF_ERROR(reader.status());
  return options;
}

bool HasScans(const std::vector<ParameterSpec>& specs) {
  return std::any_of(specs.begin(), specs.end(), [](const auto& spec) { return spec.name == "scan_percent"; });
}

}  // namespace

std::vector<ParameterSpec> YcsbSourceParameters(bool scans, const Parameters& defaults) {
  std::vector<ParameterSpec> specs = {
      {"events", "400000", "Events in the stream, first an insertion for each key, 5 to 10^12, more than keys", true},
      {"keys", "100000", "Records that are inserted before anything is measured, 4 to 10^9", true},
      {"read_percent", "0", "Share of the operations that read a record, 0 to 100 percent; all shares make 100"},
      {"update_percent", "0", "Share of those that write a field of a record, 0 to 100 percent"},
      {"insert_percent", "0", "Share of those that insert a new record, 0 to 100 percent"},
      {"read_modify_write_percent", "0", "Share of those that read a record and then write a field, 0 to 100 percent"},
      {"key_distribution", "zipfian",
       "How records are drawn: zipfian (0.99, scattered over the records), latest (the newer, the likelier), uniform"},
      {"fields", "10", "Fields of a record, 1 to 1000"},
      {"field_bytes", "100", "Length of a field's value in bytes, 0 to 2^20"},
      {"write_all_fields", "no", "What an update writes: yes (all fields), no (one, drawn)"},
      {"value_random_percent", "100", "Share of a written value that does not compress, 1 to 100 percent"},
  };
  if (scans) {
    specs.push_back({"scan_percent", "0", "Share of the operations that scan records, 0 to 100 percent"});
    specs.push_back({"scan_records_max", "100", "A scan reads up to 1 to so many records, uniform, 1 to 10^6"});
    specs.push_back({"records_per_key", "200", "Records that are in one map, on average, 1 to 10^9"});
  }
  size_t replaced = 0;
  for (ParameterSpec& spec : specs) {
    const auto found = defaults.find(spec.name);
    if (found == defaults.end()) continue;
    spec.default_value = found->second;
    ++replaced;
  }
  assert(replaced == defaults.size());
  static_cast<void>(replaced);
  return specs;
}

Result<std::unique_ptr<EventSource>> MakeYcsbSource(std::string_view workload, const std::vector<ParameterSpec>& specs,
                                                    const Parameters& parameters, uint64_t seed) {
  ParameterReader reader("source of workload " + std::string(workload), specs, parameters);
  KVSTATE_ASSIGN_OR_RETURN(const YcsbOptions options, Read(reader, HasScans(specs)));
  return std::unique_ptr<EventSource>(std::make_unique<YcsbSource>(options, seed));
}

}  // namespace kvstate::workloads
