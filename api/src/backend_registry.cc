#include "kvstate/backend_registry.h"

namespace kvstate {
inline namespace v1 {

BackendRegistry::BackendRegistry() = default;
BackendRegistry::~BackendRegistry() = default;
BackendRegistry::BackendRegistry(BackendRegistry&&) noexcept = default;
BackendRegistry& BackendRegistry::operator=(BackendRegistry&&) noexcept = default;

Status BackendRegistry::Register(std::unique_ptr<BackendFactory> factory) {
  for (const auto& other : factories_) {
    if (other->name() == factory->name()) {
      return AlreadyExistsError("a backend named '" + std::string(factory->name()) + "' is registered already");
    }
  }
  factories_.push_back(std::move(factory));
  return Status();
}

Result<const BackendFactory*> BackendRegistry::Find(std::string_view name) const {
  std::string known;
  for (const auto& factory : factories_) {
    if (factory->name() == name) return static_cast<const BackendFactory*>(factory.get());
    if (!known.empty()) known.append(", ");
    known.append(factory->name());
  }
  return InvalidArgumentError("unknown backend '" + std::string(name) + "'; there are: " + known);
}

std::vector<std::string> BackendRegistry::Names() const {
  std::vector<std::string> names;
  names.reserve(factories_.size());
  for (const auto& factory : factories_) names.emplace_back(factory->name());
  return names;
}

Result<std::unique_ptr<KeyedStateBackend>> BackendRegistry::Create(std::string_view name,
                                                                   const BackendOptions& options) const {
  auto factory = Find(name);
  if (!factory.ok()) return factory.status();
  return (*factory)->Create(options);
}

}  // namespace v1
}  // namespace kvstate
