#ifndef KVSTATE_TESTS_EVOLUTION_EVOLVING_PROGRAM_H_
#define KVSTATE_TESTS_EVOLUTION_EVOLVING_PROGRAM_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kvstate/engine_statistics.h"
#include "kvstate/extension.h"
#include "tests/conformance/snapshot_testing.h"
#include "tests/support/evolving_types.h"

namespace kvstate::conformance {

template <class N>
class SumNumbers final : public ReduceFunction {
 public:
  explicit SumNumbers(bool thread_safe) : thread_safe_(thread_safe) {}
  void Reduce(void* accumulator, const void* value) const override {
    *static_cast<N*>(accumulator) = static_cast<N>(*static_cast<N*>(accumulator) + *static_cast<const N*>(value));
  }
  bool ThreadSafe() const override { return thread_safe_; }

 private:
  const bool thread_safe_;
};

template <class N>
class SumInputs final : public AggregateFunction {
 public:
  void CreateAccumulator(void* accumulator) const override { *static_cast<N*>(accumulator) = 0; }
  void Add(void* accumulator, const void* input) const override {
    *static_cast<N*>(accumulator) = static_cast<N>(*static_cast<N*>(accumulator) + *static_cast<const int8_t*>(input));
  }
  void GetResult(const void* accumulator, void* result) const override {
    *static_cast<int64_t*>(result) = *static_cast<const N*>(accumulator);
  }
  void Merge(void* into, const void* from) const override {
    *static_cast<N*>(into) = static_cast<N>(*static_cast<N*>(into) + *static_cast<const N*>(from));
  }
};

template <class N>
class FoldInputs final : public FoldFunction {
 public:
  void Fold(void* accumulator, const void* input) const override {
    *static_cast<N*>(accumulator) = static_cast<N>(*static_cast<N*>(accumulator) + *static_cast<const int8_t*>(input));
  }
};

/// A program over structs V and accumulators N with a state of each kind, as it is at one time.
template <class V, class N>
struct EvolvingProgram {
  std::optional<TtlConfig> ttl;
  bool merges = true;

  auto Value() const { return With(ValueStateDescriptor<V>("v")); }
  auto List() const { return With(ListStateDescriptor<V>("l")); }
  auto Map() const { return With(MapStateDescriptor<std::string, V>("m")); }
  auto Reducing() const { return With(ReducingStateDescriptor<N>("r", std::make_shared<const SumNumbers<N>>(merges))); }
  auto Aggregating() const {
    return With(AggregatingStateDescriptor<int8_t, N, int64_t>("a", std::make_shared<const SumInputs<N>>()));
  }
  auto Folding() const {
    return With(FoldingStateDescriptor<int8_t, N>("f", N{0}, std::make_shared<const FoldInputs<N>>()));
  }

  static constexpr int32_t kKeys = 40;
  /// Entries of one key.
  static constexpr uint64_t kEntries = 7;

  static V Made(int32_t bidder, int64_t cents) {
    V made;
    made.bidder = bidder;
    made.cents = cents;
    return made;
  }

  /// Writes what Expect expects.
  void Fill(KeyedBackend<int32_t>& backend) const {
    for (int32_t key = 0; key < kKeys; ++key) FillKey(backend, key);
    // What an engine combines late stands in several files of it.
    if (auto* engine = GetExtension<EngineStatistics>(backend.backend())) Must(engine->Flush(/*compact=*/false));
    for (int32_t key = 0; key < kKeys; ++key) {
      Must(backend.SetCurrentKey(key));
      Must(Must(backend.GetState(Reducing())).Add(2));
      Must(Must(backend.GetState(List())).Add(Made(2, key)));
    }
  }
  void FillKey(KeyedBackend<int32_t>& backend, int32_t key) const {
    Must(backend.SetCurrentKey(key));
    Must(Must(backend.GetState(Value())).Update(Made(key, -key)));
    Must(Must(backend.GetState(List())).Add(Made(1, key)));
    auto map = Must(backend.GetState(Map()));
    Must(map.Put("a", Made(key, 7)));
    Must(map.PutNull("b"));
    for (const int8_t number : {int8_t{1}, int8_t{-4}}) {
      Must(Must(backend.GetState(Reducing())).Add(number));
      Must(Must(backend.GetState(Aggregating())).Add(number));
      Must(Must(backend.GetState(Folding())).Add(number));
    }
  }

