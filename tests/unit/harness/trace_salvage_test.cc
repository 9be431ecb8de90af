#include "harness/rewrite/trace_salvage.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/replay/trace_file.h"
#include "harness/replay/trace_index.h"
#include "kvstate/descriptors.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

constexpr uint64_t kBlocks = 6;
constexpr uint64_t kOperations = kBlocks * kBlockOperations;

/// A trace of six blocks behind one state, a second state before the fifth block; each operation's value is its number.
class TraceSalvageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(const auto writer, TraceWriter::Create(directory_.File("whole")));
    ASSERT_OK(writer->Begin({SerializerFor<std::string>(), 128}));
    for (uint64_t i = 0; i < kOperations; ++i) {
      if (i == 0 || i == 4 * kBlockOperations) {
        ASSERT_OK(writer->AddState({SerializerFor<VoidNamespace>(), ValueStateDescriptor<int64_t>("v")}));
        ends_.push_back(writer->bytes());
      }
      ByteWriter value;
      value.PutFixed64(i * 0x9e3779b97f4a7c15u);
      TraceOperation update{.operation = Operation::kUpdate, .state = i < 4 * kBlockOperations ? 0u : 1u};
      update.sets_key = i == 0;
      update.time_ms = static_cast<int64_t>(i);
      update.key = "k";
      update.value = value.view();
      ASSERT_OK(writer->Append(update));
      if (i == 2 * kBlockOperations) {
        ASSERT_OK(writer->EndFill());
      }
      if ((i + 1) % kBlockOperations == 0) ends_.push_back(writer->bytes());
    }
    ASSERT_OK(writer->Finish());
    whole_ = TemporaryDirectory::Read(directory_.File("whole"));
  }

  std::unique_ptr<TraceSalvage> Open(const std::string& bytes) {
    auto salvage = TraceSalvage::Open(directory_.Write("damaged", bytes));
    EXPECT_OK(salvage);
    return std::move(salvage).value();
  }

  /// Numbers of the blocks of operations that are given, from 0, with "-" where something is missing before one.
  static std::string BlocksOf(TraceSalvage& salvage) {
    std::string blocks;
    uint64_t operations = 0;
    while (true) {
      const auto chunk = salvage.NextChunk();
      EXPECT_OK(chunk);
      if (!chunk.ok() || (*chunk)->empty()) break;
      if (salvage.gap_before()) blocks += "-";
      blocks += std::to_string(static_cast<uint64_t>((*chunk)->front().time_ms) / kBlockOperations);
      operations += (*chunk)->size();
      EXPECT_EQ((*chunk)->front().key, "k");
    }
    EXPECT_EQ(operations, salvage.operations());
    return blocks;
  }

  std::string Flipped(uint64_t at) const {
    std::string bytes = whole_;
    bytes[at] ^= 0x40;
    return bytes;
  }

  TemporaryDirectory directory_;
  std::string whole_;
  std::vector<uint64_t> ends_;  ///< Of the blocks behind the header: S O O O O S O O.
};

TEST_F(TraceSalvageTest, OfAWholeTraceAllIsKept) {
  const auto salvage = Open(whole_);
  EXPECT_TRUE(salvage->is_whole());
  EXPECT_EQ(salvage->lost(), 0u);
  EXPECT_EQ(salvage->fill_operations(), 2 * kBlockOperations + 1);
  EXPECT_EQ(BlocksOf(*salvage), "012345");
  ASSERT_OK(salvage->Rewind());
  EXPECT_EQ(BlocksOf(*salvage), "012345");
}

TEST_F(TraceSalvageTest, BlocksAroundADamagedOneAreKept) {
  // In its contents, in its lengths, in its type, in its checksum.
  for (const uint64_t within : {100u, 1u, 6u, 0u, 12u}) {
    const auto salvage = Open(Flipped(ends_[1] + within));
    ASSERT_EQ(salvage->gaps().size(), 1u) << within;
    EXPECT_EQ(salvage->gaps()[0].offset, ends_[1]);
    EXPECT_EQ(salvage->gaps()[0].end, ends_[2]);
    EXPECT_EQ(salvage->gaps()[0].block, 3u);
    EXPECT_EQ(salvage->gaps()[0].blocks, 1u);
    EXPECT_EQ(salvage->lost(), kBlockOperations);
    EXPECT_EQ(salvage->fill_operations(), 0u) << "a part of the filling is lost";
    EXPECT_EQ(BlocksOf(*salvage), "0-2345");
  }
  EXPECT_EQ(Open(Flipped(ends_[6] + 50))->fill_operations(), 2 * kBlockOperations + 1) << "behind the filling";
}

