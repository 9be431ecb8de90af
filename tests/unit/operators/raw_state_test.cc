#include "tests/unit/operators/operators_testing.h"

namespace kvstate {
namespace {

using namespace testing_support;
using Streams = std::vector<std::pair<uint64_t, std::string>>;

Streams ReadStreams(RawStreamReader& reader) {
  Streams streams;
  uint64_t id = 0;
  while (Must(reader.NextStream(&id))) streams.emplace_back(id, Must(reader.ReadAll()));
  return streams;
}

/// A stream for every third key group; that of 9 is long, that of 12 empty.
std::string BytesOfKeyGroup(uint32_t key_group) {
  if (key_group == 9) return std::string(200000, 'n');
  return key_group == 12 ? "" : "group " + std::to_string(key_group);
}

class RawStateTest : public testing::Test {
 protected:
  RawStreamTarget Target(SnapshotKind kind = SnapshotKind::kFullCheckpoint) const { return {storage_, 1, kind, "op"}; }

  std::vector<RawKeyedStateHandle> WriteKeyed(uint32_t parallelism) {
    std::vector<RawKeyedStateHandle> handles;
    for (uint32_t i = 0; i < parallelism; ++i) {
      const KeyGroupRange range = KeyGroupRangeOf(128, parallelism, i);
      const auto writer = Must(RawKeyedStateWriter::Create(Target(), 128, range));
      for (uint32_t group = range.first; group <= range.last; ++group) {
        if (group % 3 != 0) continue;
        Must(writer->StartKeyGroup(group));
        const std::string bytes = BytesOfKeyGroup(group);
        Must(writer->Append(bytes.substr(0, bytes.size() / 2)));
        Must(writer->Append(bytes.substr(bytes.size() / 2)));
      }
      handles.push_back(Must(writer->Finish()));
    }
    return handles;
  }

  std::vector<RawOperatorStateHandle> WritePartitions(const std::vector<uint32_t>& counts) {
    std::vector<RawOperatorStateHandle> handles;
    uint32_t written = 0;
    for (uint32_t i = 0; i < counts.size(); ++i) {
      const auto writer = Must(RawOperatorStateWriter::Create(Target(), i, static_cast<uint32_t>(counts.size())));
      for (uint32_t n = 0; n < counts[i]; ++n) {
        Must(writer->StartPartition());
        Must(writer->Append("partition " + std::to_string(written++)));
      }
      handles.push_back(Must(writer->Finish()));
    }
    return handles;
  }

