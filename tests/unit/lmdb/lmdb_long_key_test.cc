#include <random>
#include <string>

#include "tests/unit/lmdb/lmdb_store_testing.h"

namespace kvstate::backends::lmdb {
namespace {

using LmdbLongKeyTest = LmdbStoreTest;

TEST_F(LmdbLongKeyTest, StoresKeysOfEveryLengthAroundTheCuts) {
  auto table = MakeTable();
  Entries model;
  for (const size_t cut : {size_t{511}, size_t{511} + 503, size_t{511} + 2 * 503, size_t{200} * 1024}) {
    for (size_t length = cut - 3; length <= cut + 3; ++length) {
      for (const char last : {'a', 'b'}) {
        std::string key(length, 'k');
        key.back() = last;
        model[key] = std::to_string(length) + last;
        ASSERT_OK(table->Put(key, model[key]));
      }
    }
  }
  for (const auto& [key, value] : model) EXPECT_EQ(Read(*table, key), value);
  EXPECT_EQ(Scan(*table), model);
  EXPECT_EQ(Read(*table, std::string(511, 'k')), "(absent)");
  EXPECT_EQ(Read(*table, std::string(size_t{300} * 1024, 'k')), "(absent)");
}

TEST_F(LmdbLongKeyTest, LeavesNothingBehindWhenDeleted) {
  auto table = MakeTable();
  ASSERT_OK(table->Put("short", "s"));
  const std::string deep(20000, 'd');
  ASSERT_OK(table->Put(deep, "1"));
  ASSERT_OK(table->Delete(deep + "x"));
  ASSERT_OK(table->Delete(deep.substr(1)));
  EXPECT_EQ(Read(*table, deep), "1");
  ASSERT_OK(table->Put(deep + "x", "2"));
  ASSERT_OK(table->Delete(deep));
  EXPECT_EQ(Read(*table, deep + "x"), "2");
  ASSERT_OK(table->Delete(deep + "x"));
  EXPECT_EQ(Scan(*table), (Entries{{"short", "s"}}));

  const auto before = UsedPages();
  for (int i = 0; i < 200; ++i) {
    ASSERT_OK(table->Put(std::to_string(i) + deep, "v"));
    ASSERT_OK(table->Delete(std::to_string(i) + deep));
    ASSERT_OK(store_->Flush(false));
  }
  EXPECT_LT(UsedPages(), before + 200) << "deleted layers must not pile up";
}

/// Keys that share prefixes of all lengths around the cuts, and differ in bytes of any value.
std::string RandomKey(std::mt19937_64& random) {
  static const std::string kPrefix = std::string(400, '\x7f') + std::string(400, '\0') + std::string(1200, '\xff');
  std::string key = kPrefix.substr(0, random() % 3 == 0 ? random() % 20 : random() % kPrefix.size());
  if (random() % 8 == 0) key.resize(511 + 503 * (random() % 4), 'c');
  for (size_t i = random() % 4; i > 0; --i) key.push_back(static_cast<char>(random() % 3 * 127));
  if (key.empty()) key.push_back('\0');
  return key;
}

class LmdbLongKeyModelTest : public LmdbStoreTest, public ::testing::WithParamInterface<uint64_t> {};

TEST_P(LmdbLongKeyModelTest, BehavesAsAnOrderedMap) {
  options_.commit_dirty_pages = 64;
  Open();
  std::mt19937_64 random(GetParam());
  auto table = MakeTable();
  Entries model;
  std::vector<std::string> keys;
  keys.reserve(300);
  for (int i = 0; i < 300; ++i) keys.push_back(RandomKey(random));
  for (int step = 0; step < 3000; ++step) {
    const std::string& key = keys[random() % keys.size()];
    switch (random() % 8) {
      case 0:
      case 1:
      case 2: {
        std::string value(random() % 10 == 0 ? random() % 9000 : random() % 20, static_cast<char>(step));
        ASSERT_OK(table->Put(key, value));
        model[key] = std::move(value);
        break;
      }
      case 3:
      case 4:
        ASSERT_OK(table->Delete(key));
        model.erase(key);
        break;
      case 5:
        ASSERT_EQ(Read(*table, key), model.contains(key) ? model[key] : "(absent)");
        break;
      default: {
        if (step % 10 != 0) break;
        std::string lower = random() % 2 == 0 ? "" : keys[random() % keys.size()];
        std::string upper = random() % 2 == 0 ? "" : keys[random() % keys.size()];
        if (!upper.empty() && upper < lower) std::swap(lower, upper);
        const std::string seek = random() % 2 == 0 ? "" : RandomKey(random);
        const auto begin = model.lower_bound(std::max(lower, seek));
        Entries expected;
        for (auto at = begin; at != model.end() && (upper.empty() || at->first < upper); ++at) expected.insert(*at);
        ASSERT_EQ(Scan(*table, lower, upper, seek), expected);
      }
    }
  }
  ASSERT_EQ(Scan(*table), model);
  for (const auto& [key, value] : model) ASSERT_OK(table->Delete(key));
  EXPECT_TRUE(Scan(*table).empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, LmdbLongKeyModelTest, ::testing::Range<uint64_t>(1, 9));

}  // namespace
}  // namespace kvstate::backends::lmdb
