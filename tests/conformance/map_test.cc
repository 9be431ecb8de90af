#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

class MapTest : public BackendTest {};
KVSTATE_ON_EVERY_BACKEND(MapTest);

TEST_P(MapTest, AnAbsentMapHasNothing) {
  auto backend = Open<std::string>();
  auto map = Must(backend.GetState(MapStateDescriptor<std::string, int64_t>("m")));
  Must(backend.SetCurrentKey("k"));
  EXPECT_TRUE(Must(map.IsEmpty()));
  EXPECT_FALSE(Must(map.Contains("u")));
  EXPECT_EQ(Current(map, std::string("u")), std::nullopt);
  EXPECT_TRUE(EntriesOf(map).empty());
  EXPECT_OK(map.Remove("u")) << "no such entry is fine";
  EXPECT_OK(map.Clear());
}

TEST_P(MapTest, PutGetContainsRemove) {
  auto backend = Open<std::string>();
  auto map = Must(backend.GetState(MapStateDescriptor<std::string, int64_t>("m")));
  Must(backend.SetCurrentKey("k"));
  EXPECT_OK(map.Put("a", 1));
  EXPECT_OK(map.Put("b", 2));
  EXPECT_OK(map.Put("a", 3));
  EXPECT_EQ(Current(map, std::string("a")), 3);
  EXPECT_EQ(Current(map, std::string("b")), 2);
  EXPECT_TRUE(Must(map.Contains("a")));
  EXPECT_FALSE(Must(map.IsEmpty()));
  EXPECT_EQ(Must(backend.backend().NumEntries()), 2u);
  EXPECT_OK(map.Remove("a"));
  EXPECT_EQ(Current(map, std::string("a")), std::nullopt);
  EXPECT_FALSE(Must(map.Contains("a")));
  EXPECT_FALSE(Must(map.IsEmpty()));
}

TEST_P(MapTest, TheLastEntryTakesTheMapWithIt) {
  auto backend = Open<std::string>();
  auto map = Must(backend.GetState(MapStateDescriptor<std::string, int64_t>("m")));
  Must(backend.SetCurrentKey("k"));
  Must(map.Put("a", 1));
  Must(map.Remove("a"));
  EXPECT_TRUE(Must(map.IsEmpty()));
  EXPECT_EQ(Must(backend.backend().NumEntries()), 0u);
  EXPECT_TRUE(KeysOf(backend.backend(), "m", kVoid).empty());
}

TEST_P(MapTest, APresentEntryMayHoldANullValue) {
  auto backend = Open<std::string>();
  auto map = Must(backend.GetState(MapStateDescriptor<std::string, std::string>("m")));
  Must(backend.SetCurrentKey("k"));
  EXPECT_OK(map.PutNull("null"));
  Must(map.Put("empty", ""));
  EXPECT_TRUE(Must(map.Contains("null")));
  EXPECT_FALSE(Must(map.IsEmpty()));
  EXPECT_EQ(Must(map.Get("null")), nullptr);
  EXPECT_EQ(Current(map, std::string("empty")), "") << "an empty value is not null";
  // In the order of their encodings, which start with the length.
  EXPECT_EQ(EntriesOf(map), (EntryList<std::string, std::string>{{"null", std::nullopt}, {"empty", ""}}));
  EXPECT_EQ(Must(backend.backend().NumEntries()), 2u);
  Must(map.Put("null", "a value now"));
  EXPECT_EQ(Current(map, std::string("null")), "a value now");
  Must(map.PutNull("null"));
  EXPECT_EQ(Must(map.Get("null")), nullptr);
  Must(map.Remove("null"));
  EXPECT_FALSE(Must(map.Contains("null")));
}

TEST_P(MapTest, AMapOfNullsAloneIsThere) {
  auto backend = Open<std::string>();
  auto map = Must(backend.GetState(MapStateDescriptor<int64_t, int64_t>("m")));
  Must(backend.SetCurrentKey("k"));
  Must(map.PutNull(1));
  EXPECT_FALSE(Must(map.IsEmpty()));
  EXPECT_EQ(KeysOf(backend.backend(), "m", kVoid).size(), 1u);
}

