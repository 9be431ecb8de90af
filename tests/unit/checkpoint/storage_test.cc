#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "kvstate/checkpoint_storage.h"
#include "kvstate/extension.h"
#include "tests/support/status_testing.h"
#include "tests/unit/checkpoint/scratch_directory.h"

namespace kvstate {
namespace {

using testing_support::ScratchDirectory;

struct StorageCase {
  const char* name;
  std::shared_ptr<CheckpointStorage> (*make)(const std::string& directory);
};

std::shared_ptr<CheckpointStorage> MakeFileSystem(const std::string& directory) {
  auto storage = OpenFileSystemStorage(directory);
  EXPECT_OK(storage);
  return std::move(storage).value();
}

std::shared_ptr<CheckpointStorage> MakeMemory(const std::string&) { return MakeMemoryStorage(1 << 20); }

std::shared_ptr<CheckpointStorage> MakeLocalRecovery(const std::string& directory) {
  return MakeLocalRecoveryStorage(MakeFileSystem(directory + "/durable"), MakeFileSystem(directory + "/near"), nullptr);
}

/// What holds of every storage.
class StorageTest : public testing::TestWithParam<StorageCase> {
 protected:
  void SetUp() override { storage_ = GetParam().make(scratch_.File("storage")); }

  void Store(const std::string& path, const std::string& bytes) const {
    ASSERT_OK_AND_ASSIGN(const auto writer, storage_->Create(path));
    ASSERT_OK(writer->Append(bytes));
    ASSERT_OK(writer->Close());
  }

  std::string Load(const std::string& path) const {
    const auto reader = storage_->Open(path);
    EXPECT_OK(reader);
    if (!reader.ok()) return "";
    std::string bytes;
    EXPECT_OK((*reader)->Read(0, (*reader)->size(), &bytes));
    return bytes;
  }

  std::vector<std::string> Paths(const std::string& prefix = "") const {
    const auto entries = storage_->List(prefix);
    EXPECT_OK(entries);
    std::vector<std::string> paths;
    for (const StorageEntry& entry : *entries) paths.push_back(entry.path);
    return paths;
  }

