#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "kvstate/descriptors.h"
#include "kvstate/serializers.h"
#include "kvstate/state.h"
#include "workloads/operators/event_measure.h"
#include "workloads/operators/event_time.h"
#include "workloads/operators/operator_support.h"

namespace kvstate::workloads {
namespace {

struct MicroBatchOptions {
  int64_t batch_ms = 1;
  int64_t idle_batches = 0;  ///< A key goes after so many without an event; of the update of all keys alone.
};

/// Gathers events into batches by event time, sums each key's measures, and updates state when the next batch begins.
/// An event that comes late is in the batch that is open then. Emits of each batch: its start, the keys it updated, and
/// the sum of what they have then, which depends on no order of keys.
class MicroBatchOperator : public OperatorBase {
 public:
  explicit MicroBatchOperator(const MicroBatchOptions& options) : options_(options) {}

  Status Process(const Event& event) final {
    KVSTATE_RETURN_IF_ERROR(CheckEventTime(event.time_ms));
    if (pending_.empty() || event.time_ms >= batch_start_ms_ + options_.batch_ms) {
      if (!pending_.empty()) KVSTATE_RETURN_IF_ERROR(CloseBatch());
      const int64_t rest = event.time_ms % options_.batch_ms;
      batch_start_ms_ = event.time_ms - (rest < 0 ? rest + options_.batch_ms : rest);
    }
    pending_[std::string(event.key)] += MeasureOf(event);
    return Status();
  }

  Status Finish() final { return pending_.empty() ? Status() : CloseBatch(); }

 protected:
  using Pending = std::map<std::string, int64_t>;

  /// Brings what came in a batch into state, and calls Updated for each key.
  virtual Status Update(Pending& pending) = 0;
  void Updated(int64_t total) {
    ++updated_keys_;
    updated_total_ += total;
  }
  const MicroBatchOptions& options() const { return options_; }

 private:
  Status CloseBatch() {
    updated_keys_ = 0;
    updated_total_ = 0;
    KVSTATE_RETURN_IF_ERROR(Update(pending_));
    pending_.clear();
    ByteWriter& row = NewRow();
    row.PutFixed64(static_cast<uint64_t>(batch_start_ms_));
    row.PutFixed64(static_cast<uint64_t>(updated_keys_));
    row.PutFixed64(static_cast<uint64_t>(updated_total_));
    Emit();
    return Status();
  }

  void SaveOwnProgress(ByteWriter& to) const final {
    to.PutFixed64(static_cast<uint64_t>(batch_start_ms_));
    Codec<Pending>::Write(pending_, to);
  }
  bool RestoreOwnProgress(ByteReader& from) final {
    uint64_t start = 0;
    if (!from.ReadFixed64(&start) || !Codec<Pending>::Read(from, pending_).ok()) return false;
    batch_start_ms_ = static_cast<int64_t>(start);
    return true;
  }

  const MicroBatchOptions options_;
  int64_t batch_start_ms_ = 0;
  Pending pending_;
  int64_t updated_keys_ = 0;
  int64_t updated_total_ = 0;
};

/// At each batch every key is updated, with what came for it or with nothing, as by updateStateByKey.
class AllKeysOperator final : public MicroBatchOperator {
 public:
  using MicroBatchOperator::MicroBatchOperator;

 private:
  using TotalAndIdle = std::pair<int64_t, int64_t>;

  Status OpenStates() override { return OpenState(ValueStateDescriptor<TotalAndIdle>(kState), &totals_); }

  Status Update(Pending& pending) override {
    KVSTATE_RETURN_IF_ERROR(
        backend().ApplyToAllKeys(kState, Encode(VoidNamespace{}), [&](ByteView key, InternalKVState& /*state*/) {
          const auto found = pending.find(std::string(key));
          if (found == pending.end()) return UpdateIdle();
          const int64_t sum = found->second;
          pending.erase(found);
          return UpdateWith(sum);
        }));
    for (const auto& [key, sum] : pending) {
      KVSTATE_RETURN_IF_ERROR(SetKey(key));
      KVSTATE_RETURN_IF_ERROR(UpdateWith(sum));
    }
    return Status();
  }

  Status UpdateWith(int64_t sum) {
    KVSTATE_ASSIGN_OR_RETURN(const TotalAndIdle* before, totals_.Get());
    const TotalAndIdle now{(before == nullptr ? 0 : before->first) + sum, 0};
    Updated(now.first);
    return totals_.Update(now);
  }

  Status UpdateIdle() {
    KVSTATE_ASSIGN_OR_RETURN(const TotalAndIdle* before, totals_.Get());
    if (before == nullptr) return InternalError("state \"totals\" is absent of a key that a walk gave");
    const TotalAndIdle now{before->first, before->second + 1};
    if (options().idle_batches > 0 && now.second >= options().idle_batches) return totals_.Clear();
    Updated(now.first);
    return totals_.Update(now);
  }

  static constexpr const char* kState = "totals";
  ValueState<TotalAndIdle> totals_;
};

/// At each batch the keys that something came for are updated and no others, as by mapWithState.
class ChangedKeysOperator final : public MicroBatchOperator {
 public:
  using MicroBatchOperator::MicroBatchOperator;

 private:
  Status OpenStates() override { return OpenState(ValueStateDescriptor<int64_t>("totals"), &totals_); }

  Status Update(Pending& pending) override {
    for (const auto& [key, sum] : pending) {
      KVSTATE_RETURN_IF_ERROR(SetKey(key));
      KVSTATE_ASSIGN_OR_RETURN(const int64_t* before, totals_.Get());
      const int64_t total = (before == nullptr ? 0 : *before) + sum;
      Updated(total);
      KVSTATE_RETURN_IF_ERROR(totals_.Update(total));
    }
    return Status();
  }

  ValueState<int64_t> totals_;
};

ParameterSpec BatchParameter() { return {"batch_ms", "1000", "Event time of a batch in milliseconds, 1 to 2^50"}; }

}  // namespace

WorkloadSpec MicroBatchAllKeys();
WorkloadSpec MicroBatchChangedKeys();

WorkloadSpec MicroBatchAllKeys() {
  return MakeWorkload(
      "micro_batch_all_keys", "Micro-batches that update every key at each batch, as updateStateByKey",
      {{"events", "100000"}, {"keys", "10000"}},
      {BatchParameter(),
       {"idle_batches", "0", "A key is cleared after so many batches without an event, 0 to 10^9; 0: never"}},
      [](ParameterReader& reader) {
        MicroBatchOptions options;
        options.batch_ms = reader.Integer("batch_ms", 1, kMaxDurationMs);
        options.idle_batches = reader.Integer("idle_batches", 0, 1'000'000'000);
        return std::make_unique<AllKeysOperator>(options);
      });
}

WorkloadSpec MicroBatchChangedKeys() {
  return MakeWorkload("micro_batch_changed_keys",
                      "Micro-batches that update the keys that have changed alone, as mapWithState",
                      {{"events", "100000"}, {"keys", "10000"}}, {BatchParameter()}, [](ParameterReader& reader) {
                        MicroBatchOptions options;
                        options.batch_ms = reader.Integer("batch_ms", 1, kMaxDurationMs);
                        return std::make_unique<ChangedKeysOperator>(options);
                      });
}

}  // namespace kvstate::workloads
