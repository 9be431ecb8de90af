#include "backends/lmdb/lmdb_options.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/status_testing.h"

namespace kvstate::backends::lmdb {
namespace {

TEST(LmdbOptionsTest, DescribesEachOptionSortedByNameWithADefaultThatParses) {
  const auto described = DescribeLmdbOptions();
  EXPECT_TRUE(
      std::is_sorted(described.begin(), described.end(), [](const auto& a, const auto& b) { return a.name < b.name; }));
  std::map<std::string, std::string> defaults;
  for (const EngineOption& option : described) {
    EXPECT_FALSE(option.description.empty()) << option.name;
    defaults[option.name] = option.default_value;
  }
  ASSERT_OK_AND_ASSIGN(const LmdbOptions parsed, ParseLmdbOptions(defaults));
  EXPECT_EQ(parsed.map_bytes, LmdbOptions().map_bytes);
  EXPECT_EQ(parsed.commit_dirty_pages, LmdbOptions().commit_dirty_pages);
}

TEST(LmdbOptionsTest, TakesValuesByName) {
  ASSERT_OK_AND_ASSIGN(const LmdbOptions parsed, ParseLmdbOptions({{"map_bytes", "2097152"}, {"max_states", "7"}}));
  EXPECT_EQ(parsed.map_bytes, 2097152u);
  EXPECT_EQ(parsed.max_states, 7u);
}

TEST(LmdbOptionsTest, RefusesAnUnknownNameAndListsThoseThereAre) {
  const auto parsed = ParseLmdbOptions({{"write_buffer_size", "1"}});
  EXPECT_CODE(parsed, kInvalidArgument);
  EXPECT_MENTIONS(parsed, "write_buffer_size");
  for (const EngineOption& option : DescribeLmdbOptions()) EXPECT_MENTIONS(parsed, option.name);
}

TEST(LmdbOptionsTest, RefusesWhatIsNoNumberOrOutOfRange) {
  for (const char* bad : {"", "x", "1k", "-1", "0", "99999999999999999999999", " 1"}) {
    const auto parsed = ParseLmdbOptions({{"map_bytes", bad}});
    EXPECT_CODE(parsed, kInvalidArgument) << bad;
    EXPECT_MENTIONS(parsed, "map_bytes");
  }
}

}  // namespace
}  // namespace kvstate::backends::lmdb
