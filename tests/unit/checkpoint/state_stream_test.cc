#include "backends/checkpoint/state_stream.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/checkpoint/stream_testing.h"

namespace kvstate::backends {
namespace {

constexpr uint64_t kStorageBytes = uint64_t{1} << 30;

std::string NumberedKey(uint32_t number) { return "key-" + std::to_string(number); }

/// Two states over several key groups, with many blocks, values of every size about a block's, and nothing in between.
std::vector<TestEntry> ManyEntries() {
  std::vector<TestEntry> entries;
  for (const uint32_t key_group : {10U, 11U, 15U, 20U}) {
    for (uint32_t state = 0; state < 2; ++state) {
      if (key_group == 11 && state == 0) continue;
      for (uint32_t i = 0; i < 6000; ++i)
        entries.push_back({key_group, state, NumberedKey(i), std::string(i % 41, 'v')});
      for (uint32_t size = 65500; size < 65560; size += 7) {
        entries.push_back({key_group, state, NumberedKey(size), std::string(size, 'x')});
      }
      entries.push_back({key_group, state, "", ""});
      entries.push_back({key_group, state, std::string(70000, 'k'), std::string(300000, 'z')});
    }
  }
  return entries;
}

TEST(StateStream, GivesBackWhatWasWritten) {
  const auto storage = MakeMemoryStorage(kStorageBytes);
  const std::vector<TestEntry> entries = ManyEntries();
  for (const bool compress : {false, true}) {
    const std::string path = compress ? "chk-1/compressed" : "chk-1/plain";
    ASSERT_OK_AND_ASSIGN(const StoredFile file,
                         WriteStream(*storage, path, TestHeader({"first", "second"}), entries, compress));
    EXPECT_EQ(file.path, path);
    ASSERT_OK_AND_ASSIGN(const auto reader, StateStreamReader::Open(*storage, file, nullptr));
    EXPECT_EQ(reader->entries(), entries.size());
    EXPECT_EQ(reader->header().states, TestHeader({"first", "second"}).states);
    EXPECT_EQ(reader->header().key_groups, (KeyGroupRange{10, 20}));
    ASSERT_OK_AND_ASSIGN(const std::vector<TestEntry> read, ReadEntries(*reader));
    EXPECT_TRUE(read == entries) << "compress: " << compress;
  }
}

TEST(StateStream, KeyGroupsAreReadInAnyOrder) {
  const auto storage = MakeMemoryStorage(kStorageBytes);
  ASSERT_OK_AND_ASSIGN(const StoredFile file, WriteStream(*storage, "chk-1/s", TestHeader({"s"}),
                                                          {{10, 0, "a", "1"}, {12, 0, "b", "2"}, {20, 0, "c", "3"}}));
  ASSERT_OK_AND_ASSIGN(const auto reader, StateStreamReader::Open(*storage, file, nullptr));
  std::string keys;
  for (const uint32_t key_group : {20U, 10U, 11U, 12U, 10U, 127U, 100000U}) {
    ASSERT_OK(reader->ForEach(key_group, [&](uint32_t, const StreamEntry& entry) {
      keys.append(entry.key);
      return Status();
    }));
  }
  EXPECT_EQ(keys, "caba");
}

TEST(StateStream, StopsAtTheVisitorsFailure) {
  const auto storage = MakeMemoryStorage(kStorageBytes);
  ASSERT_OK_AND_ASSIGN(const StoredFile file,
                       WriteStream(*storage, "chk-1/s", TestHeader({"s"}), {{10, 0, "a", "1"}, {10, 0, "b", "2"}}));
  ASSERT_OK_AND_ASSIGN(const auto reader, StateStreamReader::Open(*storage, file, nullptr));
  int visits = 0;
  const Status status = reader->ForEach(10, [&](uint32_t, const StreamEntry&) {
    ++visits;
    return UnavailableError("enough of it");
  });
  EXPECT_CODE(status, kUnavailable);
  EXPECT_EQ(visits, 1);
}

TEST(StateStream, AnEmptyStreamIsOne) {
  const auto storage = MakeMemoryStorage(kStorageBytes);
  ASSERT_OK_AND_ASSIGN(const StoredFile file, WriteStream(*storage, "chk-1/s", TestHeader({}), {}));
  ASSERT_OK_AND_ASSIGN(const auto reader, StateStreamReader::Open(*storage, file, nullptr));
  EXPECT_EQ(reader->entries(), 0U);
  ASSERT_OK_AND_ASSIGN(const std::vector<TestEntry> read, ReadEntries(*reader));
  EXPECT_TRUE(read.empty());
}

TEST(StateStream, RemovalsAreInStreamsOfChangesAlone) {
  const auto storage = MakeMemoryStorage(kStorageBytes);
  const std::vector<TestEntry> entries = {{10, 0, "a", "1"}, {10, 0, "b", std::nullopt}, {10, 0, "c", ""}};
  ASSERT_OK_AND_ASSIGN(const StoredFile file, WriteStream(*storage, "chk-1/s", TestHeader({"s"}, true), entries));
  ASSERT_OK_AND_ASSIGN(const auto reader, StateStreamReader::Open(*storage, file, nullptr));
  EXPECT_TRUE(reader->header().changes);
  ASSERT_OK_AND_ASSIGN(const std::vector<TestEntry> read, ReadEntries(*reader));
  EXPECT_EQ(read, entries);
  EXPECT_CODE(WriteStream(*storage, "chk-1/whole", TestHeader({"s"}), entries), kInvalidArgument);
}

TEST(StateStream, RefusesWhatDoesNotAscend) {
  const auto storage = MakeMemoryStorage(kStorageBytes);
  ASSERT_OK_AND_ASSIGN(const auto writer,
                       StateStreamWriter::Create(*storage, "chk-1/s", TestHeader({"a", "b"}), false, nullptr));
  EXPECT_CODE(writer->Add({"key", "value"}), kFailedPrecondition);
  EXPECT_CODE(writer->Begin(9, 0), kInvalidArgument);
  EXPECT_CODE(writer->Begin(21, 0), kInvalidArgument);
  EXPECT_CODE(writer->Begin(12, 2), kInvalidArgument);
  ASSERT_OK(writer->Begin(12, 1));
  EXPECT_CODE(writer->Begin(12, 1), kInvalidArgument);
  EXPECT_CODE(writer->Begin(12, 0), kInvalidArgument);
  EXPECT_CODE(writer->Begin(11, 1), kInvalidArgument);
  EXPECT_OK(writer->Begin(13, 0));
}

TEST(StateStream, IsRemovedUnlessFinished) {
  const auto storage = MakeMemoryStorage(kStorageBytes);
  {
    ASSERT_OK_AND_ASSIGN(const auto writer,
                         StateStreamWriter::Create(*storage, "chk-1/s", TestHeader({"s"}), false, nullptr));
    ASSERT_OK(writer->Begin(10, 0));
    ASSERT_OK(writer->Add({"key", "value"}));
  }
  ASSERT_OK_AND_ASSIGN(const auto files, storage->List(""));
  EXPECT_TRUE(files.empty());
}

TEST(StateStream, CancellingEndsBothSides) {
  const auto storage = MakeMemoryStorage(kStorageBytes);
  CancelFlag cancelled{false};
  ASSERT_OK_AND_ASSIGN(const auto writer,
                       StateStreamWriter::Create(*storage, "chk-1/a", TestHeader({"s"}), false, &cancelled));
  ASSERT_OK(writer->Begin(10, 0));
  ASSERT_OK(writer->Add({"key", "value"}));
  ASSERT_OK_AND_ASSIGN(const StoredFile file, WriteStream(*storage, "chk-1/b", TestHeader({"s"}), {{10, 0, "a", "1"}}));
  ASSERT_OK_AND_ASSIGN(const auto reader, StateStreamReader::Open(*storage, file, &cancelled));
  cancelled = true;
  EXPECT_CODE(writer->Finish(), kCancelled);
  EXPECT_CODE(ReadEntries(*reader), kCancelled);
}

TEST(StateStream, ASmallEntryTakesTwoBytesBesidesItsOwn) {
  const auto storage = MakeMemoryStorage(kStorageBytes);
  ASSERT_OK_AND_ASSIGN(const auto writer,
                       StateStreamWriter::Create(*storage, "chk-1/s", TestHeader({"s"}), false, nullptr));
  ASSERT_OK(writer->Begin(10, 0));
  constexpr uint64_t kEntries = 100000;
  for (uint64_t i = 0; i < kEntries; ++i) ASSERT_OK(writer->Add({"123456789", "12345678"}));
  ASSERT_OK_AND_ASSIGN(const StoredFile file, writer->Finish());
  EXPECT_LT(file.bytes, kEntries * 195 / 10);
}

}  // namespace
}  // namespace kvstate::backends
