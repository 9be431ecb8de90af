// The owner is held back where its clock outruns the sweeper, and nowhere else.
#include "backends/rocksdb/rocksdb_sweep_plan.h"
#include "tests/unit/rocksdb/ttl_store_testing.h"

namespace kvstate::backends::rocksdb {
namespace {

constexpr SweepLimits kFifth = {.wanted_share = 0.2, .least_bytes = 10};

TEST(FirstTimeOverTest, IsWhenMoreThanTheShareHasExpired) {
  // One byte of 120 expires with each unit of time.
  const auto stored_at = [](int64_t time) { return StoredBytes{120, static_cast<uint64_t>(time)}; };
  EXPECT_EQ(FirstTimeOver(kFifth, 0, 100, 100, stored_at), 21);
  EXPECT_EQ(FirstTimeOver(kFifth, 50, 100, 50, stored_at), 50);
  EXPECT_EQ(FirstTimeOver(kFifth, 0, 20, 20, stored_at), 20);
  // Told apart no closer than the steps.
  EXPECT_EQ(FirstTimeOver(kFifth, 0, 100, 4, stored_at), 25);
}

TEST(FirstTimeOverTest, FewBytesAndNoBytesAreNeverTooMany) {
  EXPECT_EQ(FirstTimeOver(kFifth, 0, 100, 10, [](int64_t) { return StoredBytes{9, 9}; }), 100);
  EXPECT_EQ(FirstTimeOver(kFifth, 0, 100, 10, [](int64_t) { return StoredBytes{10, 10}; }), 0);
  EXPECT_EQ(FirstTimeOver(kFifth, 0, 100, 10, [](int64_t) { return StoredBytes{}; }), 100);
}

TEST(FirstTimeOverTest, EndsAtTheEndsOfTime) {
  const auto nothing = [](int64_t) { return StoredBytes{100, 0}; };
  EXPECT_EQ(FirstTimeOver(kFifth, INT64_MAX - 3, INT64_MAX, 16, nothing), INT64_MAX);
  EXPECT_EQ(FirstTimeOver(kFifth, 7, 7, 16, nothing), 7);
}

class RocksDbSweepPromiseTest : public TtlStoreTest {
 protected:
  /// Long, as the world's time goes: a sweep of this test takes nothing of it.
  static constexpr int64_t kHour = 3'600'000;

  RocksDbTable& MakeHourTable() {
    clock_->SetMillis(kHour);
    return MakeTable("table", StateKind::kValue, TtlOf(StateKind::kValue, {}, kHour));
  }
  static void Put(RocksDbTable& table, int i, int64_t now) {
    ASSERT_OK(table.Put("key " + std::to_string(i), TimedValue(now, std::string(100, 'v'))));
  }
  uint64_t StallTime() { return store_->Collect()->stall_time_ns.value(); }
};

TEST_F(RocksDbSweepPromiseTest, AClockThatOutrunsTheSweeperWaitsForIt) {
  RocksDbTable& table = MakeHourTable();
  // Each key once: nobody comes back to what has expired. 10 times to live of 4,000 entries, in some milliseconds each.
  constexpr int kLive = 4000;
  size_t most = 0;
  for (int i = 0; i < 10 * kLive; ++i) {
    const int64_t now = kHour + int64_t{i} * kHour / kLive;
    clock_->SetMillis(now);
    Put(table, i, now);
    if (i % (kLive / 5) == 0) most = std::max(most, Stored(table).size());
  }
  EXPECT_LE(most, kLive * 12 / 10);
  EXPECT_GE(most, kLive);
  EXPECT_GT(StallTime(), 0u);
}

TEST_F(RocksDbSweepPromiseTest, KeysThatAreOverwrittenHideNoneThatAreNot) {
  RocksDbTable& table = MakeHourTable();
  // Of 20 writes one is of a key that nobody comes back to: what lives is a twentieth of what is written.
  constexpr int kLive = 2000;
  constexpr int kHot = 100;
  size_t most = 0;
  for (int i = 0; i < 100 * kLive; ++i) {
    const int64_t now = kHour + int64_t{i} * kHour / (20 * kLive);
    clock_->SetMillis(now);
    Put(table, i % 20 == 0 ? kHot + i : i % kHot, now);
    if (i > 40 * kLive && i % (4 * kLive) == 0) most = std::max(most, Stored(table).size());
  }
  EXPECT_LE(most, (kLive + kHot) * 12 / 10);
  EXPECT_GE(most, kLive);
}

TEST_F(RocksDbSweepPromiseTest, NobodyWaitsAfterTheClockHasJumped) {
  RocksDbTable& table = MakeHourTable();
  for (int i = 0; i < 20000; ++i) Put(table, i, kHour);
  Flush();
  CompactAll(table);
  // As after a restore, or when a clock is put right: all has expired at once, and goes in the world's time.
  clock_->SetMillis(5 * kHour);
  ByteView value;
  for (int i = 0; i < 20000; ++i) ASSERT_OK(table.Get("absent", &value));
  EXPECT_EQ(StallTime(), 0u);
  ASSERT_OK(store_->Flush(/*compact=*/true));
  EXPECT_EQ(Stored(table).size(), 0u);
}

TEST_F(RocksDbSweepPromiseTest, WhatAViewKeepsHoldsNobodyBack) {
  RocksDbTable& table = MakeHourTable();
  for (int i = 0; i < 1000; ++i) Put(table, i, kHour);
  StoreTable* const viewed[] = {&table};
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<StoreView> view, store_->NewView(viewed));
  // Each access would wait for up to a second if it waited for what cannot be.
  for (int i = 0; i < 10000; ++i) {
    const int64_t now = kHour + int64_t{i} * kHour / 1000;
    clock_->SetMillis(now);
    Put(table, i, now);
  }
  EXPECT_EQ(FiguresOf(table).sweep_compactions, 0u);
  EXPECT_EQ(Stored(table).size(), 10000u);
  view.reset();
  Sweep(table);
  EXPECT_LE(Stored(table).size(), 1200u);
}

TEST_F(RocksDbSweepPromiseTest, AFailingSweepHoldsNobodyBack) {
  RocksDbTable& table = MakeHourTable();
  for (int i = 0; i < 1000; ++i) Put(table, i, kHour);
  Flush();
  for (const auto& entry : std::filesystem::directory_iterator(root_ / "db")) {
    if (entry.path().extension() == ".sst") std::filesystem::resize_file(entry.path(), 500);
  }
  ByteView value;
  for (int i = 0; i < 10000; ++i) {
    clock_->SetMillis(2 * kHour + int64_t{i} * kHour / 1000);
    table.Get("absent", &value).status().IgnoreError();
  }
  store_->sweeper().Wait();
  EXPECT_FALSE(store_->sweeper().TakeFailure().ok());
}

}  // namespace
}  // namespace kvstate::backends::rocksdb
