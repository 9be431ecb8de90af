// The state micro-benchmarks: their source, and each access against plain maps.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "kvstate/codec.h"
#include "tests/support/status_testing.h"
#include "tests/unit/workloads/operator_testing.h"
#include "workloads/output_digest.h"
#include "workloads/sources/random.h"
#include "workloads/sources/state_micro_source.h"

namespace kvstate::workloads {
namespace {

const Parameters kSource = {{"events", "1500"}, {"setup_keys", "60"}, {"new_keys", "40"}, {"events_per_second", "300"}};

std::string Long(int64_t number) {
  ByteWriter bytes;
  bytes.PutFixed64(static_cast<uint64_t>(number));
  return std::string(bytes.view());
}

std::string Double(double number) {
  ByteWriter bytes;
  Codec<double>::Write(number, bytes);
  return std::string(bytes.view());
}

/// The n-th number that follows from an event's value; the value itself is not the 0th.
int64_t Follower(int64_t value, int64_t n) {
  return static_cast<int64_t>(MixBits(static_cast<uint64_t>(value) + static_cast<uint64_t>(n) * 0x9e3779b97f4a7c15u));
}

double Fraction(int64_t value) { return static_cast<double>(static_cast<uint64_t>(value) >> 11) / 9007199254740992.0; }

struct Decoded {
  std::string key;  ///< The one that the access is to.
  bool sets_up = false;
  StateMicroEvent operands;
};

std::vector<Decoded> Decode(const std::vector<OwnedEvent>& events, bool adds) {
  std::vector<Decoded> all;
  for (const OwnedEvent& event : events) {
    auto operands = DecodeStateMicroEvent(event.value);
    EXPECT_OK(operands);
    const bool sets_up = event.stream == kSetUpStream;
    all.push_back({adds && !sets_up ? Long(operands->new_key) : event.key, sets_up, *operands});
  }
  return all;
}

TEST(StateMicroSourceTest, SetsUpEachKeyAndThenGoesOverOldAndNewOnesShuffled) {
  const auto events = ReadEvents("state_micro_value", kSource, 7);
  ASSERT_EQ(events.size(), 1560u);
  std::vector<std::string> keys;
  std::vector<int64_t> new_keys;
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].stream, i < 60 ? kSetUpStream : kAccessStream);
    EXPECT_EQ(events[i].time_ms, static_cast<int64_t>(i * 1000 / 300));
    if (i < 60) {
      EXPECT_EQ(events[i].key, Long(static_cast<int64_t>(i)));
      continue;
    }
    ASSERT_OK_AND_ASSIGN(const StateMicroEvent operands, DecodeStateMicroEvent(events[i].value));
    EXPECT_EQ(operands.number, i - 60);
    keys.push_back(events[i].key);
    new_keys.push_back(operands.new_key);
  }
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.begin() + 60).size(), 60u);
  EXPECT_FALSE(std::is_sorted(keys.begin(), keys.begin() + 60));
  EXPECT_TRUE(std::equal(keys.begin(), keys.begin() + 60, keys.begin() + 60));
  const std::set<int64_t> distinct(new_keys.begin(), new_keys.begin() + 40);
  EXPECT_EQ(distinct.size(), 40u);
  EXPECT_EQ(*distinct.begin(), 60);
  EXPECT_EQ(*distinct.rbegin(), 99);
  EXPECT_TRUE(std::equal(new_keys.begin(), new_keys.begin() + 40, new_keys.begin() + 40));
}

TEST(StateMicroSourceTest, SaysHowManyEventsFillAndIsTheSameOnEveryMachine) {
  ASSERT_OK_AND_ASSIGN(const WorkloadSpec* spec, FindWorkload("state_micro_map"));
  ASSERT_OK_AND_ASSIGN(const auto source, spec->make_source(kSource, 7));
  EXPECT_EQ(source->fill_events(), 60u);
  EXPECT_EQ(source->size(), 1560u);
  OutputDigest digest;
  Event event;
  while (true) {
    ASSERT_OK_AND_ASSIGN(const bool more, source->Next(&event));
    if (!more) break;
    digest.Add(event.key);
    digest.Add(event.value);
  }
  EXPECT_EQ(digest.value(), 3333096365728409278u);
}

