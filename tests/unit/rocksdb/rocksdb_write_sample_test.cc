#include "backends/rocksdb/rocksdb_write_sample.h"

#include <gtest/gtest.h>

#include <string>

namespace kvstate::backends::rocksdb {
namespace {

constexpr int64_t kTtl = 1000;

class WriteSampleTest : public testing::Test {
 protected:
  void Put(int first, int count) {
    for (int i = first; i < first + count; ++i) sample_.Put("key " + std::to_string(i), 100, clock_);
  }
  double LiveKeys() { return static_cast<double>(sample_.LiveBytes(kTtl, clock_.NowMillis())) / 100; }

  ManualClock clock_{5000};
  WriteSample sample_;
};

TEST_F(WriteSampleTest, CountsWhatWasOverwrittenOnce) {
  for (int i = 0; i < 100; ++i) Put(0, 100);
  EXPECT_EQ(LiveKeys(), 100);
  sample_.Put("key 7", 1100, clock_);
  EXPECT_EQ(LiveKeys(), 110);
}

TEST_F(WriteSampleTest, ManyKeysAreToldFromFew) {
  Put(0, 100000);
  EXPECT_NEAR(LiveKeys(), 100000, 15000);
  for (int i = 0; i < 10; ++i) Put(0, 100000);
  EXPECT_NEAR(LiveKeys(), 100000, 15000);
}

TEST_F(WriteSampleTest, ForgetsWhatExpiredAndWhatWasRemoved) {
  Put(0, 300);
  clock_.SetMillis(5999);
  Put(200, 200);
  for (int i = 0; i < 50; ++i) sample_.Delete("key " + std::to_string(i));
  EXPECT_EQ(LiveKeys(), 350);
  clock_.SetMillis(6000);
  EXPECT_EQ(LiveKeys(), 200);
  clock_.SetMillis(6999);
  EXPECT_EQ(LiveKeys(), 0);
}

TEST_F(WriteSampleTest, IsCloseAgainOnceFewKeysAreLeft) {
  Put(0, 1000000);
  clock_.SetMillis(7000);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(LiveKeys(), 0);
  Put(0, 100);
  EXPECT_EQ(LiveKeys(), 100);
}

}  // namespace
}  // namespace kvstate::backends::rocksdb