  void Expect(KeyedBackend<int32_t>& backend) const {
    for (int32_t key = 0; key < kKeys; ++key) ExpectKey(backend, key);
    EXPECT_EQ(Must(backend.backend().NumEntries()), kKeys * kEntries);
  }
  void ExpectKey(KeyedBackend<int32_t>& backend, int32_t key) const {
    SCOPED_TRACE("key " + std::to_string(key));
    Must(backend.SetCurrentKey(key));
    auto value = Must(backend.GetState(Value()));
    EXPECT_TRUE(Current(value) == Made(key, -key));
    auto list = Must(backend.GetState(List()));
    const std::vector<V> elements = {Made(1, key), Made(2, key)};
    EXPECT_TRUE(Current(list) == elements);
    auto map = Must(backend.GetState(Map()));
    const EntryList<std::string, V> entries = {{"a", Made(key, 7)}, {"b", std::nullopt}};
    EXPECT_TRUE(EntriesOf(map) == entries);
    auto reducing = Must(backend.GetState(Reducing()));
    EXPECT_EQ(Current(reducing), N{-1});
    auto aggregating = Must(backend.GetState(Aggregating()));
    EXPECT_EQ(Current(aggregating), -3);
    auto folding = Must(backend.GetState(Folding()));
    EXPECT_EQ(Current(folding), N{-3});
  }

  /// That there is nothing at all.
  void ExpectNothing(KeyedBackend<int32_t>& backend) const {
    for (int32_t key = 0; key < kKeys; ++key) {
      Must(backend.SetCurrentKey(key));
      auto value = Must(backend.GetState(Value()));
      EXPECT_TRUE(Current(value) == std::nullopt);
      auto list = Must(backend.GetState(List()));
      EXPECT_TRUE(Current(list) == std::nullopt);
      auto map = Must(backend.GetState(Map()));
      EXPECT_TRUE(EntriesOf(map).empty());
      auto reducing = Must(backend.GetState(Reducing()));
      EXPECT_EQ(Current(reducing), std::nullopt);
      auto aggregating = Must(backend.GetState(Aggregating()));
      EXPECT_EQ(Current(aggregating), std::nullopt);
      auto folding = Must(backend.GetState(Folding()));
      EXPECT_EQ(Current(folding), std::nullopt);
    }
  }

 private:
  template <class Descriptor>
  Descriptor With(Descriptor descriptor) const {
    descriptor.ttl = ttl;
    return descriptor;
  }
};

/// A backend under test beside others, on one clock.
class EvolvingTest : public SnapshotTest {
 protected:
  KeyedBackend<int32_t> OpenOn(const std::string& backend) {
    BackendOptions options = Options(SerializerFor<int32_t>());
    options.max_parallelism = 8;
    options.key_groups = {0, 7};
    options.clock = clock_;
    return KeyedBackend<int32_t>(Must(TestedBackends().Create(backend, options)));
  }
  KeyedBackend<int32_t> Restored(const Handles& handles, bool claim = false, const std::string& backend = GetParam()) {
    auto restored = OpenOn(backend);
    RestoreOptions options;
    options.claim = claim;
    Must(SnapshotsOf(restored.backend()).Restore(handles, storage(), options));
    return restored;
  }
  /// Ids ascend over all backends of a test.
  Handles Save(KeyedBackend<int32_t>& backend, SnapshotKind kind = SnapshotKind::kSavepoint) {
    const uint64_t id = ++last_id_;
    Handles handles = {Take(backend.backend(), id, kind).handle};
    if (kind != SnapshotKind::kSavepoint) Must(SnapshotsOf(backend.backend()).NotifyComplete(id));
    return handles;
  }
  static const SavedState& StateNamed(const Handles& handles, const std::string& name) {
    for (const SavedState& state : handles.front().states) {
      if (state.name == name) return state;
    }
    throw std::runtime_error("no state " + name);
  }

  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(int64_t{1'000'000});

 private:
  uint64_t last_id_ = 0;
};

}  // namespace kvstate::conformance

#endif  // KVSTATE_TESTS_EVOLUTION_EVOLVING_PROGRAM_H_
