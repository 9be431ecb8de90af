#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

using Place = std::tuple<std::string, std::string, std::string>;

Place PlaceOf(const StateEntry& entry) {
  return {std::string(entry.key), std::string(entry.state_namespace), std::string(entry.user_key)};
}

/// Every entry that a visitor gives, with how often, and `take` called for it.
template <class Take>
std::map<Place, int> VisitAll(InternalKVState& state, size_t batch, Take take) {
  std::map<Place, int> given;
  const auto visitor = Must(state.Visit());
  for (;;) {
    const auto entries = Must(visitor->NextBatch(batch));
    EXPECT_LE(entries.size(), batch);
    if (entries.empty()) break;
    for (const StateEntry& entry : entries) {
      ++given[PlaceOf(entry)];
      take(*visitor, entry);
    }
  }
  EXPECT_TRUE(Must(visitor->NextBatch(batch)).empty()) << "the end stays the end";
  return given;
}

class VisitorTest : public BackendTest {};
KVSTATE_ON_EVERY_BACKEND(VisitorTest);

TEST_P(VisitorTest, GivesEveryEntryOfEveryKeyAndNamespace) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState<TimeWindow>(ValueStateDescriptor<std::string>("v")));
  std::map<Place, std::string> expected;
  for (int64_t key = 0; key < 50; ++key) {
    for (const TimeWindow window : {TimeWindow{0, 10}, TimeWindow{-10, 0}}) {
      const std::string text = std::to_string(key) + "@" + std::to_string(window.start);
      Must(backend.SetCurrentKey(key));
      Must(state.SetCurrentNamespace(window));
      Must(state.Update(text));
      expected[{Encode(key), Encode(window), ""}] = text;
    }
  }
  for (const size_t batch : {1u, 7u, 1000u}) {
    std::map<Place, std::string> values;
    const auto given = VisitAll(*state.internal(), batch, [&](StateVisitor&, const StateEntry& entry) {
      values[PlaceOf(entry)] = *static_cast<const std::string*>(entry.value);
    });
    EXPECT_EQ(values, expected);
  }
}

TEST_P(VisitorTest, GivesListsAndAccumulatorsAsTheyAreStored) {
  auto backend = Open<int64_t>();
  auto list = Must(backend.GetState(ListStateDescriptor<int64_t>("l")));
  auto reducing = Must(backend.GetState(ReducingStateDescriptor<std::string>("r", Concatenate(true))));
  Must(backend.SetCurrentKey(1));
  for (int64_t n = 0; n < 3; ++n) Must(list.Add(n));
  Must(reducing.Add("a"));
  Must(reducing.Add("b"));
  int visits = 0;
  VisitAll(*list.internal(), 10, [&](StateVisitor&, const StateEntry& entry) {
    ++visits;
    EXPECT_EQ(*static_cast<const std::vector<int64_t>*>(entry.value), (std::vector<int64_t>{0, 1, 2}));
  });
  VisitAll(*reducing.internal(), 10, [&](StateVisitor&, const StateEntry& entry) {
    ++visits;
    EXPECT_EQ(*static_cast<const std::string*>(entry.value), "ab");
  });
  EXPECT_EQ(visits, 2);
}

TEST_P(VisitorTest, GivesAMapsEntriesWithTheirUserKeysAndNulls) {
  auto backend = Open<int64_t>();
  auto map = Must(backend.GetState(MapStateDescriptor<std::string, int64_t>("m")));
  Must(backend.SetCurrentKey(1));
  Must(map.Put("a", 1));
  Must(map.PutNull("b"));
  Must(backend.SetCurrentKey(2));
  Must(map.Put("a", 3));
  std::map<Place, std::optional<int64_t>> values;
  VisitAll(*map.internal(), 2, [&](StateVisitor&, const StateEntry& entry) {
    const auto* value = static_cast<const int64_t*>(entry.value);
    values[PlaceOf(entry)] = value == nullptr ? std::optional<int64_t>() : *value;
  });
  const auto place = [](int64_t key, const std::string& user_key) {
    return Place{Encode(key), std::string(kVoid), Encode(user_key)};
  };
  EXPECT_EQ(values, (std::map<Place, std::optional<int64_t>>{
                        {place(1, "a"), 1}, {place(1, "b"), std::nullopt}, {place(2, "a"), 3}}));
}

TEST_P(VisitorTest, OfAnEmptyStateGivesNothing) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  EXPECT_TRUE(VisitAll(*state.internal(), 10, [](StateVisitor&, const StateEntry&) {}).empty());
}

TEST_P(VisitorTest, RemovesAndUpdatesEntriesOfTheLastBatch) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(ValueStateDescriptor<std::string>("v")));
  for (int64_t key = 0; key < 60; ++key) {
    Must(backend.SetCurrentKey(key));
    Must(state.Update(std::to_string(key)));
  }
  VisitAll(*state.internal(), 8, [&](StateVisitor& visitor, const StateEntry& entry) {
    const int64_t key = Must(Decode<int64_t>(entry.key));
    const std::string changed = "changed " + std::to_string(key);
    if (key % 3 == 0) {
      EXPECT_OK(visitor.Remove(entry));
    }
    if (key % 3 == 1) {
      EXPECT_OK(visitor.Update(entry, &changed));
    }
    EXPECT_EQ(Must(Decode<int64_t>(entry.key)), key) << "views stay valid for further calls of these two";
  });
  for (int64_t key = 0; key < 60; ++key) {
    Must(backend.SetCurrentKey(key));
    const std::string text = std::to_string(key);
    if (key % 3 == 0) {
      EXPECT_EQ(Current(state), std::nullopt) << key;
    }
    if (key % 3 == 1) {
      EXPECT_EQ(Current(state), "changed " + text);
    }
    if (key % 3 == 2) {
      EXPECT_EQ(Current(state), text);
    }
  }
  EXPECT_EQ(Must(backend.backend().NumEntries()), 40u);
}

