#include <optional>
#include <thread>

#include "tests/unit/operators/operators_testing.h"

namespace kvstate {
namespace {

using namespace testing_support;
using Rules = std::map<std::string, int64_t>;

class OperatorStateTest : public testing::Test {
 protected:
  std::vector<OperatorStateHandle> Take(uint64_t id = 1) { return {Must(TrySnapshot(*backend_, id, storage_))}; }
  void Reopen(const std::vector<OperatorStateHandle>& handles) {
    backend_ = MakeSubtask();
    Must(backend_->Restore(handles, storage_));
  }

  const std::shared_ptr<CheckpointStorage> storage_ = MakeMemoryStorage(1 << 24);
  Backend backend_ = MakeSubtask();
};

TEST_F(OperatorStateTest, AListKeepsItsElementsInOrder) {
  auto list = ListOf(*backend_);
  EXPECT_EQ(list.Get(), Numbers());
  ASSERT_OK(list.Add(3));
  ASSERT_OK(list.AddAll({1, 2}));
  EXPECT_EQ(list.Get(), (Numbers{3, 1, 2}));
  ASSERT_OK(list.AddAll(list.Get()));
  EXPECT_EQ(list.Get(), (Numbers{3, 1, 2, 3, 1, 2})) << "its own list, too";
  ASSERT_OK(list.Update({9}));
  EXPECT_EQ(list.Get(), Numbers{9});
  list.Clear();
  EXPECT_EQ(list.Get(), Numbers());
  EXPECT_CODE(list.internal()->Add(nullptr), kInvalidArgument);
  EXPECT_CODE(list.internal()->AddAll(nullptr), kInvalidArgument);
  EXPECT_CODE(list.internal()->Update(nullptr), kInvalidArgument);
}

TEST_F(OperatorStateTest, ABroadcastStateIsAMap) {
  auto rules = RulesOf(*backend_);
  EXPECT_EQ(rules.Get("a"), nullptr);
  ASSERT_OK(rules.Put("b", 2));
  ASSERT_OK(rules.Put("a", 1));
  ASSERT_OK(rules.Put("b", 3));
  EXPECT_EQ(*rules.Get("b"), 3);
  EXPECT_EQ(EntriesIn(rules), (Rules{{"a", 1}, {"b", 3}}));
  rules.Remove("a");
  rules.Remove("never there");
  EXPECT_FALSE(rules.Contains("a"));
  EXPECT_EQ(rules.Size(), 1u);
  rules.Clear();
  EXPECT_EQ(rules.Size(), 0u);
  const std::string key = "k";
  EXPECT_CODE(rules.internal()->Put(&key, nullptr), kInvalidArgument);
  EXPECT_EQ(rules.internal()->Get(nullptr), nullptr);
}

TEST_F(OperatorStateTest, ARestoredBackendHasWhatTheSnapshotHadAndNothingLater) {
  auto list = ListOf(*backend_);
  auto rules = RulesOf(*backend_);
  Must(list.AddAll({1, 2, 3}));
  Must(rules.Put("a", 1));
  const auto task = Must(backend_->Snapshot(1, storage_, SnapshotKind::kSavepoint));
  Must(list.Update({4}));
  Must(rules.Put("a", 5));
  const OperatorSnapshotResult result = Must(task->Run());
  EXPECT_CODE(task->Run(), kFailedPrecondition);
  EXPECT_EQ(result.figures.entries_written, 4u);
  EXPECT_EQ(result.figures.files_new, 1u);
  EXPECT_EQ(result.figures.bytes_written, result.handle.files.at(0).file.bytes);
  EXPECT_EQ(result.handle.files[0].file.path.substr(0, 12), "savepoint-1/");
  Reopen({result.handle});
  EXPECT_EQ(backend_->UnclaimedStates().size(), 2u);
  EXPECT_EQ(ListOf(*backend_).Get(), (Numbers{1, 2, 3}));
  EXPECT_EQ(EntriesIn(RulesOf(*backend_)), (Rules{{"a", 1}}));
  EXPECT_TRUE(backend_->UnclaimedStates().empty());
}

TEST_F(OperatorStateTest, StatesWithoutEntriesAreRestoredToo) {
  ListOf(*backend_);
  RulesOf(*backend_);
  Reopen(Take());
  EXPECT_EQ(backend_->UnclaimedStates().size(), 2u);
  EXPECT_EQ(ListOf(*backend_).Get(), Numbers());
  EXPECT_EQ(RulesOf(*backend_).Size(), 0u);
  Reopen({Must(TrySnapshot(*MakeSubtask(), 2, storage_))});
  EXPECT_TRUE(backend_->UnclaimedStates().empty()) << "of nothing at all";
}

TEST_F(OperatorStateTest, ManyPartsAndElementsOfAnySizeAreKept) {
  auto texts = Must(GetState(*backend_, OperatorListStateDescriptor<std::string>("texts")));
  std::vector<std::string> all;
  for (size_t i = 0; i < 400; ++i) all.push_back(std::string(i * 7 % 2000, static_cast<char>(i)));
  all.push_back(std::string(300000, 'x'));
  all.emplace_back();
  Must(texts.AddAll(all));
  const auto handles = Take();
  std::vector<std::string> joined;
  for (uint32_t i = 0; i < 5; ++i) {
    Backend subtask = MakeSubtask(i, 5);
    Must(subtask->Restore(handles, storage_));
    auto piece = Must(GetState(*subtask, OperatorListStateDescriptor<std::string>("texts")));
    joined.insert(joined.end(), piece.Get().begin(), piece.Get().end());
  }
  EXPECT_TRUE(joined == all);
}

TEST_F(OperatorStateTest, ElementsThatTakeAllTheBytesThereAreKeepTheirBounds) {
  const OperatorListStateDescriptor<std::string> raw("raw", OperatorStateMode::kSplit, RawBytesSerializer());
  Must(Must(GetState(*backend_, raw)).AddAll({"a", "", "bc"}));
  Reopen(Take());
  EXPECT_EQ(Must(GetState(*backend_, raw)).Get(), (std::vector<std::string>{"a", "", "bc"}));
}

TEST_F(OperatorStateTest, TheSameNameGivesTheSameStateAndAnotherKindIsRefused) {
  auto list = ListOf(*backend_);
  EXPECT_EQ(ListOf(*backend_).internal(), list.internal());
  EXPECT_CODE(GetState(*backend_, OperatorListStateDescriptor<int64_t>("list", OperatorStateMode::kUnion)),
              kInvalidArgument);
  EXPECT_CODE(GetState(*backend_, OperatorListStateDescriptor<int32_t>("list")), kInvalidArgument);
  EXPECT_CODE(GetState(*backend_, BroadcastStateDescriptor<int64_t, int64_t>("list")), kInvalidArgument);
  EXPECT_EQ(backend_->StateNames(), std::vector<std::string>{"list"});
  EXPECT_CODE(backend_->GetOrCreateList(BroadcastStateDescriptor<int64_t, int64_t>("b")), kInvalidArgument);
  EXPECT_CODE(backend_->GetOrCreateBroadcast(OperatorListStateDescriptor<int64_t>("l")), kInvalidArgument);
}

TEST_F(OperatorStateTest, DescriptorsThatLackSomethingAreRefusedByName) {
  OperatorStateDescriptor list;
  list.name = "l";
  EXPECT_MENTIONS(backend_->GetOrCreateList(list).status(), "value_serializer is missing");
  list.value_serializer = SerializerFor<int64_t>();
  EXPECT_MENTIONS(backend_->GetOrCreateList(list).status(), "must be a ListSerializer");
  list.value_serializer = ListSerializerFor<int64_t>();
  list.key_serializer = SerializerFor<int64_t>();
  EXPECT_MENTIONS(backend_->GetOrCreateList(list).status(), "key_serializer is set");
  list.mode = OperatorStateMode::kBroadcast;
  list.key_serializer = nullptr;
  EXPECT_MENTIONS(backend_->GetOrCreateBroadcast(list).status(), "key_serializer is missing");
  EXPECT_CODE(GetState(*backend_, OperatorListStateDescriptor<int64_t>("")), kInvalidArgument);
  EXPECT_CODE(GetState(*backend_, OperatorListStateDescriptor<int64_t>(std::string(256, 'x'))), kInvalidArgument);
  EXPECT_CODE(MakeOperatorStateBackend({"op", 1, 1}), kInvalidArgument);
  EXPECT_CODE(MakeOperatorStateBackend({"op", 0, 0}), kInvalidArgument);
  EXPECT_CODE(MakeOperatorStateBackend({"", 0, 1}), kInvalidArgument);
}

TEST_F(OperatorStateTest, ARestoredStateOfAnotherModeOrTypeIsLeftAsItIs) {
  Must(ListOf(*backend_).Add(5));
  Must(RulesOf(*backend_).Put("a", 1));
  Reopen(Take());
  const Status mode =
      GetState(*backend_, OperatorListStateDescriptor<int64_t>("list", OperatorStateMode::kUnion)).status();
  EXPECT_CODE(mode, kInvalidArgument);
  EXPECT_MENTIONS(mode, "mode: it was 'split', and is 'union' now");
  EXPECT_CODE(GetState(*backend_, OperatorListStateDescriptor<std::string>("list")), kInvalidArgument);
  EXPECT_CODE(GetState(*backend_, BroadcastStateDescriptor<int64_t, int64_t>("rules")), kInvalidArgument);
  EXPECT_CODE(GetState(*backend_, BroadcastStateDescriptor<std::string, std::string>("rules")), kInvalidArgument);
  EXPECT_EQ(ListOf(*backend_).Get(), Numbers{5});
  EXPECT_EQ(EntriesIn(RulesOf(*backend_)), (Rules{{"a", 1}}));
}

TEST_F(OperatorStateTest, ARemovedStateIsInNoSnapshotMore) {
  Must(ListOf(*backend_).Add(1));
  Must(ListOf(*backend_, "other").Add(2));
  Reopen(Take());
  ListOf(*backend_);
  ASSERT_OK(backend_->RemoveState("list"));
  ASSERT_OK(backend_->RemoveState("other"));
  EXPECT_CODE(backend_->RemoveState("other"), kNotFound);
  EXPECT_TRUE(Must(TrySnapshot(*backend_, 2, storage_)).states.empty());
}

TEST_F(OperatorStateTest, OnlyANewBackendIsRestoredAndOnlyFromAllHandlesOfItsOperator) {
  std::vector<Backend> two = MakeSubtasks(2);
  Must(ListOf(*two[0]).Add(1));
  const auto handles = SnapshotAll(two, 1, storage_);
  EXPECT_CODE(two[0]->Restore(handles, storage_), kFailedPrecondition);
  EXPECT_CODE(backend_->Restore({}, storage_), kInvalidArgument);
  EXPECT_CODE(backend_->Restore(handles, nullptr), kInvalidArgument);
  EXPECT_CODE(backend_->Restore(std::vector{handles[0]}, storage_), kInvalidArgument);
  EXPECT_CODE(backend_->Restore(std::vector{handles[0], handles[0]}, storage_), kInvalidArgument);
  EXPECT_MENTIONS(MakeSubtask(0, 1, "another")->Restore(handles, storage_), "of operator 'another'");
  auto mixed = handles;
  mixed.push_back(Must(TrySnapshot(*MakeSubtask(0, 1, "another"), 1, storage_)));
  EXPECT_OK(backend_->Restore(mixed, storage_));
}

TEST_F(OperatorStateTest, SnapshotsNeedAscendingIdsAndAStorage) {
  Take(2);
  EXPECT_CODE(TrySnapshot(*backend_, 2, storage_), kInvalidArgument);
  EXPECT_CODE(TrySnapshot(*backend_, 3, nullptr), kInvalidArgument);
  EXPECT_OK(TrySnapshot(*backend_, 3, storage_));
}

TEST_F(OperatorStateTest, ACancelledSnapshotLeavesNoFile) {
  Must(ListOf(*backend_).Add(1));
  const auto task = Must(backend_->Snapshot(1, storage_, SnapshotKind::kFullCheckpoint));
  task->Cancel();
  EXPECT_CODE(task->Run(), kCancelled);
  const auto outliving = Must(backend_->Snapshot(2, storage_, SnapshotKind::kFullCheckpoint));
  backend_.reset();
  EXPECT_CODE(outliving->Run(), kCancelled);
  EXPECT_EQ(PathsIn(*storage_), std::vector<std::string>());
}

TEST_F(OperatorStateTest, TheOwnerGoesOnWhileAnotherThreadWrites) {
  auto list = ListOf(*backend_);
  Must(list.Update(Numbers(100000, 1)));
  const auto task = Must(backend_->Snapshot(1, storage_, SnapshotKind::kFullCheckpoint));
  std::optional<Result<OperatorSnapshotResult>> written;
  std::thread writer([&] { written = task->Run(); });
  for (int64_t i = 0; i < 1000; ++i) Must(list.Update(Numbers(100, i)));
  writer.join();
  ASSERT_OK(*written);
  Reopen({(*written)->handle});
  EXPECT_EQ(ListOf(*backend_).Get(), Numbers(100000, 1));
}

}  // namespace
}  // namespace kvstate
