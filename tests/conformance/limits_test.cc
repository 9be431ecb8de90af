#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kvstate/extension.h"
#include "kvstate/serialized_access.h"
#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

constexpr size_t kLarge = size_t{16} << 20;

/// Bytes that do not compress to nothing, and differ by seed.
std::string LargeText(size_t size, uint64_t seed) {
  std::string text(size, '\0');
  uint64_t x = seed * 2 + 1;
  for (size_t i = 0; i + 8 <= size; i += 8) {
    x = x * 6364136223846793005ull + 1442695040888963407ull;
    std::memcpy(text.data() + i, &x, 8);
  }
  return text;
}

class LimitsTest : public BackendTest {};
KVSTATE_ON_EVERY_BACKEND(LimitsTest);

TEST_P(LimitsTest, ValuesOf16MegabytesAreKept) {
  auto backend = OpenRaw();
  auto state = Must(backend.GetState(ValueStateDescriptor<std::string>("v", RawBytesSerializer())));
  for (uint64_t n = 0; n < 3; ++n) {
    Must(backend.SetCurrentKey("k" + std::to_string(n)));
    ASSERT_OK(state.Update(LargeText(kLarge, n)));
  }
  for (uint64_t n = 0; n < 3; ++n) {
    Must(backend.SetCurrentKey("k" + std::to_string(n)));
    const std::string* value = Must(state.Get());
    ASSERT_NE(value, nullptr);
    ASSERT_TRUE(*value == LargeText(kLarge, n));
  }
  Must(state.Update(std::string("small again")));
  EXPECT_EQ(Current(state), "small again");
}

TEST_P(LimitsTest, ListElementsAndMapValuesOf16MegabytesAreKept) {
  auto backend = OpenRaw();
  auto list = Must(backend.GetState(ListStateDescriptor<std::string>("l", RawBytesSerializer())));
  auto map = Must(
      backend.GetState(MapStateDescriptor<std::string, std::string>("m", RawBytesSerializer(), RawBytesSerializer())));
  Must(backend.SetCurrentKey("k"));
  Must(list.Add("first"));
  ASSERT_OK(list.Add(LargeText(kLarge, 1)));
  Must(list.Add("last"));
  const std::vector<std::string>* elements = Must(list.Get());
  ASSERT_NE(elements, nullptr);
  ASSERT_EQ(elements->size(), 3u);
  EXPECT_TRUE((*elements)[1] == LargeText(kLarge, 1));
  EXPECT_EQ((*elements)[2], "last");
  ASSERT_OK(map.Put("large", LargeText(kLarge, 2)));
  Must(map.Put("small", "s"));
  auto entries = Must(map.Entries());
  ASSERT_TRUE(Must(entries.Next()));
  EXPECT_TRUE(*Must(entries.Value()) == LargeText(kLarge, 2));
  ASSERT_TRUE(Must(entries.Next()));
  EXPECT_EQ(*Must(entries.Value()), "s");
}

TEST_P(LimitsTest, ListsGrowTo16MegabytesByAppending) {
  auto backend = OpenRaw();
  auto list = Must(backend.GetState(ListStateDescriptor<std::string>("l", RawBytesSerializer())));
  Must(backend.SetCurrentKey("k"));
  constexpr size_t kElement = size_t{64} << 10;
  for (uint64_t n = 0; n < kLarge / kElement; ++n) ASSERT_OK(list.Add(LargeText(kElement, n)));
  const std::vector<std::string>* elements = Must(list.Get());
  ASSERT_NE(elements, nullptr);
  ASSERT_EQ(elements->size(), kLarge / kElement);
  for (uint64_t n = 0; n < elements->size(); ++n) ASSERT_TRUE((*elements)[n] == LargeText(kElement, n)) << n;
}

TEST_P(LimitsTest, KeysNamespacesAndUserKeysMayHaveTheLongestLength) {
  auto backend = OpenRaw();
  InternalKVState* made = Must(backend.backend().GetOrCreateState(
      RawBytesSerializer(),
      MapStateDescriptor<std::string, int64_t>("m", RawBytesSerializer(), SerializerFor<int64_t>())));
  MapState<std::string, int64_t> map(static_cast<InternalMapState*>(made));
  const std::string longest = LargeText(kMaxKeyBytes, 1);
  std::string same_but_the_end = longest;
  same_but_the_end.back() = static_cast<char>(same_but_the_end.back() + 1);
  int64_t n = 0;
  for (const std::string& key : {longest, same_but_the_end}) {
    ASSERT_OK(backend.SetCurrentKey(key));
    for (const std::string& ns : {longest, same_but_the_end}) {
      ASSERT_OK(made->SetCurrentNamespace(ns));
      for (const std::string& user_key : {longest, same_but_the_end}) ASSERT_OK(map.Put(user_key, ++n));
    }
  }
  n = 0;
  for (const std::string& key : {longest, same_but_the_end}) {
    Must(backend.SetCurrentKey(key));
    for (const std::string& ns : {longest, same_but_the_end}) {
      Must(made->SetCurrentNamespace(ns));
      for (const std::string& user_key : {longest, same_but_the_end}) ASSERT_EQ(Current(map, user_key), ++n);
      ASSERT_EQ(EntriesOf(map).size(), 2u);
    }
  }
  EXPECT_EQ(PairsOf(backend.backend(), "m").size(), 4u);
  EXPECT_EQ(KeysOf(backend.backend(), "m", longest).size(), 2u);
}

