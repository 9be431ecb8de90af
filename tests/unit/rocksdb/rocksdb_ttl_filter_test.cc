// What RocksDB's jobs drop of tables whose values expire.
#include "tests/unit/rocksdb/ttl_store_testing.h"

namespace kvstate::backends::rocksdb {
namespace {

using RocksDbTtlFilterTest = TtlStoreTest;

TEST_F(RocksDbTtlFilterTest, ACompactionDropsExpiredValuesAndNoOthers) {
  for (const StateKind kind : {StateKind::kValue, StateKind::kReducing, StateKind::kAggregating, StateKind::kFolding}) {
    const std::string name(StateKindName(kind));
    RocksDbTable& table = MakeTable(name, kind, TtlOf(kind));
    clock_->SetMillis(5000);
    ASSERT_OK(table.Put("old", TimedValue(4000 + 1, "v")));
    ASSERT_OK(table.Put("new", TimedValue(5000, "v")));
    Flush();
    EXPECT_EQ(Stored(table).size(), 2u) << name;
    clock_->SetMillis(5001);
    CompactAll(table);
    EXPECT_EQ(Stored(table), (std::map<std::string, std::string>{{"new", TimedValue(5000, "v")}})) << name;
  }
}

TEST_F(RocksDbTtlFilterTest, ACompactionDropsExpiredEntriesOfAMapNullOnesIncluded) {
  RocksDbTable& table = MakeTable(StateKind::kMap);
  ASSERT_OK(table.Put("old", TimedEntry(4000, "v")));
  const std::string null_value = std::string(1, '\0') + TimeBytes(4001) + '\1';
  ASSERT_OK(table.Put("old null", null_value));
  ASSERT_OK(table.Put("new", TimedEntry(5000, "v")));
  Flush();
  clock_->SetMillis(5001);
  CompactAll(table);
  EXPECT_EQ(Stored(table), (std::map<std::string, std::string>{{"new", TimedEntry(5000, "v")}}));
}

TEST_F(RocksDbTtlFilterTest, AListLosesElementsWhereverTheyStand) {
  RocksDbTable& table = MakeTable(StateKind::kList);
  const auto old = [](const std::string& e) { return TimedElement(4500, e); };
  const auto fresh = [](const std::string& e) { return TimedElement(5000, e); };
  ASSERT_OK(table.Put("first", old("a") + fresh("b") + fresh("c")));
  ASSERT_OK(table.Put("middle", fresh("a") + old("b") + fresh("c")));
  ASSERT_OK(table.Put("last", fresh("a") + fresh("b") + old("c")));
  ASSERT_OK(table.Put("all", old("a") + old("b") + old("c")));
  ASSERT_OK(table.Put("none", fresh("a") + fresh("b") + fresh("c")));
  Flush();
  clock_->SetMillis(5500);
  CompactAll(table);
  EXPECT_EQ(Stored(table), (std::map<std::string, std::string>{{"first", fresh("b") + fresh("c")},
                                                               {"middle", fresh("a") + fresh("c")},
                                                               {"last", fresh("a") + fresh("b")},
                                                               {"none", fresh("a") + fresh("b") + fresh("c")}}));
}

TEST_F(RocksDbTtlFilterTest, AListLosesWhatWasAppendedAndNotMergedYet) {
  RocksDbTable& table = MakeTable(StateKind::kList);
  const auto old = [](const std::string& e) { return TimedElement(4500, e); };
  const auto fresh = [](const std::string& e) { return TimedElement(5000, e); };
  // A value in the last level, and operands above it in files of their own.
  ASSERT_OK(table.Put("mixed", old("a") + fresh("b")));
  ASSERT_OK(table.Put("gone", old("a")));
  ASSERT_OK(table.Put("emptied by appends alone", fresh("a")));
  Flush();
  CompactAll(table);
  ASSERT_OK(table.Append("mixed", old("c")));
  ASSERT_OK(table.Append("mixed", fresh("d") + old("e")));
  ASSERT_OK(table.Append("gone", old("b")));
  ASSERT_OK(table.Append("emptied by appends alone", old("b")));
  ASSERT_OK(table.Append("appended", old("a") + fresh("b")));
  ASSERT_OK(table.Append("appended and gone", old("a")));
  Flush();
  clock_->SetMillis(5500);
  const std::map<std::string, std::string> left = {
      {"mixed", fresh("b") + fresh("d")}, {"emptied by appends alone", fresh("a")}, {"appended", fresh("b")}};
  // Values that operands are merged into are seen by the next compaction alone.
  CompactAll(table);
  CompactAll(table);
  EXPECT_EQ(Stored(table), left);
}

TEST_F(RocksDbTtlFilterTest, WhatExpiresInMemoryIsNotWrittenToFiles) {
  RocksDbTable& table = MakeTable(StateKind::kValue);
  ASSERT_OK(table.Put("old", TimedValue(4500, "v")));
  ASSERT_OK(table.Put("new", TimedValue(5000, "v")));
  clock_->SetMillis(5500);
  EXPECT_EQ(Stored(table).size(), 2u);
  Flush();
  EXPECT_EQ(Stored(table), (std::map<std::string, std::string>{{"new", TimedValue(5000, "v")}}));
  EXPECT_EQ(FiguresOf(table).filter_entries_examined, 2u);
  EXPECT_EQ(FiguresOf(table).filter_entries_removed, 1u);
}

TEST_F(RocksDbTtlFilterTest, WhatIsDroppedUncoversNothingOlder) {
  RocksDbTable& table = MakeTable(StateKind::kValue);
  // The clock went backwards between them: what is older lives longer.
  clock_->SetMillis(9000);
  ASSERT_OK(table.Put("key", TimedValue(9000, "older")));
  Flush();
  CompactAll(table);
  clock_->SetMillis(5000);
  ASSERT_OK(table.Put("key", TimedValue(5000, "newer")));
  clock_->SetMillis(6000);
  Flush();
  EXPECT_TRUE(Stored(table).empty());
  CompactAll(table);
  EXPECT_TRUE(Stored(table).empty());
}

TEST_F(RocksDbTtlFilterTest, ASweepOfOneFileUncoversNothingInFilesBelow) {
  RocksDbTable& table = MakeTable(StateKind::kValue);
  clock_->SetMillis(9000);
  ASSERT_OK(table.Put("key", TimedValue(9000, "older")));
  Flush();
  CompactAll(table);
  clock_->SetMillis(5000);
  ASSERT_OK(table.Put("key", TimedValue(5000, "newer")));
  Flush();
  clock_->SetMillis(6000);
  Sweep(table);
  EXPECT_EQ(FiguresOf(table).sweep_compactions, 1u);
  EXPECT_TRUE(Stored(table).empty());
}

TEST_F(RocksDbTtlFilterTest, NothingThatAViewSawAliveIsDropped) {
  for (const StateKind kind : {StateKind::kValue, StateKind::kList}) {
    const bool list = kind == StateKind::kList;
    const auto timed = [&](int64_t time) { return list ? TimedElement(time, "e") : TimedValue(time, "v"); };
    clock_->SetMillis(5000);
    RocksDbTable& table = MakeTable(list ? "list" : "value", kind, TtlOf(kind));
    ASSERT_OK(table.Put("older", timed(4500)));
    ASSERT_OK(table.Put("newer", timed(4900)));
    clock_->SetMillis(5500);
    StoreTable* const viewed[] = {&table};
    ASSERT_OK_AND_ASSIGN(std::unique_ptr<StoreView> view, store_->NewView(viewed));
    clock_->SetMillis(9999);
    Flush();
    CompactAll(table);
    Sweep(table);
    std::string value;
    ASSERT_OK_AND_ASSIGN(const bool found, view->Get(0, "newer", &value));
    EXPECT_TRUE(found);
    EXPECT_EQ(value, timed(4900));
    EXPECT_EQ(Stored(table).size(), 1u);
    view.reset();
    CompactAll(table);
    EXPECT_TRUE(Stored(table).empty());
  }
}

TEST_F(RocksDbTtlFilterTest, NothingIsDroppedWhenTheClockWentBackwards) {
  RocksDbTable& table = MakeTable(StateKind::kValue);
  ASSERT_OK(table.Put("key", TimedValue(5000, "v")));
  Flush();
  clock_->SetMillis(-5000);
  CompactAll(table);
  Sweep(table);
  EXPECT_EQ(Stored(table).size(), 1u);
  clock_->SetMillis(5999);
  CompactAll(table);
  EXPECT_EQ(Stored(table).size(), 1u);
}

TEST_F(RocksDbTtlFilterTest, BytesThatAreNotOfThisStateAreKeptAndCounted) {
  RocksDbTable& table = MakeTable(StateKind::kValue);
  ASSERT_OK(table.Put("short", "1234567"));
  ASSERT_OK(table.Put("old", TimedValue(4000, "v")));
  clock_->SetMillis(9999);
  Flush();
  CompactAll(table);
  EXPECT_EQ(Stored(table), (std::map<std::string, std::string>{{"short", "1234567"}}));
  EXPECT_EQ(table.family()->ttl()->malformed(), 2u);
}

TEST_F(RocksDbTtlFilterTest, AsksTheClockAgainAfterSoManyEntries) {
  /// Moves on by itself, so that what is dropped tells how often it was asked.
  class CountingClock final : public Clock {
   public:
    int64_t NowMillis() const override { return ++asked_; }
    mutable std::atomic<int64_t> asked_{0};
  };
  const auto asked_for = [this](uint32_t query_entries, const std::string& name) -> int64_t {
    const auto clock = std::make_shared<CountingClock>();
    TtlCleanup cleanup;
    cleanup.compaction_filter_query_entries = query_entries;
    RocksDbTable& table = MakeTable(name, StateKind::kValue,
                                    std::make_shared<const TableTtl>(TableTtl{
                                        TtlFilter(StateKind::kValue, kVariableSize, 1'000'000), clock, cleanup}));
    for (int i = 0; i < 100; ++i) EXPECT_OK(table.Put(std::to_string(i), TimedValue(0, "v")));
    const int64_t before = clock->asked_;
    Flush();
    return clock->asked_ - before;
  };
  EXPECT_EQ(asked_for(1, "each"), 100);
  EXPECT_EQ(asked_for(10, "tenth"), 10);
  EXPECT_EQ(asked_for(1000, "once"), 1);
  EXPECT_EQ(asked_for(0, "zero counts as one"), 100);
}

TEST_F(RocksDbTtlFilterTest, AStateWithTheFilterOffKeepsAllAndHasNoFigures) {
  TtlCleanup cleanup;
  cleanup.compaction_filter = false;
  RocksDbTable& table = MakeTable("table", StateKind::kValue, TtlOf(StateKind::kValue, cleanup));
  ASSERT_OK(table.Put("old", TimedValue(4000, "v")));
  clock_->SetMillis(9999);
  Flush();
  CompactAll(table);
  Sweep(table);
  EXPECT_EQ(Stored(table).size(), 1u);
  EXPECT_FALSE(FiguresOf(table).filter_entries_examined.has_value());
  EXPECT_FALSE(FiguresOf(table).sweep_compactions.has_value());
}

TEST_F(RocksDbTtlFilterTest, TheFilterWorksFromTheMomentTheStateIsAskedFor) {
  RocksDbTable& table = MakeTable("table", StateKind::kValue, nullptr);
  ASSERT_OK(table.Put("old", TimedValue(4000, "v")));
  ASSERT_OK(table.Put("new", TimedValue(9000, "v")));
  clock_->SetMillis(9000);
  Flush();
  CompactAll(table);
  EXPECT_EQ(Stored(table).size(), 2u);
  ASSERT_OK(table.StartTtl(TtlOf(StateKind::kValue)));
  CompactAll(table);
  EXPECT_EQ(Stored(table).size(), 1u);
}

TEST_F(RocksDbTtlFilterTest, InputsOfAReducingStateThatWereFoldedWhenItWasAskedForCompactWithoutItsFunction) {
  SavedState state;
  state.name = "sum";
  state.kind = StateKind::kReducing;
  ASSERT_OK(store_->AddRestored(state, {}));
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<StoreTable> opened, store_->OpenTable(state));
  auto& table = static_cast<RocksDbTable&>(*opened);
  tables_.push_back(std::move(opened));
  for (const char* input : {"a", "b"}) {
    ASSERT_OK(table.Append("key", input));
    Flush();
  }
  TableOptions options;
  options.reduce = [](std::string* sum, ByteView input) {
    sum->append(input);
    return Status();
  };
  ASSERT_OK(table.Claim(options));
  // The old files alone, without the sum that is in memory.
  ::rocksdb::ColumnFamilyMetaData metadata;
  store_->db().GetColumnFamilyMetaData(table.family()->handle(), &metadata);
  std::vector<std::string> files;
  for (const auto& file : metadata.levels[0].files) files.push_back(file.name);
  ASSERT_EQ(files.size(), 2u);
  const ::rocksdb::Status status = store_->db().CompactFiles({}, table.family()->handle(), files, 1);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(Stored(table), (std::map<std::string, std::string>{{"key", "ab"}}));
}

TEST_F(RocksDbTtlFilterTest, PeriodicCompactionIsAsTheStateSaysAndOffForOthers) {
  const auto period = [this](const RocksDbTable& table) {
    return store_->db().GetOptions(table.family()->handle()).periodic_compaction_seconds;
  };
  RocksDbTable& plain = MakeTable("plain", StateKind::kValue, nullptr);
  EXPECT_EQ(period(plain), 0u);
  TtlCleanup cleanup;
  EXPECT_EQ(period(MakeTable("default", StateKind::kValue, TtlOf(StateKind::kValue, cleanup))), 30u * 86400);
  cleanup.periodic_compaction_seconds = 77;
  EXPECT_EQ(period(MakeTable("given", StateKind::kValue, TtlOf(StateKind::kValue, cleanup))), 77u);
  cleanup.periodic_compaction_seconds = 0;
  EXPECT_EQ(period(MakeTable("never", StateKind::kValue, TtlOf(StateKind::kValue, cleanup))), 0u);
}

}  // namespace
}  // namespace kvstate::backends::rocksdb
