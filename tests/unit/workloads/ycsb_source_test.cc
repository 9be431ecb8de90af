#include "workloads/sources/ycsb_source.h"

#define XXH_INLINE_ALL
#include <gtest/gtest.h>
#include <xxhash.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "kvstate/bytes.h"
#include "tests/unit/workloads/operator_testing.h"
#include "workloads/sources/ycsb_events.h"
#include "workloads/sources/ycsb_keys.h"

namespace kvstate::workloads {
namespace {

uint64_t DigestOf(const std::string& workload, uint64_t seed) {
  uint64_t digest = 0;
  for (const OwnedEvent& event : ReadEvents(workload, {{"events", "6000"}, {"keys", "1000"}}, seed)) {
    const std::string bytes =
        RowBuilder().Number(event.time_ms).Number(event.stream).Prefixed(event.key).Prefixed(event.value).Build();
    digest = XXH3_64bits_withSeed(bytes.data(), bytes.size(), digest);
  }
  return digest;
}

/// Never to be changed: results that were measured refer to these streams.
TEST(YcsbSourceTest, GivesTheSameStreamsByteForByteOnEveryMachine) {
  EXPECT_EQ(DigestOf("ycsb_a", 1), 0x9560e57ae6d54d47u);
  EXPECT_EQ(DigestOf("ycsb_a", 2), 0x8b2feff9afc1ee2du);
  EXPECT_EQ(DigestOf("ycsb_b", 1), 0xd7af9f7e10a1bb28u);
  EXPECT_EQ(DigestOf("ycsb_c", 1), 0xeb0919944e1da6a9u);
  EXPECT_EQ(DigestOf("ycsb_d", 1), 0x5c0231ce537271b7u);
  EXPECT_EQ(DigestOf("ycsb_e", 1), 0xacc9316436ae1bd2u);
  EXPECT_EQ(DigestOf("ycsb_f", 1), 0x3b3ebc06b2bbf353u);
}

/// By YcsbOperation, of those after the insertions that fill.
std::array<int64_t, 5> Mix(const std::string& workload) {
  std::array<int64_t, 5> mix{};
  const auto events = ReadEvents(workload, {{"events", "101000"}, {"keys", "1000"}, {"field_bytes", "1"}}, 1);
  for (size_t i = 1000; i < events.size(); ++i) ++mix.at(events[i].stream);
  return mix;
}

TEST(YcsbSourceTest, OperationsHaveTheSharesOfTheirWorkload) {
  struct Shares {
    const char* workload;
    std::array<double, 5> percent;  ///< Insert, read, update, scan, read-modify-write.
  };
  const Shares all[] = {{"ycsb_a", {0, 50, 50, 0, 0}}, {"ycsb_b", {0, 95, 5, 0, 0}}, {"ycsb_c", {0, 100, 0, 0, 0}},
                        {"ycsb_d", {5, 95, 0, 0, 0}},  {"ycsb_e", {5, 0, 0, 95, 0}}, {"ycsb_f", {0, 50, 0, 0, 50}}};
  for (const auto& [workload, percent] : all) {
    const auto mix = Mix(workload);
    for (size_t i = 0; i < mix.size(); ++i) {
      const double expected = percent.at(i) * 1000;
      // Four standard deviations of a binomial.
      const double off = 4 * std::sqrt(expected * (100 - percent.at(i)) / 100);
      EXPECT_NEAR(static_cast<double>(mix.at(i)), expected, off) << workload << ", operation " << i;
    }
  }
}

TEST(YcsbKeysTest, AreThoseOfYcsb) {
  EXPECT_EQ(YcsbKey(0), "user6284781860667377211");
  EXPECT_EQ(YcsbKey(1), "user8517097267634966620");
}

TEST(YcsbSourceTest, InsertsEachRecordFirstAndNewOnesAfterThem) {
  std::set<std::string> keys;
  const auto events = ReadEvents("ycsb_d", {{"events", "3000"}, {"keys", "500"}}, 3);
  uint64_t inserted = 0;
  for (const OwnedEvent& event : events) {
    YcsbRequest request;
    ASSERT_TRUE(request.ReadFrom({event.time_ms, event.key, event.value, event.stream}).ok());
    if (event.stream == kYcsbInsert) {
      EXPECT_EQ(event.key, YcsbKey(inserted++));
      EXPECT_TRUE(keys.insert(event.key).second);
      ASSERT_EQ(request.fields.size(), 10u);
      for (const auto& [field, value] : request.fields) EXPECT_EQ(value.size(), 100u);
    } else {
      EXPECT_TRUE(keys.contains(event.key)) << "reads what is not there";
      EXPECT_TRUE(request.fields.empty());
    }
    EXPECT_TRUE(inserted >= 500 || event.stream == kYcsbInsert);
  }
  EXPECT_GT(inserted, 550u);
}

TEST(YcsbSourceTest, AnUpdateWritesOneFieldOrAll) {
  std::array<int, 10> drawn{};
  for (const OwnedEvent& event : ReadEvents("ycsb_a", {{"events", "4000"}, {"keys", "100"}}, 3)) {
    if (event.stream != kYcsbUpdate) continue;
    YcsbRequest request;
    ASSERT_TRUE(request.ReadFrom({event.time_ms, event.key, event.value, event.stream}).ok());
    ASSERT_EQ(request.fields.size(), 1u);
    ++drawn.at(request.fields[0].first);
  }
  for (const int count : drawn) EXPECT_NEAR(count, 195, 60);
  const Parameters all = {{"events", "300"}, {"keys", "100"}, {"write_all_fields", "yes"}, {"fields", "4"}};
  for (const OwnedEvent& event : ReadEvents("ycsb_a", all, 3)) {
    YcsbRequest request;
    ASSERT_TRUE(request.ReadFrom({event.time_ms, event.key, event.value, event.stream}).ok());
    EXPECT_EQ(request.fields.size(), event.stream == kYcsbRead ? 0u : 4u);
  }
}

TEST(YcsbZipfianTest, DrawsEachNumberAsOftenAsItsRankSays) {
  constexpr uint64_t items = 50;
  constexpr int draws = 400'000;
  YcsbZipfian zipfian(items);
  Random random(1);
  std::array<int, items> counts{};
  for (int i = 0; i < draws; ++i) ++counts.at(zipfian.Draw(random, items));
  double zeta = 0;
  for (uint64_t i = 1; i <= items; ++i) zeta += std::pow(i, -0.99);
  // The first two are exact; the others follow a curve that is near theirs.
  for (uint64_t rank = 0; rank < 2; ++rank) {
    EXPECT_NEAR(counts.at(rank), draws * std::pow(rank + 1, -0.99) / zeta, 1200) << rank;
  }
  for (uint64_t rank = 2; rank < items; ++rank) {
    const double expected = draws * std::pow(rank + 1, -0.99) / zeta;
    EXPECT_NEAR(counts.at(rank), expected, expected * 0.35) << rank;
  }
}

TEST(YcsbZipfianTest, GrowsAsIfItHadBeenOfThatSizeFromTheFirst) {
  YcsbZipfian grown(100);
  YcsbZipfian whole(5000);
  Random of_grown(7);
  Random of_whole(7);
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(grown.Draw(of_grown, 5000), whole.Draw(of_whole, 5000));
}

TEST(YcsbKeyChooserTest, AScatteredZipfianHasTheRanksOfTenBillion) {
  YcsbKeyChooser chooser(YcsbDistribution::kZipfian, 1'000'000, 0);
  Random random(1);
  std::map<uint64_t, int> counts;
  for (int i = 0; i < 200'000; ++i) ++counts[chooser.Draw(random, 999'999)];
  // The first two ranks of 10^10, wherever their hashes put them.
  EXPECT_NEAR(counts[YcsbHash(0) % 1'000'001], 200'000 / 26.469, 350);
  EXPECT_NEAR(counts[YcsbHash(1) % 1'000'001], 200'000 / 26.469 * 0.5035, 250);
}

TEST(YcsbKeyChooserTest, RecordsThatComeLeaveTheOthersAsPopularAsTheyWere) {
  YcsbKeyChooser chooser(YcsbDistribution::kZipfian, 1000, 100);
  Random random(1);
  std::array<std::map<uint64_t, int>, 2> counts;
  for (int i = 0; i < 100'000; ++i) ++counts[0][chooser.Draw(random, 999)];
  for (int i = 0; i < 100'000; ++i) ++counts[1][chooser.Draw(random, 1099)];
  EXPECT_EQ(counts[0].rbegin()->first, 999u);
  EXPECT_EQ(counts[1].rbegin()->first, 1099u);
  const uint64_t hot = YcsbHash(1) % 1101;
  ASSERT_LT(hot, 1000u);
  EXPECT_NEAR(counts[0][hot], counts[1][hot], 600);
}

TEST(YcsbKeyChooserTest, TheLatestRecordIsTheLikeliest) {
  YcsbKeyChooser chooser(YcsbDistribution::kLatest, 1000, 0);
  Random random(1);
  for (const uint64_t last : {uint64_t{999}, uint64_t{5000}}) {
    std::map<uint64_t, int> counts;
    for (int i = 0; i < 50'000; ++i) ++counts[chooser.Draw(random, last)];
    double zeta = 0;
    for (uint64_t i = 1; i <= last; ++i) zeta += std::pow(i, -0.99);
    EXPECT_NEAR(counts[last], 50'000 / zeta, 350) << last;
    EXPECT_GT(counts[last - 1], counts[last - 10]);
    EXPECT_LE(counts.rbegin()->first, last);
  }
}

TEST(YcsbSourceTest, AScanIsOfOneToAHundredRecordsOfAGroup) {
  uint64_t records = 0;
  uint64_t scans = 0;
  std::set<std::string> groups;
  for (const OwnedEvent& event :
       ReadEvents("ycsb_e", {{"events", "12000"}, {"keys", "2000"}, {"field_bytes", "1"}}, 3)) {
    YcsbRequest request;
    ASSERT_TRUE(request.ReadFrom({event.time_ms, event.key, event.value, event.stream}).ok());
    groups.insert(event.key);
    if (event.stream != kYcsbScan) continue;
    EXPECT_GE(request.scan_records, 1u);
    EXPECT_LE(request.scan_records, 100u);
    records += request.scan_records;
    ++scans;
  }
  EXPECT_EQ(groups.size(), 10u);
  EXPECT_NEAR(static_cast<double>(records) / static_cast<double>(scans), 50.5, 1.5);
}

TEST(YcsbSourceTest, SaysHowManyEventsFill) {
  const auto spec = FindWorkload("ycsb_c");
  ASSERT_TRUE(spec.ok());
  const auto source = (*spec)->make_source({{"events", "1000"}, {"keys", "200"}}, 1);
  ASSERT_TRUE(source.ok());
  EXPECT_EQ((*source)->fill_events(), 200u);
  EXPECT_EQ((*source)->size(), 1000u);
}

TEST(YcsbSourceTest, RefusesSharesThatDoNotMakeAllAndStreamsThatOnlyFill) {
  const auto spec = FindWorkload("ycsb_a");
  ASSERT_TRUE(spec.ok());
  const auto refuses = [&](const Parameters& parameters, const std::string& says) {
    const Status status = (*spec)->make_source(parameters, 1).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find(says), std::string::npos) << status.message();
  };
  refuses({{"read_percent", "60"}}, "100");
  refuses({{"events", "100"}, {"keys", "100"}}, "more than keys");
  refuses({{"scan_percent", "5"}, {"read_percent", "45"}}, "scan_percent");
  EXPECT_TRUE((*spec)->make_source({{"read_percent", "20"}, {"insert_percent", "30"}}, 1).ok());
}

}  // namespace
}  // namespace kvstate::workloads
