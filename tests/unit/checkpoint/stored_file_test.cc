#include "backends/checkpoint/stored_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <filesystem>
#include <string>

#include "tests/support/failing_storage.h"
#include "tests/support/status_testing.h"
#include "tests/unit/checkpoint/scratch_directory.h"

namespace kvstate::backends {
namespace {

using testing_support::FailingStorage;
using testing_support::FailurePlan;
using testing_support::ScratchDirectory;

uint64_t InodeOf(const std::string& path) {
  struct stat info = {};
  EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
  return info.st_ino;
}

/// Long enough for several chunks, and no two chunks alike.
std::string LongBytes() {
  std::string bytes;
  while (bytes.size() < 700001) bytes.append(std::to_string(bytes.size())).append(",");
  return bytes;
}

class StoredFileTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(storage_, OpenFileSystemStorage(scratch_.File("storage")));
    scratch_.Write("local/source", bytes_);
    ASSERT_OK_AND_ASSIGN(file_, StoreLocalFile(*storage_, scratch_.File("local/source"), "chk-1/x", nullptr));
  }

  void Damage(const std::string& bytes) const { scratch_.Write("storage/chk-1/x", bytes); }
  Status Fetch(CheckpointStorage& storage) const {
    return FetchVerified(storage, file_, scratch_.File("local/fetched"), nullptr);
  }
  /// Opening and fetching fail, naming the file, and fetching leaves nothing.
  void ExpectDataLoss(CheckpointStorage& storage, std::string_view why) const {
    for (const Status& status : {OpenVerified(storage, file_, nullptr).status(), Fetch(storage)}) {
      EXPECT_CODE(status, kDataLoss);
      EXPECT_MENTIONS(status, "chk-1/x");
      EXPECT_MENTIONS(status, storage.location());
      EXPECT_MENTIONS(status, why);
    }
    EXPECT_FALSE(scratch_.Has("local/fetched"));
  }

  const std::string bytes_ = LongBytes();
  ScratchDirectory scratch_;
  std::shared_ptr<CheckpointStorage> storage_;
  StoredFile file_;
};

TEST_F(StoredFileTest, SaysSizeAndChecksumOfWhatItWrote) {
  EXPECT_EQ(file_, (StoredFile{"chk-1/x", bytes_.size(), XXH3_64bits(bytes_.data(), bytes_.size())}));
  ASSERT_OK_AND_ASSIGN(const auto writer, StoredFileWriter::Create(*storage_, "chk-1/pieces"));
  for (size_t at = 0; at < bytes_.size(); at += 77777) ASSERT_OK(writer->Append(ByteView(bytes_).substr(at, 77777)));
  EXPECT_EQ(writer->bytes(), bytes_.size());
  ASSERT_OK_AND_ASSIGN(const StoredFile pieces, writer->Close());
  EXPECT_EQ(pieces.checksum, file_.checksum);
  EXPECT_EQ(scratch_.Read("storage/chk-1/pieces"), bytes_);
}

TEST_F(StoredFileTest, StoresAnEmptyFile) {
  scratch_.Write("local/empty", "");
  ASSERT_OK_AND_ASSIGN(const StoredFile empty,
                       StoreLocalFile(*storage_, scratch_.File("local/empty"), "chk-1/empty", nullptr));
  EXPECT_EQ(empty, (StoredFile{"chk-1/empty", 0, XXH3_64bits(nullptr, 0)}));
  EXPECT_OK(OpenVerified(*storage_, empty, nullptr));
  EXPECT_OK(FetchVerified(*storage_, empty, scratch_.File("local/fetched"), nullptr));
}

TEST_F(StoredFileTest, AWriterThatIsNotClosedLeavesNothing) {
  {
    ASSERT_OK_AND_ASSIGN(const auto writer, StoredFileWriter::Create(*storage_, "shared/1-y"));
    ASSERT_OK(writer->Append(bytes_));
  }
  EXPECT_FALSE(scratch_.Has("storage/shared"));
  EXPECT_CODE(StoreLocalFile(*storage_, scratch_.File("local/absent"), "shared/1-y", nullptr), kNotFound);
  EXPECT_FALSE(scratch_.Has("storage/shared"));
}

TEST_F(StoredFileTest, OpensWhatIsIntact) {
  ASSERT_OK_AND_ASSIGN(const auto reader, OpenVerified(*storage_, file_, nullptr));
  std::string read;
  ASSERT_OK(reader->Read(600000, 1000, &read));
  EXPECT_EQ(read, bytes_.substr(600000, 1000));
}

