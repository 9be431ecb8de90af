#include "backends/common/saved_state.h"

#include <string>
#include <string_view>

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
  const auto refuse = [&](std::string_view what, std::string_view was, std::string_view is) {
    return InvalidArgumentError("state '" + descriptor.name + "' was restored with another " + std::string(what) +
                                ": it was '" + std::string(was) + "', and is '" + std::string(is) +
                                "' now; use the one it was written with, or another name");
  };
  if (saved.kind != descriptor.kind) {
    return refuse("kind", StateKindName(saved.kind), StateKindName(descriptor.kind));
  }
  const SerializerSnapshot state_namespace = namespace_serializer.Snapshot();
  if (state_namespace != saved.namespace_serializer) {
    return refuse("namespace serializer", saved.namespace_serializer.type_id, state_namespace.type_id);
  }
  if (descriptor.value_serializer->ResolveCompatibility(saved.value_serializer) != SerializerCompatibility::kAsIs) {
    return refuse("value serializer", saved.value_serializer.type_id, descriptor.value_serializer->Snapshot().type_id);
  }
  if (descriptor.kind == StateKind::kMap) {
    const SerializerSnapshot user_key = descriptor.user_key_serializer->Snapshot();
    if (user_key != saved.user_key_serializer) {
      return refuse("user key serializer",
                    saved.user_key_serializer.has_value() ? saved.user_key_serializer->type_id : "", user_key.type_id);
    }
  }
  return Status();
}

}  // namespace kvstate::backends
