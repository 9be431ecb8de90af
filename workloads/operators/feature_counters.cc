#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/event_time.h"
#include "workloads/operators/operator_support.h"

namespace kvstate::workloads {
namespace {

constexpr size_t kHorizons = 3;

struct FeatureCountersOptions {
  std::array<int64_t, kHorizons> horizons_ms = {1, 1, 1};
  int64_t buckets = 1;
};

/// A horizon's number, and the start of a bucket of it.
using Bucket = std::pair<uint8_t, int64_t>;

/// Counts each key's events over several horizons, for a model to be asked with on each event. A horizon is cut into
/// buckets, of which a map has an entry each: an event counts in one of each horizon, then all are read, and those that
/// lie before their horizon are removed. Emits the count over each horizon: of the buckets that begin in it, up to the
/// event's.
class FeatureCountersOperator final : public OperatorBase {
 public:
  explicit FeatureCountersOperator(const FeatureCountersOptions& options) : options_(options) {}

  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(CheckEventTime(event.time_ms));
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    for (size_t i = 0; i < kHorizons; ++i) {
      const Bucket bucket{static_cast<uint8_t>(i), BucketStart(i, event.time_ms)};
      KVSTATE_ASSIGN_OR_RETURN(const int64_t* count, counts_.Get(bucket));
      KVSTATE_RETURN_IF_ERROR(counts_.Put(bucket, count == nullptr ? 1 : *count + 1));
    }
    return Read(event);
  }

  Status Finish() override { return Status(); }

 private:
  Status OpenStates() override { return OpenState(MapStateDescriptor<Bucket, int64_t>("counts"), &counts_); }

  Status Read(const Event& event) {
    std::array<int64_t, kHorizons> sums = {};
    KVSTATE_ASSIGN_OR_RETURN(auto entries, counts_.Entries());
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, entries.Next());
      if (!more) break;
      KVSTATE_ASSIGN_OR_RETURN(const Bucket* stored, entries.Key());
      const auto [horizon, start_ms] = *stored;
      if (horizon >= kHorizons) return InternalError("state \"counts\" has a horizon that was never put");
      if (start_ms <= event.time_ms - options_.horizons_ms[horizon]) {
        KVSTATE_RETURN_IF_ERROR(entries.Remove());
      } else if (start_ms <= event.time_ms) {
        KVSTATE_ASSIGN_OR_RETURN(const int64_t* count, entries.Value());
        if (count == nullptr) return InternalError("state \"counts\" has a null value, which was never put");
        sums[horizon] += *count;
      }
    }
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(event.key);
    for (const int64_t sum : sums) row.PutFixed64(static_cast<uint64_t>(sum));
    Emit();
    return Status();
  }

  int64_t BucketStart(size_t horizon, int64_t time_ms) const {
    const int64_t length_ms = options_.horizons_ms[horizon] / options_.buckets;
    const int64_t rest = time_ms % length_ms;
    return time_ms - (rest < 0 ? rest + length_ms : rest);
  }

  const FeatureCountersOptions options_;
  MapState<Bucket, int64_t> counts_;
};

}  // namespace

WorkloadSpec FeatureCounters();

WorkloadSpec FeatureCounters() {
  return MakeWorkload(
      "feature_counters", "Events of each key counted over three horizons, in buckets of a map that expire",
      {{"keys", "10000"}, {"key_distribution", "zipfian"}, {"events_per_second", "100"}},
      {{"short_ms", "60000", "The shortest horizon in milliseconds, 1 to 2^50; a multiple of buckets, as the others"},
       {"medium_ms", "3600000", "The medium horizon in milliseconds, 1 to 2^50"},
       {"long_ms", "86400000", "The longest horizon in milliseconds, 1 to 2^50"},
       {"buckets", "6", "Buckets of a horizon, 1 to 10^6"}},
      [](ParameterReader& reader) {
        FeatureCountersOptions options;
        options.horizons_ms = {reader.Integer("short_ms", 1, kMaxDurationMs),
                               reader.Integer("medium_ms", 1, kMaxDurationMs),
                               reader.Integer("long_ms", 1, kMaxDurationMs)};
        options.buckets = reader.Integer("buckets", 1, 1'000'000);
        const char* const names[] = {"short_ms", "medium_ms", "long_ms"};
        for (size_t i = 0; i < kHorizons; ++i) {
          if (options.horizons_ms[i] % options.buckets != 0) reader.Refuse(names[i], "a multiple of buckets");
        }
        return std::make_unique<FeatureCountersOperator>(options);
      });
}

}  // namespace kvstate::workloads
