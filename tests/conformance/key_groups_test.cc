#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

class KeyGroupsTest : public BackendTest {
 protected:
  KeyedBackend<int64_t> OpenRange(uint32_t max_parallelism, KeyGroupRange range) {
    BackendOptions options = Options(SerializerFor<int64_t>());
    options.max_parallelism = max_parallelism;
    options.key_groups = range;
    return KeyedBackend<int64_t>(Make(options));
  }
  static uint32_t GroupOf(int64_t key, uint32_t max_parallelism) {
    return KeyGroupOf(Codec<int64_t>::KeyHash(Encode(key)), max_parallelism);
  }
};
KVSTATE_ON_EVERY_BACKEND(KeyGroupsTest);

TEST_P(KeyGroupsTest, EveryKeyOfEveryGroupIsKept) {
  for (const uint32_t m : {1u, 127u, 128u, 129u, 32768u}) {
    SCOPED_TRACE(m);
    auto backend = OpenRange(m, {0, m - 1});
    auto value = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
    auto map = Must(backend.GetState(MapStateDescriptor<int64_t, int64_t>("m")));
    std::set<uint32_t> groups;
    for (int64_t key = 0; key < 1200; ++key) {
      Must(backend.SetCurrentKey(key));
      ASSERT_EQ(backend.backend().current_key_group(), GroupOf(key, m));
      groups.insert(backend.backend().current_key_group());
      Must(value.Update(key));
      Must(map.Put(key, key));
      Must(map.Put(-key - 1, key));
    }
    if (m <= 129) {
      EXPECT_EQ(groups.size(), m) << "the first and the last group among them";
    }
    for (int64_t key = 0; key < 1200; ++key) {
      Must(backend.SetCurrentKey(key));
      ASSERT_EQ(Current(value), key);
      ASSERT_EQ(EntriesOf(map).size(), 2u);
    }
    EXPECT_EQ(KeysOf(backend.backend(), "v", kVoid).size(), 1200u);
    EXPECT_EQ(PairsOf(backend.backend(), "m").size(), 1200u);
    EXPECT_EQ(Must(backend.backend().NumEntries()), 3600u);
  }
}

TEST_P(KeyGroupsTest, TheEndsOfTheLargestRangeEncode) {
  constexpr uint32_t kGroups = 32768;
  auto backend = OpenRange(kGroups, {0, kGroups - 1});
  auto map = Must(backend.GetState(MapStateDescriptor<int64_t, int64_t>("m")));
  std::optional<int64_t> first;
  std::optional<int64_t> last;
  for (int64_t key = 0; !first || !last; ++key) {
    if (GroupOf(key, kGroups) == 0) first = key;
    if (GroupOf(key, kGroups) == kGroups - 1) last = key;
  }
  for (const int64_t key : {*first, *last}) {
    Must(backend.SetCurrentKey(key));
    for (int64_t n = 0; n < 5; ++n) Must(map.Put(n, key));
    EXPECT_EQ(EntriesOf(map).size(), 5u);
  }
  EXPECT_EQ(KeysOf(backend.backend(), "m", kVoid).size(), 2u);
  Must(backend.SetCurrentKey(*last));
  Must(map.Clear());
  EXPECT_EQ(KeysOf(backend.backend(), "m", kVoid), std::vector<std::string>{Encode(*first)});
}

TEST_P(KeyGroupsTest, AKeyOutsideTheRangeIsRefusedAndTheCurrentKeyStays) {
  const KeyGroupRange range{32, 63};
  auto backend = OpenRange(128, range);
  EXPECT_EQ(backend.backend().key_group_range(), range);
  EXPECT_EQ(backend.backend().max_parallelism(), 128u);
  auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  std::optional<int64_t> inside;
  int refused = 0;
  for (int64_t key = 0; key < 500; ++key) {
    if (range.Contains(GroupOf(key, 128))) {
      ASSERT_OK(backend.SetCurrentKey(key));
      inside = key;
      Must(state.Update(key));
      continue;
    }
    ++refused;
    EXPECT_CODE(backend.SetCurrentKey(key), kInvalidArgument);
    if (!inside) continue;
    ASSERT_EQ(backend.backend().current_key(), Encode(*inside));
    ASSERT_EQ(Current(state), *inside);
  }
  EXPECT_GT(refused, 300);
}

TEST_P(KeyGroupsTest, SubtasksPartitionTheKeys) {
  for (const uint32_t m : {127u, 128u, 129u}) {
    constexpr uint32_t kSubtasks = 3;
    std::vector<KeyedBackend<int64_t>> subtasks;
    for (uint32_t i = 0; i < kSubtasks; ++i) subtasks.push_back(OpenRange(m, KeyGroupRangeOf(m, kSubtasks, i)));
    for (int64_t key = 0; key < 300; ++key) {
      int takers = 0;
      for (uint32_t i = 0; i < kSubtasks; ++i) {
        if (!subtasks[i].SetCurrentKey(key).ok()) continue;
        ++takers;
        EXPECT_EQ(i, SubtaskOf(m, kSubtasks, GroupOf(key, m)));
      }
      ASSERT_EQ(takers, 1) << key << " of " << m;
    }
  }
}

}  // namespace
}  // namespace kvstate::conformance
