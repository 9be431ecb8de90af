#include <gtest/gtest.h>

#include <string>

#include "kvstate/checkpoint_storage.h"
#include "tests/support/status_testing.h"

namespace kvstate {
namespace {

TEST(MemoryStorageTest, SaysWhichLimitWouldBeExceeded) {
  const auto storage = MakeMemoryStorage(1000);
  ASSERT_OK_AND_ASSIGN(const auto writer, storage->Create("a"));
  ASSERT_OK(writer->Append(std::string(600, 'x')));
  const Status full = writer->Append(std::string(401, 'x'));
  EXPECT_CODE(full, kResourceExhausted);
  EXPECT_MENTIONS(full, "limit of 1000 bytes");
  EXPECT_MENTIONS(full, "'a'");
  EXPECT_CODE(storage->Publish("b", std::string(401, 'x')), kResourceExhausted);
  EXPECT_OK(storage->Publish("b", std::string(400, 'x')));
  EXPECT_CODE(writer->Append("x"), kResourceExhausted);
}

TEST(MemoryStorageTest, RoomComesBackWithRemovalReplacementAndUnfinishedFiles) {
  const auto storage = MakeMemoryStorage(1000);
  for (int round = 0; round < 3; ++round) {
    ASSERT_OK(storage->Publish("a", std::string(1000, 'x'))) << "it replaces itself";
  }
  EXPECT_CODE(storage->Publish("a", std::string(1001, 'x')), kResourceExhausted);
  ASSERT_OK(storage->Remove("a"));
  for (int round = 0; round < 3; ++round) {
    ASSERT_OK_AND_ASSIGN(const auto writer, storage->Create("b"));
    ASSERT_OK(writer->Append(std::string(1000, 'x')));
    if (round == 1) {
      ASSERT_OK(storage->Remove("b"));
    }
  }
  EXPECT_OK(storage->Publish("c", std::string(1000, 'x')));
}

TEST(MemoryStorageTest, AWriterWhoseFileWasRemovedDoesNotTouchTheNextOfThatName) {
  const auto storage = MakeMemoryStorage(1000);
  {
    ASSERT_OK_AND_ASSIGN(const auto old, storage->Create("a"));
    ASSERT_OK(old->Append("old"));
    ASSERT_OK(storage->Remove("a"));
    ASSERT_OK(storage->Publish("a", "new"));
  }
  ASSERT_OK_AND_ASSIGN(const auto reader, storage->Open("a"));
  EXPECT_EQ(reader->size(), 3u);
}

TEST(MemoryStorageTest, AFileThatIsBeingWrittenCannotBeRead) {
  const auto storage = MakeMemoryStorage(1000);
  ASSERT_OK_AND_ASSIGN(const auto writer, storage->Create("a"));
  EXPECT_CODE(storage->Open("a"), kNotFound);
  ASSERT_OK(writer->Close());
  EXPECT_OK(storage->Open("a"));
}

}  // namespace
}  // namespace kvstate
