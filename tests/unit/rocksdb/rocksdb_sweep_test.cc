// Files that nobody writes to any more shrink too.
#include "tests/unit/rocksdb/ttl_store_testing.h"

namespace kvstate::backends::rocksdb {
namespace {

class RocksDbSweepTest : public TtlStoreTest {
 protected:
  static std::string Key(int i) { return "key " + std::to_string(100000 + i); }
  void Fill(RocksDbTable& table, int first, int count, int64_t time) {
    for (int i = first; i < first + count; ++i) {
      ASSERT_OK(table.Put(Key(i), TimedValue(time, std::string(100, static_cast<char>('a' + i % 7)))));
    }
  }
  uint64_t BytesRead() {
    const auto counters = store_->Collect();
    EXPECT_OK(counters);
    return counters->compaction_bytes_read.value_or(0);
  }
};

TEST_F(RocksDbSweepTest, ExpiredFilesOfTheLastLevelGoWithoutAnyWrite) {
  RocksDbTable& table = MakeTable(StateKind::kValue);
  Fill(table, 0, 1000, 5000);
  Flush();
  CompactAll(table);
  clock_->SetMillis(5999);
  Sweep(table);
  EXPECT_EQ(Stored(table).size(), 1000u);
  EXPECT_EQ(FiguresOf(table).sweep_compactions, 0u);
  clock_->SetMillis(6000);
  Sweep(table);
  EXPECT_EQ(Stored(table).size(), 0u);
  EXPECT_EQ(FiguresOf(table).sweep_compactions, 1u);
  EXPECT_EQ(TableFiles(table), 0u);
}

TEST_F(RocksDbSweepTest, FilesOfWhichLittleHasExpiredAreLeftAlone) {
  Open({{"target_file_size_base", "20000"}, {"compression", "kNoCompression"}});
  RocksDbTable& table = MakeTable(StateKind::kValue);
  // By key, so by file: the first half expires, but for every tenth; of the second every hundredth does.
  for (int i = 0; i < 2000; ++i) Fill(table, i, 1, (i < 1000 ? i % 10 == 0 : i % 100 != 0) ? 5900 : 5000);
  Flush();
  CompactAll(table);
  ASSERT_GT(TableFiles(table), 5u);
  clock_->SetMillis(6000);
  const uint64_t read = BytesRead();
  const auto disk_bytes = store_->Collect()->disk_bytes.value();
  Sweep(table);
  // The file in the middle has entries of both.
  EXPECT_NEAR(static_cast<double>(Stored(table).size()), 100 + 990 + 10, 10);
  EXPECT_LT(BytesRead() - read, disk_bytes * 6 / 10);
  EXPECT_GT(FiguresOf(table).sweep_bytes_written.value(), 0u);
}

TEST_F(RocksDbSweepTest, ListsShrinkByTheirExpiredElements) {
  RocksDbTable& table = MakeTable(StateKind::kList);
  for (int i = 0; i < 500; ++i) {
    for (int element = 0; element < 10; ++element) {
      ASSERT_OK(table.Append(Key(i), TimedElement(element < 8 ? 5000 : 5900, "element")));
    }
  }
  Flush();
  CompactAll(table);
  clock_->SetMillis(6000);
  Sweep(table);
  const auto stored = Stored(table);
  ASSERT_EQ(stored.size(), 500u);
  for (const auto& [key, list] : stored) EXPECT_EQ(list, TimedElement(5900, "element") + TimedElement(5900, "element"));
}

TEST_F(RocksDbSweepTest, WhatIsInMemoryIsSweptToo) {
  RocksDbTable& table = MakeTable(StateKind::kValue);
  Fill(table, 0, 1000, 5000);
  const auto sweep = [&] {
    ASSERT_OK(table.SweepExpired());
    store_->sweeper().Wait();
  };
  clock_->SetMillis(5999);
  sweep();
  EXPECT_EQ(Stored(table).size(), 1000u);
  EXPECT_EQ(TableFiles(table), 0u);
  clock_->SetMillis(6000);
  sweep();
  EXPECT_EQ(Stored(table).size(), 0u);
}

TEST_F(RocksDbSweepTest, AccessesToAnyTableDriveTheSweepOfAColdOne) {
  RocksDbTable& cold = MakeTable("cold", StateKind::kValue, TtlOf(StateKind::kValue));
  RocksDbTable& busy = MakeTable("busy", StateKind::kValue, nullptr);
  Fill(cold, 0, 1000, 5000);
  Flush();
  CompactAll(cold);
  clock_->SetMillis(6000);
  ByteView value;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_OK(busy.Get("absent", &value));
  }
  ASSERT_OK(store_->Flush(/*compact=*/true));
  EXPECT_EQ(Stored(cold).size(), 0u);
  EXPECT_EQ(FiguresOf(cold).sweep_compactions, 1u);
}

TEST_F(RocksDbSweepTest, ASteadyStateKeepsFewExpiredBytesByItself) {
  RocksDbTable& table = MakeTable(StateKind::kValue);
  // Each key once: nobody comes back to what has expired. 20,000 live at a time.
  constexpr int kLive = 20000;
  for (int i = 0; i < 5 * kLive; ++i) {
    const int64_t now = 5000 + int64_t{i} * kTtl / kLive;
    clock_->SetMillis(now);
    Fill(table, i, 1, now);
    // The test must not outrun the sweeper on a busy machine.
    if (i % 1000 == 0) store_->sweeper().Wait();
  }
  store_->sweeper().Wait();
  EXPECT_LT(Stored(table).size(), kLive * 12 / 10);
  EXPECT_GE(Stored(table).size(), kLive);
}

TEST_F(RocksDbSweepTest, FilesWithoutTimesCountAsOldAsTheStatesFirstUse) {
  RocksDbTable& table = MakeTable("table", StateKind::kValue, nullptr);
  Fill(table, 0, 1000, 4900);
  Flush();
  CompactAll(table);
  ASSERT_OK(table.StartTtl(TtlOf(StateKind::kValue)));
  clock_->SetMillis(5999);
  Sweep(table);
  EXPECT_EQ(Stored(table).size(), 1000u);
  clock_->SetMillis(6000);
  Sweep(table);
  EXPECT_EQ(Stored(table).size(), 0u);
}

TEST_F(RocksDbSweepTest, WaitsForViewsRatherThanRewriteInVain) {
  RocksDbTable& table = MakeTable(StateKind::kList);
  for (int i = 0; i < 100; ++i) ASSERT_OK(table.Append(Key(i), TimedElement(5000, "element")));
  Flush();
  clock_->SetMillis(6500);
  StoreTable* const viewed[] = {&table};
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<StoreView> view, store_->NewView(viewed));
  for (int i = 0; i < 5; ++i) Sweep(table);
  EXPECT_EQ(FiguresOf(table).sweep_compactions, 0u);
  view.reset();
  for (int i = 0; i < 5; ++i) Sweep(table);
  EXPECT_EQ(FiguresOf(table).sweep_compactions, 1u);
}

