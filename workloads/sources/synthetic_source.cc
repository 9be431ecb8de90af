#include "workloads/sources/synthetic_source.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "kvstate/bytes.h"
#include "workloads/parameters.h"
#include "workloads/sources/active_keys.h"
#include "workloads/sources/arrivals.h"
#include "workloads/sources/key_permutation.h"
#include "workloads/sources/key_picker.h"
#include "workloads/sources/payload_generator.h"
#include "workloads/sources/payload_sizes.h"
#include "workloads/sources/random.h"
#include "workloads/sources/zipf.h"

namespace kvstate::workloads {
namespace {

/// Streams of random numbers under one seed. Part of what a seed means: never renumber.
enum RandomStream : uint64_t {
  kKeyStream = 0,
  kTimeStream = 1,
  kPayloadStream = 2,
  kPermutationStream = 3,
  kFillStream = 4,
  kActiveStream = 5,
  kSizeStream = 6,
  kArrivalStream = 7,
};

constexpr size_t kIdBytes = 8;
constexpr int64_t kMaxEvents = 1'000'000'000'000;
constexpr uint64_t kMaxEpochEvents = 1'000'000'000;
constexpr size_t kMaxPayloadBytes = size_t{1} << 24;
constexpr int64_t kMaxTimeMs = int64_t{1} << 52;

struct SourceOptions {
  uint64_t events = 0;
  KeyOptions keys;
  size_t key_bytes = kIdBytes;
  SizeOptions sizes;
  uint32_t value_random_percent = 100;
  int64_t start_ms = 0;
  ArrivalOptions arrivals;
  uint64_t out_of_order_ms = 0;
  double out_of_order_share = 1;
  bool fill = false;
  uint64_t epoch_events = 0;  ///< 0: no epochs.
  uint64_t active_keys = 1;   ///< In an epoch.
};

class SyntheticSource final : public EventSource {
 public:
  SyntheticSource(const SourceOptions& options, uint64_t seed)
      : options_(options),
        key_random_(seed, kKeyStream),
        time_random_(seed, kTimeStream),
        active_random_(seed, kActiveStream),
        size_random_(seed, kSizeStream),
        arrival_random_(seed, kArrivalStream),
        picker_(options.keys, Random(seed, kPermutationStream).Next()),
        fill_order_(options.keys.keys, Random(seed, kFillStream).Next()),
        sizes_(options.sizes),
        arrivals_(options.arrivals),
        payload_(options.value_random_percent, seed, kPayloadStream),
        key_(options.key_bytes, '\0') {
    if (options.fill) fill_events_ = options.keys.keys;
    if (options.epoch_events > 0) {
      active_.emplace(options.active_keys, options.epoch_events, options.keys.distribution == KeyDistribution::kUniform,
                      [this] { return picker_.Draw(key_random_); });
    }
  }
  SyntheticSource(const SyntheticSource&) = delete;
  SyntheticSource& operator=(const SyntheticSource&) = delete;

  Result<bool> Next(Event* event) override {
    if (next_ == options_.events) return false;
    WriteKey(NextId());
    event->key = key_;
    event->time_ms = next_ < fill_events_ ? options_.start_ms : NextTimeMs();
    event->value = payload_.Next(sizes_.Draw(size_random_));
    ++next_;
    return true;
  }

  uint64_t size() const override { return options_.events; }

 private:
  uint64_t NextId() {
    if (next_ < fill_events_) return fill_order_(next_);
    return active_.has_value() ? active_->Next(active_random_) : picker_.Draw(key_random_);
  }

  int64_t NextTimeMs() {
    const uint64_t elapsed_ms = arrivals_.NextUs(arrival_random_) / 1000;
    return options_.start_ms + static_cast<int64_t>(elapsed_ms) - static_cast<int64_t>(LateByMs());
  }

