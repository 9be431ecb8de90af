#include "backends/common/working_directory.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace kvstate::backends {
namespace {

namespace fs = std::filesystem;

class WorkingDirectoryTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "kvstate_directory_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }

  static void Touch(const fs::path& file) { std::ofstream(file) << "contents"; }

  fs::path root_;
};

TEST_F(WorkingDirectoryTest, MakesParentsAndRemovesThemAgain) {
  {
    const auto opened = WorkingDirectory::Open((root_ / "a/b/c").string());
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    EXPECT_TRUE(fs::is_directory((*opened)->engine_path()));
    Touch(fs::path((*opened)->engine_path()) / "table");
  }
  EXPECT_TRUE(fs::is_empty(root_));
}

TEST_F(WorkingDirectoryTest, KeepsADirectoryThatWasThere) {
  auto opened = WorkingDirectory::Open(root_.string());
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE((*opened)->Remove().ok());
  EXPECT_TRUE(fs::is_directory(root_));
  EXPECT_TRUE(fs::is_empty(root_));
}

TEST_F(WorkingDirectoryTest, NeverTouchesForeignFiles) {
  Touch(root_ / "mine");
  const auto opened = WorkingDirectory::Open((root_ / "new").string());
  ASSERT_TRUE(opened.ok());
  Touch(root_ / "new/other");
  ASSERT_TRUE((*opened)->Remove().ok());
  EXPECT_TRUE(fs::exists(root_ / "mine"));
  EXPECT_TRUE(fs::exists(root_ / "new/other"));
}

TEST_F(WorkingDirectoryTest, RefusesADirectoryInUseInThisProcess) {
  auto first = WorkingDirectory::Open(root_.string());
  ASSERT_TRUE(first.ok());
  const Status second = WorkingDirectory::Open(root_.string()).status();
  EXPECT_EQ(second.code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(second.message().find(root_.string()), std::string::npos) << second.message();
  EXPECT_NE(second.message().find("process " + std::to_string(getpid())), std::string::npos) << second.message();
  EXPECT_TRUE(fs::is_directory((*first)->engine_path())) << "the refused one must not clean up";
  ASSERT_TRUE((*first)->Remove().ok());
  EXPECT_TRUE(WorkingDirectory::Open(root_.string()).ok());
}

TEST_F(WorkingDirectoryTest, RefusesADirectoryInUseByAnotherProcessAndWipesWhatAKilledOneLeft) {
  int ready[2];
  int die[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(die), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  char byte = 0;
  if (child == 0) {
    auto opened = WorkingDirectory::Open((root_ / "d").string());
    if (opened.ok()) Touch(fs::path((*opened)->engine_path()) / "left");
    if (write(ready[1], &byte, 1) != 1 || read(die[0], &byte, 1) != 1) _exit(1);
    _exit(0);  // No destructors: as if killed.
  }
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_EQ(WorkingDirectory::Open((root_ / "d").string()).status().code(), StatusCode::kFailedPrecondition);
  ASSERT_EQ(write(die[1], &byte, 1), 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(fs::exists(root_ / "d/kvstate.engine/left"));

  const auto opened = WorkingDirectory::Open((root_ / "d").string());
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_TRUE(fs::is_empty((*opened)->engine_path()));
  for (const int fd : {ready[0], ready[1], die[0], die[1]}) close(fd);
}

TEST_F(WorkingDirectoryTest, LeavesAnEngineDirectoryThatIsNotItsOwn) {
  fs::create_directory(root_ / "kvstate.engine");
  Touch(root_ / "kvstate.engine/precious");
  EXPECT_EQ(WorkingDirectory::Open(root_.string()).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(fs::exists(root_ / "kvstate.engine/precious"));
  EXPECT_FALSE(fs::exists(root_ / "kvstate.lock"));
}

TEST_F(WorkingDirectoryTest, APathThatIsAFileIsAnInvalidArgument) {
  Touch(root_ / "file");
  for (const char* path : {"file", "file/below", "file/below/it"}) {
    const Status status = WorkingDirectory::Open((root_ / path).string()).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.ToString();
    EXPECT_NE(status.message().find((root_ / "file").string()), std::string::npos) << status.message();
  }
  EXPECT_TRUE(fs::is_regular_file(root_ / "file"));
}

TEST_F(WorkingDirectoryTest, AFailureRemovesTheParentsItMade) {
  const std::string too_long(300, 'x');
  EXPECT_EQ(WorkingDirectory::Open((root_ / "a/b" / too_long).string()).status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(fs::is_empty(root_));
}

TEST_F(WorkingDirectoryTest, OneOfManyThreadsHoldsItAtATime) {
  std::atomic<int> holders = 0;
  std::atomic<int> rounds = 0;
  std::atomic<bool> clash = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        auto opened = WorkingDirectory::Open((root_ / "x/y").string());
        if (!opened.ok()) continue;
        if (holders.fetch_add(1) != 0) clash = true;
        ++rounds;
        holders.fetch_sub(1);
        if (!(*opened)->Remove().ok()) clash = true;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(clash);
  EXPECT_GT(rounds, 0);
}

}  // namespace
}  // namespace kvstate::backends
