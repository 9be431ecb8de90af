#include "workloads/sources/state_micro_source.h"

#include <string>

#include "kvstate/codec.h"
#include "workloads/parameters.h"
#include "workloads/sources/key_permutation.h"
#include "workloads/sources/random.h"

namespace kvstate::workloads {
namespace {

/// Streams of random numbers under one seed. Part of what a seed means: never renumber.
enum RandomStream : uint64_t { kSetUpOrderStream = 0, kNewOrderStream = 1, kSetUpValueStream = 2, kValueStream = 3 };

constexpr uint64_t kMillisInSecond = 1000;

struct StateMicroOptions {
  uint64_t events = 1;
  uint64_t setup_keys = 1;
  uint64_t new_keys = 1;
  uint64_t events_per_second = 1;
};

class StateMicroSource final : public EventSource {
 public:
  StateMicroSource(const StateMicroOptions& options, uint64_t seed)
      : options_(options),
        setup_order_(options.setup_keys, Random(seed, kSetUpOrderStream).Next()),
        new_order_(options.new_keys, Random(seed, kNewOrderStream).Next()),
        setup_values_(seed, kSetUpValueStream),
        values_(seed, kValueStream) {}

  Result<bool> Next(Event* event) override {
    if (next_ == size()) return false;
    const bool sets_up = next_ < options_.setup_keys;
    StateMicroEvent made;
    made.number = sets_up ? next_ : next_ - options_.setup_keys;
    made.value = static_cast<int64_t>(sets_up ? setup_values_.Next() : values_.Next());
    made.new_key = static_cast<int64_t>(options_.setup_keys + new_order_(made.number % options_.new_keys));
    key_.Clear();
    Codec<int64_t>::Write(static_cast<int64_t>(sets_up ? next_ : setup_order_(made.number % options_.setup_keys)),
                          key_);
    encoded_.Clear();
    EncodeStateMicroEvent(made, encoded_);
    event->time_ms =
        static_cast<int64_t>(next_ / options_.events_per_second * kMillisInSecond +
                             next_ % options_.events_per_second * kMillisInSecond / options_.events_per_second);
    event->key = key_.view();
    event->value = encoded_.view();
    event->stream = sets_up ? kSetUpStream : kAccessStream;
    ++next_;
    return true;
  }
  uint64_t size() const override { return options_.setup_keys + options_.events; }
  uint64_t fill_events() const override { return options_.setup_keys; }

 private:
  const StateMicroOptions options_;
  const KeyPermutation setup_order_;
  const KeyPermutation new_order_;
  Random setup_values_;
  Random values_;
  uint64_t next_ = 0;
  ByteWriter key_;
  ByteWriter encoded_;
};

}  // namespace

void EncodeStateMicroEvent(const StateMicroEvent& event, ByteWriter& to) {
  to.PutFixed64(static_cast<uint64_t>(event.new_key));
  to.PutFixed64(event.number);
  to.PutFixed64(static_cast<uint64_t>(event.value));
}

Result<StateMicroEvent> DecodeStateMicroEvent(ByteView bytes) {
  ByteReader in(bytes);
  StateMicroEvent event;
  uint64_t new_key = 0;
  uint64_t value = 0;
  if (!in.ReadFixed64(&new_key) || !in.ReadFixed64(&event.number) || !in.ReadFixed64(&value) || !in.AtEnd()) {
    return in.Malformed("an event of a state micro-benchmark");
  }
  event.new_key = static_cast<int64_t>(new_key);
  event.value = static_cast<int64_t>(value);
  return event;
}

std::vector<ParameterSpec> StateMicroSourceParameters() {
  return {
      {"events", "500000", "Accesses after the set-up, 1 to 10^12", true},
      {"setup_keys", "500000", "Keys that the set-up gives state to, 1 to 10^9", true},
      {"new_keys", "500000", "Further keys, for accesses that add, 1 to 10^9", true},
      {"events_per_second", "100000", "Events in a second of event time, evenly spaced, 1 to 10^9"},
  };
}

Result<std::unique_ptr<EventSource>> MakeStateMicroSource(std::string_view workload,
                                                          const std::vector<ParameterSpec>& specs,
                                                          const Parameters& parameters, uint64_t seed) {
  constexpr uint64_t kMost = 1'000'000'000;
  ParameterReader reader("source of workload " + std::string(workload), specs, parameters);
  StateMicroOptions options;
  options.events = reader.Count("events", 1, 1'000'000'000'000);
  options.setup_keys = reader.Count("setup_keys", 1, kMost);
  options.new_keys = reader.Count("new_keys", 1, kMost);
  options.events_per_second = reader.Count("events_per_second", 1, kMost);
  KVSTATE_RETURN_IF_ERROR(reader.status());
  return std::unique_ptr<EventSource>(std::make_unique<StateMicroSource>(options, seed));
}

}  // namespace kvstate::workloads
