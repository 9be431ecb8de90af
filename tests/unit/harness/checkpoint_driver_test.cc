#include "harness/run/checkpoint_driver.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/status_testing.h"
#include "tests/unit/harness/fake_snapshots.h"

namespace kvstate::harness {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

class CheckpointDriverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    storage_ = MakeMemoryStorage(1 << 20);
    ASSERT_OK_AND_ASSIGN(store_, CheckpointStore::Open(storage_, {.retained = 2, .clock = nullptr}));
  }

  CheckpointDriver& Make(FakeSnapshots* snapshots, std::vector<CheckpointMoment> plan, bool await_each,
                         SnapshotKind kind = SnapshotKind::kFullCheckpoint) {
    plan_ = std::move(plan);
    CheckpointDriverOptions options{.plan = plan_, .kind = kind, .retained = 2, .await_each = await_each};
    options.completed = [this](const TakenCheckpoint& taken) {
      completed_.push_back(taken.operations);
      return Status();
    };
    return driver_.emplace(snapshots, store_.get(), options);
  }

  /// Until the other thread has done so much; says so by failing the test's own time limit when it never does.
  void GoOnUntilTaken(size_t checkpoints, ReplayMoment moment) {
    while (driver_->taken().size() < checkpoints) {
      if (driver_->Wants(moment.operations)) {
        ASSERT_OK(driver_->Between(moment));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  size_t Files() { return storage_->List("").value().size(); }

  std::shared_ptr<CheckpointStorage> storage_;
  std::unique_ptr<CheckpointStore> store_;
  std::vector<CheckpointMoment> plan_;
  std::vector<uint64_t> completed_;
  std::optional<CheckpointDriver> driver_;
};

TEST_F(CheckpointDriverTest, AwaitedCheckpointsAreTakenWhereThePlanHasThem) {
  FakeSnapshots snapshots(false);
  CheckpointDriver& driver = Make(&snapshots, {{100, 0}, {200, 0}, {350, 0}}, true);
  for (uint64_t operations = 0; operations < 350; ++operations) {
    if (!driver.Wants(operations)) continue;
    ASSERT_OK(driver.Between({operations, operations * 1000}));
  }
  ASSERT_OK(driver.Finish(350));
  EXPECT_EQ(completed_, (std::vector<uint64_t>{100, 200, 350}));
  EXPECT_EQ(snapshots.confirmed(), (std::vector<uint64_t>{1, 2, 3}));
  EXPECT_EQ(driver.skipped(), 0u);
  for (const TakenCheckpoint& taken : driver.taken()) {
    EXPECT_FALSE(taken.delayed);
    EXPECT_EQ(taken.outcome.figures.bytes_written, 10u);
    EXPECT_FALSE(taken.operations_per_second_during.has_value());
  }
  EXPECT_EQ(store_->Completed().size(), 2u);
}

TEST_F(CheckpointDriverTest, OneThatIsDueWhileAnotherRunsIsTakenWhenThatIsComplete) {
  FakeSnapshots snapshots(true);
  CheckpointDriver& driver = Make(&snapshots, {{100, 0}, {200, 0}, {1000, 0}}, false);
  ASSERT_OK(driver.Between({100, 100}));
  ASSERT_OK(driver.Between({200, 200}));
  EXPECT_EQ(snapshots.taken(), 1u);
  snapshots.gate(0).Open();
  GoOnUntilTaken(1, {230, 230});
  EXPECT_EQ(snapshots.taken(), 2u);
  snapshots.gate(1).Open();
  GoOnUntilTaken(2, {300, 300});
  EXPECT_EQ(driver.taken()[0].operations, 100u);
  EXPECT_FALSE(driver.taken()[0].delayed);
  EXPECT_EQ(driver.taken()[1].operations, 230u);
  EXPECT_TRUE(driver.taken()[1].delayed);
  EXPECT_EQ(snapshots.confirmed(), (std::vector<uint64_t>{1, 2}));
}

TEST_F(CheckpointDriverTest, OneStandsForSeveralThatAreDueMeanwhile) {
  FakeSnapshots snapshots(true);
  CheckpointDriver& driver = Make(&snapshots, {{10, 0}, {20, 0}, {30, 0}, {40, 0}, {50, 0}}, false);
  for (uint64_t operations = 10; operations <= 40; operations += 10) {
    ASSERT_OK(driver.Between({operations, operations}));
  }
  snapshots.gate(0).Open();
  GoOnUntilTaken(1, {45, 45});
  snapshots.gate(1).Open();
  GoOnUntilTaken(2, {46, 46});
  EXPECT_EQ(driver.taken()[1].operations, 45u);
  EXPECT_EQ(driver.skipped(), 3u);
}

TEST_F(CheckpointDriverTest, ThroughputIsThatOfAsLongBeforeTheSynchronousPart) {
  FakeSnapshots snapshots(true);
  CheckpointDriver& driver = Make(&snapshots, {{10'000'000, 0}, {99'000'000, 0}}, false);
  // A million operations a second, then two, then half a one while the checkpoint runs.
  ASSERT_OK(driver.Between({0, 0}));
  ASSERT_OK(driver.Between({4'000'000, 4 * kSecond}));
  ASSERT_OK(driver.Between({10'000'000, 7 * kSecond}));
  ASSERT_OK(driver.Between({10'500'000, 8 * kSecond}));
  snapshots.gate(0).Open();
  GoOnUntilTaken(1, {11'000'000, 9 * kSecond});
  const TakenCheckpoint& taken = driver.taken().front();
  ASSERT_TRUE(taken.operations_per_second_during.has_value() && taken.operations_per_second_before.has_value());
  EXPECT_NEAR(*taken.operations_per_second_during / 5e5, 1, 0.05);
  EXPECT_NEAR(*taken.operations_per_second_before / 2e6, 1, 0.05);
}

TEST_F(CheckpointDriverTest, NoThroughputIsMadeUpWhereTheCheckpointBeforeHasJustEnded) {
  FakeSnapshots snapshots(true);
  CheckpointDriver& driver = Make(&snapshots, {{10'000, 0}, {20'000, 0}, {99'000'000, 0}}, false);
  ASSERT_OK(driver.Between({10'000, kSecond}));
  ASSERT_OK(driver.Between({20'000, 2 * kSecond}));
  snapshots.gate(0).Open();
  GoOnUntilTaken(1, {30'000, 3 * kSecond});
  ASSERT_OK(driver.Between({40'000, 4 * kSecond}));
  snapshots.gate(1).Open();
  GoOnUntilTaken(2, {50'000, 5 * kSecond});
  EXPECT_TRUE(driver.taken()[0].operations_per_second_before.has_value());
  EXPECT_TRUE(driver.taken()[1].operations_per_second_during.has_value());
  EXPECT_FALSE(driver.taken()[1].operations_per_second_before.has_value());
}

TEST_F(CheckpointDriverTest, AFailedCheckpointFailsTheReplayAndLeavesNothing) {
  FakeSnapshots snapshots(false);
  snapshots.FailRun(ResourceExhaustedError("the storage is full"));
  CheckpointDriver& driver = Make(&snapshots, {{100, 0}, {200, 0}}, true);
  const Status status = driver.Between({100, 0});
  EXPECT_CODE(status, kResourceExhausted);
  EXPECT_MENTIONS(status, "checkpoint 1");
  EXPECT_EQ(snapshots.aborted(), (std::vector<uint64_t>{1}));
  EXPECT_EQ(Files(), 0u);
}

TEST_F(CheckpointDriverTest, AFailedSynchronousPartFailsTheReplay) {
  FakeSnapshots snapshots(false);
  snapshots.FailSnapshot(InternalError("the engine is broken"));
  CheckpointDriver& driver = Make(&snapshots, {{100, 0}, {200, 0}}, false);
  EXPECT_MENTIONS(driver.Between({100, 0}), "checkpoint 1");
  EXPECT_EQ(store_->Completed().size(), 0u);
}

TEST_F(CheckpointDriverTest, EndingInTheMidstOfOneLeavesCompleteOnesAlone) {
  FakeSnapshots snapshots(true);
  CheckpointDriver& driver = Make(&snapshots, {{100, 0}, {200, 0}, {300, 0}}, false);
  ASSERT_OK(driver.Between({100, 0}));
  snapshots.gate(0).Open();
  GoOnUntilTaken(1, {150, 0});
  ASSERT_OK(driver.Between({200, 0}));
  driver_.reset();
  ASSERT_EQ(store_->Completed().size(), 1u);
  EXPECT_EQ(Files(), 2u);  // Its file and its _metadata.
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> orphans, store_->RemoveOrphans());
  EXPECT_TRUE(orphans.empty());
}

TEST_F(CheckpointDriverTest, SavepointsOfAReplayAreRetainedAsCheckpointsAre) {
  FakeSnapshots snapshots(false);
  CheckpointDriver& driver = Make(&snapshots, {{1, 0}, {2, 0}, {3, 0}, {4, 0}}, true, SnapshotKind::kSavepoint);
  for (uint64_t operations = 1; operations < 4; ++operations) ASSERT_OK(driver.Between({operations, 0}));
  ASSERT_OK(driver.Finish(4));
  EXPECT_EQ(completed_.size(), 4u);
  EXPECT_EQ(store_->Completed().size(), 2u);
}

}  // namespace
}  // namespace kvstate::harness