TEST_F(RocksDbSweepTest, ClosingAndDroppingEndASweepInTheMiddle) {
  for (const bool drop : {false, true}) {
    Open({{"target_file_size_base", "20000"}});
    RocksDbTable& table = MakeTable("table", StateKind::kValue, TtlOf(StateKind::kValue));
    clock_->SetMillis(5000);
    Fill(table, 0, 20000, 5000);
    Flush();
    CompactAll(table);
    clock_->SetMillis(6000);
    ASSERT_OK(table.SweepExpired());
    if (drop) {
      ASSERT_OK(store_->DropTable(std::move(tables_.back())));
    }
    tables_.clear();
    ASSERT_OK(store_->Close());
    store_.reset();
  }
}

TEST_F(RocksDbSweepTest, TheOwnerGoesOnWritingBesideASweep) {
  Open({{"target_file_size_base", "20000"}});
  RocksDbTable& table = MakeTable(StateKind::kValue);
  Fill(table, 0, 5000, 5000);
  Flush();
  CompactAll(table);
  clock_->SetMillis(6000);
  ASSERT_OK(table.SweepExpired());
  for (int i = 0; i < 5000; i += 2) Fill(table, i, 1, 6000);
  ASSERT_OK(store_->Flush(/*compact=*/true));
  ASSERT_OK(table.SweepExpired());
  ASSERT_OK(store_->Flush(/*compact=*/true));
  EXPECT_EQ(Stored(table).size(), 2500u);
}

TEST_F(RocksDbSweepTest, AFailureIsToldByTheNextSweepOrFlush) {
  RocksDbTable& table = MakeTable(StateKind::kValue);
  Fill(table, 0, 1000, 5000);
  Flush();
  clock_->SetMillis(6000);
  for (const auto& entry : std::filesystem::directory_iterator(root_ / "db")) {
    if (entry.path().extension() == ".sst") std::filesystem::resize_file(entry.path(), 500);
  }
  Status failure = table.SweepExpired();
  if (failure.ok()) failure = store_->Flush(/*compact=*/true);
  EXPECT_FALSE(failure.ok());
  EXPECT_NE(failure.message().find("'table'"), std::string::npos) << failure.ToString();
  // What is told once is not told again.
  EXPECT_OK(store_->sweeper().TakeFailure());
}

}  // namespace
}  // namespace kvstate::backends::rocksdb