  uint64_t LateByMs() {
    if (options_.out_of_order_ms == 0) return 0;
    if (options_.out_of_order_share < 1 && time_random_.Unit() >= options_.out_of_order_share) return 0;
    return time_random_.Below(options_.out_of_order_ms + 1);
  }

  /// The id, big-endian, so that keys sort as ids do; then bytes that follow from the id, so that long keys differ
  /// beyond their ids too.
  void WriteKey(uint64_t id) {
    const uint64_t big_endian = ToBigEndian(id);
    std::memcpy(key_.data(), &big_endian, kIdBytes);
    for (size_t at = kIdBytes; at < key_.size(); at += sizeof(uint64_t)) {
      const uint64_t word = MixBits(id + at);
      std::memcpy(key_.data() + at, &word, key_.size() - at < sizeof(word) ? key_.size() - at : sizeof(word));
    }
  }

  const SourceOptions options_;
  Random key_random_;
  Random time_random_;
  Random active_random_;
  Random size_random_;
  Random arrival_random_;
  KeyPicker picker_;
  const KeyPermutation fill_order_;
  std::optional<ActiveKeys> active_;
  const PayloadSizes sizes_;
  Arrivals arrivals_;
  PayloadGenerator payload_;
  std::string key_;
  uint64_t fill_events_ = 0;
  uint64_t next_ = 0;
};

/// Reads a source's parameters, and refuses those that are given where they say nothing.
class SourceReader {
 public:
  SourceReader(std::string whose, const std::vector<ParameterSpec>& specs, const Parameters& given)
      : reader_(std::move(whose), specs, given) {}

  Result<SourceOptions> Read() {
    SourceOptions options;
    options.events = reader_.Count("events", 1, kMaxEvents);
    options.fill = reader_.Choice("fill", {"no", "yes"}) == 1;
    ReadKeys(options.fill, &options.keys);
    options.key_bytes = reader_.Count("key_bytes", kIdBytes, kMaxKeyBytes);
    ReadSizes(&options.sizes);
    options.value_random_percent = static_cast<uint32_t>(reader_.Count("value_random_percent", 1, 100));
    options.start_ms = reader_.Integer("start_ms", 0, kMaxTimeMs);
    ReadArrivals(&options.arrivals);
    options.out_of_order_ms = reader_.Count("out_of_order_ms", 0, uint64_t{1} << 31);
    options.out_of_order_share = reader_.Real("out_of_order_percent", 0, 100) / 100;
    ReadEpochs(&options);
    KVSTATE_RETURN_IF_ERROR(reader_.status());
    return options;
  }

 private:
  /// Refuses any of `names` that is given, unless `applies`, which `when` says.
  void OnlyIf(bool applies, std::initializer_list<std::string_view> names, std::string_view when) {
    if (applies) return;
    for (std::string_view name : names) {
      if (reader_.IsGiven(name)) reader_.Refuse(name, "left out unless " + std::string(when));
    }
  }

  uint64_t ShareOf(uint64_t keys, double percent) {
    return std::clamp<uint64_t>(static_cast<uint64_t>(static_cast<double>(keys) * percent / 100), 1, keys);
  }

  void ReadKeys(bool fill, KeyOptions* keys) {
    keys->keys = reader_.Count("keys", 1, ZipfDistribution::kMaxRanks);
    keys->distribution = static_cast<KeyDistribution>(
        reader_.Choice("key_distribution", {"uniform", "zipfian", "sequential", "latest", "hot_set"}));
    const bool is_zipfian = keys->distribution == KeyDistribution::kZipfian;
    const bool is_latest = keys->distribution == KeyDistribution::kLatest;
    const bool is_hot_set = keys->distribution == KeyDistribution::kHotSet;
    keys->zipf_theta = reader_.Real("zipf_theta", 0.01, ZipfDistribution::kMaxTheta);
    OnlyIf(is_zipfian || is_latest, {"zipf_theta"}, "key_distribution is zipfian or latest");
    keys->new_key_share = reader_.Real("new_key_percent", 0, 100) / 100;
    keys->all_exist = fill;
    OnlyIf(is_latest, {"new_key_percent"}, "key_distribution is latest");
    keys->hot_keys = ShareOf(keys->keys, reader_.Real("hot_key_percent", 0.0001, 100));
    keys->hot_event_share = reader_.Real("hot_event_percent", 0, 100) / 100;
    OnlyIf(is_hot_set, {"hot_key_percent", "hot_event_percent"}, "key_distribution is hot_set");
    keys->drift_events = reader_.Count("drift_events", 0, kMaxEvents);
    keys->drift_keys = ShareOf(keys->keys, reader_.Real("drift_percent", 0.0001, 100));
    OnlyIf(is_zipfian || is_hot_set, {"drift_events"}, "key_distribution is zipfian or hot_set");
    OnlyIf(keys->drift_events > 0, {"drift_percent"}, "drift_events is given");
  }

