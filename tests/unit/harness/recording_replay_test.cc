#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/replay/memory_trace.h"
#include "harness/replay/null_backend.h"
#include "harness/replay/recording_backend.h"
#include "harness/replay/replayer.h"
#include "harness/run/backend_choice.h"
#include "kvstate/backends.h"
#include "kvstate/extension.h"
#include "kvstate/keyed_backend.h"
#include "kvstate/serialized_access.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

using Job = std::function<Status(KeyedBackend<int64_t>& backend)>;

/// Records a job on one backend and replays it on each: they must end alike and have answered alike.
class RecordingReplayTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(RegisterBuiltinBackends(registry_)); }

  std::unique_ptr<KeyedStateBackend> Make(const std::string& name) {
    auto made = MakeBackend(registry_, {name, {}}, SerializerFor<int64_t>(), 128, directory_.work());
    EXPECT_OK(made);
    return std::move(made).value();
  }

  void RecordAndReplay(const Job& job) {
    StateDigest recorded;
    {
      auto recording = RecordingBackend::Create(Make("hashmap"), SerializerFor<int64_t>(), &trace_);
      ASSERT_OK(recording);
      RecordingBackend* backend = recording->get();
      KeyedBackend<int64_t> typed(std::move(recording).value());
      ASSERT_OK(job(typed));
      ASSERT_OK(backend->FinishTrace());
      ASSERT_OK_AND_ASSIGN(recorded, DigestOfState(backend->inner(), trace_.states(), [] { return false; }));
    }
    entries_ = recorded.entries;
    Digest reads;
    for (const std::string& name : registry_.Names()) {
      const auto backend = Make(name);
      ASSERT_OK_AND_ASSIGN(const ReplayResult replayed, Replay(trace_, *backend, {.verify_reads = true}));
      ASSERT_OK_AND_ASSIGN(const StateDigest state, DigestOfState(*backend, trace_.states(), [] { return false; }));
      EXPECT_EQ(state.digest.ToHex(), recorded.digest.ToHex()) << name;
      EXPECT_EQ(state.entries, recorded.entries) << name;
      if (name == registry_.Names().front()) {
        reads = replayed.read_digest;
        hits_ = replayed.hits;
      }
      EXPECT_EQ(replayed.read_digest, reads) << name;
      EXPECT_EQ(replayed.hits, hits_) << name;
      EXPECT_EQ(replayed.operations, trace_.operations());
    }
  }

  std::vector<std::string> OperationNames() {
    std::vector<std::string> names;
    EXPECT_OK(trace_.Rewind());
    while (true) {
      const auto chunk = trace_.NextChunk();
      EXPECT_OK(chunk);
      if ((*chunk)->empty()) return names;
      for (const TraceOperation& operation : **chunk) names.emplace_back(OperationName(operation.operation));
    }
  }

  BackendRegistry registry_;
  TemporaryDirectory directory_;
  MemoryTrace trace_;
  uint64_t entries_ = 0;
  uint64_t hits_ = 0;
};

/// Writes down where a clock stands before each operation.
class ClockWatch final : public ReplayHook {
 public:
  explicit ClockWatch(const ManualClock* clock) : clock_(*clock) { WaitFor(1); }
  Status Between(const ReplayMoment& moment) override {
    seen.push_back(clock_.NowMillis());
    WaitFor(moment.operations + 1);
    return Status();
  }
  std::vector<int64_t> seen;

 private:
  const ManualClock& clock_;
};

TEST_F(RecordingReplayTest, TheClockStandsAtTheLatestTimeOfTheTrace) {
  ASSERT_OK(trace_.Begin({SerializerFor<int64_t>(), 128}));
  ASSERT_OK(trace_.AddState({SerializerFor<VoidNamespace>(), ValueStateDescriptor<int64_t>("value")}));
  bool first = true;
  for (const int64_t time_ms : {-5, 10, 7, 10, 30}) {
    TraceOperation operation{.operation = Operation::kGet, .state = 0, .sets_key = first, .time_ms = time_ms};
    operation.key = "12345678";
    ASSERT_OK(trace_.Append(operation));
    first = false;
  }
  ASSERT_OK(trace_.Finish());
  const auto clock = std::make_shared<ManualClock>(1000);  // From a replay before.
  ASSERT_OK_AND_ASSIGN(const auto backend, MakeBackend(registry_, {"hashmap", {}}, SerializerFor<int64_t>(), 128,
                                                       directory_.work(), clock));
  ClockWatch watch(clock.get());
  ASSERT_OK(Replay(trace_, *backend, {.hook = &watch, .clock = clock.get()}));
  EXPECT_EQ(watch.seen, (std::vector<int64_t>{-5, 10, 10, 10}));
  EXPECT_EQ(clock->NowMillis(), 30);
}

