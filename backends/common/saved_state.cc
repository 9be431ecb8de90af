#include "backends/common/saved_state.h"

#include <string>
#include <string_view>

#include "kvstate/stored_format.h"

namespace kvstate::backends {

SavedState SavedStateOf(const StateDescriptor& descriptor, const TypeSerializer& namespace_serializer) {
  SavedState saved;
  saved.name = descriptor.name;
  saved.kind = descriptor.kind;
  saved.namespace_serializer = namespace_serializer.Snapshot();
  saved.value_serializer = descriptor.value_serializer->Snapshot();
  if (descriptor.user_key_serializer != nullptr) saved.user_key_serializer = descriptor.user_key_serializer->Snapshot();
  return saved;
}

Status CheckTakesOver(const SavedState& saved, const TypeSerializer& namespace_serializer,
                      const StateDescriptor& descriptor) {
  const auto refuse = [&](std::string_view what, std::string_view was, std::string_view is, std::string_view why) {
    return InvalidArgumentError("state '" + descriptor.name + "' was restored with another " + std::string(what) +
                                ": it was '" + std::string(was) + "', and is '" + std::string(is) + "' now; " +
                                std::string(why) + "use the one it was written with, or another name");
  };
  if (saved.kind != descriptor.kind) {
    return refuse("kind", StateKindName(saved.kind), StateKindName(descriptor.kind), "");
  }
  const auto check_key = [&](std::string_view what, const TypeSerializer& serializer, const SerializerSnapshot& old) {
    if (serializer.ResolveCompatibility(old) == SerializerCompatibility::kAsIs) return Status();
    return refuse(what, StoredFormat::Of(old).ToString(), StoredFormat::Of(serializer.Snapshot()).ToString(),
                  "what keys are made of cannot be migrated: ");
  };
  KVSTATE_RETURN_IF_ERROR(check_key("namespace serializer", namespace_serializer, saved.namespace_serializer));
  if (descriptor.kind != StateKind::kMap) return Status();
  return check_key("user key serializer", *descriptor.user_key_serializer,
                   saved.user_key_serializer.value_or(SerializerSnapshot()));
}

}  // namespace kvstate::backends
