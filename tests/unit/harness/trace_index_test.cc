#include "harness/replay/trace_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "harness/replay/trace_file.h"
#include "kvstate/descriptors.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

constexpr uint64_t kOperations = 5 * kBlockOperations + 100;

/// A trace of which each operation's value is its number, and whose event time goes forth and, now and then, back.
class TraceIndexTest : public ::testing::Test {
 protected:
  static int64_t TimeOf(uint64_t number) {
    const auto n = static_cast<int64_t>(number);
    return n % 1000 == 999 ? n - 500 : n;
  }

  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(const auto writer, TraceWriter::Create(path_));
    ASSERT_OK(writer->Begin({SerializerFor<std::string>(), 128}));
    for (uint64_t i = 0; i < kOperations; ++i) {
      // States come in the middle of blocks too.
      if (i == 0 || i == 10 || i == 3 * kBlockOperations) {
        ASSERT_OK(
            writer->AddState({SerializerFor<VoidNamespace>(), ValueStateDescriptor<int64_t>("v" + std::to_string(i))}));
        ++states_;
      }
      ByteWriter value;
      value.PutFixed64(i);
      TraceOperation update{.operation = Operation::kUpdate, .state = states_ - 1, .sets_key = i == 0};
      update.time_ms = TimeOf(i);
      update.key = "k";
      update.value = value.view();
      ASSERT_OK(writer->Append(update));
    }
    ASSERT_OK(writer->Finish());
  }

  static uint64_t NumberOf(const TraceOperation& operation) {
    ByteReader in(operation.value);
    uint64_t number = 0;
    EXPECT_TRUE(in.ReadFixed64(&number));
    return number;
  }

  /// Reads on to the end; what came first.
  static Result<uint64_t> ReadOn(TraceReader& reader) {
    uint64_t first = kOperations;
    uint64_t next = reader.next_operation();
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const std::vector<TraceOperation>* chunk, reader.NextChunk());
      if (chunk->empty()) return first;
      if (first == kOperations) first = NumberOf(chunk->front());
      for (const TraceOperation& operation : *chunk) EXPECT_EQ(NumberOf(operation), next++);
      EXPECT_EQ(reader.next_operation(), next);
      EXPECT_GT(reader.states().size(), chunk->back().state);
    }
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.File("t");
  uint32_t states_ = 0;
};

TEST_F(TraceIndexTest, AnOperationIsFoundWithItsStates) {
  for (const uint64_t wanted :
       {uint64_t{0}, uint64_t{9}, uint64_t{10}, uint64_t{kBlockOperations + 10}, kOperations - 1, 2 * kBlockOperations,
        3 * kBlockOperations, 3 * kBlockOperations - 1}) {
    ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(path_));
    ASSERT_OK(reader->SeekToOperation(wanted));
    ASSERT_OK_AND_ASSIGN(const std::vector<TraceOperation>* chunk, reader->NextChunk());
    ASSERT_FALSE(chunk->empty());
    EXPECT_LE(NumberOf(chunk->front()), wanted);
    EXPECT_GE(NumberOf(chunk->back()), wanted);
    EXPECT_EQ(chunk->front().key, "k") << "a block stands alone";
    EXPECT_EQ(reader->states().back().descriptor.name, wanted < 10 ? "v0"
                                                       : wanted < 3 * kBlockOperations
                                                           ? "v10"
                                                           : "v" + std::to_string(3 * kBlockOperations));
    ASSERT_OK(ReadOn(*reader));
  }
}

