#include "workloads/sources/synthetic_source.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "kvstate/bytes.h"
#include "workloads/parameters.h"
#include "workloads/sources/active_keys.h"
#include "workloads/sources/key_permutation.h"
#include "workloads/sources/payload_generator.h"
#include "workloads/sources/random.h"
#include "workloads/sources/zipf.h"

namespace kvstate::workloads {
namespace {

enum class KeyDistribution { kUniform, kZipfian, kSequential };

/// Streams of random numbers under one seed. Part of what a seed means: never renumber.
enum RandomStream : uint64_t {
  kKeyStream = 0,
  kTimeStream = 1,
  kPayloadStream = 2,
  kPermutationStream = 3,
  kFillStream = 4,
  kActiveStream = 5,
};

constexpr size_t kIdBytes = 8;
constexpr int64_t kMaxEvents = 1'000'000'000'000;
constexpr uint64_t kMaxEpochEvents = 1'000'000'000;
constexpr int64_t kMaxTimeMs = int64_t{1} << 52;

struct SourceOptions {
  uint64_t events = 0;
  uint64_t keys = 1;
  KeyDistribution distribution = KeyDistribution::kUniform;
  double zipf_theta = 0;
  size_t key_bytes = kIdBytes;
  size_t value_bytes = 0;
  uint32_t value_random_percent = 100;
  int64_t start_ms = 0;
  uint64_t events_per_second = 1;
  uint64_t out_of_order_ms = 0;
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
        permutation_(options.keys, Random(seed, kPermutationStream).Next()),
        fill_order_(options.keys, Random(seed, kFillStream).Next()),
        payload_(options.value_bytes, options.value_random_percent, seed, kPayloadStream),
        key_(options.key_bytes, '\0') {
    if (options.distribution == KeyDistribution::kZipfian) zipf_.emplace(options.keys, options.zipf_theta);
    if (options.fill) fill_events_ = options.keys;
    if (options.epoch_events > 0) {
      active_.emplace(options.active_keys, options.epoch_events, options.distribution == KeyDistribution::kUniform,
                      [this] { return DrawId(); });
    }
  }
  SyntheticSource(const SyntheticSource&) = delete;
  SyntheticSource& operator=(const SyntheticSource&) = delete;

  Result<bool> Next(Event* event) override {
    if (next_ == options_.events) return false;
    WriteKey(NextId());
    event->key = key_;
    event->time_ms = next_ < fill_events_ ? options_.start_ms : NextTimeMs(next_ - fill_events_);
    event->value = payload_.Next();
    ++next_;
    return true;
  }

  uint64_t size() const override { return options_.events; }

 private:
  uint64_t NextId() {
    if (next_ < fill_events_) return fill_order_(next_);
    return active_.has_value() ? active_->Next(active_random_) : DrawId();
  }

  uint64_t DrawId() {
    switch (options_.distribution) {
      case KeyDistribution::kUniform:
        return key_random_.Below(options_.keys);
      case KeyDistribution::kZipfian:
        return permutation_(zipf_->Draw(key_random_) - 1);
      case KeyDistribution::kSequential:
        return (next_ - fill_events_) % options_.keys;
    }
    return 0;
  }