TEST_P(LimitsTest, KeysOfEveryLengthAroundAnEnginesLimitAreKept) {
  auto backend = OpenRaw();
  auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  auto map = Must(
      backend.GetState(MapStateDescriptor<std::string, int64_t>("m", RawBytesSerializer(), SerializerFor<int64_t>())));
  for (int64_t size = 480; size < 530; ++size) {
    Must(backend.SetCurrentKey(std::string(static_cast<size_t>(size), 'k')));
    ASSERT_OK(state.Update(size));
    for (int64_t more = 0; more < 3; ++more) {
      ASSERT_OK(map.Put(std::string(static_cast<size_t>(more * 300), 'u'), size + more));
    }
  }
  for (int64_t size = 480; size < 530; ++size) {
    Must(backend.SetCurrentKey(std::string(static_cast<size_t>(size), 'k')));
    ASSERT_EQ(Current(state), size);
    const auto entries = EntriesOf(map);
    ASSERT_EQ(entries.size(), 3u);
    for (size_t more = 0; more < 3; ++more) {
      EXPECT_EQ(entries[more].first.size(), more * 300);
      EXPECT_EQ(entries[more].second, size + static_cast<int64_t>(more));
    }
  }
  EXPECT_EQ(KeysOf(backend.backend(), "v", kVoid).size(), 50u);
  EXPECT_EQ(KeysOf(backend.backend(), "m", kVoid).size(), 50u);
}

TEST_P(LimitsTest, AKeyOverTheLimitIsRefusedAndTheCurrentKeyStays) {
  auto backend = OpenRaw();
  auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  Must(backend.SetCurrentKey("k"));
  Must(state.Update(1));
  const Status status = backend.SetCurrentKey(std::string(kMaxKeyBytes + 1, 'k'));
  EXPECT_CODE(status, kInvalidArgument);
  EXPECT_MENTIONS(status, "65535");
  EXPECT_EQ(backend.backend().current_key(), "k");
  EXPECT_EQ(Current(state), 1);
}

TEST_P(LimitsTest, ANamespaceOverTheLimitIsRefused) {
  auto backend = OpenRaw();
  InternalKVState* made =
      Must(backend.backend().GetOrCreateState(RawBytesSerializer(), ValueStateDescriptor<int64_t>("v")));
  Must(backend.SetCurrentKey("k"));
  Status status = made->SetCurrentNamespace(std::string(kMaxKeyBytes + 1, 'n'));
  const int64_t value = 1;
  if (status.ok()) status = static_cast<InternalValueState*>(made)->Update(&value);
  EXPECT_CODE(status, kInvalidArgument);
}

TEST_P(LimitsTest, AUserKeyOverTheLimitIsRefusedAndTheMapStays) {
  auto backend = OpenRaw();
  auto map = Must(
      backend.GetState(MapStateDescriptor<std::string, int64_t>("m", RawBytesSerializer(), SerializerFor<int64_t>())));
  Must(backend.SetCurrentKey("k"));
  Must(map.Put("u", 1));
  const std::string over(kMaxKeyBytes + 1, 'u');
  EXPECT_CODE(map.Put(over, 2), kInvalidArgument);
  EXPECT_CODE(map.Get(over), kInvalidArgument);
  EXPECT_CODE(GetExtension<SerializedAccess>(*map.internal())->PutEntryBytes(over, Encode(int64_t{2}), false),
              kInvalidArgument);
  EXPECT_EQ(EntriesOf(map), (EntryList<std::string, int64_t>{{"u", 1}}));
}

TEST_P(LimitsTest, AValueOverTheLimitIsRefusedAndStateWrittenBeforeStays) {
  // Pages that are never touched cost no memory.
  constexpr size_t kOver = kMaxValueBytes + 1;
  void* pages = mmap(nullptr, kOver, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  const ByteView over(static_cast<const char*>(pages), kOver);
  {
    auto backend = OpenRaw();
    auto state = Must(backend.GetState(ValueStateDescriptor<std::string>("v", RawBytesSerializer())));
    auto map = Must(backend.GetState(
        MapStateDescriptor<std::string, std::string>("m", RawBytesSerializer(), RawBytesSerializer())));
    Must(backend.SetCurrentKey("k"));
    Must(state.Update(std::string("before")));
    Must(map.Put("u", "before"));
    const Status status = GetExtension<SerializedAccess>(*state.internal())->PutBytes(over);
    EXPECT_CODE(status, kInvalidArgument);
    EXPECT_MENTIONS(status, "1073741824");
    EXPECT_CODE(GetExtension<SerializedAccess>(*map.internal())->PutEntryBytes("u", over, false), kInvalidArgument);
    EXPECT_EQ(Current(state), "before");
    EXPECT_EQ(Current(map, std::string("u")), "before");
  }
  munmap(pages, kOver);
}

}  // namespace
}  // namespace kvstate::conformance
