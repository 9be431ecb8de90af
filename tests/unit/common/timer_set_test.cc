#include "backends/common/timer_set.h"

#include <gtest/gtest.h>

#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kvstate::backends {
namespace {

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

using Item = std::pair<int64_t, std::string>;
using Random = std::mt19937_64;

Item ItemOf(const StoredTimer& timer) { return {timer.timestamp(), std::string(timer.address())}; }
StoredTimer TimerOf(const Item& item) { return StoredTimer(item.first, item.second); }

/// A set of timers, and one that must do the same.
struct Sets {
  TimerSet set;
  std::set<Item> model;

  void Add(const Item& item) {
    const bool is_first = (model.empty() || item < *model.begin());
    model.insert(item);
    ASSERT_EQ(set.Add(TimerOf(item)), is_first);
  }
  void Insert(const Item& item) {
    const StoredTimer* const at = set.Insert(TimerOf(item));
    ASSERT_EQ(at != nullptr, model.insert(item).second);
    if (at != nullptr) {
      ASSERT_EQ(ItemOf(*at), item);
    }
  }
  void Erase(const Item& item) { ASSERT_EQ(set.Erase(TimerOf(item)), model.erase(item) == 1); }
  void TakeFirst() {
    ASSERT_EQ(set.empty(), model.empty());
    if (model.empty()) return;
    ASSERT_EQ(ItemOf(set.TakeFirst()), *model.begin());
    model.erase(model.begin());
  }
  void DropLast() {
    if (model.empty()) return;
    ASSERT_EQ(ItemOf(set.last()), *model.rbegin());
    set.DropLast();
    model.erase(std::prev(model.end()));
  }
  void CheckFirst() {
    ASSERT_EQ(set.empty(), model.empty());
    if (!model.empty()) {
      ASSERT_EQ(ItemOf(set.first()), *model.begin());
    }
  }
  /// As a reader does that must not change the set.
  void CheckInPieces(size_t least) const {
    std::set<Item> read;
    std::optional<StoredTimer> from;
    for (;;) {
      std::set<Item> piece;
      const StoredTimer* const next = set.ForSome(from.has_value() ? &*from : nullptr, least,
                                                  [&](const StoredTimer& t) { piece.insert(ItemOf(t)); });
      if (!piece.empty() && !read.empty()) {
        ASSERT_LT(*read.rbegin(), *piece.begin());
      }
      read.insert(piece.begin(), piece.end());
      if (next == nullptr) break;
      if (!read.empty()) {
        ASSERT_LT(*read.rbegin(), ItemOf(*next));
      }
      from = *next;
    }
    ASSERT_EQ(read, model);
  }
  void CheckAll() {
    CheckInPieces(200);
    std::vector<Item> items;
    ASSERT_TRUE(set.ForEach([&](const StoredTimer& timer) {
                     items.push_back(ItemOf(timer));
                     return Status();
                   })
                    .ok());
    ASSERT_EQ(items, std::vector<Item>(model.begin(), model.end()));
    ASSERT_EQ(set.Size(), model.size());
  }
};

/// Changes at random, with timers that `next` gives: in the first half more are added, in the second more taken out.
void Change(Sets& sets, Random& random, int steps, const std::function<Item()>& next) {
  for (int step = 0; step < steps; ++step) {
    const uint64_t what = random() % 16;
    const uint64_t adds = step < steps / 2 ? 11 : 4;
    if (what < adds) {
      sets.Add(next());
    } else if (what == 11) {
      sets.Insert(next());
    } else if (what < 14) {
      // What is there, as often as what is not.
      const Item item = next();
      const auto at = sets.model.lower_bound(item);
      sets.Erase(random() % 2 == 0 && at != sets.model.end() ? Item(*at) : item);
    } else if (what == 14) {
      sets.TakeFirst();
    } else if (random() % 4 == 0) {
      const Item item = next();
      ASSERT_EQ(sets.set.Contains(TimerOf(item)), sets.model.contains(item));
    } else if (random() % 16 == 0) {
      sets.DropLast();
    }
    sets.CheckFirst();
    // Seldom, since it puts everything in order.
    if (step % 4001 == 4000) sets.CheckAll();
    if (testing::Test::HasFatalFailure()) return;
  }
  sets.CheckAll();
  while (!sets.model.empty() && !testing::Test::HasFatalFailure()) sets.TakeFirst();
  EXPECT_TRUE(sets.set.empty());
}

std::string Address(Random& random) {
  // Some stand in the timer, some outside.
  return std::string(random() % 4 == 0 ? 30 : random() % 3, static_cast<char>('a' + random() % 5));
}

TEST(TimerSetTest, TimersAtRandomTimesAreASet) {
  for (const int64_t times : {1, 30, 1000, 1'000'000}) {
    SCOPED_TRACE(times);
    Sets sets;
    Random random(3);
    Change(sets, random, 20'000, [&] {
      const auto timestamp = static_cast<int64_t>(random() % static_cast<uint64_t>(times));
      return Item(timestamp - times / 2, Address(random));
    });
  }
}

TEST(TimerSetTest, TimersOfOneTimeAreASet) {
  Sets sets;
  Random random(5);
  Change(sets, random, 20'000, [&] { return Item(7, std::to_string(random() % 5000)); });
}

TEST(TimerSetTest, TimersThatComeInOrderAreASet) {
  for (const int64_t step : {1, -1}) {
    Sets sets;
    Random random(7);
    int64_t now = 0;
    Change(sets, random, 20'000, [&] { return Item(now += step, Address(random)); });
  }
}

TEST(TimerSetTest, TheLeastAndTheGreatestTimesAreOrdinaryOnes) {
  Sets sets;
  Random random(9);
  Change(sets, random, 20'000, [&] {
    const auto near = static_cast<int64_t>(random() % 300);
    return Item(random() % 2 == 0 ? kLeast + near : kMost - near, Address(random));
  });
  Sets least;
  least.Add({kLeast, ""});
  least.Add({kMost, ""});
  least.CheckAll();
}

TEST(TimerSetTest, ATimerAddedOverAndOverIsThereOnce) {
  Sets sets;
  for (int64_t i = 0; i < 300; ++i) sets.Add({i, "x"});
  for (int i = 0; i < 10'000; ++i) sets.Add({250, "x"});
  EXPECT_EQ(sets.set.Size(), 300u);
  for (int i = 0; i < 100; ++i) sets.Add({250, "x"});
  sets.Erase({250, "x"});
  EXPECT_FALSE(sets.set.Contains(TimerOf({250, "x"})));
  sets.CheckAll();
}

TEST(TimerSetTest, MostThatWereFarAheadMayBeErasedInAnyOrder) {
  for (const bool ascending : {true, false}) {
    Sets sets;
    for (int64_t i = 0; i < 20'000; ++i) sets.Add({(i * 7919) % 20'000, "key"});
    for (int64_t i = 0; i < 20'000; ++i) {
      const int64_t timestamp = ascending ? i : 19'999 - i;
      if (timestamp % 100 != 0) sets.Erase({timestamp, "key"});
    }
    EXPECT_LE(sets.set.leaves(), 20u) << "what is left of leaves is put together";
    sets.CheckAll();
  }
}

}  // namespace
}  // namespace kvstate::backends