TEST_F(RecordingReplayTest, ValueStates) {
  RecordAndReplay([](KeyedBackend<int64_t>& backend) -> Status {
    KVSTATE_ASSIGN_OR_RETURN(auto state, backend.GetState(ValueStateDescriptor<std::string>("v").WithDefault("none")));
    for (int64_t i = 0; i < 10000; ++i) {
      KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(i % 37));
      KVSTATE_ASSIGN_OR_RETURN(const std::string* value, state.Get());
      KVSTATE_RETURN_IF_ERROR(i % 11 == 0 ? state.Update(nullptr) : state.Update(*value + "x"));
      if (i % 13 == 0) KVSTATE_RETURN_IF_ERROR(state.Clear());
    }
    return Status();
  });
  EXPECT_GT(entries_, 0u);
  EXPECT_EQ(hits_, 10000u);
}

TEST_F(RecordingReplayTest, ListReducingAggregatingAndFoldingStatesMergeNamespaces) {
  struct Mean {
    std::pair<int64_t, int64_t> Create() const { return {}; }
    void Add(std::pair<int64_t, int64_t>& acc, const int64_t& in) const { acc = {acc.first + in, acc.second + 1}; }
    double Result(const std::pair<int64_t, int64_t>& acc) const {
      return static_cast<double>(acc.first) / static_cast<double>(acc.second);
    }
    void Merge(std::pair<int64_t, int64_t>& into, const std::pair<int64_t, int64_t>& from) const {
      into = {into.first + from.first, into.second + from.second};
    }
  };
  RecordAndReplay([](KeyedBackend<int64_t>& backend) -> Status {
    KVSTATE_ASSIGN_OR_RETURN(auto list, backend.GetState<TimeWindow>(ListStateDescriptor<std::string>("list")));
    const auto sum = MakeReduceFunction<int64_t>([](int64_t& a, const int64_t& b) { a += b; }, true);
    KVSTATE_ASSIGN_OR_RETURN(auto reducing,
                             backend.GetState<TimeWindow>(ReducingStateDescriptor<int64_t>("reducing", sum)));
    KVSTATE_ASSIGN_OR_RETURN(
        auto aggregating,
        backend.GetState<TimeWindow>(AggregatingStateDescriptor<int64_t, std::pair<int64_t, int64_t>, double>(
            "aggregating", MakeAggregateFunction<int64_t, std::pair<int64_t, int64_t>, double>(Mean()))));
    const auto concat =
        MakeFoldFunction<int64_t, std::string>([](std::string& acc, const int64_t& in) { acc += std::to_string(in); });
    KVSTATE_ASSIGN_OR_RETURN(auto folding, backend.GetState(FoldingStateDescriptor<int64_t, std::string>(
                                               "folding", std::string("start"), concat)));
    for (int64_t i = 0; i < 600; ++i) {
      const TimeWindow window{i % 5, i % 5 + 10};
      KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(i % 7));
      KVSTATE_RETURN_IF_ERROR(list.SetCurrentNamespace(window));
      KVSTATE_RETURN_IF_ERROR(reducing.SetCurrentNamespace(window));
      KVSTATE_RETURN_IF_ERROR(aggregating.SetCurrentNamespace(window));
      KVSTATE_RETURN_IF_ERROR(list.Add(std::to_string(i)));
      KVSTATE_RETURN_IF_ERROR(reducing.Add(i));
      KVSTATE_RETURN_IF_ERROR(aggregating.Add(i));
      KVSTATE_RETURN_IF_ERROR(folding.Add(i % 10));
      if (i % 50 == 0) {
        const std::vector<TimeWindow> sources = {{1, 11}, {2, 12}};
        KVSTATE_RETURN_IF_ERROR(list.MergeNamespaces({0, 10}, sources));
        KVSTATE_RETURN_IF_ERROR(reducing.MergeNamespaces({0, 10}, sources));
        KVSTATE_RETURN_IF_ERROR(aggregating.MergeNamespaces({0, 10}, sources));
        KVSTATE_RETURN_IF_ERROR(list.AddAll({"a", "b"}));
        KVSTATE_RETURN_IF_ERROR(list.Get().status());
        KVSTATE_RETURN_IF_ERROR(reducing.Get().status());
        KVSTATE_RETURN_IF_ERROR(aggregating.Get().status());
        KVSTATE_RETURN_IF_ERROR(aggregating.GetInternal().status());
        KVSTATE_RETURN_IF_ERROR(aggregating.UpdateInternal({i, 1}));
        KVSTATE_RETURN_IF_ERROR(folding.Get().status());
      }
      if (i % 90 == 0) KVSTATE_RETURN_IF_ERROR(list.Update({"only"}));
    }
    return Status();
  });
  EXPECT_GT(entries_, 0u);
}

