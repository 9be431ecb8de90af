#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

class MapIteratorTest : public BackendTest {
 protected:
  void SetUp() override {
    backend_.emplace(Open<int64_t>());
    map_ = Must(backend_->GetState(MapStateDescriptor<int64_t, std::string>("m")));
    Must(backend_->SetCurrentKey(1));
  }
  void Fill(int64_t entries) {
    for (int64_t n = 0; n < entries; ++n) Must(map_.Put(n, Value(n)));
  }
  static std::string Value(int64_t n) { return "value " + std::to_string(n); }

  std::optional<KeyedBackend<int64_t>> backend_;
  MapState<int64_t, std::string> map_;
};
KVSTATE_ON_EVERY_BACKEND(MapIteratorTest);

TEST_P(MapIteratorTest, NothingToWalkIsNoError) {
  auto entries = Must(map_.Entries());
  EXPECT_FALSE(Must(entries.Next()));
  EXPECT_FALSE(Must(entries.Next())) << "the end stays the end";
}

TEST_P(MapIteratorTest, AscendsInByteOrderOfUserKeys) {
  for (const int64_t n : {300, -1, 0, 255, 256, -300, 1}) Must(map_.Put(n, Value(n)));
  std::vector<int64_t> keys;
  for (const auto& [key, value] : EntriesOf(map_)) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<int64_t>{0, 1, 255, 256, 300, -300, -1})) << "negative numbers' bytes are the largest";
}

TEST_P(MapIteratorTest, AscendsInByteOrderOfRawUserKeys) {
  auto raw = Must(backend_->GetState(
      MapStateDescriptor<std::string, int64_t>("raw", RawBytesSerializer(), SerializerFor<int64_t>())));
  std::vector<std::string> keys = {"",
                                   std::string("\0", 1),
                                   std::string("\0\0", 2),
                                   std::string("\0\xff", 2),
                                   "a",
                                   std::string("a\0", 2),
                                   "a\xff",
                                   "aa",
                                   "b",
                                   "\x7f",
                                   "\x80",
                                   "\xff",
                                   "\xff\xff",
                                   std::string("\xff\0", 2)};
  for (const std::string& key : keys) Must(raw.Put(key, static_cast<int64_t>(key.size())));
  std::sort(keys.begin(), keys.end());
  const auto iterator = Must(raw.internal()->Iterate());
  std::vector<std::string> given;
  while (Must(iterator->Next())) {
    given.emplace_back(iterator->user_key_bytes());
    EXPECT_EQ(*static_cast<const std::string*>(Must(iterator->user_key())), given.back());
  }
  EXPECT_EQ(given, keys);
}

TEST_P(MapIteratorTest, RemoveTakesTheEntryLastReturned) {
  Fill(5);
  auto entries = Must(map_.Entries());
  while (Must(entries.Next())) {
    if (*Must(entries.Key()) % 2 == 1) {
      EXPECT_OK(entries.Remove());
    }
  }
  EXPECT_EQ(EntriesOf(map_), (EntryList<int64_t, std::string>{{0, Value(0)}, {2, Value(2)}, {4, Value(4)}}));
}

TEST_P(MapIteratorTest, RemoveWithoutAnEntryIsAnError) {
  Fill(2);
  auto entries = Must(map_.Entries());
  EXPECT_CODE(entries.Remove(), kFailedPrecondition) << "before Next";
  EXPECT_CODE(entries.Key(), kFailedPrecondition);
  EXPECT_CODE(entries.Value(), kFailedPrecondition);
  EXPECT_CODE(entries.SetValue("x"), kFailedPrecondition);
  ASSERT_TRUE(Must(entries.Next()));
  EXPECT_OK(entries.Remove());
  EXPECT_CODE(entries.Remove(), kFailedPrecondition) << "twice without Next";
  EXPECT_CODE(entries.Key(), kFailedPrecondition);
  EXPECT_CODE(entries.Value(), kFailedPrecondition);
  EXPECT_CODE(entries.SetValue("x"), kFailedPrecondition) << "would bring the removed entry back";
  ASSERT_TRUE(Must(entries.Next()));
  EXPECT_EQ(*Must(entries.Key()), 1);
  EXPECT_FALSE(Must(entries.Next()));
  EXPECT_CODE(entries.Remove(), kFailedPrecondition) << "at the end";
  EXPECT_EQ(EntriesOf(map_).size(), 1u);
}

