#include <thread>

#include "tests/unit/engine_snapshots/engine_snapshots_testing.h"

namespace kvstate::backends {

namespace {

constexpr KeyGroupRange kAll{0, 127};

/// RocksDB alone: a reducing state's inputs are folded by a function that a restored store does not know at first.
class RocksDbLateReduceTest : public EngineSnapshotsTest {
 protected:
  /// A store restored with, under "a" … "d": an input alone, inputs that the flush folded, inputs in two files, an
  /// input in another file than the value it belongs to.
  void Restore() {
    const auto store = NewStore();
    auto table = MakeTable(*store, "sum", StateKind::kReducing);
    ASSERT_OK(table->Put(KeyIn(0, "d"), "100"));
    ASSERT_OK(table->Append(KeyIn(0, "c"), "1"));
    ASSERT_OK(store->Flush(/*compact=*/false));
    ASSERT_OK(table->Append(KeyIn(0, "a"), "7"));
    for (int i = 1; i <= 3; ++i) ASSERT_OK(table->Append(KeyIn(0, "b"), std::to_string(i)));
    ASSERT_OK(table->Append(KeyIn(0, "c"), "2"));
    ASSERT_OK(table->Append(KeyIn(0, "d"), "11"));
    state_ = StateOf(*store, *table, "sum", StateKind::kReducing);
    ASSERT_OK_AND_ASSIGN(auto files, store->LinkFiles());
    const FetchedFiles fetched = Fetch(*files, kAll, {state_});
    files.reset();
    ASSERT_OK_AND_ASSIGN(restored_, OpenFiles({fetched}, kAll));
    table_ = OpenTable(*restored_, state_);
  }
  void TearDown() override {
    table_.reset();
    restored_.reset();
    EngineSnapshotsTest::TearDown();
  }

  const Entries expected_ = {{KeyIn(0, "a"), "7"}, {KeyIn(0, "b"), "6"}, {KeyIn(0, "c"), "3"}, {KeyIn(0, "d"), "111"}};
  SavedState state_;
  std::unique_ptr<OrderedStore> restored_;
  std::unique_ptr<StoreTable> table_;
};

TEST_P(RocksDbLateReduceTest, AClaimedStateHasItsValues) {
  Restore();
  ASSERT_OK(table_->Claim(OptionsOf("sum", StateKind::kReducing)));
  EXPECT_TRUE(table_->appends());
  EXPECT_EQ(EntriesOf(*table_), expected_);
  ASSERT_OK(table_->Append(KeyIn(0, "d"), "1"));
  for (int i = 0; i < 10; ++i) {
    ASSERT_OK(table_->Append(KeyIn(0, "e"), "1"));
    ASSERT_OK(restored_->Flush(/*compact=*/true));
  }
  Entries later = expected_;
  later[KeyIn(0, "d")] = "112";
  later[KeyIn(0, "e")] = "10";
  EXPECT_EQ(EntriesOf(*table_), later);
}

TEST_P(RocksDbLateReduceTest, BeforeItIsClaimedItsEntriesCanBeCountedButNotRead) {
  Restore();
  ASSERT_OK_AND_ASSIGN(auto iterator, table_->NewIterator({}, {}));
  ASSERT_OK(iterator->Seek({}));
  int count = 0;
  for (; iterator->Valid(); ++count) ASSERT_OK(iterator->Next());
  EXPECT_EQ(count, 4);

  ASSERT_OK(iterator->Seek({}));
  EXPECT_EQ(iterator->value(), "7");  // One input alone needs no function.
  ASSERT_OK(iterator->Next());
  EXPECT_EQ(iterator->value(), "6");
  ASSERT_OK(iterator->Next());
  iterator->value();
  const Status next = iterator->Next();
  EXPECT_CODE(next, kFailedPrecondition);
  EXPECT_MENTIONS(next, "'sum'");
  EXPECT_MENTIONS(next, "GetOrCreateState");

  ByteView value;
  ASSERT_OK_AND_ASSIGN(const bool found, table_->Get(KeyIn(0, "a"), &value));
  EXPECT_TRUE(found);
  EXPECT_EQ(value, "7");
  EXPECT_CODE(table_->Get(KeyIn(0, "c"), &value), kFailedPrecondition);
  std::string copy;
  EXPECT_CODE(table_->ConcurrentGet(KeyIn(0, "d"), &copy), kFailedPrecondition);

  StoreTable* const tables[] = {table_.get()};
  ASSERT_OK_AND_ASSIGN(auto view, restored_->NewView(tables));
  EXPECT_CODE(view->Get(0, KeyIn(0, "c"), &copy), kFailedPrecondition);
}

TEST_P(RocksDbLateReduceTest, AnUnclaimedStateGoesThroughFilesAsItIs) {
  Restore();
  // More than a compaction takes to start, in another state beside it.
  auto other = MakeTable(*restored_, "other");
  for (int i = 0; i < 10; ++i) {
    ASSERT_OK(other->Put(KeyIn(0, "key"), std::to_string(i)));
    ASSERT_OK(restored_->Flush(/*compact=*/true));
  }
  const SavedState other_state = StateOf(*restored_, *other, "other");
  ASSERT_OK_AND_ASSIGN(auto files, restored_->LinkFiles());
  ASSERT_OK_AND_ASSIGN(auto again, OpenFiles({Fetch(*files, kAll, {state_, other_state})}, kAll));
  auto table = OpenTable(*again, state_);
  ASSERT_OK(table->Claim(OptionsOf("sum", StateKind::kReducing)));
  EXPECT_EQ(EntriesOf(*table), expected_);
}

TEST_P(RocksDbLateReduceTest, AFunctionThatIsNotThreadSafeFoldsWhatIsThereWhenItIsClaimed) {
  Restore();
  TableOptions options = OptionsOf("sum", StateKind::kReducing);
  options.append = AppendKind::kNone;
  const std::thread::id owner = std::this_thread::get_id();
  bool elsewhere = false;
  options.reduce = [&, reduce = options.reduce](std::string* accumulator, ByteView value) {
    if (std::this_thread::get_id() != owner) elsewhere = true;
    return reduce(accumulator, value);
  };
  ASSERT_OK(table_->Claim(options));
  EXPECT_FALSE(table_->appends());
  EXPECT_EQ(EntriesOf(*table_), expected_);
  ASSERT_OK(restored_->Flush(/*compact=*/true));
  for (int i = 0; i < 10; ++i) {
    ASSERT_OK(table_->Put(KeyIn(0, "a"), "8"));
    ASSERT_OK(restored_->Flush(/*compact=*/true));
  }
  Entries later = expected_;
  later[KeyIn(0, "a")] = "8";
  EXPECT_EQ(EntriesOf(*table_), later);
  EXPECT_FALSE(elsewhere);
}

TEST_P(RocksDbLateReduceTest, WithoutAnyFunctionWhatIsThereIsRefused) {
  Restore();
  TableOptions options;
  options.name = "sum";
  EXPECT_CODE(table_->Claim(options), kFailedPrecondition);
}

INSTANTIATE_TEST_SUITE_P(Engines, RocksDbLateReduceTest, ::testing::Values("rocksdb"));

}  // namespace

}  // namespace kvstate::backends
