#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

class KeysTest : public BackendTest {
 protected:
  static std::vector<std::string> Encoded(int64_t first, int64_t last) {
    std::vector<std::string> keys;
    for (int64_t key = first; key <= last; ++key) keys.push_back(Encode(key));
    std::sort(keys.begin(), keys.end());
    return keys;
  }
};
KVSTATE_ON_EVERY_BACKEND(KeysTest);

TEST_P(KeysTest, OfAMapAreGivenOnceHoweverManyEntries) {
  auto backend = Open<int64_t>();
  auto map = Must(backend.GetState(MapStateDescriptor<int64_t, int64_t>("m")));
  for (int64_t key = 0; key < 40; ++key) {
    Must(backend.SetCurrentKey(key));
    for (int64_t n = 0; n <= key * 5; ++n) Must(map.Put(n, n));
  }
  EXPECT_EQ(KeysOf(backend.backend(), "m", kVoid), Encoded(0, 39));
  EXPECT_EQ(PairsOf(backend.backend(), "m").size(), 40u);
}

TEST_P(KeysTest, AreThoseOfTheNamespaceAskedFor) {
  auto backend = Open<int64_t>();
  for (const StateDescriptor& descriptor :
       std::vector<StateDescriptor>{ValueStateDescriptor<int64_t>("v"), MapStateDescriptor<int64_t, int64_t>("m")}) {
    InternalKVState* made = Must(backend.backend().GetOrCreateState(SerializerFor<TimeWindow>(), descriptor));
    for (int64_t key = 0; key < 30; ++key) {
      Must(backend.SetCurrentKey(key));
      Must(made->SetCurrentNamespace(Encode(TimeWindow{key < 20 ? 0 : 10, 20})));
      if (descriptor.kind == StateKind::kMap) {
        for (int64_t n = 0; n < 3; ++n) Must(static_cast<InternalMapState*>(made)->Put(&n, &key));
      } else {
        Must(static_cast<InternalValueState*>(made)->Update(&key));
      }
    }
    EXPECT_EQ(KeysOf(backend.backend(), descriptor.name, Encode(TimeWindow{0, 20})), Encoded(0, 19));
    EXPECT_EQ(KeysOf(backend.backend(), descriptor.name, Encode(TimeWindow{10, 20})), Encoded(20, 29));
    EXPECT_TRUE(KeysOf(backend.backend(), descriptor.name, Encode(TimeWindow{5, 20})).empty());
  }
}

TEST_P(KeysTest, AndNamespacesAreGivenOnceEach) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState<std::string>(ListStateDescriptor<int64_t>("l")));
  Pairs expected;
  for (int key = 0; key < 20; ++key) {
    for (int ns = 0; ns <= key % 4; ++ns) {
      const std::string key_text = "k" + std::to_string(key);
      const std::string ns_text = "n" + std::to_string(ns);
      Must(backend.SetCurrentKey(key_text));
      Must(state.SetCurrentNamespace(ns_text));
      Must(state.Add(1));
      Must(state.Add(2));
      expected.emplace_back(Encode(key_text), Encode(ns_text));
    }
  }
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(PairsOf(backend.backend(), "l"), expected);
}

TEST_P(KeysTest, OfAnEmptyStateAreNone) {
  auto backend = Open<std::string>();
  Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  EXPECT_TRUE(KeysOf(backend.backend(), "v", kVoid).empty());
  EXPECT_TRUE(PairsOf(backend.backend(), "v").empty());
}

TEST_P(KeysTest, OfNoSuchStateAreNotFound) {
  auto backend = Open<std::string>();
  EXPECT_CODE(backend.backend().Keys("missing", kVoid), kNotFound);
  EXPECT_CODE(backend.backend().KeysAndNamespaces("missing"), kNotFound);
  EXPECT_MENTIONS(backend.backend().Keys("missing", kVoid), "missing");
}

TEST_P(KeysTest, ThatWereClearedAreGone) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  for (int64_t key = 0; key < 10; ++key) {
    Must(backend.SetCurrentKey(key));
    Must(state.Update(key));
  }
  for (int64_t key = 0; key < 10; key += 2) {
    Must(backend.SetCurrentKey(key));
    Must(state.Clear());
  }
  EXPECT_EQ(KeysOf(backend.backend(), "v", kVoid).size(), 5u);
}

