#ifndef KVSTATE_BACKEND_REGISTRY_H_
#define KVSTATE_BACKEND_REGISTRY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/clock.h"
#include "kvstate/export.h"
#include "kvstate/key_group.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/status.h"
#include "kvstate/type_serializer.h"

namespace kvstate {
inline namespace v1 {

/// What every backend takes. An engine's own options go by name, as text, in `engine`.
struct BackendOptions {
  SerializerPtr key_serializer;                       ///< Must be set.
  uint32_t max_parallelism = kDefaultMaxParallelism;  ///< 1..32768.
  KeyGroupRange key_groups;                           ///< Within max_parallelism; as given, not widened.
  /// A directory for the engine's files: made if absent (with its parents), locked while the backend lives, and emptied
  /// of what the backend made when it goes. Must be set for backends whose needs_directory() is true.
  std::string directory;
  std::shared_ptr<const Clock> clock;  ///< Null: the system's.
  /// Engine options by name; BackendFactory::options() lists them. An unknown name or value is INVALID_ARGUMENT, and
  /// the message lists what exists.
  std::map<std::string, std::string> engine;
};

/// Describes one engine option, for `list`, for error messages and for tuners.
struct EngineOption {
  std::string name;           ///< Such as "write_buffer_size".
  std::string default_value;  ///< As text, in the same form as a value given.
  std::string description;    ///< What it does, with the unit.
};

/// Makes backends of one kind. Immutable and thread-safe.
class KVSTATE_EXPORT BackendFactory {
 public:
  virtual ~BackendFactory();
  virtual std::string_view name() const = 0;
  /// One line: what it is and what it is for.
  virtual std::string_view description() const = 0;
  virtual bool needs_directory() const = 0;
  /// The options it documents, sorted by name. An engine may take further ones of its own, which it checks itself.
  virtual std::vector<EngineOption> options() const = 0;
  /// RESOURCE_EXHAUSTED, PERMISSION_DENIED or FAILED_PRECONDITION when the directory is full, not writable or in use by
  /// another backend; INVALID_ARGUMENT for wrong options. Nothing is left behind by a failure.
  virtual Result<std::unique_ptr<KeyedStateBackend>> Create(const BackendOptions& options) const = 0;
};

/// The backends that a program has, by name. Thread-compatible. No globals: a program makes one and fills it, with
/// RegisterBuiltinBackends (kvstate/backends.h) or with factories of its own.
class KVSTATE_EXPORT BackendRegistry {
 public:
  BackendRegistry();
  ~BackendRegistry();
  BackendRegistry(BackendRegistry&&) noexcept;
  BackendRegistry& operator=(BackendRegistry&&) noexcept;

  /// ALREADY_EXISTS when the name is taken.
  Status Register(std::unique_ptr<BackendFactory> factory);
  /// INVALID_ARGUMENT, listing the names there are, when there is none of that name. Lives as long as the registry.
  Result<const BackendFactory*> Find(std::string_view name) const;
  /// In the order of registration.
  std::vector<std::string> Names() const;
  /// Find, then Create.
  Result<std::unique_ptr<KeyedStateBackend>> Create(std::string_view name, const BackendOptions& options) const;

 private:
  std::vector<std::unique_ptr<BackendFactory>> factories_;
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_BACKEND_REGISTRY_H_