TEST_F(StoredFileTest, EachKindOfDamageIsDataLoss) {
  for (const size_t at : {size_t{0}, size_t{300000}, bytes_.size() - 1}) {
    std::string flipped = bytes_;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    Damage(flipped);
    ExpectDataLoss(*storage_, "damaged");
  }
  Damage(bytes_.substr(0, bytes_.size() - 1));
  ExpectDataLoss(*storage_, std::to_string(bytes_.size() - 1) + " bytes");
  Damage(bytes_ + "x");
  ExpectDataLoss(*storage_, std::to_string(bytes_.size() + 1) + " bytes");
  Damage("");
  ExpectDataLoss(*storage_, "0 bytes");
  ASSERT_OK(storage_->Remove("chk-1/x"));
  ExpectDataLoss(*storage_, "missing");
}

TEST_F(StoredFileTest, FetchesByALinkOnTheSameFileSystem) {
  ASSERT_OK(Fetch(*storage_));
  EXPECT_EQ(InodeOf(scratch_.File("local/fetched")), InodeOf(scratch_.File("storage/chk-1/x")));
}

TEST_F(StoredFileTest, FetchesTheBytesFromAStorageWithoutLocalFiles) {
  const auto memory = MakeMemoryStorage(1 << 20);
  ASSERT_OK(StoreLocalFile(*memory, scratch_.File("local/source"), "chk-1/x", nullptr));
  ASSERT_OK(Fetch(*memory));
  EXPECT_EQ(scratch_.Read("local/fetched"), bytes_);
  EXPECT_CODE(Fetch(*memory), kAlreadyExists);
  EXPECT_EQ(scratch_.Read("local/fetched"), bytes_) << "what stands there is not touched";

  ASSERT_OK(memory->Publish("chk-1/x", std::string(bytes_.size(), 'x')));
  std::filesystem::remove(scratch_.File("local/fetched"));
  ExpectDataLoss(*memory, "damaged");
}

TEST_F(StoredFileTest, WhatStandsInTheWayIsAnErrorAndStays) {
  scratch_.Write("local/fetched", "mine");
  EXPECT_FALSE(Fetch(*storage_).ok());
  EXPECT_MENTIONS(Fetch(*storage_), scratch_.File("local/fetched"));
  EXPECT_EQ(scratch_.Read("local/fetched"), "mine");
}

TEST_F(StoredFileTest, StopsWhenItIsCancelled) {
  const CancelFlag cancelled(true);
  EXPECT_CODE(StoreLocalFile(*storage_, scratch_.File("local/source"), "chk-1/y", &cancelled), kCancelled);
  EXPECT_FALSE(scratch_.Has("storage/chk-1/y"));
  EXPECT_CODE(OpenVerified(*storage_, file_, &cancelled), kCancelled);
  EXPECT_CODE(FetchVerified(*storage_, file_, scratch_.File("local/fetched"), &cancelled), kCancelled);
  EXPECT_FALSE(scratch_.Has("local/fetched"));
  const CancelFlag go_on(false);
  EXPECT_OK(OpenVerified(*storage_, file_, &go_on));
}

/// Walks a failure upward through all operations of `run`, which must name the file and leave nothing.
template <class Run>
void WalkFailures(FailingStorage& storage, Run run) {
  uint64_t n = 0;
  for (;;) {
    FailurePlan plan;
    plan.fail_at = ++n;
    plan.half_append = n % 2 == 0;
    storage.Arm(plan);
    const Status status = run();
    if (!storage.failed()) {
      EXPECT_OK(status);
      break;
    }
    EXPECT_CODE(status, kInternal);
    EXPECT_MENTIONS(status, *storage.failed_path());
  }
  EXPECT_GT(n, 3u) << "nothing was made to fail";
}

TEST_F(StoredFileTest, AFailureAtAnyOperationLeavesNothing) {
  const auto memory = MakeMemoryStorage(1 << 20);
  FailingStorage failing(memory);
  WalkFailures(failing, [&] {
    const auto stored = StoreLocalFile(failing, scratch_.File("local/source"), "chk-1/x", nullptr);
    EXPECT_EQ(memory->List("")->empty(), !stored.ok());
    return stored.status();
  });
  WalkFailures(failing, [&] {
    const Status fetched = Fetch(failing);
    EXPECT_EQ(scratch_.Has("local/fetched"), fetched.ok());
    return fetched;
  });
}

}  // namespace
}  // namespace kvstate::backends