TEST_F(RecordingReplayTest, AScanWithNothingInBetweenIsOneOperation) {
  RecordAndReplay([](KeyedBackend<int64_t>& backend) -> Status {
    KVSTATE_ASSIGN_OR_RETURN(auto map, backend.GetState(MapStateDescriptor<std::string, int64_t>("m")));
    KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(1));
    for (int64_t i = 0; i < 3; ++i) KVSTATE_RETURN_IF_ERROR(map.Put(std::to_string(i), i));
    KVSTATE_RETURN_IF_ERROR(map.PutNull("null"));
    KVSTATE_ASSIGN_OR_RETURN(auto entries, map.Entries());
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, entries.Next());
      if (!more) return Status();
      KVSTATE_RETURN_IF_ERROR(entries.Value().status());
    }
  });
  EXPECT_EQ(OperationNames(), (std::vector<std::string>{"map_put", "map_put", "map_put", "map_put", "map_scan"}));
  EXPECT_EQ(hits_, 4u);
}

TEST_F(RecordingReplayTest, MapIteratorsAreReplayedAmidOtherAccesses) {
  RecordAndReplay([](KeyedBackend<int64_t>& backend) -> Status {
    KVSTATE_ASSIGN_OR_RETURN(auto map, backend.GetState(MapStateDescriptor<int64_t, std::string>("m")));
    KVSTATE_ASSIGN_OR_RETURN(auto other, backend.GetState(ValueStateDescriptor<int64_t>("v")));
    for (int64_t key = 0; key < 2; ++key) {
      KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(key));
      for (int64_t i = 0; i < 50; ++i) KVSTATE_RETURN_IF_ERROR(map.Put(i, "v" + std::to_string(i)));
    }
    KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(0));
    KVSTATE_ASSIGN_OR_RETURN(auto first, map.Entries());
    KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(1));
    KVSTATE_ASSIGN_OR_RETURN(auto second, map.Entries());
    for (int64_t i = 0; i < 40; ++i) {
      KVSTATE_RETURN_IF_ERROR(first.Next().status());
      KVSTATE_RETURN_IF_ERROR(second.Next().status());
      KVSTATE_RETURN_IF_ERROR(second.Key().status());
      if (i % 3 == 0) KVSTATE_RETURN_IF_ERROR(first.Remove());
      if (i % 5 == 0) KVSTATE_RETURN_IF_ERROR(second.SetValue("new" + std::to_string(i)));
      if (i % 7 == 0) KVSTATE_RETURN_IF_ERROR(other.Update(i));
      KVSTATE_RETURN_IF_ERROR(map.Contains(i).status());
      KVSTATE_RETURN_IF_ERROR(map.Remove(i + 40));
    }
    return map.IsEmpty().status();
  });
  EXPECT_GT(entries_, 70u);
}

TEST_F(RecordingReplayTest, WalksOverKeysAndWhatIsDoneUnderThem) {
  RecordAndReplay([](KeyedBackend<int64_t>& backend) -> Status {
    KVSTATE_ASSIGN_OR_RETURN(auto state, backend.GetState<TimeWindow>(ValueStateDescriptor<int64_t>("v")));
    for (int64_t i = 0; i < 100; ++i) {
      KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(i));
      KVSTATE_RETURN_IF_ERROR(state.SetCurrentNamespace(TimeWindow{i % 2, 5}));
      KVSTATE_RETURN_IF_ERROR(state.Update(i));
    }
    KVSTATE_RETURN_IF_ERROR(backend.backend().ApplyToAllKeys(
        "v", Encode(TimeWindow{1, 5}), [](ByteView key, InternalKVState& walked) -> Status {
          KVSTATE_ASSIGN_OR_RETURN(const int64_t number, Decode<int64_t>(key));
          const int64_t value = -number;
          return number % 3 == 0 ? walked.Clear() : static_cast<InternalValueState&>(walked).Update(&value);
        }));
    KVSTATE_RETURN_IF_ERROR(state.Update(777));
    return backend.backend().KeysAndNamespaces("v").status();
  });
  EXPECT_GT(hits_, 100u);
}

