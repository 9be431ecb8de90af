#include "backends/embedded/transfers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "tests/support/status_testing.h"

namespace kvstate::backends {
namespace {

TEST(TransfersTest, EachIsDoneOnceOnAnyNumberOfThreads) {
  for (const uint32_t threads : {1u, 2u, 16u}) {
    for (const size_t count : {0u, 1u, 7u, 100u}) {
      std::vector<std::atomic<int>> done(count);
      EXPECT_OK(RunTransfers(count, threads, [&](size_t i) {
        ++done[i];
        return Status();
      }));
      for (const auto& times : done) EXPECT_EQ(times, 1);
    }
  }
}

TEST(TransfersTest, StopsAtAFailureAndGivesIt) {
  std::atomic<size_t> begun{0};
  const Status status = RunTransfers(1000, 1, [&](size_t i) {
    ++begun;
    return i == 3 ? DataLossError("the third file") : Status();
  });
  EXPECT_CODE(status, kDataLoss);
  EXPECT_EQ(begun, 4u);
  EXPECT_CODE(RunTransfers(1000, 4, [](size_t) { return DataLossError("each of them"); }), kDataLoss);
}

}  // namespace
}  // namespace kvstate::backends
