#include "kvstate/state_descriptor.h"

#include <string>

namespace kvstate {
inline namespace v1 {

std::string_view StateKindName(StateKind kind) {
  switch (kind) {
    case StateKind::kValue:
      return "value";
    case StateKind::kList:
      return "list";
    case StateKind::kMap:
      return "map";
    case StateKind::kReducing:
      return "reducing";
    case StateKind::kAggregating:
      return "aggregating";
    case StateKind::kFolding:
      return "folding";
  }
  return "unknown";
}

namespace {

template <class Refuse>
Status CheckTtl(const TtlConfig& ttl, const Refuse& refuse) {
  if (ttl.ttl_millis <= 0) return refuse("the time to live must be positive; set update to kDisabled for none");
  if (ttl.cleanup.compaction_filter_query_entries == 0) {
    return refuse("the compaction filter must look at the clock after at least 1 entry, not 0");
  }
  if (ttl.cleanup.periodic_compaction_seconds < 0) {
    return refuse("the seconds between periodic compactions must not be negative; 0 is never");
  }
  return Status();
}

}  // namespace

Status StateDescriptor::Validate() const {
  const auto refuse = [this](std::string_view why) {
    std::string message = "state descriptor '" + name + "' (" + std::string(StateKindName(kind)) + "): ";
    return InvalidArgumentError(message.append(why));
  };
  const auto must_match = [&](bool has, bool needs, std::string_view member) {
    if (has == needs) return Status();
    return refuse(std::string(member) + (needs ? " is missing" : " is set, which this kind of state does not have"));
  };
  if (name.empty() || name.size() > 255) return refuse("the name must have 1 to 255 bytes");
  if (StateKindName(kind) == "unknown") return refuse("no such kind");
  if (value_serializer == nullptr) return refuse("value_serializer is missing");
  const bool is_list_serializer = dynamic_cast<const ListSerializer*>(value_serializer.get()) != nullptr;
  if (kind == StateKind::kList && !is_list_serializer) return refuse("value_serializer must be a ListSerializer");
  const bool aggregating = kind == StateKind::kAggregating;
  const bool folding = kind == StateKind::kFolding;
  KVSTATE_RETURN_IF_ERROR(must_match(user_key_serializer != nullptr, kind == StateKind::kMap, "user_key_serializer"));
  KVSTATE_RETURN_IF_ERROR(must_match(input_serializer != nullptr, aggregating || folding, "input_serializer"));
  KVSTATE_RETURN_IF_ERROR(must_match(output_serializer != nullptr, aggregating, "output_serializer"));
  KVSTATE_RETURN_IF_ERROR(must_match(reduce != nullptr, kind == StateKind::kReducing, "reduce"));
  KVSTATE_RETURN_IF_ERROR(must_match(aggregate != nullptr, aggregating, "aggregate"));
  KVSTATE_RETURN_IF_ERROR(must_match(fold != nullptr, folding, "fold"));
  if (kind != StateKind::kValue) {
    KVSTATE_RETURN_IF_ERROR(must_match(default_value != nullptr, folding, "default_value"));
  }
  return ttl.has_value() && ttl->update != TtlConfig::Update::kDisabled ? CheckTtl(*ttl, refuse) : Status();
}

}  // namespace v1
}  // namespace kvstate