TEST_F(RecordingReplayTest, ARemovedStateIsEmptyAndCanBeMadeAgain) {
  RecordAndReplay([](KeyedBackend<int64_t>& backend) -> Status {
    for (int64_t round = 0; round < 2; ++round) {
      KVSTATE_ASSIGN_OR_RETURN(auto state, backend.GetState(ValueStateDescriptor<int64_t>("v")));
      KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(round));
      KVSTATE_RETURN_IF_ERROR(state.Update(round));
      if (round == 0) KVSTATE_RETURN_IF_ERROR(backend.backend().RemoveState("v"));
    }
    return Status();
  });
  EXPECT_EQ(entries_, 1u);
}

TEST_F(RecordingReplayTest, SerializedAccessIsRecordedAsWhatItStandsFor) {
  RecordAndReplay([](KeyedBackend<int64_t>& backend) -> Status {
    KVSTATE_ASSIGN_OR_RETURN(auto value, backend.GetState(ValueStateDescriptor<int64_t>("v")));
    KVSTATE_ASSIGN_OR_RETURN(auto map, backend.GetState(MapStateDescriptor<int64_t, int64_t>("m")));
    auto* value_bytes = GetExtension<SerializedAccess>(*value.internal());
    auto* map_bytes = GetExtension<SerializedAccess>(*map.internal());
    if (value_bytes == nullptr || map_bytes == nullptr) return InternalError("no serialized access");
    KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(4));
    KVSTATE_RETURN_IF_ERROR(value_bytes->PutBytes(Encode<int64_t>(9)));
    ByteView bytes;
    KVSTATE_RETURN_IF_ERROR(value_bytes->GetBytes(&bytes).status());
    KVSTATE_RETURN_IF_ERROR(map_bytes->PutEntryBytes(Encode<int64_t>(1), Encode<int64_t>(2), false));
    KVSTATE_RETURN_IF_ERROR(map_bytes->PutEntryBytes(Encode<int64_t>(3), {}, true));
    return map_bytes->ContainsEntryBytes(Encode<int64_t>(3)).status();
  });
  EXPECT_EQ(entries_, 3u);
  EXPECT_EQ(OperationNames(), (std::vector<std::string>{"update", "get", "map_put", "map_put", "map_contains"}));
}

TEST_F(RecordingReplayTest, TheNullBackendTakesEveryOperation) {
  RecordAndReplay([](KeyedBackend<int64_t>& backend) -> Status {
    KVSTATE_ASSIGN_OR_RETURN(auto map, backend.GetState(MapStateDescriptor<int64_t, int64_t>("m")));
    KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(4));
    KVSTATE_RETURN_IF_ERROR(map.Put(1, 1));
    return map.Get(1).status();
  });
  const auto null = MakeNullBackend(SerializerFor<int64_t>(), 128);
  ASSERT_OK_AND_ASSIGN(const ReplayResult replayed, Replay(trace_, *null, {}));
  EXPECT_EQ(replayed.operations, 2u);
  EXPECT_EQ(replayed.hits, 0u);
}

TEST_F(RecordingReplayTest, AReplayStopsWhenItIsTold) {
  const auto null = MakeNullBackend(SerializerFor<int64_t>(), 128);
  ASSERT_OK(trace_.Begin({SerializerFor<int64_t>(), 128}));
  EXPECT_CODE(Replay(trace_, *null, {.stopped = [] { return true; }}), kCancelled);
}

TEST_F(RecordingReplayTest, QueuesOfTimers) {
  RecordAndReplay([](KeyedBackend<int64_t>& backend) -> Status {
    auto* timers = GetExtension<Timers>(backend.backend());
    if (timers == nullptr) return InternalError("no timers");
    for (const TimerStorage storage : {TimerStorage::kHeap, TimerStorage::kBackend}) {
      KVSTATE_ASSIGN_OR_RETURN(TimerQueue * queue,
                               timers->GetOrCreateQueue(storage == TimerStorage::kHeap ? "heap" : "backend",
                                                        SerializerFor<VoidNamespace>(), storage));
      const std::string void_namespace = Encode(VoidNamespace{});
      for (int64_t i = 0; i < 200; ++i) {
        const std::string key = Encode(i % 7);
        KVSTATE_RETURN_IF_ERROR(queue->Add({i * 37 % 100, key, void_namespace}).status());
        Timer head;
        if (i % 3 == 0) KVSTATE_RETURN_IF_ERROR(queue->Poll(&head).status());
        if (i % 5 == 0) KVSTATE_RETURN_IF_ERROR(queue->Peek(&head).status());
        if (i % 11 == 0) KVSTATE_RETURN_IF_ERROR(queue->Remove({i * 37 % 100, key, void_namespace}).status());
      }
    }
    return Status();
  });
  EXPECT_GT(entries_, 100u);
  EXPECT_GT(hits_, 100u);
}

}  // namespace
}  // namespace kvstate::harness
