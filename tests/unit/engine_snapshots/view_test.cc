#include <thread>

#include "tests/unit/engine_snapshots/engine_snapshots_testing.h"

namespace kvstate::backends {

TEST_P(EngineSnapshotsTest, AViewHasWhatWasThereWhenItWasMade) {
  const auto store = NewStore();
  auto first = MakeTable(*store, "first");
  auto second = MakeTable(*store, "second");
  ASSERT_OK(first->Put("kept", "1"));
  ASSERT_OK(first->Put("overwritten", "1"));
  ASSERT_OK(store->Flush(/*compact=*/false));
  ASSERT_OK(first->Put("removed", "1"));
  ASSERT_OK(second->Put("kept", "2"));
  StoreTable* const tables[] = {second.get(), first.get()};
  ASSERT_OK_AND_ASSIGN(auto view, store->NewView(tables));

  ASSERT_OK(first->Put("overwritten", "later"));
  ASSERT_OK(first->Put("new", "later"));
  ASSERT_OK(first->Delete("removed"));
  auto third = MakeTable(*store, "third");
  ASSERT_OK(third->Put("kept", "3"));
  ASSERT_OK(store->Flush(/*compact=*/true));

  EXPECT_EQ(EntriesOf(*view, 0), (Entries{{"kept", "2"}}));
  EXPECT_EQ(EntriesOf(*view, 1), (Entries{{"kept", "1"}, {"overwritten", "1"}, {"removed", "1"}}));
  std::string value = "before";
  ASSERT_OK_AND_ASSIGN(bool found, view->Get(1, "overwritten", &value));
  EXPECT_TRUE(found);
  EXPECT_EQ(value, "1");
  ASSERT_OK_AND_ASSIGN(found, view->Get(1, "new", &value));
  EXPECT_FALSE(found);
  EXPECT_EQ(EntriesOf(*first), (Entries{{"kept", "1"}, {"new", "later"}, {"overwritten", "later"}}));
}

TEST_P(EngineSnapshotsTest, AViewsIteratorHonoursItsBound) {
  const auto store = NewStore();
  auto table = MakeTable(*store, "table");
  for (const char* key : {"a", "b", "c", "d"}) ASSERT_OK(table->Put(key, key));
  StoreTable* const tables[] = {table.get()};
  ASSERT_OK_AND_ASSIGN(auto view, store->NewView(tables));
  ASSERT_OK_AND_ASSIGN(auto iterator, view->NewIterator(0, "b", "d"));
  ASSERT_OK(iterator->Seek("b"));
  ASSERT_TRUE(iterator->Valid());
  EXPECT_EQ(iterator->key(), "b");
  ASSERT_OK(iterator->Next());
  ASSERT_TRUE(iterator->Valid());
  EXPECT_EQ(iterator->value(), "c");
  ASSERT_OK(iterator->Next());
  EXPECT_FALSE(iterator->Valid());
}

TEST_P(EngineSnapshotsTest, ATableMayBeDroppedDuringAView) {
  const auto store = NewStore();
  auto dropped = MakeTable(*store, "dropped");
  Entries expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string key = std::to_string(i);
    ASSERT_OK(dropped->Put(key, key));
    expected[key] = key;
    if (i == 500) {
      ASSERT_OK(store->Flush(/*compact=*/false));
    }
  }
  StoreTable* const tables[] = {dropped.get()};
  ASSERT_OK_AND_ASSIGN(auto view, store->NewView(tables));
  ASSERT_OK(store->DropTable(std::move(dropped)));
  auto again = MakeTable(*store, "dropped");
  ASSERT_OK(again->Put("0", "another"));
  ASSERT_OK(store->Flush(/*compact=*/true));
  EXPECT_EQ(EntriesOf(*view, 0), expected);
  view.reset();
  EXPECT_EQ(EntriesOf(*again), (Entries{{"0", "another"}}));
}

TEST_P(EngineSnapshotsTest, AViewIsReadAndLetGoBesideTheOwnersWrites) {
  const auto store = NewStore();
  auto table = MakeTable(*store, "table", StateKind::kList);
  Entries expected;
  for (int i = 0; i < 2000; ++i) {
    const std::string key = std::to_string(i);
    ASSERT_OK(table->Put(key, key));
    expected[key] = key;
  }
  StoreTable* const tables[] = {table.get()};
  ASSERT_OK_AND_ASSIGN(auto view, store->NewView(tables));
  Entries seen;
  std::thread reader([&] {
    seen = EntriesOf(*view, 0);
    view.reset();
  });
  for (int i = 0; i < 2000; ++i) {
    ASSERT_OK(table->Put(std::to_string(i), "later"));
    ASSERT_OK(table->Delete(std::to_string(i / 2)));
    if (i % 500 == 0) {
      ASSERT_OK(store->Flush(/*compact=*/false));
    }
  }
  reader.join();
  EXPECT_EQ(seen, expected);
}

}  // namespace kvstate::backends
