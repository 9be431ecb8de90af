#include "workloads/sources/synthetic_source.h"

#define XXH_INLINE_ALL
#include <gtest/gtest.h>
#include <xxhash.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "kvstate/bytes.h"

namespace kvstate::workloads {
namespace {

std::unique_ptr<EventSource> Make(const Parameters& parameters, uint64_t seed = 1) {
  static const std::vector<ParameterSpec> specs = SyntheticSourceParameters({});
  auto source = MakeSyntheticSource("test", specs, parameters, seed);
  EXPECT_TRUE(source.ok()) << source.status().ToString();
  return source.ok() ? std::move(source).value() : nullptr;
}

template <class F>
void ForEachEvent(EventSource& source, F f) {
  Event event;
  while (true) {
    const Result<bool> more = source.Next(&event);
    ASSERT_TRUE(more.ok());
    if (!*more) break;
    f(event);
  }
}

/// Of the whole stream: time, key and value of each event, each self-delimiting.
uint64_t DigestOf(const Parameters& parameters, uint64_t seed) {
  uint64_t digest = 0;
  ByteWriter bytes;
  ForEachEvent(*Make(parameters, seed), [&](const Event& event) {
    bytes.Clear();
    bytes.PutFixed64(static_cast<uint64_t>(event.time_ms));
    bytes.PutLengthPrefixed(event.key);
    bytes.PutLengthPrefixed(event.value);
    digest = XXH3_64bits_withSeed(bytes.view().data(), bytes.size(), digest);
  });
  return digest;
}

/// Never to be changed: results that were measured refer to these streams.
TEST(SyntheticSourceTest, GivesTheSameStreamByteForByteOnEveryMachine) {
  const Parameters uniform = {{"events", "10000"}, {"keys", "1000"}, {"value_bytes", "100"}};
  EXPECT_EQ(DigestOf(uniform, 1), 0x5972aa52ab8d89e4u);
  EXPECT_EQ(DigestOf(uniform, 2), 0xcbe55fe1d238d609u);
  const Parameters zipfian = {{"events", "10000"},        {"keys", "1000000"},
                              {"zipf_theta", "0.99"},     {"key_distribution", "zipfian"},
                              {"out_of_order_ms", "500"}, {"key_bytes", "19"}};
  EXPECT_EQ(DigestOf(zipfian, 1), 0x8a185054e4cd427cu);
  const Parameters steep = {{"events", "10000"},   {"keys", "1099511627776"},
                            {"zipf_theta", "1.2"}, {"key_distribution", "zipfian"},
                            {"value_bytes", "13"}, {"value_random_percent", "100"}};
  EXPECT_EQ(DigestOf(steep, 1), 0xe04ef90316a34a35u);
  const Parameters sequential = {{"events", "10000"}, {"keys", "77"}, {"key_distribution", "sequential"}};
  EXPECT_EQ(DigestOf(sequential, 1), 0x4eeafdbb6ba46890u);
}

TEST(SyntheticSourceTest, FilledStreamsAndEpochsAreTheSameOnEveryMachineToo) {
  Parameters parameters = {
      {"events", "9000"}, {"keys", "1000"}, {"fill", "yes"}, {"epoch_events", "2000"}, {"active_percent", "10"}};
  EXPECT_EQ(DigestOf(parameters, 1), 0xb93bbeae9a5526abu);
  parameters["key_distribution"] = "zipfian";
  EXPECT_EQ(DigestOf(parameters, 1), 0x93558a24d6b89d94u);
}

TEST(SyntheticSourceTest, FillingGivesEachKeyOnceScatteredAtTheFirstTime) {
  std::set<std::string> keys;
  std::string before;
  int ascending = 0;
  int events = 0;
  ForEachEvent(*Make({{"events", "1500"}, {"keys", "1000"}, {"fill", "yes"}, {"start_ms", "5000"}}),
               [&](const Event& event) {
                 if (events < 1000) {
                   EXPECT_EQ(event.time_ms, 5000);
                   EXPECT_TRUE(keys.emplace(event.key).second);
                   ascending += event.key > before ? 1 : 0;
                   before = event.key;
                 } else {
                   EXPECT_EQ(event.time_ms, 5000 + events - 1000);
                 }
                 ++events;
               });
  EXPECT_EQ(keys.size(), 1000u);
  EXPECT_GT(ascending, 300);
  EXPECT_LT(ascending, 700);
}

TEST(SyntheticSourceTest, AnEpochHasAsManyDistinctKeysAsAreActive) {
  for (const char* distribution : {"uniform", "zipfian"}) {
    std::vector<std::map<std::string, int>> epochs(4);
    int events = 0;
    ForEachEvent(*Make({{"events", "9000"},
                        {"keys", "1000"},
                        {"fill", "yes"},
                        {"epoch_events", "2000"},
                        {"active_percent", "10"},
                        {"key_distribution", distribution}}),
                 [&](const Event& event) {
                   if (events >= 1000) ++epochs[static_cast<size_t>(events - 1000) / 2000][std::string(event.key)];
                   ++events;
                 });
    for (const auto& epoch : epochs) EXPECT_EQ(epoch.size(), 100u) << distribution;
    EXPECT_NE(epochs[0], epochs[1]) << distribution;
    int most = 0;
    int both = 0;
    for (const auto& [key, count] : epochs[0]) {
      most = std::max(most, count);
      both += epochs[1].contains(key) ? 1 : 0;
    }
    // Popular keys stay so, and are active again and again.
    const bool zipfian = distribution == std::string("zipfian");
    EXPECT_EQ(most > 100, zipfian) << most;
    EXPECT_EQ(both > 25, zipfian) << both;
  }
}

TEST(SyntheticSourceTest, ASteepDistributionStillHasAllItsActiveKeys) {
  std::set<std::string> keys;
  ForEachEvent(*Make({{"events", "600"},
                      {"keys", "1000"},
                      {"epoch_events", "600"},
                      {"active_percent", "50"},
                      {"zipf_theta", "10"},
                      {"key_distribution", "zipfian"}}),
               [&](const Event& event) { keys.emplace(event.key); });
  EXPECT_EQ(keys.size(), 500u);
}

TEST(SyntheticSourceTest, EpochsThatCannotBeAreRefused) {
  static const std::vector<ParameterSpec> specs = SyntheticSourceParameters({});
  for (const Parameters& wrong : std::vector<Parameters>{
           {{"active_percent", "10"}},
           {{"epoch_events", "9"}, {"keys", "100"}, {"active_percent", "10"}},
           {{"epoch_events", "100"}, {"keys", "100"}, {"key_distribution", "sequential"}},
           {{"epoch_events", "100"}, {"keys", "100"}, {"active_percent", "0"}},
           {{"fill", "perhaps"}},
       }) {
    const auto source = MakeSyntheticSource("test", specs, wrong, 1);
    EXPECT_EQ(source.status().code(), StatusCode::kInvalidArgument) << wrong.begin()->first;
  }
}

TEST(SyntheticSourceTest, GivesAsManyEventsAsAskedFor) {
  auto source = Make({{"events", "321"}});
  EXPECT_EQ(source->size(), 321u);
  int events = 0;
  ForEachEvent(*source, [&](const Event&) { ++events; });
  EXPECT_EQ(events, 321);
}

TEST(SyntheticSourceTest, SequentialKeysGoRoundInByteOrder) {
  std::string before;
  int wraps = 0;
  ForEachEvent(*Make({{"events", "1000"}, {"keys", "500"}, {"key_distribution", "sequential"}}),
               [&](const Event& event) {
                 if (event.key <= before) ++wraps;
                 before = event.key;
               });
  EXPECT_EQ(wraps, 1);
}

TEST(SyntheticSourceTest, KeysStayWithinTheirNumberAndLength) {
  for (const char* distribution : {"uniform", "zipfian", "sequential"}) {
    std::set<std::string> keys;
    ForEachEvent(*Make({{"events", "5000"}, {"keys", "40"}, {"key_bytes", "21"}, {"key_distribution", distribution}}),
                 [&](const Event& event) { keys.emplace(event.key); });
    EXPECT_EQ(keys.size(), 40u) << distribution;
    EXPECT_EQ(keys.begin()->size(), 21u);
  }
}

TEST(SyntheticSourceTest, TimeAdvancesAtItsRateAndIsLateWithinItsBound) {
  int64_t i = 0;
  ForEachEvent(*Make({{"events", "5000"}, {"events_per_second", "3"}, {"start_ms", "1000"}}), [&](const Event& event) {
    EXPECT_EQ(event.time_ms, 1000 + i * 1000 / 3);
    ++i;
  });
  i = 0;
  std::set<int64_t> late_by_ms;
  ForEachEvent(*Make({{"events", "5000"}, {"start_ms", "1000"}, {"out_of_order_ms", "4"}}), [&](const Event& event) {
    late_by_ms.insert(1000 + i - event.time_ms);
    ++i;
  });
  EXPECT_EQ(late_by_ms, (std::set<int64_t>{0, 1, 2, 3, 4}));
}

TEST(SyntheticSourceTest, PayloadsDoNotChangeKeysOrTimes) {
  const Parameters parameters = {{"events", "1000"}, {"out_of_order_ms", "100"}};
  auto with_payload = parameters;
  with_payload["value_bytes"] = "64";
  auto a = Make(parameters);
  auto b = Make(with_payload);
  Event of_a;
  ForEachEvent(*b, [&](const Event& of_b) {
    ASSERT_TRUE(a->Next(&of_a).ok());
    EXPECT_EQ(of_a.key, of_b.key);
    EXPECT_EQ(of_a.time_ms, of_b.time_ms);
    EXPECT_EQ(of_b.value.size(), 64u);
  });
}

double CompressedShare(const Parameters& parameters) {
  std::string all;
  ForEachEvent(*Make(parameters), [&](const Event& event) { all += event.value; });
  uLongf size = compressBound(all.size());
  std::string compressed(size, '\0');
  EXPECT_EQ(compress2(reinterpret_cast<Bytef*>(compressed.data()), &size, reinterpret_cast<const Bytef*>(all.data()),
                      all.size(), 6),
            Z_OK);
  return static_cast<double>(size) / static_cast<double>(all.size());
}

TEST(SyntheticSourceTest, PayloadsCompressToAboutTheShareAskedFor) {
  for (const char* size : {"100", "1024", "100000"}) {
    SCOPED_TRACE(size);
    Parameters parameters = {{"events", "20"}, {"value_bytes", size}};
    for (int percent : {25, 50, 75, 100}) {
      parameters["value_random_percent"] = std::to_string(percent);
      EXPECT_NEAR(CompressedShare(parameters), percent / 100.0, 0.07) << percent;
    }
  }
}

}  // namespace
}  // namespace kvstate::workloads
