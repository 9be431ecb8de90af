#include <string>

#include "tests/unit/lmdb/lmdb_store_testing.h"

namespace kvstate::backends::lmdb {
namespace {

class LmdbIteratorTest : public LmdbStoreTest {
 protected:
  static std::string Number(int i) {
    std::string text = std::to_string(i);
    return std::string(6 - text.size(), '0') + text;
  }
};

TEST_F(LmdbIteratorTest, GivesNothingOfAnEmptyTable) {
  auto table = MakeTable();
  EXPECT_TRUE(Scan(*table).empty());
  EXPECT_TRUE(Scan(*table, "a", "b", "a").empty());
}

TEST_F(LmdbIteratorTest, StaysWithinItsBounds) {
  auto table = MakeTable();
  for (const char* key : {"a", "b", "ba", "c", "\xff"}) ASSERT_OK(table->Put(key, key));
  EXPECT_EQ(Scan(*table).size(), 5u);
  EXPECT_EQ(Scan(*table, "b", "c", ""), (Entries{{"b", "b"}, {"ba", "ba"}})) << "a seek before the lower bound";
  EXPECT_EQ(Scan(*table, "b", "c", "ba"), (Entries{{"ba", "ba"}}));
  EXPECT_TRUE(Scan(*table, "b", "c", "c").empty());
  EXPECT_EQ(Scan(*table, "c", "", ""), (Entries{{"c", "c"}, {"\xff", "\xff"}}));
  EXPECT_TRUE(Scan(*table, "d", "e", "").empty());
}

TEST_F(LmdbIteratorTest, CopiesItsBounds) {
  auto table = MakeTable();
  for (const char* key : {"a", "b", "c"}) ASSERT_OK(table->Put(key, key));
  std::string lower = "b";
  std::string upper = "c";
  auto iterator = table->NewIterator(lower, upper);
  ASSERT_OK(iterator);
  lower = upper = "x";
  ASSERT_OK((*iterator)->Seek(""));
  ASSERT_TRUE((*iterator)->Valid());
  EXPECT_EQ((*iterator)->key(), "b");
  ASSERT_OK((*iterator)->Next());
  EXPECT_FALSE((*iterator)->Valid());
}

TEST_F(LmdbIteratorTest, SeeksAgainAfterEachDeleteUntilNothingIsLeft) {
  auto table = MakeTable();
  for (int i = 0; i < 4096; ++i) ASSERT_OK(table->Put(Number(i), std::string(100, 'v')));
  auto iterator = table->NewIterator("", "");
  ASSERT_OK(iterator);
  ASSERT_OK((*iterator)->Seek(""));
  int seen = 0;
  while ((*iterator)->Valid()) {
    const std::string key((*iterator)->key());
    EXPECT_EQ(key, Number(seen++));
    ASSERT_OK(table->Delete(key));
    ASSERT_OK((*iterator)->Seek(key));
  }
  EXPECT_EQ(seen, 4096);
  EXPECT_TRUE(Scan(*table).empty());
}

TEST_F(LmdbIteratorTest, SeeksAfterWritesThatCommitAndMakeTheMapGrow) {
  options_.commit_dirty_pages = 64;
  Open();
  auto table = MakeTable();
  auto other = MakeTable("other");
  const std::string long_prefix(600, 'L');
  for (int i = 0; i < 300; ++i) ASSERT_OK(table->Put(long_prefix + Number(i), "v" + Number(i)));
  auto iterator = table->NewIterator("", "");
  ASSERT_OK(iterator);
  const auto generation = store_->environment().generation();
  const auto growths = store_->environment().map_growths();
  for (int i = 0; i < 300; ++i) {
    ASSERT_OK((*iterator)->Seek(long_prefix + Number(i)));
    ASSERT_TRUE((*iterator)->Valid());
    EXPECT_EQ((*iterator)->key(), long_prefix + Number(i));
    EXPECT_EQ((*iterator)->value(), "v" + Number(i));
    ASSERT_OK(other->Put(Number(i), std::string(20000, 'x')));
  }
  EXPECT_GT(store_->environment().generation(), generation + 10);
  EXPECT_GT(store_->environment().map_growths(), growths);
}

TEST_F(LmdbIteratorTest, MayBeDestroyedAfterItsTransactionEnded) {
  auto table = MakeTable();
  ASSERT_OK(table->Put(std::string(1000, 'k'), "v"));
  auto iterator = table->NewIterator("", "");
  ASSERT_OK(iterator);
  ASSERT_OK((*iterator)->Seek(""));
  ASSERT_OK(store_->Flush(false));
  iterator->reset();
  EXPECT_EQ(Scan(*table).size(), 1u);
}

TEST_F(LmdbIteratorTest, GoesOnBehindItsEntryWhenACommitOrANewTableCameBetween) {
  auto table = MakeTable();
  Entries entries;
  for (int i = 0; i < 50; ++i) entries[std::string(i % 2 == 0 ? 0 : 700, 'k') + Number(i)] = Number(i);
  for (const auto& [key, value] : entries) ASSERT_OK(table->Put(key, value));
  auto iterator = table->NewIterator("", "");
  ASSERT_OK(iterator);
  ASSERT_OK((*iterator)->Seek(""));
  std::vector<std::unique_ptr<StoreTable>> made;
  for (const auto& [key, value] : entries) {
    ASSERT_TRUE((*iterator)->Valid());
    made.push_back(MakeTable(value));
    ASSERT_OK(store_->Flush(false));
    EXPECT_EQ((*iterator)->key(), key);
    EXPECT_EQ((*iterator)->value(), value);
    ASSERT_OK((*iterator)->Next());
  }
  EXPECT_FALSE((*iterator)->Valid());
}

TEST_F(LmdbIteratorTest, WalksBesideOthersOfTheSameTable) {
  auto table = MakeTable();
  for (int i = 0; i < 100; ++i) ASSERT_OK(table->Put(Number(i), "v"));
  std::vector<std::unique_ptr<StoreIterator>> iterators;
  for (int i = 0; i < 3; ++i) {
    auto iterator = table->NewIterator("", "");
    ASSERT_OK(iterator);
    ASSERT_OK((*iterator)->Seek(Number(10 * i)));
    iterators.push_back(std::move(iterator).value());
  }
  for (int step = 0; step < 5; ++step) {
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(iterators[static_cast<size_t>(i)]->key(), Number(10 * i + step));
      ASSERT_OK(iterators[static_cast<size_t>(i)]->Next());
    }
  }
  iterators.erase(iterators.begin());
  EXPECT_EQ(Scan(*table).size(), 100u);
  EXPECT_EQ(iterators[0]->key(), Number(15));
}

TEST_F(LmdbIteratorTest, SeesWritesMadeBeforeTheSeek) {
  auto table = MakeTable();
  auto iterator = table->NewIterator("", "");
  ASSERT_OK(iterator);
  ASSERT_OK((*iterator)->Seek(""));
  EXPECT_FALSE((*iterator)->Valid());
  ASSERT_OK(table->Put("key", "value"));
  ASSERT_OK((*iterator)->Seek(""));
  ASSERT_TRUE((*iterator)->Valid());
  EXPECT_EQ((*iterator)->value(), "value");
}

}  // namespace
}  // namespace kvstate::backends::lmdb