TEST(StateMicroSourceTest, SizesThatSayNothingAreRefused) {
  ASSERT_OK_AND_ASSIGN(const WorkloadSpec* spec, FindWorkload("state_micro_list"));
  EXPECT_CODE(spec->make_source({{"setup_keys", "0"}}, 1), kInvalidArgument);
  EXPECT_CODE(spec->make_source({{"keys", "5"}}, 1), kInvalidArgument);
  EXPECT_CODE(spec->make_operator({{"access", "put"}}), kInvalidArgument);
  EXPECT_CODE(spec->make_operator({{"access", "get"}, {"list_elements", "5"}}), kInvalidArgument);
  EXPECT_CODE(DecodeStateMicroEvent("short"), kDataLoss);
}

TEST(StateMicroValueTest, EachAccessDoesWhatItSays) {
  const auto events = ReadEvents("state_micro_value", kSource, 1);
  for (const std::string access : {"update", "add", "get", "clear"}) {
    SCOPED_TRACE(access);
    std::map<std::string, int64_t> state;
    std::vector<std::string> rows;
    for (const auto& [key, sets_up, operands] : Decode(events, access == "add")) {
      if (sets_up || access == "update" || access == "add") {
        state[key] = operands.value;
      } else if (access == "clear") {
        state.erase(key);
      } else {
        rows.push_back(key + Long(state.at(key)));
      }
    }
    EXPECT_EQ(state.size(), access == "add" ? 100u : access == "clear" ? 0u : 60u);
    ExpectOutput("state_micro_value", {{"access", access}}, events, rows, state.size());
  }
}

TEST(StateMicroListTest, EachAccessDoesWhatItSays) {
  const auto events = ReadEvents("state_micro_list", kSource, 1);
  for (const std::string access : {"update", "add", "append", "get", "add_all", "clear"}) {
    SCOPED_TRACE(access);
    Parameters parameters = {{"access", access}, {"setup_elements", "9"}};
    if (access == "add_all") parameters["list_elements"] = "4";
    std::map<std::string, std::vector<int64_t>> state;
    std::vector<std::string> rows;
    for (const auto& [key, sets_up, operands] : Decode(events, access == "add")) {
      const auto append = [&, &list = state[key], value = operands.value](int64_t elements) {
        for (int64_t i = 0; i < elements; ++i) list.push_back(i == 0 ? value : Follower(value, i));
      };
      if (sets_up) {
        append(9);
      } else if (access == "update" || access == "add") {
        state[key] = {operands.value};
      } else if (access == "append" || access == "add_all") {
        append(access == "append" ? 1 : 4);
      } else if (access == "clear") {
        state.erase(key);
      } else {
        rows.push_back(key);
        for (const int64_t element : state.at(key)) rows.back() += Long(element);
      }
    }
    ExpectOutput("state_micro_list", parameters, events, rows, state.size());
  }
}

TEST(StateMicroMapTest, EachAccessDoesWhatItSays) {
  const auto events = ReadEvents("state_micro_map", kSource, 1);
  for (const std::string access :
       {"update", "add", "get", "contains", "is_empty", "keys", "values", "entries", "remove", "put_all", "clear"}) {
    SCOPED_TRACE(access);
    std::map<std::string, std::map<int64_t, double>> state;
    std::vector<std::string> rows;
    for (const auto& [key, sets_up, operands] : Decode(events, access == "add")) {
      std::map<int64_t, double>& map = state[key];
      const auto user_key = static_cast<int64_t>(operands.number % 7);
      if (sets_up || access == "put_all") {
        for (int64_t i = 0; i < 7; ++i) map[i] = Fraction(Follower(operands.value, i));
      } else if (access == "update" || access == "add") {
        map[user_key] = Fraction(operands.value);
      } else if (access == "remove") {
        map.erase(user_key);
      } else if (access == "clear") {
        map.clear();
      } else if (access == "get") {
        rows.push_back(key + Double(map.at(user_key)));
      } else if (access == "contains") {
        rows.push_back(key + std::string(1, map.contains(2 * user_key) ? '\1' : '\0'));
      } else if (access == "is_empty") {
        rows.push_back(key + std::string(1, map.empty() ? '\1' : '\0'));
      } else {
        rows.push_back(key);
        for (const auto& [entry, value] : map) {
          if (access != "values") rows.back() += Long(entry);
          if (access != "keys") rows.back() += Double(value);
        }
      }
    }
    uint64_t entries = 0;
    for (const auto& [key, map] : state) entries += map.size();
    ExpectOutput("state_micro_map", {{"access", access}, {"map_entries", "7"}}, events, rows, entries);
  }
}

}  // namespace
}  // namespace kvstate::workloads
