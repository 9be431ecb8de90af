#include "backends/checkpoint/file_system_storage.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kvstate/checkpoint_store.h"
#include "kvstate/extension.h"
#include "tests/unit/checkpoint/checkpoint_store_testing.h"
#include "tests/unit/checkpoint/scratch_directory.h"

namespace kvstate::backends {
namespace {

namespace fs = std::filesystem;

using testing_support::OpenStore;
using testing_support::PathsIn;
using testing_support::ScratchDirectory;
using testing_support::StoreFile;
using testing_support::Strings;

class FileSystemStorageTest : public testing::Test {
 protected:
  /// What is done towards stable storage is told in steps_.
  std::shared_ptr<FileSystemStorage> Open() {
    auto storage =
        FileSystemStorage::Open(scratch_.File("storage"), [this](std::string_view step, const std::string& path) {
          std::string name = path;
          // Numbers of process and file.
          if (const size_t temporary = name.find(".publishing-"); temporary != std::string::npos)
            name.resize(temporary + 11);
          steps_.push_back(std::string(step) + " " + name);
        });
    EXPECT_OK(storage);
    return std::move(storage).value();
  }
  Strings TakeSteps() { return std::exchange(steps_, {}); }

  ScratchDirectory scratch_;
  Strings steps_;
};

TEST_F(FileSystemStorageTest, APublishSyncsEveryNewNameBeforeItRenames) {
  const auto storage = Open();
  StoreFile(*storage, "chk-1/a");
  EXPECT_EQ(TakeSteps(), Strings{"sync chk-1/a"});
  StoreFile(*storage, "shared/1-b");
  EXPECT_EQ(TakeSteps(), Strings{"sync shared/1-b"});
  const Strings publish{"sync chk-1/.publishing", "rename chk-1/_metadata", "sync directory chk-1"};
  ASSERT_OK(storage->Publish("chk-1/_metadata", "m"));
  Strings expected{"sync directory ", "sync directory chk-1", "sync directory shared"};
  expected.insert(expected.end(), publish.begin(), publish.end());
  EXPECT_EQ(TakeSteps(), expected);

  StoreFile(*storage, "shared/2-b");
  TakeSteps();
  ASSERT_OK(storage->Publish("chk-2/_metadata", "m"));
  EXPECT_EQ(TakeSteps(), (Strings{"sync directory ", "sync directory shared", "sync chk-2/.publishing",
                                  "rename chk-2/_metadata", "sync directory chk-2"}))
      << "what was synced is not synced again";
}

TEST_F(FileSystemStorageTest, AFolderThatAnotherProcessMadeIsSyncedToo) {
  fs::create_directories(scratch_.File("storage/shared"));
  const auto storage = Open();
  StoreFile(*storage, "shared/1-b");
  ASSERT_OK(storage->Publish("_metadata", "m"));
  EXPECT_EQ(TakeSteps(), (Strings{"sync shared/1-b", "sync directory ", "sync directory shared", "sync .publishing",
                                  "rename _metadata", "sync directory "}))
      << "the first names the folder";
}

TEST_F(FileSystemStorageTest, AFolderThatIsGoneNeedsNoSync) {
  const auto storage = Open();
  StoreFile(*storage, "chk-1/a");
  ASSERT_OK(storage->Remove("chk-1/a"));
  EXPECT_FALSE(scratch_.Has("storage/chk-1")) << "folders go with their last file";
  EXPECT_OK(storage->Publish("chk-2/_metadata", "m"));
}

TEST_F(FileSystemStorageTest, APublishThatWasKilledBeforeItsRenameLeavesWhatWasThere) {
  const auto storage = Open();
  ASSERT_OK(storage->Publish("chk-1/_metadata", "whole"));
  const std::string half = "chk-1/.publishing-" + std::to_string(getpid()) + "-1";
  scratch_.Write("storage/" + half, "hal");
  EXPECT_EQ(scratch_.Read("storage/chk-1/_metadata"), "whole");
  EXPECT_EQ(PathsIn(*storage), (Strings{half, "chk-1/_metadata"})) << "it is listed, to be cleaned up";
  ASSERT_OK(storage->Publish("chk-1/_metadata", "new")) << "and in nobody's way";
  EXPECT_EQ(scratch_.Read("storage/chk-1/_metadata"), "new");
}

TEST_F(FileSystemStorageTest, MakesItsDirectoryWithParentsAndSaysWhereItIs) {
  const std::string directory = scratch_.File("a/b/../c/");
  const auto storage = OpenFileSystemStorage(directory);
  ASSERT_OK(storage);
  EXPECT_TRUE(scratch_.Has("a/c"));
  EXPECT_EQ((*storage)->location(), scratch_.File("a/c"));
  auto* const local = GetExtension<LocalFiles>(**storage);
  ASSERT_NE(local, nullptr);
  EXPECT_EQ(local->LocalPath("x/y"), scratch_.File("a/c/x/y"));
  scratch_.Write("file", "x");
  EXPECT_CODE(OpenFileSystemStorage(scratch_.File("file/below")), kInvalidArgument);
  EXPECT_MENTIONS(OpenFileSystemStorage(scratch_.File("file")).status(), scratch_.File("file"));
}

TEST_F(FileSystemStorageTest, ListsNeitherForeignNamesNorLinks) {
  const auto storage = Open();
  StoreFile(*storage, "chk-1/a");
  scratch_.Write("storage/my notes.txt", "x");
  scratch_.Write("storage/chk-1/b~", "x");
  fs::create_directory_symlink(scratch_.path(), scratch_.File("storage/link"));
  fs::create_directories(scratch_.File("storage/empty"));
  EXPECT_EQ(PathsIn(*storage), Strings{"chk-1/a"});
}

TEST_F(FileSystemStorageTest, AFileWhereAFolderIsNeededIsAnError) {
  const auto storage = Open();
  StoreFile(*storage, "a");
  EXPECT_CODE(storage->Create("a/b"), kInvalidArgument);
  EXPECT_MENTIONS(storage->Create("a/b").status(), "storage/a");
  EXPECT_CODE(storage->Publish("a/b", "x"), kInvalidArgument);
}

TEST_F(FileSystemStorageTest, ReadOnlyReadsAndRefusesToChange) {
  EXPECT_CODE(OpenFileSystemStorageReadOnly(scratch_.File("storage")), kNotFound);
  EXPECT_FALSE(scratch_.Has("storage")) << "it makes nothing";
  StoreFile(*Open(), "chk-1/a");
  ASSERT_OK_AND_ASSIGN(const auto storage, OpenFileSystemStorageReadOnly(scratch_.File("storage")));
  EXPECT_EQ(PathsIn(*storage), Strings{"chk-1/a"});
  EXPECT_OK(storage->Open("chk-1/a"));
  EXPECT_CODE(storage->Create("chk-1/b"), kFailedPrecondition);
  EXPECT_CODE(storage->Publish("chk-1/a", "x"), kFailedPrecondition);
  EXPECT_CODE(storage->Remove("chk-1/a"), kFailedPrecondition);
  EXPECT_MENTIONS(storage->Remove("chk-1/a"), scratch_.File("storage/chk-1/a"));
  EXPECT_CODE(CheckpointStore::Open(storage, {}), kFailedPrecondition);
  EXPECT_EQ(scratch_.Read("storage/chk-1/a"), "bytes of chk-1/a");
}

/// Runs `child` in a process of its own, whose files may have 100,000 bytes; the exit code is its answer.
template <class Child>
int InAProcessWithSmallFiles(Child child) {
  const pid_t pid = fork();
  if (pid == 0) {
    const struct rlimit limit = {100000, 100000};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(100);
    _exit(child());
  }
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 101;
}

TEST_F(FileSystemStorageTest, AWriteThatDoesNotFitNamesTheFileAndLeavesNothing) {
  const int wrong = InAProcessWithSmallFiles([this] {
    const auto storage = Open();
    {
      auto writer = storage->Create("chk-1/a");
      if (!writer.ok()) return 1;
      // The first write is short, the next one fails.
      const Status status = (*writer)->Append(std::string(150000, 'x'));
      if (status.code() != StatusCode::kResourceExhausted) return 2;
      if (status.message().find("storage/chk-1/a'") == std::string_view::npos) return 3;
    }
    const Status published = storage->Publish("chk-1/_metadata", std::string(150000, 'x'));
    if (published.code() != StatusCode::kResourceExhausted) return 4;
    if (published.message().find("storage/chk-1/_metadata'") == std::string_view::npos) return 5;
    return storage->List("")->empty() ? 0 : 6;
  });
  EXPECT_EQ(wrong, 0);
}

TEST_F(FileSystemStorageTest, TheLockHoldsOffOtherProcessesAndEndsWithItsOwn) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto storage = Open();
    const auto held = storage->Lock();
    if (write(ready[1], held.ok() ? "y" : "n", 1) == 1) pause();
    _exit(1);
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  const auto storage = Open();
  const Status refused = CheckpointStore::Open(storage, {}).status();
  EXPECT_CODE(refused, kFailedPrecondition);
  EXPECT_MENTIONS(refused, std::to_string(child));
  StoreFile(*storage, "chk-1/a");
  ASSERT_EQ(kill(child, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_NE(OpenStore(storage), nullptr);
  EXPECT_TRUE(fs::is_empty(scratch_.File("storage"))) << "neither the lock's file stays, nor the orphan";
  for (const int fd : ready) close(fd);
}

TEST_F(FileSystemStorageTest, AStoreRemovesTheEmptyFoldersOfKilledProcessesAndNoOthers) {
  for (const char* folder : {"chk-1", "savepoint-2", "shared", "chk-x", "mine"}) {
    fs::create_directories(scratch_.File("storage") + "/" + folder);
  }
  const auto store = OpenStore(Open());
  for (const char* folder : {"chk-1", "savepoint-2", "shared"})
    EXPECT_FALSE(scratch_.Has(std::string("storage/") + folder));
  for (const char* folder : {"chk-x", "mine"}) EXPECT_TRUE(scratch_.Has(std::string("storage/") + folder));
}

TEST_F(FileSystemStorageTest, AFailureToCreateLeavesNoFolder) {
  const auto storage = Open();
  scratch_.Write("storage/a/file", "x");
  EXPECT_FALSE(storage->Create("a/file/b/c").ok());
  // Beyond what a path of the system may have.
  std::string deep = "b";
  for (int i = 0; i < 30; ++i) deep.append("/").append(200, 'x');
  EXPECT_CODE(storage->Create(deep), kInvalidArgument);
  EXPECT_CODE(storage->Publish(deep, "x"), kInvalidArgument);
  EXPECT_FALSE(scratch_.Has("storage/b"));
}

TEST_F(FileSystemStorageTest, FoldersComeAndGoUnderManyThreads) {
  const auto opened = OpenFileSystemStorage(scratch_.File("storage"));
  ASSERT_OK(opened);
  CheckpointStorage& storage = **opened;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&storage, &failures, t] {
      for (int i = 0; i < 200; ++i) {
        const std::string path = "a/b/" + std::to_string(t);
        auto writer = storage.Create(path);
        if (!writer.ok() || !(*writer)->Append("x").ok() || !(*writer)->Close().ok()) ++failures;
        if (i % 16 == t && !storage.Publish("a/m" + std::to_string(t), "x").ok()) ++failures;
        if (!storage.List("a").ok()) ++failures;
        if (!storage.Remove(path).ok() || !storage.Remove("a/m" + std::to_string(t)).ok()) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_TRUE(fs::is_empty(scratch_.File("storage")));
}

}  // namespace
}  // namespace kvstate::backends
