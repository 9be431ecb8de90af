#include "workloads/operators/event_time.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

#include "kvstate/bytes.h"
#include "workloads/workload.h"

namespace kvstate::workloads {
namespace {

TEST(BoundedWatermarkTest, StaysBehindTheLatestEventAndNeverGoesBack) {
  BoundedWatermark watermark(10);
  EXPECT_EQ(watermark.value(), INT64_MIN);
  EXPECT_TRUE(watermark.Observe(100));
  EXPECT_EQ(watermark.value(), 89);
  EXPECT_FALSE(watermark.Observe(50));
  EXPECT_EQ(watermark.value(), 89);
  watermark.Close();
  EXPECT_EQ(watermark.value(), INT64_MAX);
}

TEST(BoundedWatermarkTest, MovesByItsIntervalAtLeastAlsoWhenRestored) {
  BoundedWatermark watermark(0, 100);
  EXPECT_TRUE(watermark.Observe(1000));
  EXPECT_FALSE(watermark.Observe(1099));
  EXPECT_EQ(watermark.value(), 999);
  ByteWriter saved;
  watermark.Save(saved);
  BoundedWatermark restored(0, 100);
  ByteReader reader(saved.view());
  EXPECT_TRUE(restored.Restore(reader));
  EXPECT_TRUE(reader.AtEnd());
  EXPECT_FALSE(restored.Observe(1099));
  EXPECT_TRUE(restored.Observe(1101));
  EXPECT_EQ(restored.value(), 1100);
  ByteReader cut(saved.view().substr(0, 15));
  EXPECT_FALSE(restored.Restore(cut));
}

TEST(EventTimeTest, TimesThatWouldOverflowAWindowAreRefused) {
  EXPECT_TRUE(CheckEventTime(kMaxEventTimeMs).ok());
  EXPECT_TRUE(CheckEventTime(-kMaxEventTimeMs).ok());
  EXPECT_EQ(CheckEventTime(kMaxEventTimeMs + 1).code(), StatusCode::kOutOfRange);
  EXPECT_EQ(CheckEventTime(INT64_MIN).code(), StatusCode::kOutOfRange);
}

TEST(OperatorProgressTest, IsRefusedBeforeOpen) {
  const auto spec = FindWorkload("tumbling_count");
  ASSERT_TRUE(spec.ok());
  const auto made = (*spec)->make_operator({});
  ASSERT_TRUE(made.ok());
  EXPECT_EQ((*made)->RestoreProgress((*made)->Progress()).code(), StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace kvstate::workloads
