#include <cstdint>
#include <memory>

#include "kvstate/descriptors.h"
#include "kvstate/namespaces.h"
#include "kvstate/state.h"
#include "workloads/operators/event_time.h"
#include "workloads/operators/event_timers.h"
#include "workloads/operators/operator_support.h"

namespace kvstate::workloads {
namespace {

struct TumblingCountOptions {
  int64_t window_ms = 1;
  int64_t out_of_order_ms = 0;
};

/// Counts each key's events in windows [n·window, (n+1)·window): a reducing state whose namespace is the window. When
/// the watermark reaches a window's last millisecond it is emitted and cleared. An event of a window that has fired is
/// dropped and counted. What is to fire is kept in memory (EventTimers).
class TumblingCountOperator final : public OperatorBase {
 public:
  explicit TumblingCountOperator(const TumblingCountOptions& options)
      : options_(options), watermark_(options.out_of_order_ms) {}

  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(CheckEventTime(event.time_ms));
    const TimeWindow window = WindowOf(event.time_ms);
    if (window.max_timestamp() <= watermark_.value()) {
      ++late_events_;
      return Status();
    }
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    KVSTATE_RETURN_IF_ERROR(count_.SetCurrentNamespace(window));
    KVSTATE_RETURN_IF_ERROR(count_.Add(1));
    timers_.Register(window.max_timestamp(), event.key);
    watermark_.Observe(event.time_ms);
    return timers_.HasDue(watermark_.value()) ? FireDue() : Status();
  }

  /// Fires the windows that are open; then emits the number of late events, when there were any.
  Status Finish() override {
    watermark_.Close();
    KVSTATE_RETURN_IF_ERROR(FireDue());
    if (late_events_ > 0) {
      NewRow().PutFixed64(late_events_);
      Emit();
    }
    return Status();
  }

 private:
  Status OpenStates() override {
    const ReducingStateDescriptor<int64_t> descriptor("count", NamedReduceFunction("sum_int64"));
    return OpenState<ReducingState<int64_t>, TimeWindow>(descriptor, &count_);
  }

  TimeWindow WindowOf(int64_t time_ms) const {
    const int64_t rest = time_ms % options_.window_ms;
    const int64_t start = time_ms - (rest < 0 ? rest + options_.window_ms : rest);
    return {start, start + options_.window_ms};
  }

  Status FireDue() {
    return timers_.FireUpTo(watermark_.value(), [this](int64_t time_ms, ByteView key) { return Fire(time_ms, key); });
  }

  Status Fire(int64_t time_ms, ByteView key) {
    const TimeWindow window = WindowOf(time_ms);
    KVSTATE_RETURN_IF_ERROR(SetKey(key));
    KVSTATE_RETURN_IF_ERROR(count_.SetCurrentNamespace(window));
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* count, count_.Get());
    if (count == nullptr) return InternalError("state \"count\" is absent where a window is to fire");
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(key);
    row.PutFixed64(static_cast<uint64_t>(window.start));
    row.PutFixed64(static_cast<uint64_t>(*count));
    Emit();
    return count_.Clear();
  }

  const TumblingCountOptions options_;
  ReducingState<int64_t> count_;
  BoundedWatermark watermark_;
  EventTimers timers_;
  uint64_t late_events_ = 0;
};

}  // namespace

WorkloadSpec TumblingCount();

WorkloadSpec TumblingCount() {
  return MakeWorkload(
      "tumbling_count", "Events of each key counted in tumbling windows, which fire and clear as the watermark passes",
      {{"keys", "10000"}, {"key_distribution", "zipfian"}, {"out_of_order_ms", "1000"}},
      {{"window_ms", "10000", "Length of a window in milliseconds, 1 to 2^50"},
       {"out_of_order_ms", "1000", "The watermark stays this many milliseconds behind the latest event, 0 to 2^50"}},
      [](ParameterReader& reader) {
        TumblingCountOptions options;
        options.window_ms = reader.Integer("window_ms", 1, kMaxDurationMs);
        options.out_of_order_ms = reader.Integer("out_of_order_ms", 0, kMaxDurationMs);
        return std::make_unique<TumblingCountOperator>(options);
      });
}

}  // namespace kvstate::workloads
