#include "harness/run/backend_choice.h"

#include <algorithm>
#include <utility>

#include "harness/run/suite.h"
#include "kvstate/serializers.h"

namespace kvstate::harness {

Result<std::vector<BackendChoice>> ChooseBackends(const BackendRegistry& registry, std::string_view names,
                                                  std::string_view engine_options) {
  std::vector<std::string> wanted = SplitList(names);
  if (wanted.empty()) wanted = registry.Names();
  std::vector<BackendChoice> choices;
  const auto find = [&choices](std::string_view name) {
    return std::find_if(choices.begin(), choices.end(), [&](const BackendChoice& c) { return c.name == name; });
  };
  for (const std::string& name : wanted) {
    KVSTATE_RETURN_IF_ERROR(registry.Find(name).status().WithContext("--backends"));
    if (find(name) != choices.end()) return InvalidArgumentError("--backends: '" + name + "' stands twice");
    choices.push_back({name, {}});
  }
  for (const std::string& option : SplitList(engine_options)) {
    const size_t dot = option.find('.');
    const size_t equals = option.find('=');
    if (dot == std::string::npos || equals == std::string::npos || dot > equals || dot == 0 || equals == dot + 1) {
      return InvalidArgumentError("--engine_options: '" + option +
                                  "' is not <backend>.<option>=<value>; 'kvstate list' "
                                  "shows the options of each backend");
    }
    const std::string backend = option.substr(0, dot);
    KVSTATE_RETURN_IF_ERROR(registry.Find(backend).status().WithContext("--engine_options"));
    const auto choice = find(backend);
    if (choice == choices.end()) {
      return InvalidArgumentError("--engine_options: '" + option + "' is for a backend that --backends leaves out");
    }
    choice->engine_options[option.substr(dot + 1, equals - dot - 1)] = option.substr(equals + 1);
  }
  return choices;
}

Status TryBackends(const BackendRegistry& registry, const std::vector<BackendChoice>& choices,
                   WorkDirectory& directory) {
  for (const BackendChoice& choice : choices) {
    KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<KeyedStateBackend> backend,
                             MakeBackend(registry, choice, RawBytesSerializer(), kDefaultMaxParallelism, directory));
    KVSTATE_RETURN_IF_ERROR(backend->Dispose());
  }
  return Status();
}

Result<std::unique_ptr<KeyedStateBackend>> MakeBackend(const BackendRegistry& registry, const BackendChoice& choice,
                                                       SerializerPtr key_serializer, uint32_t max_parallelism,
                                                       WorkDirectory& directory, std::shared_ptr<const Clock> clock,
                                                       std::optional<KeyGroupRange> key_groups) {
  KVSTATE_ASSIGN_OR_RETURN(const BackendFactory* factory, registry.Find(choice.name));
  BackendOptions options;
  options.key_serializer = std::move(key_serializer);
  options.max_parallelism = max_parallelism;
  options.key_groups = key_groups.value_or(KeyGroupRange{0, max_parallelism - 1});
  if (factory->needs_directory()) options.directory = directory.NewPath(choice.name);
  options.clock = std::move(clock);
  options.engine = choice.engine_options;
  auto backend = factory->Create(options);
  if (!backend.ok()) return backend.status().WithContext("backend '" + choice.name + "'");
  return backend;
}

}  // namespace kvstate::harness
