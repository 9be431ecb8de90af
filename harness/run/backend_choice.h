#ifndef KVSTATE_HARNESS_RUN_BACKEND_CHOICE_H_
#define KVSTATE_HARNESS_RUN_BACKEND_CHOICE_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/run/work_directory.h"
#include "kvstate/backend_registry.h"
#include "kvstate/clock.h"
#include "kvstate/key_group.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// A backend to run on, with the engine options that differ from its defaults.
struct BackendChoice {
  std::string name;
  std::map<std::string, std::string> engine_options;
};

/// From "hashmap,lmdb" (all registered ones when empty) and "rocksdb.write_buffer_size=1000,lmdb.map_size=…".
/// INVALID_ARGUMENT, listing what exists, for an unknown backend, one named twice, options of a backend that is not
/// chosen, and malformed options. Option names are the engines' to check: see TryBackends.
Result<std::vector<BackendChoice>> ChooseBackends(const BackendRegistry& registry, std::string_view names,
                                                  std::string_view engine_options);

/// Makes each backend once and lets it go, so that a wrong option or directory is known before work is spent.
Status TryBackends(const BackendRegistry& registry, const std::vector<BackendChoice>& choices,
                   WorkDirectory& directory);

/// A backend of the choice, in a directory of its own where it needs one. `clock`: null for the system's. `key_groups`:
/// all when not given.
Result<std::unique_ptr<KeyedStateBackend>> MakeBackend(const BackendRegistry& registry, const BackendChoice& choice,
                                                       SerializerPtr key_serializer, uint32_t max_parallelism,
                                                       WorkDirectory& directory,
                                                       std::shared_ptr<const Clock> clock = nullptr,
                                                       std::optional<KeyGroupRange> key_groups = {});

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_BACKEND_CHOICE_H_