  const std::shared_ptr<CheckpointStorage> storage_ = MakeMemoryStorage(1 << 24);
};

TEST_F(RawStateTest, EveryKeyGroupsStreamIsThereAtAnyParallelism) {
  for (const auto& [from, to] : std::vector<std::pair<uint32_t, uint32_t>>{{1, 1}, {2, 4}, {4, 2}, {3, 5}, {15, 77}}) {
    const auto handles = WriteKeyed(from);
    for (uint32_t i = 0; i < to; ++i) {
      const KeyGroupRange range = KeyGroupRangeOf(128, to, i);
      Streams expected;
      for (uint32_t group = range.first; group <= range.last; ++group) {
        if (group % 3 == 0) expected.emplace_back(group, BytesOfKeyGroup(group));
      }
      const auto reader = Must(OpenRawKeyedState(storage_, handles, "op", 128, range));
      EXPECT_TRUE(ReadStreams(*reader) == expected) << from << " to " << to << ", subtask " << i;
    }
    for (const auto& handle : handles) {
      for (const auto& file : handle.files) Must(storage_->Remove(file.file.path));
    }
  }
}

TEST_F(RawStateTest, AStreamNeedNotBeReadToItsEnd) {
  const auto handles = WriteKeyed(1);
  const auto reader = Must(OpenRawKeyedState(storage_, handles, "op", 128, {7, 13}));
  uint64_t id = 0;
  ByteView piece;
  EXPECT_FALSE(Must(reader->ReadPiece(&piece))) << "none before the first stream";
  ASSERT_TRUE(Must(reader->NextStream(&id)));
  EXPECT_EQ(id, 9u);
  ASSERT_TRUE(Must(reader->ReadPiece(&piece)));
  EXPECT_LT(piece.size(), 200000u) << "long streams come in pieces";
  ASSERT_TRUE(Must(reader->NextStream(&id)));
  EXPECT_EQ(id, 12u);
  EXPECT_EQ(Must(reader->ReadAll()), "");
  EXPECT_FALSE(Must(reader->NextStream(&id)));
  EXPECT_FALSE(Must(reader->NextStream(&id)));
  EXPECT_FALSE(Must(reader->ReadPiece(&piece)));
}

TEST_F(RawStateTest, AKeyGroupIsWrittenOnceAndWithinTheRange) {
  const auto writer = Must(RawKeyedStateWriter::Create(Target(), 128, {10, 20}));
  EXPECT_CODE(writer->Append("x"), kFailedPrecondition);
  EXPECT_CODE(writer->StartKeyGroup(9), kInvalidArgument);
  ASSERT_OK(writer->StartKeyGroup(12));
  ASSERT_OK(writer->Append("x"));
  EXPECT_CODE(writer->StartKeyGroup(12), kInvalidArgument);
  EXPECT_CODE(writer->StartKeyGroup(11), kInvalidArgument);
  EXPECT_CODE(writer->StartKeyGroup(21), kInvalidArgument);
  ASSERT_OK(writer->StartKeyGroup(20));
  const RawKeyedStateHandle handle = Must(writer->Finish());
  EXPECT_EQ(handle.streams, 2u);
  EXPECT_EQ(handle.bytes, 1u);
}

TEST_F(RawStateTest, WithoutStreamsThereIsNoFile) {
  const RawKeyedStateHandle handle = Must(Must(RawKeyedStateWriter::Create(Target(), 128, {0, 127}))->Finish());
  EXPECT_TRUE(handle.files.empty());
  uint64_t id = 0;
  EXPECT_FALSE(Must(Must(OpenRawKeyedState(storage_, {&handle, 1}, "op", 128, {0, 127}))->NextStream(&id)));
  const auto none = WritePartitions({0, 0});
  EXPECT_FALSE(Must(Must(OpenRawOperatorState(storage_, none, "op", 0, 3))->NextStream(&id)));
  EXPECT_EQ(PathsIn(*storage_), std::vector<std::string>());
}

TEST_F(RawStateTest, AWriterThatIsNotFinishedLeavesNoFile) {
  {
    const auto writer = Must(RawKeyedStateWriter::Create(Target(), 128, {0, 127}));
    Must(writer->StartKeyGroup(0));
    Must(writer->Append(std::string(500000, 'x')));
  }
  EXPECT_EQ(PathsIn(*storage_), std::vector<std::string>());
}

TEST_F(RawStateTest, HandlesThatDoNotCoverTheRangeOrDoSoTwiceAreRefused) {
  const auto handles = WriteKeyed(2);
  const auto open = [&](std::vector<RawKeyedStateHandle> some, uint32_t max_parallelism, KeyGroupRange range) {
    return OpenRawKeyedState(storage_, some, "op", max_parallelism, range).status();
  };
  EXPECT_MENTIONS(open({handles[0]}, 128, {0, 127}), "key group 64 is in none");
  EXPECT_MENTIONS(open({handles[1]}, 128, {0, 127}), "key group 0 is in none");
  EXPECT_MENTIONS(open({handles[0], handles[1], handles[0]}, 128, {0, 127}), "in several");
  EXPECT_CODE(open({handles[0], handles[1]}, 256, {0, 255}), kInvalidArgument);
  EXPECT_CODE(open({}, 128, {0, 127}), kInvalidArgument);
  EXPECT_OK(open({handles[0]}, 128, {0, 63}));
  EXPECT_CODE(OpenRawKeyedState(nullptr, handles, "op", 128, {0, 127}), kInvalidArgument);
  EXPECT_CODE(OpenRawKeyedState(storage_, handles, "another", 128, {0, 127}), kInvalidArgument);
}

TEST_F(RawStateTest, PartitionsAreSplitInOrder) {
  const auto handles = WritePartitions({3, 0, 4});
  EXPECT_EQ(handles[2].partitions, 4u);
  EXPECT_EQ(handles[2].bytes, 4 * std::string("partition 0").size());
  const std::vector<std::vector<Streams>> expected = {
      {{{0, "partition 0"}, {1, "partition 1"}, {2, "partition 2"}, {3, "partition 3"}},
       {{0, "partition 4"}, {1, "partition 5"}, {2, "partition 6"}}},
      {{{0, "partition 0"}, {1, "partition 1"}, {2, "partition 2"}},
       {},
       {{0, "partition 3"}, {1, "partition 4"}, {2, "partition 5"}, {3, "partition 6"}}}};
  for (const auto& at_parallelism : expected) {
    const auto parallelism = static_cast<uint32_t>(at_parallelism.size());
    for (uint32_t i = 0; i < parallelism; ++i) {
      const auto reader = Must(OpenRawOperatorState(storage_, handles, "op", i, parallelism));
      EXPECT_EQ(ReadStreams(*reader), at_parallelism[i]) << "subtask " << i << " of " << parallelism;
    }
  }
  Streams all;
  for (uint32_t i = 0; i < 77; ++i) {
    for (auto& [id, bytes] : ReadStreams(*Must(OpenRawOperatorState(storage_, handles, "op", i, 77)))) {
      all.emplace_back(i, std::move(bytes));
    }
  }
  EXPECT_EQ(all.size(), 7u);
  EXPECT_EQ(all.back(), (std::pair<uint64_t, std::string>{6, "partition 6"}));
}

TEST_F(RawStateTest, PartitionsNeedAllHandlesAndASubtaskThatCanBe) {
  const auto handles = WritePartitions({1, 1});
  EXPECT_CODE(OpenRawOperatorState(storage_, {handles.data(), 1}, "op", 0, 1), kInvalidArgument);
  EXPECT_CODE(OpenRawOperatorState(storage_, handles, "another", 0, 1), kInvalidArgument);
  EXPECT_CODE(OpenRawOperatorState(storage_, handles, "op", 1, 1), kInvalidArgument);
  EXPECT_CODE(OpenRawOperatorState(nullptr, handles, "op", 0, 1), kInvalidArgument);
  EXPECT_CODE(RawOperatorStateWriter::Create(Target(), 2, 2), kInvalidArgument);
  EXPECT_CODE(RawOperatorStateWriter::Create({nullptr, 1, SnapshotKind::kSavepoint, "op"}, 0, 1), kInvalidArgument);
  EXPECT_CODE(RawKeyedStateWriter::Create({storage_, 0, SnapshotKind::kSavepoint, "op"}, 128, {0, 1}),
              kInvalidArgument);
  EXPECT_CODE(RawKeyedStateWriter::Create(Target(), 128, {0, 128}), kInvalidArgument);
}

}  // namespace
}  // namespace kvstate
