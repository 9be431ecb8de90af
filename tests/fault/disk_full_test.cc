#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>

#include "tests/fault/directory_backends.h"
#include "tests/support/status_testing.h"

namespace kvstate {
namespace {

namespace fs = std::filesystem;

constexpr size_t kValueBytes = 4096;
constexpr int kDiskBytes = 24 << 20;
// Far more than fits, memory included.
constexpr int kMostWrites = 4 * kDiskBytes / static_cast<int>(kValueBytes);

/// Random, so that nothing compresses it; another for each key.
std::string ValueOf(int key) {
  std::mt19937_64 random(static_cast<uint64_t>(key));
  std::string value;
  while (value.size() < kValueBytes) {
    const uint64_t word = random();
    value.append(reinterpret_cast<const char*>(&word), sizeof(word));
  }
  return value;
}

class DiskFullTest : public DirectoryBackendTest {
 protected:
  void SetUp() override {
    DirectoryBackendTest::SetUp();
    disk_ = root_ / "disk";
    fs::create_directory(disk_);
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
    DirectoryBackendTest::TearDown();
  }

  /// Writes keys 0, 1, … until a write fails; sets `end` behind the last that did not. Values are written out by the
  /// engine's own doing, beside the writes.
  static Status FillUp(KeyedStateBackend& backend, InternalValueState& state, int* end) {
    for (*end = 0; *end < kMostWrites; ++*end) {
      KVSTATE_RETURN_IF_ERROR(Put(backend, state, std::to_string(*end), ValueOf(*end)));
    }
    return Status();
  }

  static void ExpectReadable(KeyedStateBackend& backend, InternalValueState& state, int end) {
    for (int key = 0; key < end; ++key) {
      const auto value = Get(backend, state, std::to_string(key));
      ASSERT_OK(value);
      ASSERT_EQ(*value, ValueOf(key)) << "key " << key << " of " << end;
    }
  }

  fs::path disk_;
  bool mounted_ = false;
};

TEST_P(DiskFullTest, IsResourceExhaustedAndWhatIsWrittenStaysReadable) {
  auto backend = Create(disk_ / "backend");
  ASSERT_OK(backend);
  InternalValueState* state = MakeState(**backend);
  ASSERT_NE(state, nullptr);
  int end = 0;
  const Status full = FillUp(**backend, *state, &end);
  EXPECT_CODE(full, kResourceExhausted);
  EXPECT_GT(end, 0);
  ExpectReadable(**backend, *state, end);
  // And again: not once, but as long as it is so.
  const Status still = Put(**backend, *state, "another", ValueOf(-1));
  if (!still.ok()) {
    EXPECT_CODE(still, kResourceExhausted);
  }
  EXPECT_OK((*backend)->Dispose());
  EXPECT_TRUE(fs::is_empty(disk_));
}

TEST_P(DiskFullTest, GoesOnWhenThereIsRoomAgainOrSaysThatItCannot) {
  std::ofstream(disk_ / "ballast") << std::string(kDiskBytes / 2, 'b');
  auto backend = Create(disk_ / "backend");
  ASSERT_OK(backend);
  InternalValueState* state = MakeState(**backend);
  ASSERT_NE(state, nullptr);
  int end = 0;
  EXPECT_CODE(FillUp(**backend, *state, &end), kResourceExhausted);
  fs::remove(disk_ / "ballast");
  Status again;
  // RocksDB looks for room every five seconds.
  for (int attempt = 0; attempt < 600; ++attempt) {
    again = Put(**backend, *state, "again", ValueOf(end));
    if (again.ok() || again.message().find("make a new backend") != std::string_view::npos) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  if (again.ok()) {
    const auto value = Get(**backend, *state, "again");
    ASSERT_OK(value);
    EXPECT_EQ(*value, ValueOf(end));
  } else {
    EXPECT_CODE(again, kResourceExhausted);
    EXPECT_MENTIONS(again, "make a new backend");
  }
  ExpectReadable(**backend, *state, end);
}

TEST_P(DiskFullTest, AFullDiskAtTheStartLeavesNothing) {
  {
    std::ofstream ballast(disk_ / "ballast", std::ios::binary);
    const std::string block(1 << 20, 'b');
    while (ballast.write(block.data(), static_cast<std::streamsize>(block.size()))) {
    }
  }
  ASSERT_EQ(fs::space(disk_).available, 0u);
  const auto backend = Create(disk_ / "backend");
  // An engine may need no room until it has something to write.
  if (!backend.ok()) {
    EXPECT_CODE(backend, kResourceExhausted);
    EXPECT_FALSE(fs::exists(disk_ / "backend"));
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, DiskFullTest, testing::ValuesIn(DirectoryBackends()),
                         [](const auto& backend) { return backend.param; });

}  // namespace
}  // namespace kvstate
