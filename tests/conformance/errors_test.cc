#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

struct Sum {
  int64_t Create() const { return 0; }
  void Add(int64_t& a, const int64_t& in) const { a += in; }
  int64_t Result(const int64_t& a) const { return a; }
  void Merge(int64_t& a, const int64_t& b) const { a += b; }
};

/// One state of each kind, over int64.
std::vector<StateDescriptor> OneOfEachKind() {
  const auto add = [](int64_t& a, const int64_t& v) { a += v; };
  return {ValueStateDescriptor<int64_t>("value"),
          ListStateDescriptor<int64_t>("list"),
          MapStateDescriptor<int64_t, int64_t>("map"),
          ReducingStateDescriptor<int64_t>("reducing", MakeReduceFunction<int64_t>(add)),
          AggregatingStateDescriptor<int64_t, int64_t, int64_t>(
              "aggregating", MakeAggregateFunction<int64_t, int64_t, int64_t>(Sum())),
          FoldingStateDescriptor<int64_t, int64_t>("folding", 0, MakeFoldFunction<int64_t, int64_t>(add))};
}

/// The codes of one read and one write, as the kind has them.
std::vector<StatusCode> ReadAndWrite(InternalKVState& state) {
  const int64_t one = 1;
  if (state.descriptor().kind == StateKind::kValue) {
    auto& value = static_cast<InternalValueState&>(state);
    return {value.Get().status().code(), value.Update(&one).code(), value.Clear().code()};
  }
  if (state.descriptor().kind == StateKind::kMap) {
    auto& map = static_cast<InternalMapState&>(state);
    return {map.Get(&one).status().code(),
            map.Put(&one, &one).code(),
            map.Remove(&one).code(),
            map.Contains(&one).status().code(),
            map.IsEmpty().status().code(),
            map.Iterate().status().code(),
            map.Clear().code()};
  }
  auto& appending = static_cast<InternalAppendingState&>(state);
  return {appending.Get().status().code(), appending.Add(&one).code(), appending.GetInternal().status().code(),
          appending.UpdateInternal(nullptr).code(), appending.Clear().code()};
}

class ErrorsTest : public BackendTest {};
KVSTATE_ON_EVERY_BACKEND(ErrorsTest);

TEST_P(ErrorsTest, WithoutACurrentKeyEveryAccessIsRefused) {
  auto backend = Open<int64_t>();
  EXPECT_EQ(backend.backend().current_key(), "");
  for (const StateDescriptor& descriptor : OneOfEachKind()) {
    SCOPED_TRACE(descriptor.name);
    InternalKVState* state = Must(backend.backend().GetOrCreateState(SerializerFor<VoidNamespace>(), descriptor));
    for (const StatusCode code : ReadAndWrite(*state)) EXPECT_EQ(code, StatusCode::kFailedPrecondition);
    if (auto* merging = dynamic_cast<InternalMergingState*>(state)) {
      EXPECT_CODE(merging->MergeNamespaces(kVoid, {}), kFailedPrecondition);
    }
  }
}

TEST_P(ErrorsTest, WithoutACurrentNamespaceEveryAccessIsRefused) {
  auto backend = Open<int64_t>();
  Must(backend.SetCurrentKey(1));
  for (const StateDescriptor& descriptor : OneOfEachKind()) {
    SCOPED_TRACE(descriptor.name);
    InternalKVState* state = Must(backend.backend().GetOrCreateState(SerializerFor<std::string>(), descriptor));
    for (const StatusCode code : ReadAndWrite(*state)) EXPECT_EQ(code, StatusCode::kFailedPrecondition);
    Must(state->SetCurrentNamespace(Encode(std::string("n"))));
    for (const StatusCode code : ReadAndWrite(*state)) EXPECT_EQ(code, StatusCode::kOk);
  }
}

TEST_P(ErrorsTest, AKeyOfAnotherLengthThanTheFixedOneIsRefused) {
  auto backend = Open<int64_t>();
  Must(backend.SetCurrentKey(1));
  for (const char* bytes : {"", "short", "nine byte"}) {
    EXPECT_CODE(backend.backend().SetCurrentKey({bytes, 0}), kInvalidArgument);
    EXPECT_EQ(backend.backend().current_key(), Encode(int64_t{1}));
  }
}

