#include "backends/checkpoint/shared_state_registry.h"

#include <gtest/gtest.h>

#include "backends/checkpoint/checkpoint_layout.h"

namespace kvstate::backends {
namespace {

using Strings = std::vector<std::string>;

class SharedStateRegistryTest : public testing::Test {
 protected:
  /// A checkpoint that runs, completes, and refers to these files.
  void Complete(uint64_t id, const Strings& paths) {
    if (!registry_.IsRunning(id)) registry_.Begin(id);
    std::vector<SnapshotFile> files;
    for (const std::string& path : paths) files.push_back({path, {path, 1, 1}, true});
    registry_.Register(id, files);
    freed_by_end_ = registry_.End(id);
  }

  SharedStateRegistry registry_;
  Strings freed_by_end_;
};

TEST_F(SharedStateRegistryTest, AFileGoesWithItsLastUser) {
  Complete(1, {"a", "b"});
  Complete(2, {"b", "c"});
  Complete(3, {"b"});
  EXPECT_EQ(registry_.LastUser("a"), 1u);
  EXPECT_EQ(registry_.LastUser("b"), 3u);
  EXPECT_EQ(registry_.Unregister(1), Strings{"a"});
  EXPECT_FALSE(registry_.Keeps("a"));
  EXPECT_EQ(registry_.Unregister(3), Strings{});
  EXPECT_EQ(registry_.LastUser("b"), 2u) << "a newer user that goes does not take the file from an older one";
  EXPECT_EQ(registry_.Unregister(2), (Strings{"b", "c"}));
  EXPECT_FALSE(registry_.Keeps("b"));
}

TEST_F(SharedStateRegistryTest, AFileTwiceInACheckpointIsOneReference) {
  Complete(1, {"a", "a"});
  EXPECT_EQ(registry_.Unregister(1), Strings{"a"});
}

TEST_F(SharedStateRegistryTest, AFileWaitsForARunningCheckpointThatMayBuildOnIt) {
  Complete(1, {"base"});
  registry_.Begin(2);
  Complete(3, {"new"});
  EXPECT_EQ(registry_.Unregister(1), Strings{}) << "2 may build on 1";
  EXPECT_TRUE(registry_.Keeps("base"));
  EXPECT_EQ(registry_.LastUser("base"), std::nullopt);
  registry_.Begin(4);
  EXPECT_EQ(registry_.End(2), Strings{"base"}) << "4 began when 1 was gone";
  EXPECT_FALSE(registry_.Keeps("base"));
}

TEST_F(SharedStateRegistryTest, AFileThatWaitedStaysWhenTheCheckpointTakesIt) {
  Complete(1, {"base"});
  registry_.Begin(2);
  Complete(3, {"new"});
  EXPECT_EQ(registry_.Unregister(1), Strings{});
  Complete(2, {"base"});
  EXPECT_EQ(freed_by_end_, Strings{});
  EXPECT_EQ(registry_.LastUser("base"), 2u);
  EXPECT_EQ(registry_.Unregister(2), Strings{"base"});
}

TEST_F(SharedStateRegistryTest, AFileWaitsForAllThatRan) {
  Complete(1, {"base"});
  registry_.Begin(2);
  registry_.Begin(3);
  EXPECT_EQ(registry_.Unregister(1), Strings{});
  EXPECT_EQ(registry_.End(3), Strings{});
  EXPECT_EQ(registry_.End(2), Strings{"base"});
}

TEST_F(SharedStateRegistryTest, UnknownOnesAreFine) {
  EXPECT_EQ(registry_.Unregister(9), Strings{});
  EXPECT_EQ(registry_.End(9), Strings{});
  EXPECT_FALSE(registry_.Keeps("x"));
}

TEST(CheckpointLayoutTest, KnowsItsOwnPathsAndNoOthers) {
  const auto own = ParseCheckpointPath("chk-12/a/b");
  ASSERT_TRUE(own.has_value());
  EXPECT_EQ(own->checkpoint_id, 12u);
  EXPECT_FALSE(own->shared || own->is_metadata || own->is_savepoint);
  const auto metadata = ParseCheckpointPath("savepoint-3/_metadata");
  ASSERT_TRUE(metadata.has_value());
  EXPECT_TRUE(metadata->is_metadata && metadata->is_savepoint);
  const auto shared = ParseCheckpointPath("shared/7-x-y");
  ASSERT_TRUE(shared.has_value());
  EXPECT_EQ(shared->checkpoint_id, 7u);
  EXPECT_TRUE(shared->shared && !shared->is_metadata);
  for (const char* foreign : {"",
                              "chk-1",
                              "chk-/x",
                              "chk-01/x",
                              "chk-0/x",
                              "chk-1x/x",
                              "chk-1/",
                              "chk--1/x",
                              "chk-+1/x",
                              "Chk-1/x",
                              "xchk-1/x",
                              "shared/x",
                              "shared/7",
                              "shared/7-",
                              "shared/-7",
                              "shared/7x-y",
                              "shared/07-y",
                              "savepoint/1",
                              "notes.txt",
                              "chk-99999999999999999999/x",
                              "chk-18446744073709551615/x",
                              "shared/18446744073709551615-x",
                              "other/chk-1/x"}) {
    EXPECT_FALSE(ParseCheckpointPath(foreign).has_value()) << foreign;
  }
}

}  // namespace
}  // namespace kvstate::backends