  ScratchDirectory scratch_;
  std::shared_ptr<CheckpointStorage> storage_;
};

using Strings = std::vector<std::string>;

TEST_P(StorageTest, GivesBackWhatWasWrittenInAnyPieces) {
  std::string expected;
  {
    ASSERT_OK_AND_ASSIGN(const auto writer, storage_->Create("a/b/c"));
    for (const size_t size : {0u, 1u, 100u, 70000u, 3u, 200000u, 5u}) {
      const std::string piece(size, static_cast<char>('a' + size % 26));
      ASSERT_OK(writer->Append(piece));
      expected += piece;
    }
    ASSERT_OK(writer->Close());
  }
  EXPECT_EQ(Load("a/b/c"), expected);
  ASSERT_OK_AND_ASSIGN(const auto reader, storage_->Open("a/b/c"));
  EXPECT_EQ(reader->size(), expected.size());
  std::string part = "what was there";
  ASSERT_OK(reader->Read(90, 30, &part));
  EXPECT_EQ(part, expected.substr(90, 30));
  ASSERT_OK(reader->Read(expected.size(), 0, &part));
  EXPECT_EQ(part, "");
}

TEST_P(StorageTest, AReadBeyondTheEndIsDataLossThatNamesTheFile) {
  Store("a/file", "12345");
  ASSERT_OK_AND_ASSIGN(const auto reader, storage_->Open("a/file"));
  std::string bytes;
  EXPECT_CODE(reader->Read(3, 3, &bytes), kDataLoss);
  EXPECT_MENTIONS(reader->Read(3, 3, &bytes), "a/file");
  EXPECT_CODE(reader->Read(6, 1, &bytes), kDataLoss);
}

TEST_P(StorageTest, AnEmptyFileIsAFile) {
  Store("empty", "");
  EXPECT_EQ(Load("empty"), "");
  EXPECT_EQ(Paths(), Strings{"empty"});
}

TEST_P(StorageTest, RefusesPathsThatAreNone) {
  const std::string longest(255, 'x');
  for (const std::string& path : Strings{"", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a b", "ä", "a\\b",
                                         "a:b", std::string("a\0b", 3), longest + "x", "a/" + longest + "x"}) {
    EXPECT_CODE(storage_->Create(path), kInvalidArgument) << path;
    EXPECT_CODE(storage_->Publish(path, "x"), kInvalidArgument) << path;
    EXPECT_CODE(storage_->Open(path), kInvalidArgument) << path;
    EXPECT_CODE(storage_->Remove(path), kInvalidArgument) << path;
  }
  for (const std::string& path : Strings{longest, "A.z_0-9", "...", "a/..b", "-"}) {
    Store(path, path);
    EXPECT_EQ(Load(path), path);
  }
}

TEST_P(StorageTest, AFileIsWrittenOnce) {
  Store("a", "first");
  EXPECT_CODE(storage_->Create("a"), kAlreadyExists);
  EXPECT_MENTIONS(storage_->Create("a").status(), "'");
  EXPECT_EQ(Load("a"), "first");
  ASSERT_OK_AND_ASSIGN(const auto writing, storage_->Create("b"));
  EXPECT_CODE(storage_->Create("b"), kAlreadyExists);
}

TEST_P(StorageTest, AFileThatIsNotClosedGoesWithItsWriter) {
  {
    ASSERT_OK_AND_ASSIGN(const auto writer, storage_->Create("a/b"));
    ASSERT_OK(writer->Append(std::string(100000, 'x')));
    EXPECT_EQ(Paths(), Strings{"a/b"}) << "files that are being written are listed";
  }
  EXPECT_EQ(Paths(), Strings{});
  Store("a/b", "again");
  EXPECT_EQ(Load("a/b"), "again");
}

TEST_P(StorageTest, OpensNothingThatIsNotThere) {
  Store("folder/file", "x");
  for (const char* path : {"absent", "folder", "folder/absent", "folder/file/below"}) {
    EXPECT_CODE(storage_->Open(path), kNotFound) << path;
    EXPECT_MENTIONS(storage_->Open(path), path);
  }
}

TEST_P(StorageTest, RemovesAFileAndNothingElse) {
  Store("a/b", "1");
  Store("a/c", "2");
  EXPECT_OK(storage_->Remove("a/b"));
  EXPECT_OK(storage_->Remove("a/b")) << "no such file is fine";
  EXPECT_OK(storage_->Remove("a"));
  EXPECT_OK(storage_->Remove("a/c/d"));
  EXPECT_EQ(Paths(), Strings{"a/c"});
}

TEST_P(StorageTest, AReaderOutlivesTheRemovalOfItsFile) {
  Store("a", "still here");
  ASSERT_OK_AND_ASSIGN(const auto reader, storage_->Open("a"));
  ASSERT_OK(storage_->Remove("a"));
  std::string bytes;
  EXPECT_OK(reader->Read(0, 10, &bytes));
  EXPECT_EQ(bytes, "still here");
}

TEST_P(StorageTest, ListsByPrefixInTheOrderOfPaths) {
  for (const char* path : {"b", "a/x", "a-", "a/y/z", "ab/c", "a.b"}) Store(path, path);
  EXPECT_EQ(Paths(), (Strings{"a-", "a.b", "a/x", "a/y/z", "ab/c", "b"}));
  EXPECT_EQ(Paths("a"), (Strings{"a-", "a.b", "a/x", "a/y/z", "ab/c"}));
  EXPECT_EQ(Paths("a/"), (Strings{"a/x", "a/y/z"}));
  EXPECT_EQ(Paths("a/y"), Strings{"a/y/z"});
  EXPECT_EQ(Paths("a/y/zz"), Strings{});
  EXPECT_EQ(Paths("c/"), Strings{});
  ASSERT_OK_AND_ASSIGN(const auto entries, storage_->List("ab"));
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].bytes, 4u);
}

TEST_P(StorageTest, PublishReplacesAndLeavesNoOtherFile) {
  ASSERT_OK(storage_->Publish("chk-1/_metadata", "one"));
  EXPECT_EQ(Load("chk-1/_metadata"), "one");
  ASSERT_OK_AND_ASSIGN(const auto reader, storage_->Open("chk-1/_metadata"));
  ASSERT_OK(storage_->Publish("chk-1/_metadata", "two, longer"));
  EXPECT_EQ(Load("chk-1/_metadata"), "two, longer");
  std::string bytes;
  ASSERT_OK(reader->Read(0, reader->size(), &bytes));
  EXPECT_EQ(bytes, "one") << "a reader keeps what it opened";
  EXPECT_EQ(Paths(), Strings{"chk-1/_metadata"});
  ASSERT_OK(storage_->Publish("top", ""));
  EXPECT_EQ(Load("top"), "");
}

TEST_P(StorageTest, OneAtATimeHoldsItsLock) {
  auto* const exclusive = GetExtension<ExclusiveStorage>(*storage_);
  ASSERT_NE(exclusive, nullptr);
  ASSERT_OK_AND_ASSIGN(auto held, exclusive->Lock());
  EXPECT_CODE(exclusive->Lock(), kFailedPrecondition);
  EXPECT_EQ(Paths(), Strings{}) << "it is no file of the storage";
  held.reset();
  EXPECT_OK(exclusive->Lock());
}

INSTANTIATE_TEST_SUITE_P(Each, StorageTest,
                         testing::Values(StorageCase{"file_system", MakeFileSystem}, StorageCase{"memory", MakeMemory},
                                         StorageCase{"local_recovery", MakeLocalRecovery}),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace kvstate
