#include <cstdint>
#include <memory>

#include "kvstate/descriptors.h"
#include "kvstate/namespaces.h"
#include "kvstate/state.h"
#include "workloads/operators/event_time_operator.h"

namespace kvstate::workloads {
namespace {

/// Counts each key's events in windows [n·window, (n+1)·window): a reducing state whose namespace is the window. When
/// the watermark reaches a window's last millisecond it is emitted and cleared. An event of a window that has fired is
/// dropped and counted.
class TumblingCountOperator final : public EventTimeOperator {
 public:
  TumblingCountOperator(const EventTimeOptions& options, int64_t window_ms)
      : EventTimeOperator(options), window_ms_(window_ms) {}

 private:
  Status OpenStates() override {
    KVSTATE_RETURN_IF_ERROR(OpenEventTimers(SerializerFor<TimeWindow>()));
    const ReducingStateDescriptor<int64_t> descriptor("count", NamedReduceFunction("sum_int64"));
    return OpenState<ReducingState<int64_t>, TimeWindow>(descriptor, &count_);
  }

  Status ProcessInTime(const Event& event) override {
    const TimeWindow window = WindowOf(event.time_ms);
    if (window.max_timestamp() <= watermark_ms()) {
      CountLate();
      return Status();
    }
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    KVSTATE_RETURN_IF_ERROR(count_.SetCurrentNamespace(window));
    KVSTATE_RETURN_IF_ERROR(count_.Add(1));
    return timers().RegisterEventTimeTimer(Encode(window), window.max_timestamp());
  }

  Status OnTimer(const Timer& timer) override {
    const TimeWindow window = WindowOf(timer.timestamp);
    KVSTATE_RETURN_IF_ERROR(count_.SetCurrentNamespace(window));
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* count, count_.Get());
    if (count == nullptr) return InternalError("state \"count\" is absent where a window is to fire");
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(timer.key);
    row.PutFixed64(static_cast<uint64_t>(window.start));
    row.PutFixed64(static_cast<uint64_t>(*count));
    Emit();
    return count_.Clear();
  }

  TimeWindow WindowOf(int64_t time_ms) const {
    const int64_t rest = time_ms % window_ms_;
    const int64_t start = time_ms - (rest < 0 ? rest + window_ms_ : rest);
    return {start, start + window_ms_};
  }

  const int64_t window_ms_;
  ReducingState<int64_t> count_;
};

}  // namespace

WorkloadSpec TumblingCount();

WorkloadSpec TumblingCount() {
  return MakeWorkload("tumbling_count",
                      "Events of each key counted in tumbling windows, which fire and clear as the watermark passes",
                      {{"keys", "10000"}, {"key_distribution", "zipfian"}, {"out_of_order_ms", "1000"}},
                      EventTimeParameters({{"window_ms", "10000", "Length of a window in milliseconds, 1 to 2^50"}}),
                      [](ParameterReader& reader) {
                        const int64_t window_ms = reader.Integer("window_ms", 1, kMaxDurationMs);
                        return std::make_unique<TumblingCountOperator>(ReadEventTime(reader), window_ms);
                      });
}

}  // namespace kvstate::workloads
