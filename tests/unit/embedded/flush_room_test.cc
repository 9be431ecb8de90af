#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>

#include "backends/embedded/linked_files.h"
#include "tests/support/status_testing.h"

namespace kvstate::backends {
namespace {

class FlushRoomTest : public testing::Test {
 protected:
  const std::string directory_ = std::filesystem::temp_directory_path().string();
};

TEST_F(FlushRoomTest, ThereIsRoomForNothingAndForLittle) {
  EXPECT_OK(CheckRoomForFlush(directory_, "the engine", 0));
  EXPECT_OK(CheckRoomForFlush(directory_, "the engine", 1));
}

TEST_F(FlushRoomTest, AFlushThatCannotFitIsRefusedBeforeItIsTried) {
  // More than any file system has.
  const uint64_t too_much = UINT64_MAX;
  const Status status = CheckRoomForFlush(directory_, "the engine", too_much);
  EXPECT_CODE(status, kResourceExhausted);
  EXPECT_MENTIONS(status, directory_);
  EXPECT_MENTIONS(status, "the engine up to " + std::to_string(too_much));
  EXPECT_MENTIONS(status, "free space");
}

TEST_F(FlushRoomTest, AFileSystemThatDoesNotSayWhatItHasIsTried) {
  EXPECT_OK(CheckRoomForFlush(directory_ + "/there is no such directory", "the engine", UINT64_MAX));
}

}  // namespace
}  // namespace kvstate::backends
