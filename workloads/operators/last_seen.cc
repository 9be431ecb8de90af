#include <cstdint>
#include <memory>
#include <utility>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/event_time.h"
#include "workloads/operators/operator_support.h"

namespace kvstate::workloads {
namespace {

struct LastSeenOptions {
  int64_t ttl_ms = 0;  ///< 0: for ever.
  uint64_t ask_percent = 0;
};

/// When each device was last heard of: an event writes its time and reads nothing. A share of the events, by a hash of
/// them, ask in place of that, and emit what there is.
class LastSeenOperator final : public OperatorBase {
 public:
  explicit LastSeenOperator(const LastSeenOptions& options) : options_(options) {}

  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    if (HashEvent(event.time_ms, event.key, event.value) % 100 >= options_.ask_percent) {
      return seen_.Update(event.time_ms);
    }
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* seen_ms, seen_.Get());
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(event.key);
    row.PutByte(seen_ms == nullptr ? 0 : 1);
    if (seen_ms != nullptr) row.PutFixed64(static_cast<uint64_t>(*seen_ms));
    Emit();
    return Status();
  }

  Status Finish() override { return Status(); }

 private:
  Status OpenStates() override {
    ValueStateDescriptor<int64_t> descriptor("seen_ms");
    if (options_.ttl_ms > 0) {
      TtlConfig ttl;
      ttl.ttl_millis = options_.ttl_ms;
      ttl.update = TtlConfig::Update::kOnCreateAndWrite;
      descriptor.ttl = ttl;
    }
    return OpenState(descriptor, &seen_);
  }

  const LastSeenOptions options_;
  ValueState<int64_t> seen_;
};

}  // namespace

WorkloadSpec LastSeen();

WorkloadSpec LastSeen() {
  return MakeWorkload("last_seen", "When each device was last heard of: values that are written and hardly read",
                      {{"key_bytes", "16"}},
                      {{"ttl_ms", "0", "Time to live of what is stored, in milliseconds, 0 to 2^50; 0: none"},
                       {"ask_percent", "1", "Events that read in place of writing, 0 to 100 percent"}},
                      [](ParameterReader& reader) {
                        LastSeenOptions options;
                        options.ttl_ms = reader.Integer("ttl_ms", 0, kMaxDurationMs);
                        options.ask_percent = reader.Count("ask_percent", 0, 100);
                        return std::make_unique<LastSeenOperator>(options);
                      });
}

}  // namespace kvstate::workloads
