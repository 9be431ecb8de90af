#include "backends/checkpoint/delta_chain.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace kvstate::backends {
namespace {

constexpr std::string_view kHere = "/checkpoints";

StoredFile File(uint64_t id, uint64_t bytes) { return {"shared/" + std::to_string(id) + "-x", bytes, id}; }

std::vector<uint64_t> IdsOf(const std::vector<SnapshotFile>& files) {
  std::vector<uint64_t> ids;
  for (const SnapshotFile& file : files) ids.push_back(file.file.checksum);
  return ids;
}

/// Checkpoint `id` with a stream of so many bytes, confirmed.
void Take(DeltaChains& chains, uint64_t id, ChainStep step, uint64_t bytes) {
  chains.Begin(id, kHere)->Wrote(step, File(id, bytes), bytes);
  ASSERT_TRUE(chains.Confirm(id));
}

TEST(DeltaChainTest, TheFirstStreamIsWhole) {
  DeltaChains chains;
  const auto first = chains.Begin(1, kHere);
  EXPECT_EQ(first->Choose(0, 0), ChainStep::kWhole);
  EXPECT_EQ(IdsOf(first->Wrote(ChainStep::kWhole, File(1, 1000), 1000)), std::vector<uint64_t>({1}));
  EXPECT_EQ(chains.confirmed().checkpoint_id, 0u);
  EXPECT_TRUE(chains.Confirm(1));
  EXPECT_EQ(chains.confirmed().checkpoint_id, 1u);
  EXPECT_EQ(chains.confirmed().whole_id, 1u);
  EXPECT_EQ(chains.Begin(2, kHere)->Choose(10, 10), ChainStep::kAppend);
}

TEST(DeltaChainTest, FilesAreInTheOrderInWhichTheyAreAppliedAndShared) {
  DeltaChains chains;
  Take(chains, 1, ChainStep::kWhole, 1000);
  Take(chains, 2, ChainStep::kAppend, 10);
  const auto third = chains.Begin(3, kHere);
  const std::vector<SnapshotFile> files = third->Wrote(ChainStep::kAppend, File(3, 10), 10);
  EXPECT_EQ(IdsOf(files), std::vector<uint64_t>({1, 2, 3}));
  EXPECT_EQ(files.front().name, "whole.stream");
  EXPECT_EQ(files.back().name, "changes.stream");
  for (const SnapshotFile& file : files) EXPECT_TRUE(file.shared);
}

TEST(DeltaChainTest, WhatIsNotConfirmedIsNeverBuiltOn) {
  DeltaChains chains;
  Take(chains, 1, ChainStep::kWhole, 1000);
  const auto running = chains.Begin(2, kHere);
  const auto finished = chains.Begin(3, kHere);
  finished->Wrote(ChainStep::kAppend, File(3, 10), 10);
  const auto aborted = chains.Begin(4, kHere);
  aborted->Wrote(ChainStep::kAppend, File(4, 10), 10);
  chains.Abort(4);
  EXPECT_FALSE(chains.Confirm(4));
  EXPECT_FALSE(chains.Confirm(2)) << "it was never written";
  const auto fifth = chains.Begin(5, kHere);
  EXPECT_EQ(IdsOf(fifth->Wrote(ChainStep::kAppend, File(5, 10), 10)), std::vector<uint64_t>({1, 5}));
}

TEST(DeltaChainTest, OneThatWasBegunOnAnOlderChainKeepsIt) {
  DeltaChains chains;
  Take(chains, 1, ChainStep::kWhole, 1000);
  const auto second = chains.Begin(2, kHere);
  const auto third = chains.Begin(3, kHere);
  second->Wrote(ChainStep::kAppend, File(2, 10), 10);
  EXPECT_TRUE(chains.Confirm(2));
  EXPECT_EQ(third->built_on().checkpoint_id, 1u);
  EXPECT_EQ(IdsOf(third->Wrote(ChainStep::kAppend, File(3, 20), 20)), std::vector<uint64_t>({1, 3}));
  EXPECT_TRUE(chains.Confirm(3));
  EXPECT_EQ(IdsOf(chains.confirmed().files), std::vector<uint64_t>({1, 3}));
}

TEST(DeltaChainTest, ChangesAreNeverMoreThanThreeTimesTheWholeStream) {
  DeltaChains chains;
  Take(chains, 1, ChainStep::kWhole, 1000);
  EXPECT_EQ(chains.Begin(2, kHere)->Choose(3000, 1000), ChainStep::kAppend);
  EXPECT_EQ(chains.Begin(3, kHere)->Choose(3001, 1000), ChainStep::kWhole);
  Take(chains, 4, ChainStep::kAppend, 2600);
  EXPECT_EQ(chains.Begin(5, kHere)->Choose(400, {}), ChainStep::kAppend);
  EXPECT_EQ(chains.Begin(6, kHere)->Choose(401, 500), ChainStep::kFold);
  EXPECT_EQ(chains.Begin(7, kHere)->Choose(401, 501), ChainStep::kWhole);
  EXPECT_EQ(chains.Begin(8, kHere)->Choose(401, {}), ChainStep::kWhole) << "changes since the whole are not known";
}

TEST(DeltaChainTest, AChainOfSmallChangesIsFolded) {
  DeltaChains chains;
  Take(chains, 1, ChainStep::kWhole, 1000);
  uint64_t id = 2;
  for (; chains.confirmed().files.size() < PendingChain::kMostStreams; ++id) {
    ASSERT_EQ(chains.Begin(id, kHere)->Choose(10, 100), ChainStep::kAppend);
    Take(chains, ++id, ChainStep::kAppend, 10);
  }
  ASSERT_EQ(chains.Begin(id, kHere)->Choose(10, 100), ChainStep::kFold);
  Take(chains, ++id, ChainStep::kFold, 100);
  EXPECT_EQ(IdsOf(chains.confirmed().files), std::vector<uint64_t>({1, id}));
  EXPECT_EQ(chains.confirmed().whole_id, 1u);
  EXPECT_EQ(chains.Begin(id + 1, kHere)->Choose(10, 110), ChainStep::kAppend);
}

TEST(DeltaChainTest, WeightIsComparedAsTheWholeStreamCodesIt) {
  DeltaChains chains;
  chains.Begin(1, kHere)->Wrote(ChainStep::kWhole, File(1, 1000), /*weight=*/10'000);
  ASSERT_TRUE(chains.Confirm(1));
  EXPECT_EQ(chains.Begin(2, kHere)->Choose(30'000, {}), ChainStep::kAppend);
  EXPECT_EQ(chains.Begin(3, kHere)->Choose(30'100, {}), ChainStep::kWhole);
}

TEST(DeltaChainTest, AnEmptyWholeStreamIsSoonReplaced) {
  DeltaChains chains;
  chains.Begin(1, kHere)->Wrote(ChainStep::kWhole, File(1, 100), /*weight=*/0);
  ASSERT_TRUE(chains.Confirm(1));
  EXPECT_EQ(chains.Begin(2, kHere)->Choose(0, {}), ChainStep::kAppend);
  EXPECT_EQ(chains.Begin(3, kHere)->Choose(1000, 1000), ChainStep::kWhole);
}

TEST(DeltaChainTest, AnotherStorageHasNothingToBuildOn) {
  DeltaChains chains;
  Take(chains, 1, ChainStep::kWhole, 1000);
  EXPECT_EQ(chains.Begin(2, "/elsewhere")->Choose(1, 1), ChainStep::kWhole);
  EXPECT_EQ(chains.Begin(3, kHere)->Choose(1, 1), ChainStep::kAppend);
}

TEST(DeltaChainTest, AClaimedChainIsBuiltOnWithoutFolding) {
  DeltaChains chains;
  chains.Claim({7, 0, std::string(kHere), {{"whole.stream", File(6, 1000), true}}, 1000});
  const auto next = chains.Begin(8, kHere);
  EXPECT_EQ(next->built_on().checkpoint_id, 7u);
  EXPECT_EQ(next->built_on().whole_id, 0u);
  EXPECT_EQ(next->Choose(10, {}), ChainStep::kAppend);
  EXPECT_EQ(IdsOf(next->Wrote(ChainStep::kAppend, File(8, 10), 10)), std::vector<uint64_t>({6, 8}));
  chains.Forget();
  EXPECT_EQ(chains.Begin(9, kHere)->Choose(0, {}), ChainStep::kWhole);
}

}  // namespace
}  // namespace kvstate::backends
