#ifndef KVSTATE_TESTS_CONFORMANCE_CONFORMANCE_H_
#define KVSTATE_TESTS_CONFORMANCE_CONFORMANCE_H_

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kvstate/backend_registry.h"
#include "kvstate/keyed_backend.h"
#include "tests/support/must.h"
#include "tests/support/status_testing.h"

namespace kvstate::conformance {

/// The backends under test. Each program over the suite defines it: the tests with those that the library has, the
/// canary with broken ones.
const BackendRegistry& TestedBackends();
std::vector<std::string> TestedBackendNames();

using testing_support::Must;

/// A backend of the registry under test, by name, and directories that go with the test.
class BackendTest : public ::testing::TestWithParam<std::string> {
 protected:
  BackendTest() : BackendTest(GetParam()) {}
  /// For tests that are registered one by one, without a parameter.
  explicit BackendTest(const std::string& backend);
  ~BackendTest() override;

  const BackendFactory& factory() const { return *factory_; }
  /// A path of its own, for each call another, inside a folder that is removed after the test.
  std::string NewPath();
  /// Options for a backend in a directory of its own.
  BackendOptions Options(SerializerPtr key_serializer);
  std::unique_ptr<KeyedStateBackend> Make(const BackendOptions& options);

  template <class K>
  KeyedBackend<K> Open() {
    return KeyedBackend<K>(Make(Options(SerializerFor<K>())));
  }
  /// Keys are raw bytes.
  KeyedBackend<std::string> OpenRaw() { return KeyedBackend<std::string>(Make(Options(RawBytesSerializer()))); }

  /// From here on backends are made with this clock in place of the system's.
  void UseClock(std::shared_ptr<const Clock> clock) { clock_ = std::move(clock); }

 private:
  std::string root_;
  int paths_ = 0;
  std::shared_ptr<const Clock> clock_;
  const BackendFactory* factory_ = nullptr;
};

/// What a value, list, reducing, aggregating or folding state has now.
template <class State>
auto Current(State& state, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  const auto* value = Must(state.Get(), file, line);
  using V = std::remove_cv_t<std::remove_pointer_t<decltype(value)>>;
  return value == nullptr ? std::optional<V>() : std::optional<V>(*value);
}
template <class K, class V>
std::optional<V> Current(MapState<K, V>& state, const K& key, const char* file = __builtin_FILE(),
                         int line = __builtin_LINE()) {
  const V* value = Must(state.Get(key), file, line);
  return value == nullptr ? std::optional<V>() : std::optional<V>(*value);
}

template <class K, class V>
using EntryList = std::vector<std::pair<K, std::optional<V>>>;

/// A map's entries, in the order in which its iterator gives them.
template <class K, class V>
EntryList<K, V> EntriesOf(MapState<K, V>& state, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  EntryList<K, V> all;
  MapEntries<K, V> entries = Must(state.Entries(), file, line);
  while (Must(entries.Next(), file, line)) {
    const K key = *Must(entries.Key(), file, line);
    const V* value = Must(entries.Value(), file, line);
    all.emplace_back(key, value == nullptr ? std::optional<V>() : std::optional<V>(*value));
  }
  return all;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// Canonical keys, or (key, namespace) pairs, sorted; each as often as it was given.
std::vector<std::string> KeysOf(KeyedStateBackend& backend, std::string_view state, ByteView state_namespace);
Pairs PairsOf(KeyedStateBackend& backend, std::string_view state);

/// The canonical void namespace.
inline constexpr ByteView kVoid{"\0", 1};

/// The values that a merge or an append must keep in order: concatenation is associative and not commutative.
std::shared_ptr<const ReduceFunction> Concatenate(bool thread_safe = false);

/// Adds the tests of every combination of kind, time to live and backend, before all tests are run.
void RegisterTtlMatrix();

inline std::string ParamName(const ::testing::TestParamInfo<std::string>& info) { return info.param; }

}  // namespace kvstate::conformance

/// Makes a test suite of BackendTest run on every backend under test.
#define KVSTATE_ON_EVERY_BACKEND(suite)                                                                        \
  INSTANTIATE_TEST_SUITE_P(Backends, suite, ::testing::ValuesIn(::kvstate::conformance::TestedBackendNames()), \
                           ::kvstate::conformance::ParamName)

#endif  // KVSTATE_TESTS_CONFORMANCE_CONFORMANCE_H_