TEST_P(ErrorsTest, TheSameNameGivesTheSameState) {
  auto backend = Open<int64_t>();
  for (const StateDescriptor& descriptor : OneOfEachKind()) {
    InternalKVState* first = Must(backend.backend().GetOrCreateState(SerializerFor<VoidNamespace>(), descriptor));
    InternalKVState* again = Must(backend.backend().GetOrCreateState(SerializerFor<VoidNamespace>(), descriptor));
    EXPECT_EQ(first, again);
    EXPECT_EQ(first->descriptor().name, descriptor.name);
    EXPECT_EQ(first->descriptor().kind, descriptor.kind);
    EXPECT_EQ(first->key_serializer().Snapshot(), SerializerFor<int64_t>()->Snapshot());
    EXPECT_EQ(first->namespace_serializer().Snapshot(), SerializerFor<VoidNamespace>()->Snapshot());
  }
  EXPECT_EQ(backend.backend().StateNames(),
            (std::vector<std::string>{"value", "list", "map", "reducing", "aggregating", "folding"}));
}

TEST_P(ErrorsTest, AnEqualSerializerIsAnotherObjectOfTheSameState) {
  auto backend = Open<int64_t>();
  auto first = Must(backend.GetState(ListStateDescriptor<int64_t>("l")));
  auto again = Must(backend.GetState(ListStateDescriptor<int64_t>("l")));  // Makes a list serializer of its own.
  EXPECT_EQ(first.internal(), again.internal());
}

TEST_P(ErrorsTest, TheSameNameWithAnotherKindOrSerializerIsRefused) {
  auto backend = Open<int64_t>();
  KeyedStateBackend& raw = backend.backend();
  const auto void_namespace = SerializerFor<VoidNamespace>();
  InternalKVState* state = Must(raw.GetOrCreateState(void_namespace, MapStateDescriptor<int64_t, int64_t>("s")));
  EXPECT_CODE(raw.GetOrCreateState(void_namespace, ValueStateDescriptor<int64_t>("s")), kInvalidArgument);
  EXPECT_CODE(raw.GetOrCreateState(void_namespace, MapStateDescriptor<int32_t, int64_t>("s")), kInvalidArgument);
  EXPECT_CODE(raw.GetOrCreateState(void_namespace, MapStateDescriptor<int64_t, int32_t>("s")), kInvalidArgument);
  const auto of_windows = raw.GetOrCreateState(SerializerFor<TimeWindow>(), MapStateDescriptor<int64_t, int64_t>("s"));
  EXPECT_CODE(of_windows, kInvalidArgument);
  EXPECT_MENTIONS(of_windows, "'s'");
  EXPECT_EQ(Must(raw.GetOrCreateState(void_namespace, MapStateDescriptor<int64_t, int64_t>("s"))), state);
}

TEST_P(ErrorsTest, AWrongDescriptorIsRefused) {
  auto backend = Open<int64_t>();
  StateDescriptor descriptor = ValueStateDescriptor<int64_t>("v");
  descriptor.value_serializer = nullptr;
  EXPECT_CODE(backend.backend().GetOrCreateState(SerializerFor<VoidNamespace>(), descriptor), kInvalidArgument);
  EXPECT_CODE(backend.backend().GetOrCreateState(nullptr, ValueStateDescriptor<int64_t>("v")), kInvalidArgument);
  EXPECT_TRUE(backend.backend().StateNames().empty());
}

TEST_P(ErrorsTest, AWrongTimeToLiveIsRefused) {
  auto backend = Open<int64_t>();
  const auto refused = [&](const TtlConfig& ttl, const char* word) {
    for (StateDescriptor descriptor : OneOfEachKind()) {
      descriptor.ttl = ttl;
      const auto made = backend.backend().GetOrCreateState(SerializerFor<VoidNamespace>(), descriptor);
      EXPECT_CODE(made, kInvalidArgument);
      EXPECT_MENTIONS(made, descriptor.name);
      EXPECT_MENTIONS(made, word);
    }
  };
  TtlConfig ttl;
  for (const int64_t millis : {int64_t{0}, int64_t{-1}, INT64_MIN}) {
    ttl.ttl_millis = millis;
    refused(ttl, "positive");
  }
  ttl.ttl_millis = 1000;
  ttl.cleanup.compaction_filter_query_entries = 0;
  refused(ttl, "at least 1");
  ttl.cleanup = {};
  ttl.cleanup.periodic_compaction_seconds = -1;
  refused(ttl, "negative");
  EXPECT_TRUE(backend.backend().StateNames().empty());
}

