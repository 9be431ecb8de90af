#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/lmdb/lmdb_store_testing.h"

namespace kvstate::backends::lmdb {
namespace {

class LmdbViewTest : public LmdbStoreTest {
 protected:
  std::unique_ptr<StoreView> View(const std::vector<StoreTable*>& tables) {
    auto view = store_->NewView(tables);
    EXPECT_OK(view);
    return view.ok() ? std::move(view).value() : nullptr;
  }
  /// What an iterator of the view gives from `seek` on.
  static Entries ScanView(StoreView& view, size_t table, ByteView lower = {}, ByteView upper = {}, ByteView seek = {}) {
    Entries entries;
    auto iterator = view.NewIterator(table, lower, upper);
    EXPECT_OK(iterator);
    EXPECT_OK((*iterator)->Seek(seek));
    while ((*iterator)->Valid()) {
      EXPECT_TRUE(entries.emplace((*iterator)->key(), (*iterator)->value()).second);
      EXPECT_EQ(entries.rbegin()->first, (*iterator)->key()) << "out of order";
      EXPECT_OK((*iterator)->Next());
    }
    return entries;
  }
  static std::string ReadView(StoreView& view, size_t table, ByteView key) {
    std::string value;
    const auto found = view.Get(table, key, &value);
    EXPECT_OK(found);
    return found.ok() && *found ? value : "(absent)";
  }
  static std::string Key(int i) {
    const std::string digits = std::to_string(i);
    return std::string(6 - digits.size(), '0') + digits;
  }
  static Entries Numbers(int count, char value, size_t bytes = 100) {
    Entries entries;
    for (int i = 0; i < count; ++i) entries[Key(i)] = std::string(bytes, value);
    return entries;
  }
  static void Fill(StoreTable& table, const Entries& entries) {
    for (const auto& [key, value] : entries) ASSERT_OK(table.Put(key, value));
  }
};

TEST_F(LmdbViewTest, SeesTablesAsTheyWere) {
  auto first = MakeTable("first");
  auto second = MakeTable("second");
  ASSERT_OK(first->Put("a", "1"));
  ASSERT_OK(second->Put("b", "2"));
  auto view = View({first.get(), second.get()});
  ASSERT_OK(first->Put("a", "changed"));
  ASSERT_OK(first->Put("c", "new"));
  ASSERT_OK(second->Delete("b"));
  EXPECT_EQ(ScanView(*view, 0), (Entries{{"a", "1"}}));
  EXPECT_EQ(ScanView(*view, 1), (Entries{{"b", "2"}}));
  EXPECT_EQ(ReadView(*view, 0, "a"), "1");
  EXPECT_EQ(ReadView(*view, 0, "c"), "(absent)");
  EXPECT_EQ(ReadView(*view, 0, ""), "(absent)");
  auto later = View({second.get(), first.get()});
  EXPECT_EQ(ScanView(*later, 1), (Entries{{"a", "changed"}, {"c", "new"}}));
  EXPECT_TRUE(ScanView(*later, 0).empty());
  EXPECT_EQ(ScanView(*view, 1), (Entries{{"b", "2"}}));
}

TEST_F(LmdbViewTest, StaysWithinBoundsOverManyBatches) {
  auto table = MakeTable();
  Entries expected = Numbers(5000, 'v');
  Fill(*table, expected);
  auto view = View({table.get()});
  EXPECT_EQ(ScanView(*view, 0), expected);
  EXPECT_EQ(ScanView(*view, 0, Key(1000), Key(4000)),
            Entries(expected.lower_bound(Key(1000)), expected.lower_bound(Key(4000))));
  EXPECT_EQ(ScanView(*view, 0, Key(1000), Key(4000), Key(3990)).size(), 10u);
  EXPECT_TRUE(ScanView(*view, 0, "x", "y").empty());
}

TEST_F(LmdbViewTest, SeesLongKeysAndLargeValues) {
  auto table = MakeTable();
  Entries expected;
  std::mt19937_64 random(1);
  for (int i = 0; i < 300; ++i) {
    expected[Key(i % 20) + std::string(random() % 1500, static_cast<char>('a' + i % 3))] =
        std::string(i % 30 == 0 ? 200000 : random() % 50, 'v');
  }
  Fill(*table, expected);
  auto view = View({table.get()});
  for (const auto& [key, value] : expected) ASSERT_OK(table->Delete(key));
  ASSERT_OK(store_->Flush(false));
  EXPECT_EQ(ScanView(*view, 0), expected);
  for (const auto& [key, value] : expected) EXPECT_EQ(ReadView(*view, 0, key), value);
  EXPECT_EQ(ReadView(*view, 0, std::string(2000, 'a')), "(absent)");
}

TEST_F(LmdbViewTest, PagesItReadsAreNotUsedAnew) {
  options_.commit_dirty_pages = 64;
  Open();
  auto table = MakeTable();
  const Entries old = Numbers(3000, 'a');
  Fill(*table, old);
  auto view = View({table.get()});
  for (char round = 'b'; round < 'j'; ++round) Fill(*table, Numbers(3000, round));
  EXPECT_EQ(ScanView(*view, 0), old);
  EXPECT_EQ(ScanView(*View({table.get()}), 0), Numbers(3000, 'i'));
}

TEST_F(LmdbViewTest, GivesItsPagesBackWhenItEnds) {
  auto table = MakeTable();
  const auto churn = [&] {
    for (char round = 'b'; round < 'h'; ++round) {
      Fill(*table, Numbers(3000, round));
      ASSERT_OK(store_->Flush(false));
    }
  };
  churn();
  const uint64_t without = UsedPages();
  for (int round = 0; round < 20; ++round) {
    auto view = View({table.get()});
    Fill(*table, Numbers(3000, 'x'));
    ASSERT_OK(store_->Flush(false));
  }
  EXPECT_LT(UsedPages(), 4 * without);
}

TEST_F(LmdbViewTest, OutlivesTheTablesItIsOf) {
  auto kept = MakeTable("kept");
  auto dropped = MakeTable("dropped");
  Fill(*dropped, Numbers(2000, 'd'));
  ASSERT_OK(dropped->Put(std::string(700, 'k'), "long"));
  auto view = View({kept.get(), dropped.get()});
  auto iterator = view->NewIterator(1, {}, {});
  ASSERT_OK(iterator);
  ASSERT_OK((*iterator)->Seek({}));
  ASSERT_OK(store_->DropTable(std::move(dropped)));
  auto again = MakeTable("dropped");
  Fill(*again, Numbers(2000, 'n'));
  Fill(*kept, Numbers(5000, 'k'));
  ASSERT_OK(store_->Flush(false));
  int seen = 0;
  for (; (*iterator)->Valid() && (*iterator)->key().size() == 6; ++seen) {
    EXPECT_EQ((*iterator)->value(), std::string(100, 'd'));
    ASSERT_OK((*iterator)->Next());
  }
  EXPECT_EQ(seen, 2000);
  EXPECT_EQ(ReadView(*view, 1, std::string(700, 'k')), "long");
  EXPECT_TRUE(ScanView(*view, 0).empty());
}

TEST_F(LmdbViewTest, DatabasesOfDroppedTablesAreUsedAgain) {
  options_.max_states = 4;
  Open();
  for (int i = 0; i < 50; ++i) {
    auto table = MakeTable();
    ASSERT_NE(table, nullptr);
    ASSERT_OK(table->Put("k", "v"));
    auto view = View({table.get()});
    ASSERT_OK(store_->DropTable(std::move(table)));
    EXPECT_EQ(ReadView(*view, 0, "k"), "v");
  }
}

TEST_F(LmdbViewTest, IsReadBesideAWriterThatGrowsCommitsAndDrops) {
  options_.commit_dirty_pages = 256;
  options_.map_growth_percent = 20;
  Open();
  auto table = MakeTable("table", /*concurrent_reads=*/true);
  auto doomed = MakeTable("doomed");
  const Entries expected = Numbers(4000, 'v');
  Fill(*table, expected);
  Fill(*doomed, expected);
  std::vector<std::unique_ptr<StoreView>> views;
  for (int i = 0; i < 2; ++i) views.push_back(View({table.get(), doomed.get()}));
  const uint64_t growths = store_->environment().map_growths();
  std::atomic<bool> stop{false};
  std::atomic<int> scans{0};
  std::vector<std::thread> readers;
  for (auto& view : views) {
    readers.emplace_back([&stop, &scans, &expected, view = std::move(view)] {
      for (int i = 0; !stop || i < 3; ++i, ++scans) {
        for (const size_t of : {0u, 1u}) {
          EXPECT_EQ(ScanView(*view, of), expected);
          EXPECT_EQ(ReadView(*view, of, Key(i % 4000)), std::string(100, 'v'));
        }
      }
    });
  }
  ASSERT_OK(store_->DropTable(std::move(doomed)));
  for (int i = 0; i < 40000 || scans < 4; ++i) {
    ASSERT_OK(table->Put(Key(i % 6000), std::string(i % 100 == 0 ? 20000 : 100, 'w')));
    if (i % 1000 == 0) {
      ASSERT_NE(View({table.get()}), nullptr);
    }
    if (i % 5000 == 0) {
      auto other = MakeTable("other");
      ASSERT_OK(other->Put("k", "v"));
      ASSERT_OK(store_->DropTable(std::move(other)));
    }
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_GT(store_->environment().map_growths(), growths);
}

TEST_F(LmdbViewTest, TheOwnerMayBeAnyThread) {
  auto table = MakeTable();
  for (int i = 0; i < 4; ++i) {
    std::thread([&] {
      ASSERT_OK(table->Put("k" + std::to_string(i), "v"));
      ASSERT_OK(store_->Flush(false));
      EXPECT_EQ(ScanView(*View({table.get()}), 0).size(), static_cast<size_t>(i + 1));
    }).join();
  }
}

}  // namespace
}  // namespace kvstate::backends::lmdb
