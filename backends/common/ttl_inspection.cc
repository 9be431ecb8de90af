#include "backends/common/ttl_inspection.h"

#include <memory>
#include <span>

#include "backends/common/ttl_descriptor.h"
#include "backends/common/ttl_filter.h"

namespace kvstate::backends {

Status VisitStoredValues(InternalKVState& stored, const std::function<Status(const TimedValue& value)>& visit) {
  constexpr size_t kBatchEntries = 1024;
  const StateDescriptor& descriptor = stored.descriptor();
  const TtlFilter filter = TtlFilterOf(descriptor);
  const bool is_map = descriptor.kind == StateKind::kMap;
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StateVisitor> visitor, stored.Visit());
  ByteWriter bytes;
  while (true) {
    KVSTATE_ASSIGN_OR_RETURN(const std::span<const StateEntry> batch, visitor->NextBatch(kBatchEntries));
    if (batch.empty()) return Status();
    for (const StateEntry& entry : batch) {
      bytes.Clear();
      // What an engine puts before a map's value: by itself, no value with its time is null.
      if (is_map) bytes.PutByte(0);
      descriptor.value_serializer->Serialize(entry.value, bytes);
      TimedValue value{.key = entry.key, .state_namespace = entry.state_namespace, .user_key = entry.user_key};
      Status outcome;
      const Status walked = filter.ForEachTime(bytes.view(), [&](int64_t timestamp, size_t value_bytes) {
        value.timestamp = timestamp;
        value.bytes = value_bytes;
        if (outcome.ok()) outcome = visit(value);
      });
      KVSTATE_RETURN_IF_ERROR(walked);
      KVSTATE_RETURN_IF_ERROR(outcome);
    }
  }
}

}  // namespace kvstate::backends
