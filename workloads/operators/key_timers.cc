#include <cstdint>
#include <memory>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "kvstate/timer_service.h"
#include "workloads/operators/event_time.h"
#include "workloads/operators/operator_support.h"

namespace kvstate::workloads {
namespace {

struct KeyTimersOptions {
  int64_t timers_per_key = 1;
  int64_t period_ms = 1;
  TimerStorage storage = TimerStorage::kBackend;
};

/// Keeps so many event-time timers for each key, a period apart: the first event of a key registers them all, and each
/// that fires registers one behind the last and is counted in state. Emits each that fires.
class KeyTimersOperator final : public OperatorBase {
 public:
  explicit KeyTimersOperator(const KeyTimersOptions& options) : options_(options), watermark_(0) {}

  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(CheckEventTime(event.time_ms));
    watermark_.Observe(event.time_ms);
    KVSTATE_RETURN_IF_ERROR(
        timers_->AdvanceWatermark(watermark_.value(), [this](const Timer& timer) { return Fire(timer); }));
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* fired, fired_.Get());
    if (fired != nullptr) return Status();
    KVSTATE_RETURN_IF_ERROR(fired_.Update(int64_t{0}));
    for (int64_t i = 1; i <= options_.timers_per_key; ++i) {
      KVSTATE_RETURN_IF_ERROR(timers_->RegisterEventTimeTimer(namespace_, event.time_ms + i * options_.period_ms));
    }
    return Status();
  }

  /// Timers go on for ever: those that are left stay.
  Status Finish() override { return Status(); }

 private:
  Status OpenStates() override {
    KVSTATE_RETURN_IF_ERROR(OpenState(ValueStateDescriptor<int64_t>("fired"), &fired_));
    return OpenTimers("timers", SerializerFor<VoidNamespace>(), options_.storage, &timers_);
  }

  Status Fire(const Timer& timer) {
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* fired, fired_.Get());
    if (fired == nullptr) return InternalError("state \"fired\" is absent where a timer fires");
    KVSTATE_RETURN_IF_ERROR(fired_.Update(*fired + 1));
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(timer.key);
    row.PutFixed64(static_cast<uint64_t>(timer.timestamp));
    Emit();
    return timers_->RegisterEventTimeTimer(namespace_, timer.timestamp + options_.timers_per_key * options_.period_ms);
  }

  void SaveOwnProgress(ByteWriter& to) const override { watermark_.Save(to); }
  bool RestoreOwnProgress(ByteReader& from) override { return watermark_.Restore(from); }

  const KeyTimersOptions options_;
  const std::string namespace_ = Encode(VoidNamespace{});
  BoundedWatermark watermark_;
  ValueState<int64_t> fired_;
  std::unique_ptr<TimerService> timers_;
};

}  // namespace

WorkloadSpec KeyTimers();

WorkloadSpec KeyTimers() {
  return MakeWorkload(
      "key_timers", "Event-time timers, as many for each key at any time, that fire and register themselves again",
      {{"keys", "1000"}},
      {{"timers_per_key", "10", "Timers of a key at any time, 1 to 10^4"},
       {"period_ms", "1000", "Milliseconds between two timers of a key, 1 to 10^12"},
       {"timer_storage", "backend", "Where timers live: heap, backend"}},
      [](ParameterReader& reader) {
        KeyTimersOptions options;
        options.timers_per_key = reader.Integer("timers_per_key", 1, 10'000);
        options.period_ms = reader.Integer("period_ms", 1, 1'000'000'000'000);
        options.storage =
            reader.Choice("timer_storage", {"heap", "backend"}) == 0 ? TimerStorage::kHeap : TimerStorage::kBackend;
        return std::make_unique<KeyTimersOperator>(options);
      });
}

}  // namespace kvstate::workloads
