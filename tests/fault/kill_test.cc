#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>
#include <thread>

#include "tests/conformance/conformance.h"
#include "tests/fault/checkpoint_loop.h"
#include "tests/support/must.h"

namespace kvstate {
namespace {

using testing_support::Job;
using testing_support::Must;

constexpr const char* kLoop = "checkpoint_loop";
constexpr int kKills = 55;  ///< On each backend, at least.
/// So many where none has hit the middle of a checkpoint before, which is a short while on some.
constexpr int kMostKills = 4 * kKills;
/// Under a sanitizer a checkpoint takes longer; kills then come in other moments of it, which is as good.
constexpr int kMostMilliseconds = 150;

/// A child process that runs a CheckpointLoop.
class Child {
 public:
  explicit Child(const std::string& backend, const std::string& directory, uint64_t seed) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe");
    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error("no child process");
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(ends[1], STDOUT_FILENO);
      close(ends[0]);
      close(ends[1]);
      // A new program: one that has threads must not go on after fork.
      execl("/proc/self/exe", kLoop, backend.c_str(), directory.c_str(), std::to_string(seed).c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    said_ = ends[0];
  }
  ~Child() { close(said_); }

  /// False when it ended before.
  bool WaitForACheckpoint() const {
    char c = 0;
    return read(said_, &c, 1) == 1;
  }
  /// The signal that ended it, or 0.
  int Kill() const {
    kill(pid_, SIGKILL);
    int outcome = 0;
    if (waitpid(pid_, &outcome, 0) != pid_) throw std::runtime_error("the child process cannot be waited for");
    return WIFSIGNALED(outcome) ? WTERMSIG(outcome) : 0;
  }

 private:
  pid_t pid_ = -1;
  int said_ = -1;
};

class KillTest : public conformance::BackendTest {
 protected:
  /// What a process finds that comes after a killed one: every complete checkpoint whole, the newest with what was in
  /// it, and no file besides theirs. Gives the newest id.
  uint64_t ExpectSound(const CheckpointLoop& loop) {
    const auto storage = Must(loop.OpenStorage());
    const size_t left = Must(storage->List("")).size();
    const auto store = Must(CheckpointStore::Open(storage, CheckpointLoop::store_options()));
    if (Must(storage->List("")).size() < left) ++in_the_middle_;
    std::vector<std::string> expected;
    for (const CheckpointMetadata& metadata : store->Completed()) {
      EXPECT_OK(VerifyCheckpoint(*storage, metadata));
      expected.push_back(CheckpointFolder(metadata.kind, metadata.checkpoint_id) + "/_metadata");
      for (const KeyedStateHandle& handle : metadata.handles) {
        for (const SnapshotFile& file : handle.files) expected.push_back(file.file.path);
      }
    }
    std::sort(expected.begin(), expected.end());
    expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
    std::vector<std::string> there;
    for (const StorageEntry& entry : Must(storage->List(""))) there.push_back(entry.path);
    EXPECT_EQ(there, expected) << "nothing stays of what was not completed";
    const auto latest = store->Latest();
    if (!latest.ok()) return 0;
    testing_support::JobOptions options = loop.job_options();
    options.directory = NewPath();
    Job job(options);
    loop.RestoreExactly(*latest, storage, job, false);
    return latest->checkpoint_id;
  }

  int in_the_middle_ = 0;  ///< Kills that left files of a checkpoint that was not complete.
};
KVSTATE_ON_EVERY_BACKEND(KillTest);

TEST_P(KillTest, TheNewestCheckpointSurvivesAtAnyMoment) {
  std::mt19937_64 random(20240229);
  CheckpointLoop loop{&factory(), NewPath(), 0};
  std::filesystem::create_directories(loop.directory);
  uint64_t newest = 0;
  int with_progress = 0;
  int kills = 0;
  for (; kills < kKills || (in_the_middle_ == 0 && kills < kMostKills); ++kills) {
    loop.seed = random();
    const auto delay = std::chrono::microseconds(random() % (kMostMilliseconds * 1000));
    // Half of them may be killed before they have done anything, as in the middle of a restore.
    const bool after_a_checkpoint = kills % 2 == 0;
    SCOPED_TRACE("kill " + std::to_string(kills) + ", seed " + std::to_string(loop.seed) + ", after " +
                 std::to_string(delay.count()) + " us");
    const Child child(GetParam(), loop.directory, loop.seed);
    if (after_a_checkpoint) {
      EXPECT_TRUE(child.WaitForACheckpoint()) << "it ended by itself";
    }
    std::this_thread::sleep_for(delay);
    EXPECT_EQ(child.Kill(), SIGKILL) << "it ended by itself";
    const uint64_t found = ExpectSound(loop);
    EXPECT_GE(found, newest) << "what was complete stays so";
    with_progress += found > newest ? 1 : 0;
    newest = found;
    if (HasFailure()) return;
  }
  EXPECT_GE(with_progress, kKills / 2);
  EXPECT_GE(in_the_middle_, 1) << "kills that hit no checkpoint try nothing";
  std::cout << newest << " checkpoints, " << in_the_middle_ << " of " << kills << " kills in the middle of one\n";
}

}  // namespace
}  // namespace kvstate

int main(int argc, char** argv) {
  if (argc == 4 && std::string(argv[0]) == kvstate::kLoop) {
    try {
      const kvstate::CheckpointLoop loop{
          kvstate::testing_support::Must(kvstate::conformance::TestedBackends().Find(argv[1])), argv[2],
          std::stoull(argv[3])};
      loop.Run([] {
        if (write(STDOUT_FILENO, ".", 1) != 1) throw std::runtime_error("nobody listens");
      });
    } catch (const std::exception& error) {
      std::cerr << kvstate::kLoop << " " << argv[1] << ", seed " << argv[3] << ": " << error.what() << "\n";
      return 1;
    }
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
