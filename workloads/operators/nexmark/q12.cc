#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/nexmark/nexmark_query.h"

namespace kvstate::workloads {
namespace {

/// Bids of each bidder counted in tumbling windows of processing time, by processing-time timers. Processing time is
/// when an event arrives, taken to be the latest event time so far: there is no wall clock here, and nothing is late.
class Q12Operator final : public OperatorBase, private NexmarkInput {
 public:
  Q12Operator(int64_t window_ms, TimerStorage timer_storage) : window_ms_(window_ms), timer_storage_(timer_storage) {}

  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(CheckEventTime(event.time_ms));
    if (event.time_ms > now_ms_) KVSTATE_RETURN_IF_ERROR(AdvanceTo(event.time_ms));
    return Take(event);
  }

  Status Finish() override { return AdvanceTo(std::numeric_limits<int64_t>::max()); }

 private:
  Status OpenStates() override {
    KVSTATE_RETURN_IF_ERROR(OpenTimers("timers", SerializerFor<TimeWindow>(), timer_storage_, &timers_, clock_));
    const ReducingStateDescriptor<int64_t> count("count", NamedReduceFunction("sum_int64"));
    return OpenState<ReducingState<int64_t>, TimeWindow>(count, &count_);
  }

  Status OnBid(const Bid& bid) override {
    const TimeWindow window = TumblingWindowOf(now_ms_, window_ms_);
    KVSTATE_RETURN_IF_ERROR(SetKeyOf(bid.bidder));
    KVSTATE_RETURN_IF_ERROR(count_.SetCurrentNamespace(window));
    KVSTATE_RETURN_IF_ERROR(count_.Add(1));
    return timers_->RegisterProcessingTimeTimer(Encode(window), window.max_timestamp());
  }

  Status AdvanceTo(int64_t now_ms) {
    // Timers stand at the end of the window that now is in.
    const bool due = now_ms > TumblingWindowOf(std::max(now_ms_, -kMaxEventTimeMs), window_ms_).max_timestamp();
    now_ms_ = now_ms;
    clock_->SetMillis(now_ms);
    if (!due) return Status();
    return timers_->AdvanceProcessingTime([this](const Timer& timer) { return OnTimer(timer); });
  }

  Status OnTimer(const Timer& timer) {
    KVSTATE_ASSIGN_OR_RETURN(const int64_t bidder, Decode<int64_t>(timer.key));
    const TimeWindow window = TumblingWindowOf(timer.timestamp, window_ms_);
    KVSTATE_RETURN_IF_ERROR(count_.SetCurrentNamespace(window));
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* count, count_.Get());
    if (count == nullptr) return InternalError("state \"count\" is absent where a window is to fire");
    EmitRow(bidder, *count, window);
    return count_.Clear();
  }

  void SaveOwnProgress(ByteWriter& to) const override { to.PutFixed64(static_cast<uint64_t>(now_ms_)); }
  bool RestoreOwnProgress(ByteReader& from) override {
    uint64_t now_ms = 0;
    if (!from.ReadFixed64(&now_ms)) return false;
    now_ms_ = static_cast<int64_t>(now_ms);
    clock_->SetMillis(now_ms_);
    return true;
  }

  const int64_t window_ms_;
  const TimerStorage timer_storage_;
  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::unique_ptr<TimerService> timers_;
  int64_t now_ms_ = std::numeric_limits<int64_t>::min();
  ReducingState<int64_t> count_;
};

}  // namespace

WorkloadSpec NexmarkQ12();

WorkloadSpec NexmarkQ12() {
  return MakeNexmarkQuery(
      "nexmark_q12", "Nexmark 12: bids of each bidder counted in tumbling windows of processing time",
      {{"window_ms", "10000", "Length of a window in milliseconds, 1 to 2^50"},
       {"timer_storage", "heap", "Where timers live: heap, backend"}},
      [](ParameterReader& reader) {
        const int64_t window_ms = reader.Integer("window_ms", 1, kMaxDurationMs);
        const bool heap = reader.Choice("timer_storage", {"heap", "backend"}) == 0;
        return std::make_unique<Q12Operator>(window_ms, heap ? TimerStorage::kHeap : TimerStorage::kBackend);
      });
}

}  // namespace kvstate::workloads
