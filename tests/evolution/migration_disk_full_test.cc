#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

#include "tests/evolution/evolving_program.h"

namespace kvstate {

/// Small, and then so large that many of it fit nowhere.
struct Note1 {
  int32_t number = 0;
};
struct Note2 {
  int32_t number = 0;
  std::vector<uint64_t> noise = MakeNoise();

  /// Nothing that compresses.
  static std::vector<uint64_t> MakeNoise() {
    std::vector<uint64_t> noise(2000);
    uint64_t state = 1;
    for (uint64_t& word : noise) word = state = state * 6364136223846793005u + 1442695040888963407u;
    return noise;
  }
};
template <>
struct StructTraits<Note1> {
  static constexpr std::string_view kName = "Note";
  static constexpr auto kMembers = std::make_tuple(Member("number", &Note1::number));
};
template <>
struct StructTraits<Note2> {
  static constexpr std::string_view kName = "Note";
  static constexpr auto kMembers = std::make_tuple(Member("number", &Note2::number), Member("noise", &Note2::noise));
};

namespace conformance {
namespace {

constexpr int kDiskBytes = 24 << 20;
constexpr int32_t kNotes = 2500;

/// A migration on a disk that is too small for what it makes.
class MigrationDiskFullTest : public EvolvingTest {
 protected:
  void SetUp() override {
    disk_ = NewPath();
    std::filesystem::create_directories(disk_);
    const std::string options = "size=" + std::to_string(kDiskBytes);
    if (mount("tmpfs", disk_.c_str(), "tmpfs", 0, options.c_str()) != 0) {
      GTEST_SKIP() << "a small file system is needed, and mounting one is refused: " << std::strerror(errno);
    }
    mounted_ = true;
  }
  void TearDown() override {
    if (mounted_) {
      EXPECT_EQ(umount(disk_.c_str()), 0) << std::strerror(errno);
    }
  }

  KeyedBackend<int32_t> RestoredIn(const std::string& directory, const Handles& handles) {
    BackendOptions options = Options(SerializerFor<int32_t>());
    options.max_parallelism = 8;
    options.key_groups = {0, 7};
    options.directory = directory;
    // So that it is written to the disk at all.
    for (const EngineOption& option : factory().options()) {
      if (option.name == "write_buffer_size") options.engine[option.name] = std::to_string(1 << 20);
    }
    KeyedBackend<int32_t> restored(Make(options));
    Must(SnapshotsOf(restored.backend()).Restore(handles, storage(), {}));
    return restored;
  }

  std::filesystem::path disk_;
  bool mounted_ = false;
};
std::vector<std::string> BackendsWithFiles() {
  std::vector<std::string> names = TestedBackendNames();
  std::erase_if(names, [](const std::string& name) { return !Must(TestedBackends().Find(name))->needs_directory(); });
  return names;
}
INSTANTIATE_TEST_SUITE_P(Backends, MigrationDiskFullTest, ::testing::ValuesIn(BackendsWithFiles()), ParamName);

TEST_P(MigrationDiskFullTest, SaysSoAndLosesNothingOfTheCheckpoint) {
  Handles handles;
  {
    auto before = OpenOn(GetParam());
    auto notes = Must(before.GetState(ValueStateDescriptor<Note1>("n")));
    for (int32_t key = 0; key < kNotes; ++key) {
      Must(before.SetCurrentKey(key));
      Must(notes.Update(Note1{key}));
    }
    handles = Save(before, SnapshotKind::kFullCheckpoint);
  }
  {
    auto full = RestoredIn((disk_ / "work").string(), handles);
    const auto state = full.GetState(ValueStateDescriptor<Note2>("n"));
    ASSERT_FALSE(state.ok());
    EXPECT_MENTIONS(state, "state 'n'");
    EXPECT_MENTIONS(state, "restore the checkpoint again");
    const auto snapshot = SnapshotsOf(full.backend()).Snapshot(100, storage(), {});
    EXPECT_CODE(snapshot, kFailedPrecondition);
    EXPECT_MENTIONS(snapshot, "'n' is in two formats");
    EXPECT_CODE(full.GetState(ValueStateDescriptor<Note2>("n")), kFailedPrecondition);
  }
  auto again = RestoredIn(NewPath(), handles);
  auto notes = Must(again.GetState(ValueStateDescriptor<Note2>("n")));
  for (int32_t key = 0; key < kNotes; ++key) {
    Must(again.SetCurrentKey(key));
    const Note2* note = Must(notes.Get());
    ASSERT_NE(note, nullptr);
    EXPECT_EQ(note->number, key);
    EXPECT_EQ(note->noise.size(), 2000u);
  }
}

}  // namespace
}  // namespace conformance
}  // namespace kvstate
