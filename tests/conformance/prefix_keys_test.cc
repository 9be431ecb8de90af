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

/// Bytes that are prefixes of one another, and that look like the lengths and separators of composite keys.
std::vector<std::string> Tricky() {
  return {"",
          "a",
          "aa",
          "ab",
          std::string("\0", 1),
          std::string("\0\0", 2),
          std::string("a\0", 2),
          std::string("a\0\1", 3),
          "\1",
          "\1a",
          "\2aa",
          "\xff",
          "\xff\xff",
          std::string("\xff\0", 2),
          "a\xff",
          std::string(300, '\0'),
          std::string(256, '\xff'),
          std::string(255, 'a')};
}

class PrefixKeysTest : public BackendTest {
 protected:
  /// One key group, so that nothing but the keys themselves keeps them apart.
  KeyedBackend<std::string> OpenNarrow() {
    BackendOptions options = Options(RawBytesSerializer());
    options.max_parallelism = 1;
    options.key_groups = {0, 0};
    return KeyedBackend<std::string>(Make(options));
  }
};
KVSTATE_ON_EVERY_BACKEND(PrefixKeysTest);

TEST_P(PrefixKeysTest, KeysAndNamespacesOfValuesAreApart) {
  auto backend = OpenNarrow();
  InternalKVState* made =
      Must(backend.backend().GetOrCreateState(RawBytesSerializer(), ValueStateDescriptor<std::string>("v")));
  ValueState<std::string> state(static_cast<InternalValueState*>(made));
  const auto all = Tricky();
  Pairs expected;
  for (const std::string& key : all) {
    for (const std::string& ns : all) {
      Must(backend.SetCurrentKey(key));
      Must(made->SetCurrentNamespace(ns));
      ASSERT_EQ(Current(state), std::nullopt);
      Must(state.Update(key + "/" + ns));
      expected.emplace_back(key, ns);
    }
  }
  for (const std::string& key : all) {
    for (const std::string& ns : all) {
      Must(backend.SetCurrentKey(key));
      Must(made->SetCurrentNamespace(ns));
      ASSERT_EQ(Current(state), key + "/" + ns);
    }
  }
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(PairsOf(backend.backend(), "v"), expected);
  auto keys = all;
  std::sort(keys.begin(), keys.end());
  for (const std::string& ns : all) EXPECT_EQ(KeysOf(backend.backend(), "v", ns), keys);
}

TEST_P(PrefixKeysTest, MapsUnderThemAreApart) {
  auto backend = OpenNarrow();
  InternalKVState* made = Must(backend.backend().GetOrCreateState(
      RawBytesSerializer(),
      MapStateDescriptor<std::string, std::string>("m", RawBytesSerializer(), RawBytesSerializer())));
  MapState<std::string, std::string> map(static_cast<InternalMapState*>(made));
  const auto all = Tricky();
  auto sorted = all;
  std::sort(sorted.begin(), sorted.end());
  const std::vector<std::string> some = {"",   "a",   "aa",  std::string("\0", 1), std::string("a\0", 2),
                                         "\1", "\1a", "\xff"};
  for (const std::string& key : some) {
    for (const std::string& ns : some) {
      Must(backend.SetCurrentKey(key));
      Must(made->SetCurrentNamespace(ns));
      for (const std::string& user_key : all) Must(map.Put(user_key, key + "/" + ns));
    }
  }
  EXPECT_EQ(PairsOf(backend.backend(), "m").size(), some.size() * some.size());
  for (const std::string& key : some) {
    for (const std::string& ns : some) {
      Must(backend.SetCurrentKey(key));
      Must(made->SetCurrentNamespace(ns));
      std::vector<std::string> given;
      for (const auto& [user_key, value] : EntriesOf(map)) {
        given.push_back(user_key);
        ASSERT_EQ(value, key + "/" + ns);
      }
      ASSERT_EQ(given, sorted);
      ASSERT_OK(map.Clear());
      ASSERT_TRUE(Must(map.IsEmpty()));
    }
  }
  EXPECT_EQ(Must(backend.backend().NumEntries()), 0u);
}

TEST_P(PrefixKeysTest, ClearingAMapLeavesItsNeighbours) {
  auto backend = OpenNarrow();
  auto map = Must(
      backend.GetState(MapStateDescriptor<std::string, int64_t>("m", RawBytesSerializer(), SerializerFor<int64_t>())));
  const auto all = Tricky();
  for (const std::string& key : all) {
    Must(backend.SetCurrentKey(key));
    for (const std::string& user_key : {std::string(), std::string("a"), std::string("\xff\xff")}) {
      Must(map.Put(user_key, 1));
    }
  }
  std::set<std::string> left(all.begin(), all.end());
  for (const std::string& key : all) {
    Must(backend.SetCurrentKey(key));
    Must(map.Clear());
    left.erase(key);
    EXPECT_EQ(KeysOf(backend.backend(), "m", kVoid), std::vector<std::string>(left.begin(), left.end()));
  }
}

TEST_P(PrefixKeysTest, ListsAndMergesUnderThemAreApart) {
  auto backend = OpenNarrow();
  InternalKVState* made = Must(backend.backend().GetOrCreateState(
      RawBytesSerializer(), ListStateDescriptor<std::string>("l", RawBytesSerializer())));
  ListState<std::string> list(static_cast<InternalListState*>(made));
  const auto all = Tricky();
  for (const std::string& key : all) {
    Must(backend.SetCurrentKey(key));
    for (const std::string& ns : all) {
      Must(made->SetCurrentNamespace(ns));
      Must(list.Add(ns));
    }
    const std::vector<ByteView> sources(all.begin() + 1, all.end());
    Must(static_cast<InternalListState*>(made)->MergeNamespaces(all[0], sources));
  }
  for (const std::string& key : all) {
    Must(backend.SetCurrentKey(key));
    Must(made->SetCurrentNamespace(all[0]));
    EXPECT_EQ(Current(list), all);
  }
  EXPECT_EQ(PairsOf(backend.backend(), "l").size(), all.size());
}

TEST_P(PrefixKeysTest, VisitorsSplitThemRight) {
  auto backend = OpenNarrow();
  InternalKVState* made = Must(backend.backend().GetOrCreateState(
      RawBytesSerializer(),
      MapStateDescriptor<std::string, std::string>("m", RawBytesSerializer(), RawBytesSerializer())));
  MapState<std::string, std::string> map(static_cast<InternalMapState*>(made));
  std::map<std::string, std::string> expected;
  const std::vector<std::string> some = {"", "a", "aa", std::string("\0", 1), "\1", "\1a", "\xff"};
  for (const std::string& key : some) {
    for (const std::string& ns : some) {
      for (const std::string& user_key : some) {
        Must(backend.SetCurrentKey(key));
        Must(made->SetCurrentNamespace(ns));
        const std::string text = Encode(std::vector<std::string>{key, ns, user_key});
        Must(map.Put(user_key, text));
        expected[text] = text;
      }
    }
  }
  std::map<std::string, std::string> given;
  const auto visitor = Must(made->Visit());
  for (auto entries = Must(visitor->NextBatch(10)); !entries.empty(); entries = Must(visitor->NextBatch(10))) {
    for (const StateEntry& entry : entries) {
      const std::string place = Encode(std::vector<std::string>{
          std::string(entry.key), std::string(entry.state_namespace), std::string(entry.user_key)});
      given[place] = *static_cast<const std::string*>(entry.value);
    }
  }
  EXPECT_EQ(given, expected);
}

}  // namespace
}  // namespace kvstate::conformance