TEST_F(TraceIndexTest, AReaderGoesToAndFro) {
  ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(path_));
  for (const uint64_t wanted : {kOperations - 1, uint64_t{0}, uint64_t{3 * kBlockOperations}, uint64_t{20}}) {
    ASSERT_OK(reader->SeekToOperation(wanted));
    ASSERT_OK_AND_ASSIGN(const uint64_t first, ReadOn(*reader));
    EXPECT_LE(first, wanted);
    EXPECT_EQ(reader->states().size(), 3u);
  }
  ASSERT_OK(reader->SeekToOperation(kOperations));
  EXPECT_EQ(reader->next_operation(), kOperations);
  ASSERT_OK_AND_ASSIGN(const std::vector<TraceOperation>* chunk, reader->NextChunk());
  EXPECT_TRUE(chunk->empty());
  ASSERT_OK(reader->Rewind());
  ASSERT_OK_AND_ASSIGN(const uint64_t first, ReadOn(*reader));
  EXPECT_EQ(first, 0u);
}

TEST_F(TraceIndexTest, ATimeIsFoundThoughEventTimeGoesBack) {
  ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(path_));
  for (const int64_t wanted : {int64_t{-5}, int64_t{0}, int64_t{5000}, int64_t{4096}, int64_t{999}, int64_t{20000}}) {
    // The first operation at which the latest time so far is that.
    uint64_t expected = 0;
    for (int64_t clock = TimeOf(0); clock < wanted; clock = std::max(clock, TimeOf(expected))) ++expected;
    ASSERT_OK(reader->SeekToTime(wanted));
    ASSERT_OK_AND_ASSIGN(const std::vector<TraceOperation>* chunk, reader->NextChunk());
    EXPECT_LE(NumberOf(chunk->front()), expected) << wanted;
    EXPECT_GE(NumberOf(chunk->back()) + 1, expected) << wanted;
  }
  ASSERT_OK(reader->SeekToTime(INT64_MAX));
  ASSERT_OK_AND_ASSIGN(const uint64_t first, ReadOn(*reader));
  EXPECT_EQ(first, 5 * kBlockOperations) << "the last block";
}

TEST_F(TraceIndexTest, ADamagedIndexIsToldAndSequentialReadingFindsItToo) {
  ASSERT_OK_AND_ASSIGN(const auto whole, TraceReader::Open(path_));
  std::string bytes = TemporaryDirectory::Read(path_);
  bytes[bytes.size() - FooterBytes(3) - 2] ^= 1;
  ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(directory_.Write("damaged", bytes)));
  const Status sought = reader->SeekToOperation(5000);
  EXPECT_CODE(sought, kDataLoss);
  EXPECT_MENTIONS(sought, "damaged: block 11 at offset");
  ASSERT_OK(reader->Rewind());
  EXPECT_CODE(ReadOn(*reader), kDataLoss);
}

TEST_F(TraceIndexTest, AnIndexOfOtherBlocksIsRefused) {
  TraceIndex index(100);
  index.AddState(50);
  index.AddOperations(200, 7, -3);
  index.AddOperations(30, 1, 5);
  ByteWriter bytes;
  index.Encode(bytes);
  TraceTotals totals;
  totals.operations = 8;
  totals.blocks = 2;
  totals.states = 1;
  ASSERT_OK_AND_ASSIGN(const TraceIndex decoded, TraceIndex::Decode(bytes.view(), 100, 380, totals));
  ASSERT_EQ(decoded.blocks().size(), 3u);
  EXPECT_EQ(decoded.blocks()[2].offset, 350u);
  EXPECT_EQ(decoded.blocks()[2].first_operation, 7u);
  EXPECT_EQ(decoded.blocks()[1].clock_ms, -3);
  EXPECT_EQ(decoded.BlockOfOperation(8), 3u);
  EXPECT_CODE(TraceIndex::Decode(bytes.view(), 100, 381, totals), kDataLoss);
  EXPECT_CODE(TraceIndex::Decode(bytes.view(), 101, 380, totals), kDataLoss);
  totals.operations = 9;
  EXPECT_CODE(TraceIndex::Decode(bytes.view(), 100, 380, totals), kDataLoss);
  totals.operations = 8;
  totals.blocks = 1;
  EXPECT_CODE(TraceIndex::Decode(bytes.view(), 100, 380, totals), kDataLoss);
}

}  // namespace
}  // namespace kvstate::harness
