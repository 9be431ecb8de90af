#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tests/conformance/ttl_testing.h"
#include "tests/support/present.h"

namespace kvstate::conformance {
namespace {

using testing_support::Present;

using Entries = EntryList<std::string, std::string>;

class TtlMapTest : public TtlTest {
 protected:
  using Map = MapState<std::string, std::string>;
  static MapStateDescriptor<std::string, std::string> TextMap(const TtlConfig& ttl = Uncleaned()) {
    return WithTtl(
        MapStateDescriptor<std::string, std::string>("m", RawBytesSerializer(), SerializerFor<std::string>()), ttl);
  }
  KeyedBackend<std::string> Opened() {
    auto backend = Open<std::string>();
    Must(backend.SetCurrentKey("k"));
    return backend;
  }
  void PutAt(Map& map, int64_t time, const std::string& user_key, const std::string& value) {
    clock().SetMillis(time);
    Must(map.Put(user_key, value));
  }
};
KVSTATE_ON_EVERY_BACKEND(TtlMapTest);

TEST_P(TtlMapTest, EachEntryExpiresByItself) {
  auto backend = Opened();
  auto map = Must(backend.GetState(TextMap()));
  PutAt(map, 1020, "a", "1");
  PutAt(map, 1000, "b", "2");
  PutAt(map, 1040, "c", "3");
  PutAt(map, 1010, "d", "4");
  const auto expect = [&](int64_t now, const Entries& entries) {
    clock().SetMillis(now);
    EXPECT_EQ(EntriesOf(map), entries) << now;
    for (const char* user_key : {"a", "b", "c", "d", "e"}) {
      std::optional<std::string> expected;
      for (const auto& [key, value] : entries) {
        if (key == user_key) expected = value;
      }
      EXPECT_EQ(Must(map.Contains(user_key)), expected.has_value()) << now << user_key;
      EXPECT_EQ(Current(map, std::string(user_key)), expected) << now << user_key;
    }
    EXPECT_EQ(Must(map.IsEmpty()), entries.empty()) << now;
    EXPECT_EQ(KeysOf(backend.backend(), "m", kVoid).size(), entries.empty() ? 0u : 1u) << now;
  };
  expect(1099, {{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}});
  expect(1100, {{"a", "1"}, {"c", "3"}, {"d", "4"}});
  expect(1110, {{"a", "1"}, {"c", "3"}});
  expect(1120, {{"c", "3"}});
  expect(1139, {{"c", "3"}});
  expect(1140, {});
}

TEST_P(TtlMapTest, IsEmptyWhereEverythingHasExpired) {
  auto backend = Opened();
  auto map = Must(backend.GetState(TextMap()));
  // Nothing but IsEmpty looks at them.
  for (int i = 0; i < 50; ++i) Must(map.Put("old" + std::to_string(i), "x"));
  clock().AdvanceMillis(kTtl - 1);
  EXPECT_FALSE(Must(map.IsEmpty()));
  clock().AdvanceMillis(1);
  EXPECT_TRUE(Must(map.IsEmpty()));
  Must(map.Put("z", "lives, behind all that has expired"));
  EXPECT_FALSE(Must(map.IsEmpty()));
}

TEST_P(TtlMapTest, NullValuesExpireToo) {
  auto backend = Opened();
  auto map = Must(backend.GetState(TextMap()));
  Must(map.PutNull("a"));
  clock().AdvanceMillis(50);
  Must(map.PutNull("b"));
  EXPECT_EQ(EntriesOf(map), (Entries{{"a", std::nullopt}, {"b", std::nullopt}}));
  clock().AdvanceMillis(50);
  EXPECT_FALSE(Must(map.Contains("a")));
  EXPECT_TRUE(Must(map.Contains("b")));
  EXPECT_EQ(EntriesOf(map), (Entries{{"b", std::nullopt}}));
  clock().AdvanceMillis(50);
  EXPECT_TRUE(Must(map.IsEmpty()));
}

TEST_P(TtlMapTest, ReadsRenewWhatTheyRead) {
  auto backend = Opened();
  auto map = Must(backend.GetState(TextMap(RefreshedByReads())));
  for (const char* user_key : {"contains", "get", "isempty", "value"}) Must(map.Put(user_key, "x"));
  Must(map.PutNull("null"));
  clock().AdvanceMillis(60);
  EXPECT_EQ(Current(map, std::string("get")), "x");
  EXPECT_TRUE(Must(map.Contains("contains")));
  EXPECT_EQ(Current(map, std::string("null")), std::nullopt) << "a null is a value";
  EXPECT_FALSE(Must(map.IsEmpty()));
  auto entries = Must(map.Entries());
  while (Must(entries.Next())) {
    if (*Must(entries.Key()) == "value") {
      EXPECT_EQ(Present(Must(entries.Value())), "x");
    }
  }
  clock().AdvanceMillis(40);
  EXPECT_EQ(EntriesOf(map), (Entries{{"contains", "x"}, {"get", "x"}, {"null", std::nullopt}, {"value", "x"}}));
  clock().AdvanceMillis(99);
  EXPECT_EQ(EntriesOf(map).size(), 4u) << "a walk reads what it gives";
  clock().AdvanceMillis(100);
  EXPECT_TRUE(Must(map.IsEmpty()));
}

TEST_P(TtlMapTest, WritesThroughAWalkRenewAndRemove) {
  auto backend = Opened();
  auto map = Must(backend.GetState(TextMap()));
  for (const char* user_key : {"a", "b", "c", "d"}) Must(map.Put(user_key, user_key));
  clock().AdvanceMillis(60);
  auto entries = Must(map.Entries());
  EXPECT_CODE(entries.Remove(), kFailedPrecondition);
  ASSERT_TRUE(Must(entries.Next()));
  EXPECT_OK(entries.SetValue("a again"));
  EXPECT_EQ(Present(Must(entries.Value())), "a again");
  ASSERT_TRUE(Must(entries.Next()));
  EXPECT_OK(entries.Remove());
  EXPECT_CODE(entries.Remove(), kFailedPrecondition);
  EXPECT_CODE(entries.Value(), kFailedPrecondition);
  ASSERT_TRUE(Must(entries.Next()));
  EXPECT_OK(entries.SetValue("c again"));
  clock().AdvanceMillis(40);
  EXPECT_FALSE(Must(entries.Next())) << "d has expired while the walk stood before it";
  EXPECT_EQ(EntriesOf(map), (Entries{{"a", "a again"}, {"c", "c again"}}));
}

TEST_P(TtlMapTest, AWalkOverManyEntriesGivesThoseThatLive) {
  auto backend = Opened();
  TtlConfig ttl = Uncleaned();
  ttl.cleanup.incremental_entries = 5;
  auto map = Must(backend.GetState(WithTtl(MapStateDescriptor<int64_t, int64_t>("numbers"), ttl)));
  for (int64_t n = 0; n < 600; ++n) {
    clock().SetMillis(n % 3 == 0 ? kStart : kStart + 50);
    Must(map.Put(n, n));
  }
  clock().SetMillis(kStart + kTtl);
  EXPECT_EQ(EntriesOf(map).size(), 400u);
  auto entries = Must(map.Entries());
  int64_t given = 0;
  while (Must(entries.Next())) {
    const int64_t n = *Must(entries.Key());
    EXPECT_NE(n % 3, 0);
    if (++given % 2 == 0) Must(entries.Remove());
    Must(map.Put(10000 + n, n));
    Must(map.Remove(10000 + n));
  }
  EXPECT_GE(given, 400);
  EXPECT_EQ(EntriesOf(map).size(), 200u);
}

TEST_P(TtlMapTest, ValuesMoveByThePointerGot) {
  auto backend = Opened();
  for (const bool refreshed : {false, true}) {
    auto map = Must(backend.GetState(WithTtl(MapStateDescriptor<int64_t, std::string>(refreshed ? "r" : "m"),
                                             refreshed ? RefreshedByReads() : Uncleaned())));
    Must(map.Put(0, std::string(30, 'v')));
    for (int64_t n = 1; n < 200; ++n) {
      clock().AdvanceMillis(3);
      const int64_t from = n - 1;
      Must(map.internal()->Put(&n, Must(map.internal()->Get(&from))));
    }
    EXPECT_EQ(Current(map, int64_t{199}), std::string(30, 'v'));
    EXPECT_EQ(Current(map, int64_t{199 - 40}), std::nullopt);
  }
}

TEST_P(TtlMapTest, RemovedAndClearedStayGone) {
  auto backend = Opened();
  auto map = Must(backend.GetState(TextMap()));
  Must(map.Put("a", "x"));
  Must(map.Put("b", "x"));
  Must(map.Remove("a"));
  Must(map.Remove("none"));
  EXPECT_EQ(EntriesOf(map), (Entries{{"b", "x"}}));
  Must(map.Clear());
  EXPECT_TRUE(Must(map.IsEmpty()));
  EXPECT_EQ(Must(backend.backend().NumEntries()), 0u);
}

}  // namespace
}  // namespace kvstate::conformance
