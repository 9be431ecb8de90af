#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "kvstate/serializers.h"
#include "workloads/operators/nexmark/nexmark_query.h"

namespace kvstate::workloads {

WorkloadSpec SessionWindows();

namespace {

/// Bids of each bidder counted in sessions: bids, keyed by their bidder, go to the operator of session windows, whose
/// states, timers and rows these are. So the watermark moves with bids alone.
class Q11Operator final : public Operator, private NexmarkInput {
 public:
  explicit Q11Operator(Result<std::unique_ptr<Operator>> sessions) : sessions_(std::move(sessions)) {}

  Status Open(KeyedStateBackend& backend) override {
    KVSTATE_RETURN_IF_ERROR(sessions_.status());
    return sessions().Open(backend);
  }
  Status Process(const Event& event) override { return Take(event); }
  Status Finish() override { return sessions().Finish(); }
  uint64_t output_digest() const override { return sessions().output_digest(); }
  uint64_t output_rows() const override { return sessions().output_rows(); }
  std::string Progress() const override { return sessions().Progress(); }
  Status RestoreProgress(ByteView progress) override { return sessions().RestoreProgress(progress); }

 private:
  Status OnBid(const Bid& bid) override {
    const std::string bidder = Encode(bid.bidder);
    return sessions().Process({bid.date_time_ms, bidder, {}, 0});
  }
  Operator& sessions() const { return **sessions_; }

  const Result<std::unique_ptr<Operator>> sessions_;
};

}  // namespace

WorkloadSpec NexmarkQ11();

WorkloadSpec NexmarkQ11() {
  return MakeNexmarkQuery(
      "nexmark_q11", "Nexmark 11: bids of each bidder counted in sessions, by session windows",
      EventTimeQueryParameters(
          {{"gap_ms", "10000", "A session ends this many milliseconds after its last bid, 1 to 2^50"}}),
      [](ParameterReader& reader) {
        const EventTimeOptions options = ReadEventTime(reader);
        return std::make_unique<Q11Operator>(SessionWindows().make_operator(
            {{"gap_ms", std::to_string(reader.Integer("gap_ms", 1, kMaxDurationMs))},
             {"out_of_order_ms", std::to_string(options.out_of_order_ms)},
             {"watermark_interval_ms", std::to_string(options.watermark_interval_ms)},
             {"timer_storage", options.timer_storage == TimerStorage::kHeap ? "heap" : "backend"}}));
      });
}

}  // namespace kvstate::workloads
