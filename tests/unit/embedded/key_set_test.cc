#include "backends/embedded/key_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

namespace kvstate::backends {
namespace {

std::vector<std::string> KeysOf(const KeySet& set) {
  std::vector<std::string> keys;
  set.ForEach([&](ByteView key) { keys.emplace_back(key); });
  return keys;
}

TEST(KeySetTest, HasEachKeyOnceInTheOrderOfInsertion) {
  KeySet set;
  EXPECT_EQ(set.size(), 0u);
  EXPECT_TRUE(KeysOf(set).empty());
  for (const char* key : {"b", "a", "b", "", "a", "c", ""}) set.Insert(key);
  EXPECT_EQ(set.size(), 4u);
  EXPECT_EQ(KeysOf(set), std::vector<std::string>({"b", "a", "", "c"}));
  EXPECT_FALSE(set.Insert("c"));
  EXPECT_TRUE(set.Insert("d"));
}

TEST(KeySetTest, TellsKeysApartThatDifferInLengthOrZeroesAlone) {
  KeySet set;
  for (size_t length = 0; length < 300; ++length) EXPECT_TRUE(set.Insert(std::string(length, '\0')));
  for (size_t length = 0; length < 300; ++length) EXPECT_FALSE(set.Insert(std::string(length, '\0')));
  EXPECT_EQ(set.size(), 300u);
}

TEST(KeySetTest, TakesTheLongestCompositeKeys) {
  KeySet set;
  const std::string longest(3 * 65535 + 16, 'k');
  for (char c = 'a'; c < 'k'; ++c) EXPECT_TRUE(set.Insert(longest + c));
  for (char c = 'a'; c < 'k'; ++c) EXPECT_FALSE(set.Insert(longest + c));
  EXPECT_EQ(KeysOf(set).back(), longest + 'j');
}

TEST(KeySetTest, BehavesAsASetOfStrings) {
  for (uint64_t seed = 0; seed < 4; ++seed) {
    std::mt19937_64 random(seed);
    KeySet set;
    std::set<std::string> model;
    for (int i = 0; i < 10000; ++i) {
      std::string key(random() % (seed == 0 ? 1000 : 12), '\0');
      for (char& c : key) c = static_cast<char>(random() % (seed + 2));
      EXPECT_EQ(set.Insert(key), model.insert(key).second);
    }
    EXPECT_EQ(set.size(), model.size());
    const std::vector<std::string> keys = KeysOf(set);
    EXPECT_EQ(keys.size(), model.size());
    EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()), model);
  }
}

}  // namespace
}  // namespace kvstate::backends