  void ReadSizes(SizeOptions* sizes) {
    sizes->distribution =
        static_cast<SizeDistribution>(reader_.Choice("value_size", {"constant", "uniform", "normal", "pareto"}));
    const bool is_constant = sizes->distribution == SizeDistribution::kConstant;
    const bool is_normal = sizes->distribution == SizeDistribution::kNormal;
    sizes->bytes = reader_.Count("value_bytes", 0, kMaxPayloadBytes);
    OnlyIf(is_constant || is_normal, {"value_bytes"}, "value_size is constant or normal");
    sizes->bytes_min = reader_.Count("value_bytes_min", 0, kMaxPayloadBytes);
    sizes->bytes_max = reader_.Count("value_bytes_max", 0, kMaxPayloadBytes);
    OnlyIf(!is_constant, {"value_bytes_min", "value_bytes_max"}, "value_size is uniform, normal or pareto");
    if (!is_constant && sizes->bytes_min > sizes->bytes_max) {
      reader_.Refuse("value_bytes_min", "at most value_bytes_max");
    }
    sizes->bytes_stddev = reader_.Real("value_bytes_stddev", 0, kMaxPayloadBytes);
    OnlyIf(is_normal, {"value_bytes_stddev"}, "value_size is normal");
    sizes->pareto_k = reader_.Real("pareto_k", 0.001, 10);
    sizes->pareto_sigma = reader_.Real("pareto_sigma", 0.001, kMaxPayloadBytes);
    OnlyIf(sizes->distribution == SizeDistribution::kPareto, {"pareto_k", "pareto_sigma"}, "value_size is pareto");
  }

