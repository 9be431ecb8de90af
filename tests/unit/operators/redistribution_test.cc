#include "backends/operators/redistribution.h"

#include <algorithm>
#include <numeric>

#include "tests/unit/operators/operators_testing.h"

namespace kvstate {
namespace {

using namespace testing_support;
using backends::ElementRange;
using backends::RoundRobinSplit;

struct Rescaling {
  uint32_t from = 1;
  uint32_t to = 1;
};

class RedistributionTest : public testing::TestWithParam<Rescaling> {
 protected:
  /// Lists "list" and "other" of different lengths, a union list, and rules that say whose they are.
  std::vector<OperatorStateHandle> Write() {
    std::vector<Backend> subtasks = MakeSubtasks(GetParam().from);
    for (uint32_t i = 0; i < subtasks.size(); ++i) {
      ListOf(*subtasks[i]);  // The first state of all.
      ListOf(*subtasks[i], "all", OperatorStateMode::kUnion);
      for (uint32_t n = 0; n < 3 * i % 7; ++n) {
        all_.push_back(static_cast<int64_t>(all_.size()));
        own_[i].push_back(all_.back());
        Must(ListOf(*subtasks[i]).Add(all_.back()));
        Must(ListOf(*subtasks[i], "all", OperatorStateMode::kUnion).Add(all_.back()));
      }
      Must(ListOf(*subtasks[i], "other").Add(i));
      Must(RulesOf(*subtasks[i]).Put("same", 7));
      Must(RulesOf(*subtasks[i]).Put("whose", i));
    }
    std::vector<OperatorStateHandle> handles = SnapshotAll(subtasks, 1, storage_);
    std::reverse(handles.begin(), handles.end());  // Their order says nothing.
    return handles;
  }

  std::vector<Backend> Restore(const std::vector<OperatorStateHandle>& handles) {
    std::vector<Backend> subtasks = MakeSubtasks(GetParam().to);
    for (Backend& subtask : subtasks) Must(subtask->Restore(handles, storage_));
    return subtasks;
  }

  const std::shared_ptr<CheckpointStorage> storage_ = MakeMemoryStorage(1 << 24);
  Numbers all_;
  std::map<uint32_t, Numbers> own_;
};
INSTANTIATE_TEST_SUITE_P(All, RedistributionTest,
                         testing::Values(Rescaling{1, 1}, Rescaling{2, 2}, Rescaling{2, 4}, Rescaling{4, 2},
                                         Rescaling{3, 5}, Rescaling{15, 77}, Rescaling{77, 15}, Rescaling{1, 3}),
                         [](const auto& rescaling) {
                           return std::to_string(rescaling.param.from) + "to" + std::to_string(rescaling.param.to);
                         });

TEST_P(RedistributionTest, ASplitListIsCutIntoNearlyEqualPiecesInOrder) {
  const auto handles = Write();
  std::vector<Backend> subtasks = Restore(handles);
  std::vector<Numbers> pieces;
  for (Backend& subtask : subtasks) pieces.push_back(ListOf(*subtask).Get());
  if (GetParam().from == GetParam().to) {
    for (uint32_t i = 0; i < pieces.size(); ++i) EXPECT_EQ(pieces[i], own_[i]) << "each keeps its own";
    return;
  }
  Numbers joined;
  for (const Numbers& piece : pieces) {
    EXPECT_GE(piece.size(), all_.size() / GetParam().to);
    EXPECT_LE(piece.size(), all_.size() / GetParam().to + 1);
    EXPECT_TRUE(std::is_sorted(piece.begin(), piece.end()));
    joined.insert(joined.end(), piece.begin(), piece.end());
  }
  // The first state's pieces begin with subtask 0.
  EXPECT_EQ(joined, all_) << "every element exactly once";
}

TEST_P(RedistributionTest, EveryListLosesAndDoublesNothing) {
  const auto handles = Write();
  std::vector<Backend> subtasks = Restore(handles);
  Numbers others;
  for (Backend& subtask : subtasks) {
    const Numbers& piece = ListOf(*subtask, "other").Get();
    others.insert(others.end(), piece.begin(), piece.end());
  }
  std::sort(others.begin(), others.end());
  Numbers expected(GetParam().from);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(others, expected);
}

TEST_P(RedistributionTest, EverySubtaskGetsAllOfAUnionList) {
  const auto handles = Write();
  for (Backend& subtask : Restore(handles)) {
    EXPECT_EQ(ListOf(*subtask, "all", OperatorStateMode::kUnion).Get(), all_);
  }
}

TEST_P(RedistributionTest, OfABroadcastStateSubtaskITakesTheCopyOfIModOldParallelism) {
  const auto handles = Write();
  std::vector<Backend> subtasks = Restore(handles);
  for (uint32_t i = 0; i < subtasks.size(); ++i) {
    EXPECT_EQ(EntriesIn(RulesOf(*subtasks[i])),
              (std::map<std::string, int64_t>{{"same", 7}, {"whose", i % GetParam().from}}));
  }
}

TEST_P(RedistributionTest, WhatIsNeverAskedForIsRedistributedAgain) {
  std::vector<Backend> subtasks = Restore(Write());
  const std::vector<OperatorStateHandle> second = SnapshotAll(subtasks, 2, storage_);
  Backend one = MakeSubtask();
  ASSERT_OK(one->Restore(second, storage_));
  Numbers list = ListOf(*one).Get();
  std::sort(list.begin(), list.end());
  EXPECT_EQ(list, all_);
  EXPECT_EQ(RulesOf(*one).Size(), 2u);
}

TEST(RoundRobinSplitTest, LongerPiecesGoRoundFromListToList) {
  // Five subtasks; lists of 2, 2 and 6: who got more is followed by who gets more next.
  const std::vector<std::vector<ElementRange>> expected = {
      {{0, 1}, {1, 2}, {2, 2}, {2, 2}, {2, 2}},
      {{2, 2}, {2, 2}, {0, 1}, {1, 2}, {2, 2}},
      {{2, 3}, {3, 4}, {4, 5}, {5, 6}, {0, 2}},
  };
  for (uint32_t subtask = 0; subtask < 5; ++subtask) {
    RoundRobinSplit split(5);
    for (size_t list = 0; list < expected.size(); ++list) {
      EXPECT_EQ(split.Next(list < 2 ? 2 : 6, subtask), expected[list][subtask]) << subtask << " of list " << list;
    }
  }
}

TEST(PartialStatesTest, AStateThatOnlySomeSubtasksHadIsSharedByAll) {
  const auto storage = MakeMemoryStorage(1 << 20);
  std::vector<Backend> old = MakeSubtasks(3);
  Must(RulesOf(*old[1]).Put("whose", 1));
  Must(RulesOf(*old[2]).Put("whose", 2));
  Must(ListOf(*old[2]).AddAll({1, 2, 3, 4}));
  const auto handles = SnapshotAll(old, 1, storage);
  EXPECT_TRUE(handles[0].files.empty()) << "no state, no file";
  std::vector<Backend> subtasks = MakeSubtasks(4);
  for (uint32_t i = 0; i < 4; ++i) {
    ASSERT_OK(subtasks[i]->Restore(handles, storage));
    EXPECT_EQ(*RulesOf(*subtasks[i]).Get("whose"), i % 2 + 1);
    EXPECT_EQ(ListOf(*subtasks[i]).Get(), Numbers{i + 1});
  }
}

}  // namespace
}  // namespace kvstate