TEST_P(ErrorsTest, StateNamesMayBeAnyBytes) {
  auto backend = Open<int64_t>();
  const std::vector<std::string> names = {"default", "a/b",      "..", std::string("a\0b", 3), std::string("a\0", 2),
                                          "a",       "\xff\xfe", " ",  std::string(255, 'n'),  std::string(254, 'n')};
  for (const std::string& name : names) {
    auto state = backend.GetState(ValueStateDescriptor<std::string>(name));
    ASSERT_OK(state) << ::testing::PrintToString(name);
    Must(backend.SetCurrentKey(1));
    Must(state->Update(name));
  }
  for (const std::string& name : names) {
    auto state = Must(backend.GetState(ValueStateDescriptor<std::string>(name)));
    EXPECT_EQ(Current(state), name);
  }
  EXPECT_EQ(backend.backend().StateNames(), names);
}

TEST_P(ErrorsTest, AStateRemovedAndMadeAgainIsEmpty) {
  auto backend = Open<int64_t>();
  for (int round = 0; round < 3; ++round) {
    auto value = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
    auto map = Must(backend.GetState<TimeWindow>(MapStateDescriptor<int64_t, int64_t>("m")));
    Must(map.SetCurrentNamespace(TimeWindow{0, 1}));
    for (int64_t key = 0; key < 20; ++key) {
      Must(backend.SetCurrentKey(key));
      ASSERT_EQ(Current(value), std::nullopt);
      ASSERT_TRUE(Must(map.IsEmpty()));
      Must(value.Update(key));
      Must(map.Put(key, key));
    }
    EXPECT_OK(backend.backend().RemoveState("v"));
    EXPECT_EQ(backend.backend().StateNames(), std::vector<std::string>{"m"});
    EXPECT_EQ(Must(backend.backend().NumEntries()), 20u);
    EXPECT_EQ(Current(map, int64_t{19}), 19) << "the other state stays";
    EXPECT_OK(backend.backend().RemoveState("m"));
    EXPECT_EQ(Must(backend.backend().NumEntries()), 0u);
  }
  EXPECT_CODE(backend.backend().RemoveState("v"), kNotFound);
}

TEST_P(ErrorsTest, AStateRemovedMayBeMadeAgainAsAnotherKind) {
  auto backend = Open<int64_t>();
  auto value = Must(backend.GetState(ValueStateDescriptor<int64_t>("s")));
  Must(backend.SetCurrentKey(1));
  Must(value.Update(1));
  Must(backend.backend().RemoveState("s"));
  auto list = Must(backend.GetState(ListStateDescriptor<std::string>("s")));
  EXPECT_EQ(Must(list.Get()), nullptr);
  Must(list.Add("text"));
  EXPECT_EQ(Current(list), std::vector<std::string>{"text"});
}

TEST_P(ErrorsTest, NumEntriesCountsPairsAndUserKeys) {
  auto backend = Open<int64_t>();
  EXPECT_EQ(Must(backend.backend().NumEntries()), 0u) << "an empty backend";
  auto list = Must(backend.GetState<TimeWindow>(ListStateDescriptor<int64_t>("l")));
  auto map = Must(backend.GetState(MapStateDescriptor<int64_t, int64_t>("m")));
  for (int64_t key = 0; key < 10; ++key) {
    Must(backend.SetCurrentKey(key));
    for (int64_t start = 0; start < 3; ++start) {
      Must(list.SetCurrentNamespace(TimeWindow{start, start + 1}));
      for (int64_t n = 0; n < 5; ++n) Must(list.Add(n));
    }
    for (int64_t n = 0; n < 7; ++n) Must(map.Put(n, n));
    Must(map.PutNull(-1));
  }
  EXPECT_EQ(Must(backend.backend().NumEntries()), 10u * 3 + 10u * 8);
  Must(map.Clear());
  Must(list.Clear());
  EXPECT_EQ(Must(backend.backend().NumEntries()), 10u * 3 + 10u * 8 - 9);
}

}  // namespace
}  // namespace kvstate::conformance
