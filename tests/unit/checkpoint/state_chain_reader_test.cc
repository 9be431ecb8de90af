#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "backends/checkpoint/state_stream.h"
#include "tests/unit/checkpoint/stream_testing.h"

namespace kvstate::backends {
namespace {

constexpr uint64_t kStorageBytes = uint64_t{1} << 30;

class StateChainReaderTest : public ::testing::Test {
 protected:
  StateChainReaderTest() {
    handle_.checkpoint_id = 7;
    handle_.backend = "hashmap";
    const StreamHeader header = TestHeader({});
    handle_.max_parallelism = header.max_parallelism;
    handle_.key_groups = header.key_groups;
    handle_.key_serializer = header.key_serializer;
  }

  /// Appends a stream to the chain: the first is whole.
  void Add(const std::vector<std::string>& states, const std::vector<TestEntry>& entries) {
    const bool changes = !handle_.files.empty();
    auto file =
        WriteStream(*storage_, "shared/" + std::to_string(handle_.files.size()), TestHeader(states, changes), entries);
    ASSERT_OK(file);
    handle_.files.push_back({"stream", *file, true});
    handle_.states = TestHeader(states).states;
  }

  Result<std::vector<TestEntry>> Read() {
    KVSTATE_ASSIGN_OR_RETURN(const auto reader, StateChainReader::Open(*storage_, handle_, nullptr));
    return ReadEntries(*reader);
  }

  std::shared_ptr<CheckpointStorage> storage_ = MakeMemoryStorage(kStorageBytes);
  KeyedStateHandle handle_;
};

TEST_F(StateChainReaderTest, OneStreamIsGivenAsItIs) {
  const std::vector<TestEntry> entries = {{10, 0, "a", "1"}, {10, 1, "a", "2"}, {20, 0, "", ""}};
  Add({"s", "t"}, entries);
  ASSERT_OK_AND_ASSIGN(const auto read, Read());
  EXPECT_EQ(read, entries);
}

TEST_F(StateChainReaderTest, TheNewestChangeOfAKeyCounts) {
  Add({"s"}, {{10, 0, "changed", "1"},
              {10, 0, "removed", "1"},
              {10, 0, "back again", "1"},
              {10, 0, "kept", "1"},
              {11, 0, "changed", "of another group"}});
  Add({"s"}, {{10, 0, "changed", "2"},
              {10, 0, "removed", "2"},
              {10, 0, "back again", std::nullopt},
              {10, 0, "new", "2"},
              {10, 0, "short-lived", "2"}});
  Add({"s"}, {{10, 0, "changed", "3"},
              {10, 0, "removed", std::nullopt},
              {10, 0, "back again", "3"},
              {10, 0, "short-lived", std::nullopt},
              {10, 0, "never there", std::nullopt},
              {12, 0, "new group", "3"}});
  ASSERT_OK_AND_ASSIGN(const auto read, Read());
  EXPECT_EQ(read, (std::vector<TestEntry>{{10, 0, "changed", "3"},
                                          {10, 0, "back again", "3"},
                                          {10, 0, "kept", "1"},
                                          {10, 0, "new", "2"},
                                          {11, 0, "changed", "of another group"},
                                          {12, 0, "new group", "3"}}));
}

TEST_F(StateChainReaderTest, StatesAreMatchedByNameAndGivenInTheHandlesOrder) {
  Add({"a", "b"}, {{10, 0, "k", "a1"}, {10, 1, "k", "b1"}});
  Add({"b", "c", "a"}, {{10, 0, "k", "b2"}, {10, 1, "k", "c2"}});
  ASSERT_OK_AND_ASSIGN(const auto read, Read());
  EXPECT_EQ(read, (std::vector<TestEntry>{{10, 0, "k", "b2"}, {10, 1, "k", "c2"}, {10, 2, "k", "a1"}}));
}

TEST_F(StateChainReaderTest, AStateThatIsGoneStaysGone) {
  Add({"a", "b"}, {{10, 0, "k", "a1"}, {10, 1, "k", "b1"}});
  Add({"b"}, {{10, 0, "l", "b2"}});
  ASSERT_OK_AND_ASSIGN(const auto without, Read());
  EXPECT_EQ(without, (std::vector<TestEntry>{{10, 0, "k", "b1"}, {10, 0, "l", "b2"}}));
  // One of the same name, made later, has none of its entries.
  Add({"a", "b"}, {{10, 0, "m", "a3"}});
  ASSERT_OK_AND_ASSIGN(const auto again, Read());
  EXPECT_EQ(again, (std::vector<TestEntry>{{10, 0, "m", "a3"}, {10, 1, "k", "b1"}, {10, 1, "l", "b2"}}));
}

TEST_F(StateChainReaderTest, NextGivesTheKeyGroupOfTheLastSeek) {
  Add({"s"}, {{10, 0, "a", "1"}, {11, 0, "b", "1"}});
  Add({"s"}, {{10, 0, "c", "2"}});
  ASSERT_OK_AND_ASSIGN(const auto reader, StateChainReader::Open(*storage_, handle_, nullptr));
  const auto next = [&reader = *reader]() -> std::string {
    uint32_t state = 99;
    StreamEntry entry;
    const Result<bool> more = reader.Next(&state, &entry);
    if (!more.ok()) return more.status().ToString();
    return *more ? std::to_string(state) + std::string(entry.key) : "end";
  };
  ASSERT_OK(reader->Seek(10));
  EXPECT_EQ(next(), "0a");
  ASSERT_OK(reader->Seek(11));
  EXPECT_EQ(next(), "0b");
  EXPECT_EQ(next(), "end");
  EXPECT_EQ(next(), "end");
  ASSERT_OK(reader->Seek(10));
  EXPECT_EQ(next(), "0a");
  EXPECT_EQ(next(), "0c");
  EXPECT_EQ(next(), "end");
}

TEST_F(StateChainReaderTest, RefusesAChainThatIsNone) {
  EXPECT_CODE(Read(), kDataLoss);
  Add({"s"}, {{10, 0, "a", "1"}});
  Add({"s"}, {{10, 0, "a", "2"}});
  const KeyedStateHandle sound = handle_;

  std::swap(handle_.files[0], handle_.files[1]);
  EXPECT_CODE(Read(), kDataLoss);
  EXPECT_MENTIONS(Read(), "shared/0' in ");
  handle_ = sound;
  handle_.files.erase(handle_.files.begin());
  EXPECT_CODE(Read(), kDataLoss);
  handle_ = sound;
  handle_.key_groups = {10, 21};
  EXPECT_MENTIONS(Read(), "key groups");
  handle_ = sound;
  handle_.max_parallelism = 64;
  EXPECT_MENTIONS(Read(), "max parallelism");
  handle_ = sound;
  handle_.key_serializer = Codec<std::string>::Snapshot();
  EXPECT_MENTIONS(Read(), "key serializer");
  handle_ = sound;
  handle_.format = "rocksdb_files.1";
  EXPECT_CODE(Read(), kInvalidArgument);
  handle_ = sound;
  EXPECT_OK(Read());
}

}  // namespace
}  // namespace kvstate::backends