TEST_P(KeysTest, WalkDoesNotDisturbTheCurrentKey) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  for (int64_t key = 0; key < 10; ++key) {
    Must(backend.SetCurrentKey(key));
    Must(state.Update(key));
  }
  Must(backend.SetCurrentKey(4));
  const auto keys = Must(backend.backend().Keys("v", kVoid));
  while (Must(keys->Next())) {
    ASSERT_EQ(backend.backend().current_key(), Encode(int64_t{4}));
    ASSERT_EQ(Current(state), 4);
  }
}

/// Walks while `change` is called with each key given, which is current then.
template <class Change>
std::map<std::string, int> Walk(KeyedBackend<int64_t>& backend, std::string_view state, Change change) {
  std::map<std::string, int> given;
  const auto keys = Must(backend.backend().Keys(state, kVoid));
  while (Must(keys->Next())) {
    const std::string bytes(keys->key());
    ++given[bytes];
    const int64_t key = Must(Decode<int64_t>(bytes));
    Must(backend.SetCurrentKey(key));
    change(key);
    EXPECT_EQ(keys->key(), bytes) << "valid until the next call of Next";
  }
  return given;
}

TEST_P(KeysTest, WalkLivesThroughClearingWhatItGives) {
  auto backend = Open<int64_t>();
  auto map = Must(backend.GetState(MapStateDescriptor<int64_t, int64_t>("m")));
  for (int64_t key = 0; key < 500; ++key) {
    Must(backend.SetCurrentKey(key));
    for (int64_t n = 0; n < 3; ++n) Must(map.Put(n, key));
  }
  const auto given = Walk(backend, "m", [&](int64_t) { Must(map.Clear()); });
  EXPECT_EQ(given.size(), 500u);
  for (const auto& [key, times] : given) EXPECT_EQ(times, 1);
  EXPECT_TRUE(KeysOf(backend.backend(), "m", kVoid).empty());
}

TEST_P(KeysTest, WalkLivesThroughAddingAndClearingOthers) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  for (int64_t key = 0; key < 600; ++key) {
    Must(backend.SetCurrentKey(key));
    Must(state.Update(key));
  }
  std::set<int64_t> cleared;
  const auto given = Walk(backend, "v", [&](int64_t key) {
    if (key >= 600) return;
    Must(state.Update(-key));  // Changed in place: still there.
    if (cleared.size() < 500) {
      Must(backend.SetCurrentKey(key + 10000));
      Must(state.Update(key));
    }
    const int64_t other = (key * 31 + 7) % 600;
    if (other % 3 == 0) {
      Must(backend.SetCurrentKey(other));
      Must(state.Clear());
      cleared.insert(other);
    }
  });
  for (const auto& [key, times] : given) EXPECT_EQ(times, 1);
  for (int64_t key = 0; key < 600; ++key) {
    if (!cleared.contains(key)) {
      EXPECT_TRUE(given.contains(Encode(key))) << key;
    }
  }
}

TEST_P(KeysTest, PairsWalkLivesThroughMovingStateToAnotherNamespace) {
  auto backend = Open<int64_t>();
  auto list = Must(backend.GetState<TimeWindow>(ListStateDescriptor<int64_t>("l")));
  for (int64_t key = 0; key < 200; ++key) {
    Must(backend.SetCurrentKey(key));
    Must(list.SetCurrentNamespace(TimeWindow{0, 10}));
    Must(list.Add(key));
  }
  std::map<std::string, int> originals;
  const auto pairs = Must(backend.backend().KeysAndNamespaces("l"));
  while (Must(pairs->Next())) {
    const std::string key(pairs->key());
    if (pairs->state_namespace() != Encode(TimeWindow{0, 10})) continue;
    ++originals[key];
    Must(backend.SetCurrentKey(Must(Decode<int64_t>(key))));
    Must(list.MergeNamespaces(TimeWindow{0, 20}, {TimeWindow{0, 10}}));
  }
  EXPECT_EQ(originals.size(), 200u);
  EXPECT_EQ(KeysOf(backend.backend(), "l", Encode(TimeWindow{0, 20})).size(), 200u);
}

TEST_P(KeysTest, SeveralWalksGoSideBySide) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  for (int64_t key = 0; key < 50; ++key) {
    Must(backend.SetCurrentKey(key));
    Must(state.Update(key));
  }
  const auto first = Must(backend.backend().Keys("v", kVoid));
  const auto second = Must(backend.backend().KeysAndNamespaces("v"));
  size_t given = 0;
  while (Must(first->Next())) {
    ASSERT_TRUE(Must(second->Next()));
    ++given;
  }
  EXPECT_FALSE(Must(second->Next()));
  EXPECT_EQ(given, 50u);
}

}  // namespace
}  // namespace kvstate::conformance