TEST_P(MapTest, UserKeysMayBeEmpty) {
  auto backend = OpenRaw();
  auto map = Must(
      backend.GetState(MapStateDescriptor<std::string, std::string>("m", RawBytesSerializer(), RawBytesSerializer())));
  Must(backend.SetCurrentKey(""));
  EXPECT_FALSE(Must(map.Contains("")));
  Must(map.Put("", "of the empty key"));
  Must(map.Put(std::string("\0", 1), ""));
  EXPECT_EQ(Current(map, std::string()), "of the empty key");
  EXPECT_EQ(Current(map, std::string("\0", 1)), "");
  EXPECT_EQ(EntriesOf(map).size(), 2u);
  Must(map.Remove(""));
  EXPECT_FALSE(Must(map.Contains("")));
  EXPECT_TRUE(Must(map.Contains(std::string("\0", 1))));
}

TEST_P(MapTest, PutTakesThePointerThatGetGave) {
  auto backend = Open<std::string>();
  auto map = Must(backend.GetState(MapStateDescriptor<int64_t, std::string>("m")));
  Must(backend.SetCurrentKey("k"));
  const std::string text(60, 't');
  Must(map.Put(0, text));
  for (int64_t n = 1; n < 1000; ++n) {
    const int64_t from = n - 1;
    Must(map.internal()->Put(&n, Must(map.internal()->Get(&from))));  // An insertion, which may move what is there.
  }
  const int64_t same = 5;
  Must(map.internal()->Put(&same, Must(map.internal()->Get(&same))));
  for (int64_t n = 0; n < 1000; ++n) ASSERT_EQ(Current(map, n), text) << n;
}

TEST_P(MapTest, ClearTakesAllEntriesOfTheCurrentKeyAlone) {
  auto backend = Open<int64_t>();
  auto map = Must(backend.GetState(MapStateDescriptor<int64_t, int64_t>("m")));
  for (int64_t key = 0; key < 3; ++key) {
    Must(backend.SetCurrentKey(key));
    for (int64_t n = 0; n < 500; ++n) Must(map.Put(n, key * 1000 + n));
  }
  Must(backend.SetCurrentKey(1));
  EXPECT_OK(map.Clear());
  EXPECT_TRUE(Must(map.IsEmpty()));
  EXPECT_FALSE(Must(map.Contains(7)));
  EXPECT_EQ(Must(backend.backend().NumEntries()), 1000u);
  for (const int64_t key : {0, 2}) {
    Must(backend.SetCurrentKey(key));
    for (int64_t n = 0; n < 500; ++n) ASSERT_EQ(Current(map, n), key * 1000 + n);
  }
  Must(backend.SetCurrentKey(1));
  Must(map.Put(7, 7));
  EXPECT_EQ(EntriesOf(map), (EntryList<int64_t, int64_t>{{7, 7}})) << "nothing comes back";
}

TEST_P(MapTest, MapsOfOneEntryAndOfManyAreAlike) {
  auto backend = Open<std::string>();
  auto map = Must(backend.GetState(MapStateDescriptor<int64_t, int64_t>("m")));
  Must(backend.SetCurrentKey("k"));
  constexpr int64_t kEntries = 3000;
  for (int64_t n = 0; n < kEntries; ++n) {
    Must(map.Put(n * 7919 % kEntries, n));
    if (n < 40) {
      ASSERT_EQ(EntriesOf(map).size(), static_cast<size_t>(n + 1));
    }
  }
  for (int64_t n = 0; n < kEntries; ++n) ASSERT_EQ(Current(map, n * 7919 % kEntries), n);
  for (int64_t n = 0; n < kEntries - 1; ++n) Must(map.Remove(n));
  EXPECT_EQ(EntriesOf(map).size(), 1u);
  EXPECT_TRUE(Must(map.Contains(kEntries - 1)));
}

}  // namespace
}  // namespace kvstate::conformance
