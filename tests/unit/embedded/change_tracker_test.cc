#include "backends/embedded/change_tracker.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kvstate::backends {
namespace {

std::vector<SavedState> States(const std::vector<std::string>& names) {
  std::vector<SavedState> states;
  for (const std::string& name : names) states.emplace_back().name = name;
  return states;
}

class ChangeTrackerTest : public ::testing::Test {
 protected:
  /// The keys of each of `names`; "?" alone where it is not known.
  std::vector<std::set<std::string>> Between(uint64_t after, uint64_t until, const std::vector<std::string>& names) {
    const std::vector<SavedState> states = States(names);
    const std::optional<ChangeSpan> span = tracker_.Between(after, until, states);
    if (!span.has_value()) return {{"?"}};
    std::vector<std::set<std::string>> keys;
    for (const auto& sets : span->of_states) {
      keys.emplace_back();
      for (const auto& set : sets) {
        set->ForEach([&](ByteView key) { keys.back().emplace(key); });
      }
    }
    return keys;
  }
  using Keys = std::vector<std::set<std::string>>;

  ChangeTracker tracker_;
};

TEST_F(ChangeTrackerTest, NotesNothingUntilItIsStarted) {
  TableChanges* a = tracker_.AddState("a");
  a->Note("before");
  tracker_.EndEpoch(1);
  EXPECT_FALSE(tracker_.on());
  EXPECT_EQ(Between(0, 1, {"a"}), Keys({{"?"}}));
  tracker_.Start(1);
  a->Note("after");
  tracker_.EndEpoch(2);
  EXPECT_EQ(Between(1, 2, {"a"}), Keys({{"after"}}));
  EXPECT_EQ(Between(0, 2, {"a"}), Keys({{"?"}})) << "it was off for a part";
}

TEST_F(ChangeTrackerTest, JoinsTheChangesOfAllEpochsInBetween) {
  tracker_.Start(1);
  TableChanges* a = tracker_.AddState("a");
  TableChanges* b = tracker_.AddState("b");
  a->Note("2");
  a->Note("2");
  b->Note("b2");
  tracker_.EndEpoch(2);
  a->Note("3");
  tracker_.EndEpoch(3);
  a->Note("2");
  a->Note("4");
  tracker_.EndEpoch(4);
  a->Note("5");
  EXPECT_EQ(Between(1, 4, {"a", "b"}), Keys({{"2", "3", "4"}, {"b2"}}));
  EXPECT_EQ(Between(2, 4, {"b", "a"}), Keys({{}, {"2", "3", "4"}}));
  EXPECT_EQ(Between(2, 3, {"a"}), Keys({{"3"}}));
  EXPECT_EQ(Between(4, 4, {"a"}), Keys({{}}));
  EXPECT_EQ(Between(1, 4, {"unclaimed"}), Keys({{}}));
  EXPECT_EQ(tracker_.Between(1, 4, States({"a", "b"}))->MostChanges(), 5u);
}

TEST_F(ChangeTrackerTest, AStateOfTheSameNameIsAnotherOne) {
  tracker_.Start(1);
  tracker_.AddState("a")->Note("old");
  tracker_.EndEpoch(2);
  tracker_.StateRemoved("a");
  tracker_.AddState("a")->Note("new");
  tracker_.EndEpoch(3);
  EXPECT_EQ(Between(2, 3, {"a"}), Keys({{"?"}}));
  EXPECT_EQ(Between(1, 3, {"a"}), Keys({{"?"}}));
  EXPECT_EQ(Between(1, 2, {"a"}), Keys({{"old"}}));
  EXPECT_EQ(Between(1, 3, {"b"}), Keys({{}})) << "others are not touched";
  tracker_.EndEpoch(4);
  EXPECT_EQ(Between(3, 4, {"a"}), Keys({{}}));
}

TEST_F(ChangeTrackerTest, OneThatIsMadeAgainAfterACheckpointWithoutItIsKnown) {
  tracker_.Start(1);
  tracker_.AddState("a")->Note("old");
  tracker_.StateRemoved("a");
  tracker_.EndEpoch(2);
  tracker_.AddState("a")->Note("new");
  tracker_.EndEpoch(3);
  EXPECT_EQ(Between(2, 3, {"a"}), Keys({{"new"}}));
  EXPECT_EQ(Between(1, 3, {"a"}), Keys({{"?"}}));
}

TEST_F(ChangeTrackerTest, WhatNobodyAsksForIsDropped) {
  tracker_.Start(1);
  TableChanges* a = tracker_.AddState("a");
  for (const uint64_t id : {2u, 3u, 4u}) {
    a->Note(std::to_string(id));
    tracker_.EndEpoch(id);
  }
  tracker_.DropUpTo(3, 3);
  EXPECT_EQ(Between(3, 4, {"a"}), Keys({{"4"}}));
  EXPECT_EQ(Between(2, 4, {"a"}), Keys({{"?"}}));
}

TEST_F(ChangeTrackerTest, StopsWhenThereAreTooManySinceTheConfirmedCheckpoint) {
  tracker_.Start(1);
  TableChanges* a = tracker_.AddState("a");
  for (const char* key : {"1", "2", "3"}) a->Note(key);
  tracker_.EndEpoch(2);
  tracker_.DropUpTo(1, 2);
  tracker_.SetMostChanges(2);
  a->Note("4");
  a->Note("4");
  tracker_.EndEpoch(3);
  a->Note("4");
  EXPECT_TRUE(tracker_.on());
  EXPECT_EQ(Between(1, 3, {"a"}), Keys({{"1", "2", "3", "4"}}));
  a->Note("5");
  tracker_.EndEpoch(4);
  EXPECT_FALSE(tracker_.on());
  EXPECT_EQ(Between(2, 3, {"a"}), Keys({{"?"}}));
  a->Note("6");
  tracker_.Start(4);
  a->Note("7");
  tracker_.EndEpoch(5);
  EXPECT_EQ(Between(4, 5, {"a"}), Keys({{"7"}}));
}

TEST_F(ChangeTrackerTest, AMergedEpochServesAsThoseThatItReplaces) {
  tracker_.Start(1);
  TableChanges* a = tracker_.AddState("a");
  tracker_.AddState("removed")->Note("gone");
  a->Note("2");
  tracker_.EndEpoch(2);
  tracker_.StateRemoved("removed");
  a->Note("3");
  tracker_.EndEpoch(3);
  a->Note("4");
  tracker_.EndEpoch(4);
  auto merged = std::make_shared<KeySet>();
  for (const char* key : {"2", "3"}) merged->Insert(key);
  const std::vector<SavedState> states = States({"a"});
  const std::vector<std::shared_ptr<const KeySet>> sets = {merged};
  tracker_.Replace(1, 3, states, sets);
  EXPECT_EQ(Between(1, 4, {"a"}), Keys({{"2", "3", "4"}}));
  EXPECT_EQ(Between(3, 4, {"a"}), Keys({{"4"}}));
  EXPECT_EQ(Between(1, 4, {"removed"}), Keys({{"?"}}));
  tracker_.EndEpoch(5);
  EXPECT_EQ(Between(1, 5, {"a"}), Keys({{"2", "3", "4"}}));
}

}  // namespace
}  // namespace kvstate::backends
