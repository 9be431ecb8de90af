#ifndef KVSTATE_EXTENSION_H_
#define KVSTATE_EXTENSION_H_

#include <string_view>

namespace kvstate {
inline namespace v1 {

/// How a published interface gains powers without a new virtual: each power is an interface of its own with a
/// `static constexpr std::string_view kExtensionId` such as "kvstate.engine_statistics.1". An object that has it
/// answers GetExtension(id) with a pointer to it, which lives as long as the object; others answer null.
///
///   if (auto* statistics = GetExtension<EngineStatistics>(*backend)) …
template <class Extension, class Object>
Extension* GetExtension(Object& object) {
  return static_cast<Extension*>(object.GetExtension(Extension::kExtensionId));
}

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_EXTENSION_H_
