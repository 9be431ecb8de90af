#include "backends/hashmap/entry_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "backends/hashmap/payload.h"
#include "backends/hashmap/table_cursor.h"
#include "kvstate/serializers.h"

namespace kvstate::backends::hashmap {
namespace {

using Pair = std::pair<std::string, std::string>;

/// A table of strings by (key, namespace), with what a state does around it.
class Strings {
 public:
  explicit Strings(const KeyLayout& key) : cell_(SerializerFor<std::string>(), 256), layout_(key, cell_, memory_) {}
  ~Strings() { table_.Destroy(layout_); }

  EntryKey Key(const Pair& pair) const {
    if (layout_.key.void_namespace) return EntryKey(layout_.key, pair.first, HashKeyBytes(pair.first), "", 0);
    return EntryKey(layout_.key, pair.first, HashKeyBytes(pair.first), pair.second, HashNamespaceBytes(pair.second));
  }
  const std::string* Find(const Pair& pair) const {
    char* slot = table_.Find(layout_, Key(pair));
    return slot == nullptr ? nullptr : static_cast<const std::string*>(layout_.PayloadOf(slot));
  }
  void Add(const Pair& pair, const std::string& value) {
    const EntryKey key = Key(pair);
    if (!table_.HasRoom()) table_.Grow(layout_);
    const size_t index = table_.FindFree(key.hash);
    cell_.CopyConstruct(layout_.PayloadOf(table_.SlotAt(layout_, index)), &value);
    table_.Publish(layout_, index, key);
  }
  void Remove(const Pair& pair) { table_.Erase(layout_, table_.Find(layout_, Key(pair))); }

  EntryTable& table() { return table_; }
  const TableLayout& layout() const { return layout_; }
  Pair PairOf(const char* slot) const {
    return {std::string(layout_.KeyOf(slot)), std::string(layout_.NamespaceOf(slot))};
  }

 private:
  const ObjectCell cell_;
  TableMemory memory_;
  const TableLayout layout_;
  EntryTable table_;
};

struct Case {
  const char* name;
  size_t key_bytes;
  size_t namespace_bytes;
  bool void_namespace;
};

class EntryTableTest : public ::testing::TestWithParam<Case> {
 protected:
  EntryTableTest()
      : strings_(KeyLayout::For(GetParam().key_bytes, GetParam().namespace_bytes, GetParam().void_namespace)) {}

  std::string Bytes(size_t fixed, uint64_t number) {
    // Lengths on both sides of what fits in a slot, the empty string among them.
    const size_t size = fixed == kVariableSize ? number % 23 : fixed;
    std::string bytes(size, 'k');
    for (size_t i = 0; i < size && i < 8; ++i) bytes[i] = static_cast<char>(number >> (8 * i));
    return bytes;
  }
  Pair MakePair(uint64_t number) {
    const std::string state_namespace =
        GetParam().void_namespace ? std::string("\0", 1) : Bytes(GetParam().namespace_bytes, number / 7);
    return {Bytes(GetParam().key_bytes, number), state_namespace};
  }