TEST_F(TraceSalvageTest, MissingAndForeignBytesAreLikeDamage) {
  const auto without_two = Open(whole_.substr(0, ends_[1]) + whole_.substr(ends_[3]));
  EXPECT_EQ(without_two->lost(), 2 * kBlockOperations);
  EXPECT_EQ(BlocksOf(*without_two), "0-345");
  const auto with_more = Open(whole_.substr(0, ends_[1]) + "something else" + whole_.substr(ends_[1]));
  EXPECT_EQ(with_more->lost(), 0u);
  EXPECT_EQ(with_more->gaps()[0].blocks, 0u);
  EXPECT_EQ(BlocksOf(*with_more), "012345") << "nothing is missing";
  const auto twice = Open(Flipped(ends_[1] + 30).replace(ends_[6] + 40, 3, "xyz"));
  EXPECT_EQ(twice->gaps().size(), 2u);
  EXPECT_EQ(BlocksOf(*twice), "0-234");
}

TEST_F(TraceSalvageTest, WhatFollowsTheFooterIsToldAndIsNoLoss) {
  const auto salvage = Open(whole_ + "junk");
  ASSERT_EQ(salvage->gaps().size(), 1u);
  EXPECT_EQ(salvage->gaps()[0].offset, whole_.size());
  EXPECT_EQ(salvage->gaps()[0].end, whole_.size() + 4);
  EXPECT_EQ(salvage->lost(), 0u);
  EXPECT_EQ(salvage->fill_operations(), 2 * kBlockOperations + 1);
  EXPECT_EQ(BlocksOf(*salvage), "012345");
}

TEST_F(TraceSalvageTest, BlocksOfLargeValuesAreFoundBehindDamage) {
  ASSERT_OK_AND_ASSIGN(const auto writer, TraceWriter::Create(directory_.File("large")));
  ASSERT_OK(writer->Begin({SerializerFor<std::string>(), 128}));
  ASSERT_OK(writer->AddState({SerializerFor<VoidNamespace>(), ValueStateDescriptor<std::string>("v")}));
  const uint64_t first_end = writer->bytes();
  const std::string value(size_t{10} << 20, 'v');
  for (int64_t i = 0; i < 3; ++i) {
    ASSERT_OK(writer->Append({.operation = Operation::kUpdate,
                              .sets_key = true,
                              .time_ms = i * static_cast<int64_t>(kBlockOperations),
                              .key = "k",
                              .value = value}));
  }
  ASSERT_OK(writer->Finish());
  std::string bytes = TemporaryDirectory::Read(directory_.File("large"));
  bytes[first_end + 100] ^= 1;
  const auto salvage = Open(bytes);
  EXPECT_EQ(salvage->lost(), 1u);
  EXPECT_EQ(BlocksOf(*salvage), "-12");
}

/// If each were hashed for each number that a block may have, this would take days.
TEST_F(TraceSalvageTest, HeadsOfNoBlocksAreTakenForNone) {
  ByteWriter head;
  head.PutByte('O');
  head.PutFixed32(1 << 20);
  head.PutFixed32(2 << 20);
  std::string heads;
  while (heads.size() < (size_t{4} << 20)) heads += head.view();
  const auto salvage = Open(whole_.substr(0, ends_[1]) + heads + whole_.substr(ends_[2]));
  EXPECT_EQ(salvage->lost(), kBlockOperations);
  EXPECT_EQ(BlocksOf(*salvage), "0-2345");
}

TEST_F(TraceSalvageTest, ACutTraceIsKeptUpToItsLastWholeBlock) {
  for (const uint64_t size : {ends_[3], ends_[3] + 5, ends_[4] - 1}) {
    const auto salvage = Open(whole_.substr(0, size));
    EXPECT_FALSE(salvage->is_whole());
    EXPECT_FALSE(salvage->lost().has_value());
    EXPECT_EQ(salvage->gaps()[0].offset, ends_[3]);
    EXPECT_EQ(BlocksOf(*salvage), "012");
  }
  EXPECT_EQ(BlocksOf(*Open(whole_.substr(0, ends_[0]))), "");
}

TEST_F(TraceSalvageTest, BehindALostStateNothingIsGiven) {
  const auto salvage = Open(Flipped(ends_[5] - 3));
  EXPECT_EQ(BlocksOf(*salvage), "0123");
  EXPECT_EQ(salvage->without_states(), 2 * kBlockOperations);
  EXPECT_EQ(salvage->lost(), 2 * kBlockOperations);
  // Without the footer nobody knows what was lost in the gap.
  const auto cut = Open(Flipped(ends_[1] + 30).substr(0, whole_.size() - 10));
  EXPECT_EQ(BlocksOf(*cut), "0");
  EXPECT_EQ(cut->without_states(), 4 * kBlockOperations);
}

TEST_F(TraceSalvageTest, WithoutItsHeaderNothingHasAMeaning) {
  EXPECT_CODE(TraceSalvage::Open(directory_.Write("h", Flipped(20))), kDataLoss);
  EXPECT_CODE(TraceSalvage::Open(directory_.Write("f", "no trace at all")), kInvalidArgument);
  EXPECT_CODE(TraceSalvage::Open(directory_.Write("e", "")), kInvalidArgument);
  EXPECT_CODE(TraceSalvage::Open(directory_.Write("s", whole_.substr(0, 10))), kDataLoss);
  EXPECT_CODE(TraceSalvage::Open(directory_.File("none")), kNotFound);
}

}  // namespace
}  // namespace kvstate::harness
