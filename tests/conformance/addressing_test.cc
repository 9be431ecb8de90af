#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

struct Encodings {
  std::string name;
  SerializerPtr serializer;
  std::vector<std::string> bytes;
};

template <class T>
Encodings Of(const std::string& name, const std::vector<T>& values) {
  Encodings encodings{name, SerializerFor<T>(), {}};
  for (const T& value : values) encodings.bytes.push_back(Encode(value));
  return encodings;
}

const std::vector<std::string>& Texts() {
  static const std::vector<std::string> texts = {"", "a", "ab", std::string("a\0", 2), "\xff", std::string(200, 'a')};
  return texts;
}

std::vector<Encodings> KeyTypes() {
  return {{"raw", RawBytesSerializer(), Texts()},
          Of<int64_t>("int64", {0, 1, -1, 255, 256, INT64_MIN}),
          Of<std::string>("string", Texts()),
          Of<std::pair<std::string, int32_t>>("pair", {{"", 0}, {"a", 1}, {"a", -1}, {"aa", 1}})};
}

std::vector<Encodings> NamespaceTypes() {
  return {Of<VoidNamespace>("void", {{}}),
          Of<TimeWindow>("window", {{0, 0}, {0, 1}, {-1, 0}, {INT64_MAX, INT64_MIN}}),
          {"raw", RawBytesSerializer(), Texts()},
          Of<std::string>("string", Texts())};
}

class AddressingTest : public BackendTest {
 protected:
  /// Calls `use` with a backend and each pairing of a key type and a namespace type.
  template <class Use>
  void ForEachPairing(Use use) {
    for (const Encodings& keys : KeyTypes()) {
      const auto backend = Make(Options(keys.serializer));
      for (const Encodings& namespaces : NamespaceTypes()) {
        SCOPED_TRACE("keys " + keys.name + ", namespaces " + namespaces.name);
        use(*backend, keys, namespaces);
      }
    }
  }
  static void Set(KeyedStateBackend& backend, InternalKVState& state, const std::string& key, const std::string& ns) {
    Must(backend.SetCurrentKey(EncodeKey(backend, key)));
    Must(state.SetCurrentNamespace(ns));
  }
  static Pairs AllPairs(const Encodings& keys, const Encodings& namespaces) {
    Pairs pairs;
    for (const std::string& key : keys.bytes) {
      for (const std::string& ns : namespaces.bytes) pairs.emplace_back(key, ns);
    }
    std::sort(pairs.begin(), pairs.end());
    return pairs;
  }
};
KVSTATE_ON_EVERY_BACKEND(AddressingTest);

TEST_P(AddressingTest, ValuesAreKeptApartAndEnumerated) {
  ForEachPairing([](KeyedStateBackend& backend, const Encodings& keys, const Encodings& namespaces) {
    const std::string name = "value over " + namespaces.name;
    auto& state = static_cast<InternalValueState&>(
        *Must(backend.GetOrCreateState(namespaces.serializer, ValueStateDescriptor<std::string>(name))));
    const Pairs pairs = AllPairs(keys, namespaces);
    for (const auto& [key, ns] : pairs) {
      Set(backend, state, key, ns);
      const std::string value = key + "|" + ns;
      ASSERT_OK(state.Update(&value));
    }
    for (const auto& [key, ns] : pairs) {
      Set(backend, state, key, ns);
      const void* value = Must(state.Get());
      ASSERT_NE(value, nullptr);
      EXPECT_EQ(*static_cast<const std::string*>(value), key + "|" + ns);
    }
    EXPECT_EQ(PairsOf(backend, name), pairs);
    Set(backend, state, keys.bytes[1], namespaces.bytes[0]);
    ASSERT_OK(state.Clear());
    EXPECT_EQ(PairsOf(backend, name).size(), pairs.size() - 1);
    EXPECT_EQ(KeysOf(backend, name, namespaces.bytes[0]).size(), keys.bytes.size() - 1);
  });
}

TEST_P(AddressingTest, MapsAreKeptApartAndEnumerated) {
  ForEachPairing([](KeyedStateBackend& backend, const Encodings& keys, const Encodings& namespaces) {
    const std::string name = "map over " + namespaces.name;
    MapState<std::string, std::string> map(static_cast<InternalMapState*>(
        Must(backend.GetOrCreateState(namespaces.serializer, MapStateDescriptor<std::string, std::string>(
                                                                 name, RawBytesSerializer(), RawBytesSerializer())))));
    const Pairs pairs = AllPairs(keys, namespaces);
    for (const auto& [key, ns] : pairs) {
      Set(backend, *map.internal(), key, ns);
      for (const std::string& user_key : Texts()) ASSERT_OK(map.Put(user_key, key + "|" + ns + "|" + user_key));
    }
    for (const auto& [key, ns] : pairs) {
      Set(backend, *map.internal(), key, ns);
      const auto entries = EntriesOf(map);
      ASSERT_EQ(entries.size(), Texts().size());
      for (const auto& [user_key, value] : entries) EXPECT_EQ(value, key + "|" + ns + "|" + user_key);
    }
    EXPECT_EQ(PairsOf(backend, name), pairs);
    Set(backend, *map.internal(), keys.bytes[0], namespaces.bytes[0]);
    ASSERT_OK(map.Clear());
    EXPECT_EQ(PairsOf(backend, name).size(), pairs.size() - 1);
  });
}

TEST_P(AddressingTest, ListsMergeAcrossNamespacesOfEveryType) {
  ForEachPairing([](KeyedStateBackend& backend, const Encodings& keys, const Encodings& namespaces) {
    const std::string name = "list over " + namespaces.name;
    ListState<std::string> list(static_cast<InternalListState*>(
        Must(backend.GetOrCreateState(namespaces.serializer, ListStateDescriptor<std::string>(name)))));
    for (const auto& [key, ns] : AllPairs(keys, namespaces)) {
      Set(backend, *list.internal(), key, ns);
      ASSERT_OK(list.Add(ns));
    }
    const std::vector<ByteView> sources(namespaces.bytes.begin() + 1, namespaces.bytes.end());
    for (const std::string& key : keys.bytes) {
      Set(backend, *list.internal(), key, namespaces.bytes[0]);
      ASSERT_OK(list.internal()->MergeNamespaces(namespaces.bytes[0], sources));
      EXPECT_EQ(Current(list), namespaces.bytes);
    }
    EXPECT_EQ(PairsOf(backend, name).size(), keys.bytes.size());
  });
}

TEST_P(AddressingTest, KeysReadBackAsTheyWereSet) {
  ForEachPairing([](KeyedStateBackend& backend, const Encodings& keys, const Encodings&) {
    for (const std::string& key : keys.bytes) {
      ASSERT_OK(backend.SetCurrentKey(EncodeKey(backend, key)));
      EXPECT_EQ(backend.current_key(), key);
      EXPECT_EQ(backend.current_key_group(), KeyGroupOf(keys.serializer->KeyHash(key), 128));
    }
  });
}

}  // namespace
}  // namespace kvstate::conformance