  int64_t NextTimeMs(uint64_t drawn) {
    // Whole seconds apart from the rest, so that the product stays small however long the stream.
    const uint64_t seconds = drawn / options_.events_per_second;
    const uint64_t rest = drawn % options_.events_per_second;
    const uint64_t elapsed_ms = seconds * 1000 + rest * 1000 / options_.events_per_second;
    const uint64_t late_by_ms = options_.out_of_order_ms == 0 ? 0 : time_random_.Below(options_.out_of_order_ms + 1);
    return options_.start_ms + static_cast<int64_t>(elapsed_ms) - static_cast<int64_t>(late_by_ms);
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
  KeyPermutation permutation_;
  KeyPermutation fill_order_;
  std::optional<ZipfDistribution> zipf_;
  std::optional<ActiveKeys> active_;
  PayloadGenerator payload_;
  std::string key_;
  uint64_t fill_events_ = 0;
  uint64_t next_ = 0;
};

/// Reads the parameters of filling and of epochs.
void ReadEpochs(ParameterReader& reader, SourceOptions* options) {
  options->fill = reader.Choice("fill", {"no", "yes"}) == 1;
  options->epoch_events = reader.Count("epoch_events", 0, kMaxEpochEvents);
  const double percent = reader.Real("active_percent", 0.0001, 100);
  if (options->epoch_events == 0) {
    if (reader.IsGiven("active_percent")) reader.Refuse("active_percent", "left out unless epoch_events is given");
    return;
  }
  if (options->distribution == KeyDistribution::kSequential) {
    reader.Refuse("epoch_events", "left out when key_distribution is sequential");
  }
  options->active_keys = static_cast<uint64_t>(static_cast<double>(options->keys) * percent / 100);
  options->active_keys = std::max<uint64_t>(options->active_keys, 1);
  if (options->active_keys > options->epoch_events) {
    reader.Refuse("epoch_events", "at least the number of active keys, active_percent of keys");
  }
}

}  // namespace

std::vector<ParameterSpec> SyntheticSourceParameters(const Parameters& defaults) {
  std::vector<ParameterSpec> specs = {
      {"events", "1000000", "Events in the stream, 1 to 10^12"},
      {"keys", "100000", "Distinct keys to draw from, 1 to 2^40"},
      {"key_distribution", "uniform", "How keys are drawn: uniform, zipfian (scattered over the keys), sequential"},
      {"zipf_theta", "0.99", "Exponent of the zipfian distribution, 0.01 to 10; higher is more skewed"},
      {"key_bytes", "8", "Length of a key in bytes, 8 to 65535"},
      {"value_bytes", "0", "Length of a payload in bytes, 0 to 16777216"},
      {"value_random_percent", "50", "Share of a payload that does not compress, 1 to 100 percent"},
      {"start_ms", "1600000000000", "Event time of the first event in milliseconds, 0 to 2^52"},
      {"events_per_second", "1000", "Events in a second of event time, 1 to 10^9"},
      {"out_of_order_ms", "0", "An event's time is earlier by up to this many milliseconds, uniform, 0 to 2^31"},
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
  ParameterReader reader("source of workload " + std::string(workload), specs, parameters);
  SourceOptions options;
  options.events = reader.Count("events", 1, kMaxEvents);
  options.keys = reader.Count("keys", 1, ZipfDistribution::kMaxRanks);
  const size_t distribution = reader.Choice("key_distribution", {"uniform", "zipfian", "sequential"});
  options.distribution = static_cast<KeyDistribution>(distribution);
  options.zipf_theta = reader.Real("zipf_theta", 0.01, ZipfDistribution::kMaxTheta);
  options.key_bytes = reader.Count("key_bytes", kIdBytes, kMaxKeyBytes);
  options.value_bytes = reader.Count("value_bytes", 0, size_t{1} << 24);
  options.value_random_percent = static_cast<uint32_t>(reader.Count("value_random_percent", 1, 100));
  options.start_ms = reader.Integer("start_ms", 0, kMaxTimeMs);
  options.events_per_second = reader.Count("events_per_second", 1, 1'000'000'000);
  options.out_of_order_ms = reader.Count("out_of_order_ms", 0, uint64_t{1} << 31);
  if (options.distribution != KeyDistribution::kZipfian && reader.IsGiven("zipf_theta")) {
    reader.Refuse("zipf_theta", "left out unless key_distribution is zipfian");
  }
  ReadEpochs(reader, &options);
  KVSTATE_RETURN_IF_ERROR(reader.status());
  return std::unique_ptr<EventSource>(std::make_unique<SyntheticSource>(options, seed));
}

}  // namespace kvstate::workloads