  void ReadArrivals(ArrivalOptions* arrivals) {
    arrivals->process = static_cast<ArrivalProcess>(reader_.Choice("arrivals", {"constant", "poisson", "bursts"}));
    arrivals->events_per_second = reader_.Count("events_per_second", 1, 1'000'000'000);
    arrivals->burst_period_ms = reader_.Count("burst_period_ms", 1, uint64_t{1} << 31);
    arrivals->burst_percent = reader_.Count("burst_percent", 1, 100);
    OnlyIf(arrivals->process == ArrivalProcess::kBursts, {"burst_period_ms", "burst_percent"}, "arrivals is bursts");
  }

  void ReadEpochs(SourceOptions* options) {
    options->epoch_events = reader_.Count("epoch_events", 0, kMaxEpochEvents);
    const double percent = reader_.Real("active_percent", 0.0001, 100);
    OnlyIf(options->epoch_events > 0, {"active_percent"}, "epoch_events is given");
    if (options->epoch_events == 0) return;
    if (options->keys.distribution == KeyDistribution::kSequential ||
        options->keys.distribution == KeyDistribution::kLatest) {
      reader_.Refuse("epoch_events", "left out when key_distribution is sequential or latest");
    }
    options->active_keys = ShareOf(options->keys.keys, percent);
    if (options->active_keys > options->epoch_events) {
      reader_.Refuse("epoch_events", "at least the number of active keys, active_percent of keys");
    }
  }

  ParameterReader reader_;
};

}  // namespace

std::vector<ParameterSpec> SyntheticSourceParameters(const Parameters& defaults) {
  std::vector<ParameterSpec> specs = {
      {"events", "1000000", "Events in the stream, 1 to 10^12", true},
      {"keys", "100000", "Distinct keys to draw from, 1 to 2^40", true},
      {"key_distribution", "uniform",
       "How keys are drawn: uniform, zipfian (scattered over the keys), sequential, latest (new keys come, and the "
       "newer are drawn more), hot_set"},
      {"zipf_theta", "0.99", "Exponent of zipfian and of latest, 0.01 to 10; higher is more skewed"},
      {"new_key_percent", "5", "Share of the events of latest with a key that did not occur before, 0 to 100 percent"},
      {"hot_key_percent", "20", "Share of the keys that are in the hot set, 0.0001 to 100 percent"},
      {"hot_event_percent", "80", "Share of the events with a key of the hot set, 0 to 100 percent"},
      {"drift_events", "0", "Events after which other keys become popular, of zipfian and hot_set, to 10^12; 0: never"},
      {"drift_percent", "1", "Share of the keys, the most popular ones, that then become the least, 0.0001 to 100"},
      {"key_bytes", "8", "Length of a key in bytes, 8 to 65535"},
      {"value_size", "constant", "How lengths of payloads are drawn: constant, uniform, normal, pareto"},
      {"value_bytes", "0", "Length of a payload in bytes, and the mean of normal, 0 to 16777216"},
      {"value_bytes_min", "0", "Least length of uniform, normal and pareto in bytes, 0 to 16777216"},
      {"value_bytes_max", "1024", "Greatest length of uniform, normal and pareto in bytes, 0 to 16777216"},
      {"value_bytes_stddev", "16", "Standard deviation of normal in bytes, 0 to 16777216"},
      {"pareto_k", "0.2615",
       "Shape of the generalized Pareto distribution, 0.001 to 10; the default and pareto_sigma's were fitted to "
       "values "
       "of RocksDB at Facebook (Cao et al., FAST 2020)"},
      {"pareto_sigma", "25.45", "Its scale in bytes, 0.001 to 16777216"},
      {"value_random_percent", "50", "Share of a payload that does not compress, 1 to 100 percent"},
      {"start_ms", "1600000000000", "Event time of the first event in milliseconds, 0 to 2^52"},
      {"arrivals", "constant", "How events are spread over event time: constant, poisson, bursts"},
      {"events_per_second", "1000", "Events in a second of event time, on average, 1 to 10^9"},
      {"burst_period_ms", "1000", "Milliseconds from one of the bursts to the next, 1 to 2^31"},
      {"burst_percent", "10", "Share of a period in which all of its events come, 1 to 100 percent"},
      {"out_of_order_ms", "0", "An event's time is earlier by up to this many milliseconds, uniform, 0 to 2^31"},
      {"out_of_order_percent", "100", "Share of the events of which that is so, 0 to 100 percent"},
      {"fill", "no", "yes: first each key occurs once, scattered, all at start_ms, before keys are drawn; no"},
      {"epoch_events", "0", "Events after which other keys become active, up to 10^9; 0: all keys are, always"},
      {"active_percent", "100",
       "Share of the keys that occur in an epoch, each at least once, 0.0001 to 100 percent; drawn by "
       "key_distribution"},
  };
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

Result<std::unique_ptr<EventSource>> MakeSyntheticSource(std::string_view workload,
                                                         const std::vector<ParameterSpec>& specs,
                                                         const Parameters& parameters, uint64_t seed) {
  SourceReader reader("source of workload " + std::string(workload), specs, parameters);
  KVSTATE_ASSIGN_OR_RETURN(const SourceOptions options, reader.Read());
  return std::unique_ptr<EventSource>(std::make_unique<SyntheticSource>(options, seed));
}

}  // namespace kvstate::workloads
