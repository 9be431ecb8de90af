#include <cstdint>
#include <memory>
#include <string>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/operator_support.h"
#include "workloads/operators/ttl_parameters.h"

namespace kvstate::workloads {
namespace {

struct TtlSessionStoreOptions {
  TtlConfig ttl;
  uint64_t write_percent = 0;
};

/// Keeps each key's session for as long as it is used: each read starts its time to live anew. An event of a key
/// without a session opens one with its payload; of the others, a share that follows from a hash of the event replaces
/// the payload. Emits what each event has found.
class TtlSessionStoreOperator final : public OperatorBase {
 public:
  explicit TtlSessionStoreOperator(const TtlSessionStoreOptions& options) : options_(options) {}

  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    KVSTATE_ASSIGN_OR_RETURN(const std::string* session, session_.Get());
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(event.key);
    row.PutByte(session == nullptr ? 0 : 1);
    if (session != nullptr) row.PutBytes(*session);
    Emit();
    const bool writes =
        session == nullptr || HashEvent(event.time_ms, event.key, event.value) % 100 < options_.write_percent;
    if (!writes) return Status();
    payload_.assign(event.value);
    return session_.Update(payload_);
  }

  Status Finish() override { return Status(); }

 private:
  Status OpenStates() override {
    ValueStateDescriptor<std::string> descriptor("session", RawBytesSerializer());
    descriptor.ttl = options_.ttl;
    return OpenState(descriptor, &session_);
  }

  const TtlSessionStoreOptions options_;
  ValueState<std::string> session_;
  std::string payload_;
};

}  // namespace

WorkloadSpec TtlSessionStore();

WorkloadSpec TtlSessionStore() {
  return MakeWorkload(
      "ttl_session_store", "Sessions that live while they are read: each read refreshes its value",
      {{"keys", "50000"}, {"key_bytes", "16"}, {"value_bytes", "100"}},
      {TtlParameter("15000"), {"write_percent", "10", "Events that replace the session they find, 0 to 100 percent"}},
      [](ParameterReader& reader) {
        TtlSessionStoreOptions options;
        options.ttl = ReadTtl(reader, TtlConfig::Update::kOnReadAndWrite);
        options.write_percent = reader.Count("write_percent", 0, 100);
        return std::make_unique<TtlSessionStoreOperator>(options);
      });
}

}  // namespace kvstate::workloads
