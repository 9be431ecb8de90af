#include <cstdint>
#include <memory>

#include "workloads/operators/operator_support.h"
#include "workloads/operators/payload_map_operator.h"
#include "workloads/operators/ttl_parameters.h"

namespace kvstate::workloads {
namespace {

struct TtlFeatureMapOptions {
  TtlConfig ttl;
  int64_t features = 1;
  uint64_t put_percent = 0;
  uint64_t scan_percent = 0;
};

/// A map of features for each key, from a number to a payload, of which each entry has its own time to live. A hash of
/// each event decides on the feature and on what is done with it: put, read all features that are left, or get one.
/// Emits what gets and scans have found.
class TtlFeatureMapOperator final : public PayloadMapOperator {
 public:
  explicit TtlFeatureMapOperator(const TtlFeatureMapOptions& options) : options_(options) {}

  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    const uint64_t hash = HashEvent(event.time_ms, event.key, event.value);
    const auto feature = static_cast<int64_t>((hash >> 32) % static_cast<uint64_t>(options_.features));
    const uint64_t percent = (hash & 0xffffffff) % 100;
    if (percent < options_.put_percent) return Put(feature, event.value);
    if (percent < options_.put_percent + options_.scan_percent) return Scan(event.key, UINT64_MAX);
    return Get(event.key, feature);
  }

 private:
  Descriptor StateOfPayloads() const override {
    Descriptor descriptor("features", SerializerFor<int64_t>(), RawBytesSerializer());
    descriptor.ttl = options_.ttl;
    return descriptor;
  }

  const TtlFeatureMapOptions options_;
};

}  // namespace

WorkloadSpec TtlFeatureMap();

WorkloadSpec TtlFeatureMap() {
  return MakeWorkload(
      "ttl_feature_map", "A map of features for each key whose entries expire one by one",
      {{"keys", "5000"}, {"value_bytes", "64"}},
      {TtlParameter("15000"),
       {"features", "50", "Distinct features of a key, 1 to 10^9"},
       {"put_percent", "50", "Events that put a feature, 0 to 100 percent; what is left of 100 gets one"},
       {"scan_percent", "5", "Events that read all features of their key, 0 to 100 percent"}},
      [](ParameterReader& reader) {
        TtlFeatureMapOptions options;
        options.ttl = ReadTtl(reader, TtlConfig::Update::kOnCreateAndWrite);
        options.features = reader.Integer("features", 1, 1'000'000'000);
        options.put_percent = reader.Count("put_percent", 0, 100);
        options.scan_percent = reader.Count("scan_percent", 0, 100);
        if (options.put_percent + options.scan_percent > 100) {
          reader.Refuse("put_percent", "such that it and scan_percent sum to 100 at most");
        }
        return std::make_unique<TtlFeatureMapOperator>(options);
      });
}

}  // namespace kvstate::workloads