TEST_P(MapIteratorTest, SetValueWritesTheState) {
  Fill(4);
  auto entries = Must(map_.Entries());
  while (Must(entries.Next())) {
    const int64_t key = *Must(entries.Key());
    EXPECT_OK(entries.SetValue("set " + std::to_string(key)));
    EXPECT_EQ(*Must(entries.Value()), "set " + std::to_string(key));
  }
  for (int64_t n = 0; n < 4; ++n) EXPECT_EQ(Current(map_, n), "set " + std::to_string(n));
}

TEST_P(MapIteratorTest, SetValueWritesNullAndOverNull) {
  Fill(2);
  Must(map_.PutNull(1));
  const auto iterator = Must(map_.internal()->Iterate());
  ASSERT_TRUE(Must(iterator->Next()));
  EXPECT_OK(iterator->SetValue(nullptr));
  EXPECT_EQ(Must(iterator->value()), nullptr);
  ASSERT_TRUE(Must(iterator->Next()));
  EXPECT_EQ(Must(iterator->value()), nullptr);
  const std::string text = "text";
  EXPECT_OK(iterator->SetValue(&text));
  EXPECT_FALSE(Must(iterator->Next()));
  EXPECT_EQ(EntriesOf(map_), (EntryList<int64_t, std::string>{{0, std::nullopt}, {1, text}}));
}

TEST_P(MapIteratorTest, AnEntryCanBeRemovedAfterItsValueWasSet) {
  Fill(3);
  auto entries = Must(map_.Entries());
  while (Must(entries.Next())) {
    Must(entries.SetValue("short-lived"));
    EXPECT_OK(entries.Remove());
  }
  EXPECT_TRUE(Must(map_.IsEmpty()));
}

TEST_P(MapIteratorTest, Walks4096EntriesRemovingEach) {
  Fill(4096);
  auto entries = Must(map_.Entries());
  int64_t walked = 0;
  while (Must(entries.Next())) {
    ASSERT_EQ(*Must(entries.Key()), walked);
    ASSERT_EQ(*Must(entries.Value()), Value(walked));
    ++walked;
    ASSERT_OK(entries.Remove());
  }
  EXPECT_EQ(walked, 4096);
  EXPECT_TRUE(Must(map_.IsEmpty()));
  EXPECT_EQ(Must(backend_->backend().NumEntries()), 0u);
}

TEST_P(MapIteratorTest, LivesThroughPutsAndGivesWhatWasThereOnce) {
  Fill(1000);
  auto entries = Must(map_.Entries());
  std::vector<int64_t> given;
  while (Must(entries.Next())) {
    const int64_t key = *Must(entries.Key());
    given.push_back(key);
    if (key < 1000) {
      Must(map_.Put(key + 10000, "new, ahead"));
      Must(map_.Put(key, "changed, here"));
      ASSERT_EQ(Current(map_, key), "changed, here");
    }
  }
  EXPECT_TRUE(std::is_sorted(given.begin(), given.end()));
  EXPECT_EQ(std::set<int64_t>(given.begin(), given.end()).size(), given.size()) << "none twice";
  EXPECT_GE(given.size(), 1000u);
  for (int64_t n = 0; n < 1000; ++n) ASSERT_TRUE(std::binary_search(given.begin(), given.end(), n)) << n;
}