  Strings strings_;
};

TEST_P(EntryTableTest, AgreesWithAMapUnderRandomChanges) {
  std::map<Pair, std::string> model;
  std::mt19937_64 random(7);
  for (int round = 0; round < 20000; ++round) {
    // The number of entries swells and shrinks, so that the table grows and gives back.
    const uint64_t keys = (round / 4000) % 2 == 0 ? 3000 : 60;
    const Pair pair = MakePair(random() % keys);
    const auto known = model.find(pair);
    const std::string* found = strings_.Find(pair);
    ASSERT_EQ(found != nullptr, known != model.end());
    if (found != nullptr) {
      ASSERT_EQ(*found, known->second);
      strings_.Remove(pair);
      strings_.table().ShrinkIfSparse(strings_.layout());
      model.erase(known);
    } else {
      const std::string value = "value " + std::to_string(round);
      strings_.Add(pair, value);
      model.emplace(pair, value);
    }
    ASSERT_EQ(strings_.table().size(), model.size());
  }
  for (const auto& [pair, value] : model) {
    ASSERT_NE(strings_.Find(pair), nullptr);
    EXPECT_EQ(*strings_.Find(pair), value);
  }
}

TEST_P(EntryTableTest, ChurnAtConstantSizeKeepsTheCapacity) {
  for (uint64_t i = 0; i < 40; ++i) {
    const Pair pair = MakePair(i);
    if (strings_.Find(pair) == nullptr) strings_.Add(pair, "v");
  }
  const size_t size = strings_.table().size();
  size_t largest = 0;
  std::mt19937_64 random(1);
  std::vector<Pair> live;
  strings_.table().ForEach(strings_.layout(), [&](char* slot) { live.push_back(strings_.PairOf(slot)); });
  for (int round = 0; round < 5000; ++round) {
    Pair& victim = live[random() % live.size()];
    strings_.Remove(victim);
    do {
      victim = MakePair(random() % 1000000);
    } while (strings_.Find(victim) != nullptr);
    strings_.Add(victim, "v");
    largest = std::max(largest, strings_.table().capacity());
  }
  EXPECT_EQ(strings_.table().size(), size);
  EXPECT_LE(largest, 128u);
}

TEST_P(EntryTableTest, CursorMeetsWhatStaysExactlyOnceWhateverElseChanges) {
  std::set<Pair> staying;
  std::mt19937_64 random(3);
  const auto add = [&](const Pair& pair) {
    if (strings_.Find(pair) == nullptr) strings_.Add(pair, "v");
  };
  for (uint64_t i = 0; i < 300; ++i) {
    add(MakePair(i));
    staying.insert(MakePair(i));
  }
  std::map<Pair, int> met;
  std::vector<Pair> others;
  TableCursor cursor;
  for (int step = 0; !cursor.AtEnd(); ++step) {
    cursor.Next(strings_.layout(), strings_.table(), [&](const char* slot) { ++met[strings_.PairOf(slot)]; });
    if (step % 20 < 10) {
      for (int i = 0; i < 100; ++i) {
        const Pair pair = MakePair(1000 + random() % 100000);
        if (staying.count(pair) != 0 || strings_.Find(pair) != nullptr) continue;
        strings_.Add(pair, "other");
        others.push_back(pair);
      }
    } else {
      for (const Pair& pair : others) strings_.Remove(pair);
      others.clear();
      strings_.table().ShrinkIfSparse(strings_.layout());
    }
  }
  for (const Pair& pair : staying) EXPECT_EQ(met[pair], 1);
  for (const auto& [pair, times] : met) EXPECT_LE(times, 2);
}

TEST_P(EntryTableTest, EachEntryIsAtHomeInOneGroupHoweverFullTheTableIs) {
  for (uint64_t i = 0; i < 3000; ++i) {
    const Pair pair = MakePair(i);
    if (strings_.Find(pair) == nullptr) strings_.Add(pair, "v");
    // At all sizes of small tables, and as larger ones get full.
    if (i > 130 && i % 37 != 0) continue;
    std::map<Pair, int> at_home;
    const size_t groups = std::max<size_t>(1, strings_.table().capacity() / EntryTable::kGroupSlots);
    for (size_t group = 0; group < groups; ++group) {
      strings_.table().ForEachAtHome(strings_.layout(), group,
                                     [&](const char* slot) { ++at_home[strings_.PairOf(slot)]; });
    }
    ASSERT_EQ(at_home.size(), strings_.table().size()) << i;
    for (const auto& [met, times] : at_home) ASSERT_EQ(times, 1);
  }
}

TEST_P(EntryTableTest, GivesMemoryBackWhenEmptied) {
  std::set<Pair> pairs;
  for (uint64_t i = 0; i < 5000; ++i) pairs.insert(MakePair(i));
  for (const Pair& pair : pairs) strings_.Add(pair, "v");
  EXPECT_GE(strings_.table().capacity(), pairs.size());
  for (const Pair& pair : pairs) {
    strings_.Remove(pair);
    strings_.table().ShrinkIfSparse(strings_.layout());
  }
  EXPECT_EQ(strings_.table().size(), 0u);
  EXPECT_LE(strings_.table().capacity(), 64u);
}

INSTANTIATE_TEST_SUITE_P(Layouts, EntryTableTest,
                         ::testing::Values(Case{"OneWord", 8, 1, true}, Case{"ShortKey", 3, 1, true},
                                           Case{"TwoWords", 8, 8, false}, Case{"ThreeWords", 8, 16, false},
                                           Case{"FourWords", 24, 8, false}, Case{"OddSizes", 5, 6, false},
                                           Case{"FixedButLong", 30, 8, false},
                                           Case{"VariableKey", kVariableSize, 1, true},
                                           Case{"VariableBoth", kVariableSize, kVariableSize, false},
                                           Case{"VariableNamespace", 8, kVariableSize, false}),
                         [](const auto& test) { return test.param.name; });

TEST(EntryTable, TellsApartWhereKeyEndsAndNamespaceStarts) {
  Strings strings(KeyLayout::For(kVariableSize, kVariableSize, false));
  strings.Add({"ab", "c"}, "1");
  strings.Add({"a", "bc"}, "2");
  strings.Add({"", "abc"}, "3");
  strings.Add({"long enough for the heap", "!"}, "4");
  strings.Add({"long enough for the heap!", ""}, "5");
  EXPECT_EQ(*strings.Find({"ab", "c"}), "1");
  EXPECT_EQ(*strings.Find({"a", "bc"}), "2");
  EXPECT_EQ(*strings.Find({"", "abc"}), "3");
  EXPECT_EQ(*strings.Find({"long enough for the heap", "!"}), "4");
  EXPECT_EQ(*strings.Find({"long enough for the heap!", ""}), "5");
  EXPECT_EQ(strings.Find({"abc", ""}), nullptr);
}

TEST(EntryTable, SequentialKeysSpreadOverTheGroups) {
  Strings strings(KeyLayout::For(8, 1, true));
  for (int64_t i = 0; i < 10000; ++i) strings.Add({Encode(i), std::string("\0", 1)}, "v");
  size_t fullest = 0;
  for (size_t group = 0; group < strings.table().capacity() / EntryTable::kGroupSlots; ++group) {
    size_t at_home = 0;
    strings.table().ForEachAtHome(strings.layout(), group, [&](char*) { ++at_home; });
    fullest = std::max(fullest, at_home);
  }
  // 9.8 on average; 30 would be off by six standard deviations.
  EXPECT_LT(fullest, 30u);
}

}  // namespace
}  // namespace kvstate::backends::hashmap