TEST_P(VisitorTest, RemovesAndUpdatesEntriesOfMaps) {
  auto backend = Open<int64_t>();
  auto map = Must(backend.GetState(MapStateDescriptor<int64_t, int64_t>("m")));
  for (int64_t key = 0; key < 5; ++key) {
    Must(backend.SetCurrentKey(key));
    for (int64_t n = 0; n < 20; ++n) Must(map.Put(n, n));
  }
  VisitAll(*map.internal(), 7, [&](StateVisitor& visitor, const StateEntry& entry) {
    const int64_t n = Must(Decode<int64_t>(entry.user_key));
    const int64_t changed = -n;
    if (n % 2 == 0) {
      EXPECT_OK(visitor.Remove(entry));
    }
    if (n % 4 == 1) {
      EXPECT_OK(visitor.Update(entry, &changed));
    }
    if (n % 4 == 3) {
      EXPECT_OK(visitor.Update(entry, nullptr));
    }
  });
  for (int64_t key = 0; key < 5; ++key) {
    Must(backend.SetCurrentKey(key));
    EXPECT_EQ(EntriesOf(map).size(), 10u);
    EXPECT_EQ(Current(map, int64_t{5}), -5);
    EXPECT_TRUE(Must(map.Contains(7)));
    EXPECT_EQ(Current(map, int64_t{7}), std::nullopt);
    EXPECT_FALSE(Must(map.Contains(4)));
  }
}

TEST_P(VisitorTest, RemovingTheLastEntryOfAMapTakesTheKey) {
  auto backend = Open<int64_t>();
  auto map = Must(backend.GetState(MapStateDescriptor<int64_t, int64_t>("m")));
  Must(backend.SetCurrentKey(1));
  Must(map.Put(1, 1));
  Must(map.Put(2, 2));
  VisitAll(*map.internal(), 10, [](StateVisitor& visitor, const StateEntry& entry) { Must(visitor.Remove(entry)); });
  EXPECT_TRUE(Must(map.IsEmpty()));
  EXPECT_TRUE(KeysOf(backend.backend(), "m", kVoid).empty());
  EXPECT_EQ(Must(backend.backend().NumEntries()), 0u);
}

TEST_P(VisitorTest, AnEntryThatWentAwayIsNotFound) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  Must(backend.SetCurrentKey(1));
  Must(state.Update(1));
  const int64_t value = 2;
  VisitAll(*state.internal(), 10, [&](StateVisitor& visitor, const StateEntry& entry) {
    EXPECT_OK(visitor.Remove(entry));
    EXPECT_CODE(visitor.Remove(entry), kNotFound);
    EXPECT_CODE(visitor.Update(entry, &value), kNotFound);
  });
  EXPECT_EQ(Current(state), std::nullopt);
}

TEST_P(VisitorTest, DoesNotDisturbTheCurrentKeyAndNamespace) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState<TimeWindow>(ValueStateDescriptor<int64_t>("v")));
  Must(state.SetCurrentNamespace(TimeWindow{0, 10}));
  for (int64_t key = 0; key < 10; ++key) {
    Must(backend.SetCurrentKey(key));
    Must(state.Update(key));
  }
  Must(backend.SetCurrentKey(4));
  VisitAll(*state.internal(), 3, [&](StateVisitor& visitor, const StateEntry& entry) {
    const int64_t key = Must(Decode<int64_t>(entry.key));
    if (key != 4) Must(visitor.Remove(entry));
    EXPECT_EQ(backend.backend().current_key(), Encode(int64_t{4}));
    EXPECT_EQ(state.internal()->current_namespace(), Encode(TimeWindow{0, 10}));
  });
  EXPECT_EQ(Current(state), 4);
}

TEST_P(VisitorTest, GoesOnBesideTheOwnersCalls) {
  auto backend = Open<int64_t>();
  auto map = Must(backend.GetState(MapStateDescriptor<int64_t, std::string>("m")));
  for (int64_t key = 0; key < 40; ++key) {
    Must(backend.SetCurrentKey(key));
    for (int64_t n = 0; n < 10; ++n) Must(map.Put(n, "steady"));
  }
  std::set<Place> given;
  const auto visitor = Must(map.internal()->Visit());
  for (int64_t round = 0;; ++round) {
    const auto entries = Must(visitor->NextBatch(9));
    if (entries.empty()) break;
    for (const StateEntry& entry : entries) given.insert(PlaceOf(entry));
    ASSERT_LT(round, 2000) << "a walk ends";
    if (round >= 40) continue;
    Must(backend.SetCurrentKey(round % 40));
    Must(map.Put(9, "changed"));
    Must(map.Remove(8));
    Must(backend.SetCurrentKey(round + 1000));
    for (int64_t n = 0; n < 20; ++n) Must(map.Put(n, "new"));
  }
  for (int64_t key = 0; key < 40; ++key) {
    for (int64_t n = 0; n < 8; ++n) {
      EXPECT_TRUE(given.contains({Encode(key), std::string(kVoid), Encode(n)})) << key << " " << n;
    }
  }
}

}  // namespace
}  // namespace kvstate::conformance
