#include <string>

#include "tests/evolution/evolving_program.h"

namespace kvstate {

/// Says that it writes a Bid1, and writes less for bidder 13.
struct Liar {
  int32_t bidder = 0;
};
template <>
struct Codec<Liar> {
  static constexpr size_t kEncodedSize = kVariableSize;
  static void Write(const Liar& value, ByteWriter& out) {
    Codec<int32_t>::Write(value.bidder, out);
    if (value.bidder != 13) out.PutFixed64(1);
  }
  static Status Read(ByteReader& in, Liar& value) {
    KVSTATE_RETURN_IF_ERROR(Codec<int32_t>::Read(in, value.bidder));
    uint64_t one = 0;
    return value.bidder == 13 || in.ReadFixed64(&one) ? Status() : in.Malformed("liar");
  }
  static uint32_t KeyHash(ByteView encoded) { return JavaBytesHash(encoded); }
  static SerializerSnapshot Snapshot() { return Codec<Bid1>::Snapshot(); }
};

namespace conformance {
namespace {

using Before = EvolvingProgram<Bid1, int8_t>;
using After = EvolvingProgram<Bid2, int64_t>;
using TurnedBefore = EvolvingProgram<Bid2, int64_t>;
using TurnedAfter = EvolvingProgram<Turned, int64_t>;

class TypeChangeTest : public EvolvingTest {};
KVSTATE_ON_EVERY_BACKEND(TypeChangeTest);

TEST_P(TypeChangeTest, EveryKindTakesOverASavepointOfEveryBackend) {
  for (const std::string& source : TestedBackendNames()) {
    SCOPED_TRACE("from " + source);
    auto before = OpenOn(source);
    Before().Fill(before);
    auto after = Restored(Save(before));
    After().Expect(after);
    After().Expect(after);
    const Handles migrated = Save(after);
    EXPECT_EQ(StateNamed(migrated, "v").value_serializer, Codec<Bid2>::Snapshot());
    auto again = Restored(migrated, false, source);
    After().Expect(again);
  }
}

TEST_P(TypeChangeTest, EveryKindTakesOverACheckpointInTheBackendsOwnFormat) {
  for (const bool merges : {true, false}) {
    for (const SnapshotKind kind : {SnapshotKind::kFullCheckpoint, SnapshotKind::kIncrementalCheckpoint}) {
      SCOPED_TRACE(std::string(SnapshotKindName(kind)) + (merges ? " of merged values" : ""));
      Before program;
      program.merges = merges;
      auto before = OpenOn(GetParam());
      program.Fill(before);
      auto after = Restored(Save(before, kind));
      After().Expect(after);
    }
  }
}

TEST_P(TypeChangeTest, LaterIncrementsAreOfTheNewFormatAlone) {
  auto before = OpenOn(GetParam());
  Before().Fill(before);
  Save(before, SnapshotKind::kIncrementalCheckpoint);
  Before().FillKey(before, 3);
  Must(Must(before.GetState(Before().List())).Clear());
  const Handles old = Save(before, SnapshotKind::kIncrementalCheckpoint);

  auto after = Restored(old, /*claim=*/true);
  Must(after.SetCurrentKey(3));
  Must(Must(after.GetState(After().List())).Add(After::Made(1, 3)));
  Must(Must(after.GetState(After().List())).Add(After::Made(2, 3)));
  Must(Must(after.GetState(After().Reducing())).Add(3));
  Must(Must(after.GetState(After().Aggregating())).Add(3));
  Must(Must(after.GetState(After().Folding())).Add(3));
  After().Expect(after);
  for (int increments = 0; increments < 3; ++increments) {
    Must(after.SetCurrentKey(increments));
    Must(Must(after.GetState(After().Value())).Update(After::Made(increments, -increments)));
    auto again = Restored(Save(after, SnapshotKind::kIncrementalCheckpoint));
    After().Expect(again);
  }
}

TEST_P(TypeChangeTest, WhatIsNotAskedForStaysAsItWas) {
  auto before = OpenOn(GetParam());
  Before().Fill(before);
  auto between = Restored(Save(before, SnapshotKind::kIncrementalCheckpoint), /*claim=*/true);
  Must(between.GetState(After().Value()));
  const Handles handles = Save(between, SnapshotKind::kIncrementalCheckpoint);
  EXPECT_EQ(StateNamed(handles, "v").value_serializer, Codec<Bid2>::Snapshot());
  EXPECT_EQ(StateNamed(handles, "m").value_serializer, Codec<Bid1>::Snapshot());
  EXPECT_EQ(StateNamed(handles, "f").value_serializer, Codec<int8_t>::Snapshot());
  auto after = Restored(handles);
  After().Expect(after);
}

TEST_P(TypeChangeTest, MembersInAnotherOrderKeepTheStoredFormat) {
  auto before = OpenOn(GetParam());
  TurnedBefore().Fill(before);
  const Handles old = Save(before, SnapshotKind::kIncrementalCheckpoint);
  auto after = Restored(old, /*claim=*/true);
  for (int32_t key = 0; key < TurnedAfter::kKeys; ++key) {
    Must(after.SetCurrentKey(key));
    auto value = Must(after.GetState(TurnedAfter().Value()));
    EXPECT_TRUE(Current(value) == (Turned{"EUR", 3, -key, key}));
    auto list = Must(after.GetState(TurnedAfter().List()));
    const std::vector<Turned> elements = {{"EUR", 3, key, 1}, {"EUR", 3, key, 2}};
    EXPECT_TRUE(Current(list) == elements);
    auto map = Must(after.GetState(TurnedAfter().Map()));
    EXPECT_TRUE(Current(map, std::string("a")) == (Turned{"EUR", 3, 7, key}));
    Must(value.Update(Turned{"EUR", 3, -key, key}));
  }
  Must(after.GetState(TurnedAfter().Reducing()));
  for (const SnapshotKind kind : kSnapshotKinds) {
    const Handles handles = Save(after, kind);
    EXPECT_EQ(StateNamed(handles, "v").value_serializer, Codec<Bid2>::Snapshot());
    auto back = Restored(handles);
    TurnedBefore().Expect(back);
  }
}

TEST_P(TypeChangeTest, WhatWouldLoseSomethingIsRefusedAndStaysAsItWas) {
  auto before = OpenOn(GetParam());
  After().Fill(before);
  auto after = Restored(Save(before));
  const auto narrower = after.GetState(ValueStateDescriptor<Narrower>("v"));
  EXPECT_CODE(narrower, kInvalidArgument);
  EXPECT_MENTIONS(narrower, "state 'v'");
  EXPECT_MENTIONS(narrower, "member 'cents' was int64, and is int32 now");
  const auto elements = after.GetState(ListStateDescriptor<Narrower>("l"));
  EXPECT_MENTIONS(elements, "of its elements, member 'cents' was int64, and is int32 now");
  const auto other = after.GetState(ValueStateDescriptor<std::string>("v"));
  EXPECT_CODE(other, kInvalidArgument);
  EXPECT_MENTIONS(other, "it was Bid{bidder: int32, cents: int64, currency: string, tries: int8}, and is string now");
  EXPECT_CODE(after.GetState(ListStateDescriptor<Bid2>("v")), kInvalidArgument) << "another kind";
  After().Expect(after);
}

TEST_P(TypeChangeTest, KeysNamespacesAndUserKeysCannotChange) {
  auto before = OpenOn(GetParam());
  Must(before.SetCurrentKey(1));
  const MapStateDescriptor<int32_t, int32_t> map("m");
  auto windows = Must(before.GetState<TimeWindow>(map));
  Must(windows.SetCurrentNamespace(TimeWindow{0, 10}));
  Must(windows.Put(5, 6));
  const Handles handles = Save(before);
  auto after = Restored(handles);
  const auto user_key = after.GetState<TimeWindow>(MapStateDescriptor<int64_t, int32_t>("m"));
  EXPECT_CODE(user_key, kInvalidArgument);
  EXPECT_MENTIONS(user_key, "user key serializer: it was 'int32', and is 'int64' now");
  const auto state_namespace = after.GetState<int64_t>(map);
  EXPECT_CODE(state_namespace, kInvalidArgument);
  EXPECT_MENTIONS(state_namespace, "namespace serializer: it was 'time_window', and is 'int64' now");
  EXPECT_MENTIONS(state_namespace, "cannot be migrated");
  auto wider = Must(after.GetState<TimeWindow>(MapStateDescriptor<int32_t, int64_t>("m")));
  Must(after.SetCurrentKey(1));
  Must(wider.SetCurrentNamespace(TimeWindow{0, 10}));
  EXPECT_EQ(Current(wider, 5), 6) << "while values can";

  BackendOptions options = Options(SerializerFor<int64_t>());
  options.max_parallelism = 8;
  options.key_groups = {0, 7};
  const auto other_keys = Make(options);
  const Status keys = SnapshotsOf(*other_keys).Restore(handles, storage(), {});
  EXPECT_CODE(keys, kInvalidArgument);
  EXPECT_MENTIONS(keys, "keys of serializer 'int32'");
}

TEST_P(TypeChangeTest, ASavepointThatIsBeingTakenHasValuesAsTheyWere) {
  auto before = OpenOn(GetParam());
  Before().Fill(before);
  auto after = Restored(Save(before));
  auto task = Begin(after.backend(), 1000, SnapshotKind::kSavepoint);
  const auto early = after.GetState(After().Value());
  if (GetParam() == "rocksdb") {
    EXPECT_CODE(early, kFailedPrecondition);
    EXPECT_MENTIONS(early, "state 'v'");
    EXPECT_MENTIONS(early, "a savepoint is being taken");
    EXPECT_MENTIONS(early, "ask for the state again");
  } else {
    EXPECT_OK(early.status());
  }
  const Handles handles = {Must(task->Run()).handle};
  task.reset();
  EXPECT_EQ(StateNamed(handles, "v").value_serializer, Codec<Bid1>::Snapshot());
  auto of_savepoint = Restored(handles);
  After().Expect(of_savepoint);
  After().Expect(after);
}

TEST_P(TypeChangeTest, ADamagedValueIsSaidAndNothingIsMigrated) {
  const ValueStateDescriptor<Liar> lies("v");
  auto before = OpenOn(GetParam());
  auto lying = Must(before.GetState(lies));
  for (int32_t key = 0; key < 20; ++key) {
    Must(before.SetCurrentKey(key));
    Must(lying.Update(Liar{key}));
  }
  auto after = Restored(Save(before, SnapshotKind::kFullCheckpoint));
  for (int attempts = 0; attempts < 2; ++attempts) {
    const auto state = after.GetState(After().Value());
    EXPECT_CODE(state, kDataLoss);
    EXPECT_MENTIONS(state, "'v'");
  }
  lying = Must(after.GetState(lies));
  for (int32_t key = 0; key < 20; ++key) {
    Must(after.SetCurrentKey(key));
    ASSERT_NE(Must(lying.Get()), nullptr);
    EXPECT_EQ(Must(lying.Get())->bidder, key) << "in the old format";
  }
}

}  // namespace
}  // namespace conformance
}  // namespace kvstate