TEST_P(MapIteratorTest, LivesThroughRemovalsOfTheEntryItStandsOnAndOfOthers) {
  Fill(300);
  auto entries = Must(map_.Entries());
  std::vector<int64_t> given;
  while (Must(entries.Next())) {
    const int64_t key = *Must(entries.Key());
    given.push_back(key);
    Must(map_.Remove(key));
    if (key % 3 == 0) Must(map_.Remove(key + 1));
  }
  for (int64_t n = 0; n < 300; ++n) {
    if (n % 3 != 1) {
      ASSERT_TRUE(std::binary_search(given.begin(), given.end(), n)) << n;
    }
  }
  for (const int64_t n : given) EXPECT_FALSE(Must(map_.Contains(n)));
}

TEST_P(MapIteratorTest, LivesThroughClear) {
  Fill(300);
  auto entries = Must(map_.Entries());
  ASSERT_TRUE(Must(entries.Next()));
  Must(map_.Clear());
  std::set<int64_t> given;
  while (Must(entries.Next())) EXPECT_TRUE(given.insert(*Must(entries.Key())).second);
  EXPECT_TRUE(Must(map_.IsEmpty())) << "a walk writes nothing";
  Must(map_.Put(1, "again"));
  EXPECT_EQ(EntriesOf(map_).size(), 1u);
}

TEST_P(MapIteratorTest, StaysWithTheKeyAndNamespaceItWasMadeUnder) {
  auto windows = Must(backend_->GetState<TimeWindow>(MapStateDescriptor<int64_t, std::string>("windows")));
  for (const int64_t key : {1, 2}) {
    Must(backend_->SetCurrentKey(key));
    for (const int64_t start : {0, 10}) {
      Must(windows.SetCurrentNamespace(TimeWindow{start, start + 10}));
      for (int64_t n = 0; n < 3; ++n) Must(windows.Put(n, std::to_string(key) + "/" + std::to_string(start)));
    }
  }
  Must(backend_->SetCurrentKey(1));
  Must(windows.SetCurrentNamespace(TimeWindow{0, 10}));
  auto entries = Must(windows.Entries());
  Must(backend_->SetCurrentKey(2));
  Must(windows.SetCurrentNamespace(TimeWindow{10, 20}));
  ASSERT_TRUE(Must(entries.Next()));
  EXPECT_EQ(*Must(entries.Value()), "1/0");
  EXPECT_OK(entries.Remove());
  ASSERT_TRUE(Must(entries.Next()));
  EXPECT_OK(entries.SetValue("set"));
  ASSERT_TRUE(Must(entries.Next()));
  EXPECT_FALSE(Must(entries.Next()));
  EXPECT_EQ(EntriesOf(windows).size(), 3u) << "the current key's map is untouched";
  Must(backend_->SetCurrentKey(1));
  Must(windows.SetCurrentNamespace(TimeWindow{0, 10}));
  EXPECT_EQ(EntriesOf(windows), (EntryList<int64_t, std::string>{{1, "set"}, {2, "1/0"}}));
}

TEST_P(MapIteratorTest, SeveralWalkAtOnce) {
  Fill(100);
  auto slow = Must(map_.Entries());
  ASSERT_TRUE(Must(slow.Next()));
  auto quick = Must(map_.Entries());
  while (Must(quick.Next())) {
    if (*Must(quick.Key()) % 2 == 1) Must(quick.Remove());
  }
  std::vector<int64_t> given = {0};
  while (Must(slow.Next())) given.push_back(*Must(slow.Key()));
  EXPECT_TRUE(std::is_sorted(given.begin(), given.end()));
  for (int64_t n = 0; n < 100; n += 2) EXPECT_TRUE(std::binary_search(given.begin(), given.end(), n)) << n;
}

TEST_P(MapIteratorTest, MayGoBeforeItHasWalkedAll) {
  Fill(10);
  {
    auto entries = Must(map_.Entries());
    ASSERT_TRUE(Must(entries.Next()));
  }
  { auto untouched = Must(map_.Entries()); }
  Must(map_.Put(3, "after"));
  EXPECT_EQ(EntriesOf(map_).size(), 10u);
}

}  // namespace
}  // namespace kvstate::conformance
