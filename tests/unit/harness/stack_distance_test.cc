#include "harness/profile/stack_distance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

namespace kvstate::harness {
namespace {

/// A stack that is searched from its top.
class PlainStack {
 public:
  std::optional<uint64_t> Access(uint64_t address) {
    const auto at = std::find(stack_.rbegin(), stack_.rend(), address);
    std::optional<uint64_t> distance;
    if (at != stack_.rend()) {
      distance = static_cast<uint64_t>(at - stack_.rbegin());
      stack_.erase(std::next(at).base());
    }
    stack_.push_back(address);
    return distance;
  }

 private:
  std::vector<uint64_t> stack_;
};

TEST(StackDistancesTest, CountTheOthersAccessedInBetween) {
  StackDistances distances;
  EXPECT_EQ(distances.Access(1), std::nullopt);
  EXPECT_EQ(distances.Access(1), 0u);
  EXPECT_EQ(distances.Access(2), std::nullopt);
  EXPECT_EQ(distances.Access(3), std::nullopt);
  EXPECT_EQ(distances.Access(2), 1u);
  EXPECT_EQ(distances.Access(1), 2u);
  EXPECT_EQ(distances.Access(1), 0u);
  EXPECT_EQ(distances.addresses(), 3u);
}

TEST(StackDistancesTest, AreThoseOfAPlainStackHoweverOftenPositionsAreRenumbered) {
  for (const uint64_t addresses : {3u, 100u, 1500u}) {
    StackDistances distances;
    PlainStack plain;
    std::mt19937_64 random(addresses);
    for (int i = 0; i < 12000; ++i) {
      // Low ones more often.
      const uint64_t address = random() % (random() % addresses + 1);
      ASSERT_EQ(distances.Access(address), plain.Access(address)) << addresses << " addresses, access " << i;
    }
  }
}

}  // namespace
}  // namespace kvstate::harness
