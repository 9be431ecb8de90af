#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tests/conformance/ttl_testing.h"

namespace kvstate::conformance {
namespace {

using TextValue = ValueStateDescriptor<std::string>;

class TtlValueTest : public TtlTest {
 protected:
  KeyedBackend<std::string> Opened() {
    auto backend = Open<std::string>();
    Must(backend.SetCurrentKey("k"));
    return backend;
  }
};
KVSTATE_ON_EVERY_BACKEND(TtlValueTest);

TEST_P(TtlValueTest, ExpiresExactlyWhenItsTimeIsOver) {
  auto backend = Opened();
  auto state = Must(backend.GetState(WithTtl(TextValue("v"))));
  Must(state.Update("x"));
  clock().SetMillis(kStart + kTtl - 1);
  EXPECT_EQ(Current(state), "x");
  clock().SetMillis(kStart + kTtl);
  EXPECT_EQ(Current(state), std::nullopt);
  Must(state.Update("y"));
  EXPECT_EQ(Current(state), "y");
  auto shortest = Must(backend.GetState(WithTtl(TextValue("shortest"), Uncleaned(1))));
  Must(shortest.Update("x"));
  EXPECT_EQ(Current(shortest), "x");
  clock().AdvanceMillis(1);
  EXPECT_EQ(Current(shortest), std::nullopt);
}

TEST_P(TtlValueTest, TheLargestTimeToLiveIsForEver) {
  auto backend = Opened();
  auto state = Must(backend.GetState(WithTtl(TextValue("v"), Uncleaned(INT64_MAX))));
  auto nearly = Must(backend.GetState(WithTtl(TextValue("nearly"), Uncleaned(INT64_MAX - 1))));
  for (const int64_t written : {int64_t{1}, int64_t{0}, int64_t{-1}, INT64_MIN, INT64_MAX}) {
    clock().SetMillis(written);
    Must(state.Update("x"));
    Must(nearly.Update("y"));
    for (const int64_t now : {written, int64_t{0}, INT64_MAX - 1, INT64_MAX}) {
      clock().SetMillis(now);
      EXPECT_EQ(Current(state), "x") << written << ", " << now;
    }
    // Of a sum that is no 64-bit number, the day never comes.
    EXPECT_EQ(Current(nearly).has_value(), written > 1) << written;
  }
}

TEST_P(TtlValueTest, IsNewWhileTheClockIsBehindItsTime) {
  auto backend = Opened();
  auto state = Must(backend.GetState(WithTtl(TextValue("v"))));
  Must(state.Update("x"));
  for (const int64_t now : {int64_t{0}, int64_t{-5000}, kStart - 1, kStart + kTtl - 1}) {
    clock().SetMillis(now);
    EXPECT_EQ(Current(state), "x") << now;
  }
  clock().SetMillis(kStart - 500);
  Must(state.Update("y"));
  clock().SetMillis(kStart - 500 + kTtl);
  EXPECT_EQ(Current(state), std::nullopt) << "a write counts from what the clock said then";
}

TEST_P(TtlValueTest, GivesTheDefaultOnceItHasExpired) {
  auto backend = Opened();
  auto state = Must(backend.GetState(WithTtl(TextValue("v").WithDefault("none"))));
  EXPECT_EQ(Current(state), "none");
  Must(state.Update("x"));
  EXPECT_EQ(Current(state), "x");
  clock().AdvanceMillis(kTtl);
  EXPECT_EQ(Current(state), "none");
  EXPECT_TRUE(KeysOf(backend.backend(), "v", kVoid).empty()) << "a default is not stored";
}

TEST_P(TtlValueTest, WritesRenewAndReadsDoNot) {
  auto backend = Opened();
  auto state = Must(backend.GetState(WithTtl(TextValue("v"))));
  for (int i = 0; i < 5; ++i) {
    Must(state.Update("x"));
    clock().AdvanceMillis(kTtl - 1);
    EXPECT_EQ(Current(state), "x");
  }
  clock().AdvanceMillis(1);
  EXPECT_EQ(Current(state), std::nullopt);
}

TEST_P(TtlValueTest, ReadsRenewWhereTheyAreToldTo) {
  auto backend = Opened();
  auto state = Must(backend.GetState(WithTtl(TextValue("v"), RefreshedByReads())));
  Must(state.Update("x"));
  for (int i = 0; i < 5; ++i) {
    clock().AdvanceMillis(kTtl - 1);
    EXPECT_EQ(Current(state), "x");
  }
  clock().AdvanceMillis(kTtl);
  EXPECT_EQ(Current(state), std::nullopt);
  Must(state.Update("x"));
  clock().AdvanceMillis(-50);
  EXPECT_EQ(Current(state), "x") << "its time goes back with the clock";
  clock().AdvanceMillis(kTtl);
  EXPECT_EQ(Current(state), std::nullopt);
}

TEST_P(TtlValueTest, WhatARefreshHandsOutIsStillTheValue) {
  auto backend = Opened();
  auto state = Must(backend.GetState(WithTtl(TextValue("v"), RefreshedByReads())));
  Must(state.Update(std::string(100, 'x')));
  for (int64_t i = 0; i < 50; ++i) {
    clock().AdvanceMillis(1);
    const std::string* value = Must(state.Get());
    ASSERT_NE(value, nullptr);
    ASSERT_EQ(*value, std::string(100, 'x'));
  }
}

TEST_P(TtlValueTest, ExpiredMayBeGivenUntilItIsGone) {
  auto backend = Opened();
  TtlConfig ttl = RefreshedByReads();
  ttl.visibility = TtlConfig::Visibility::kReturnExpiredIfNotCleanedUp;
  ttl.cleanup.incremental_entries = 5;
  auto state = Must(backend.GetState(WithTtl(TextValue("v"), ttl)));
  Must(state.Update("x"));
  clock().AdvanceMillis(kTtl);
  EXPECT_EQ(Current(state), "x") << "nothing has cleaned it yet";
  SweepAll(backend.backend());
  EXPECT_EQ(Current(state), std::nullopt);
  EXPECT_EQ(Must(backend.backend().NumEntries()), 0u) << "being read did not make it new";
}

TEST_P(TtlValueTest, MovesToAnotherKeyByThePointerGotAndIsNewThere) {
  auto backend = Open<int64_t>();
  for (const bool refreshed : {false, true}) {
    auto state = Must(backend.GetState(
        WithTtl(TextValue(refreshed ? "r" : "v"), refreshed ? RefreshedByReads(Uncleaned(1000)) : Uncleaned(1000))));
    Must(backend.SetCurrentKey(0));
    Must(state.Update(std::string(40, 'm')));
    for (int64_t key = 1; key < 200; ++key) {
      clock().AdvanceMillis(7);
      Must(backend.SetCurrentKey(key - 1));
      const void* value = Must(state.internal()->Get());
      Must(backend.SetCurrentKey(key));
      Must(state.internal()->Update(value));
    }
    clock().AdvanceMillis(999);
    EXPECT_EQ(Current(state), std::string(40, 'm'));
    clock().AdvanceMillis(1000);
    EXPECT_EQ(Current(state), std::nullopt);
  }
}

TEST_P(TtlValueTest, UpdateByNullClears) {
  auto backend = Opened();
  auto state = Must(backend.GetState(WithTtl(TextValue("v"))));
  Must(state.Update("x"));
  Must(state.Update(nullptr));
  EXPECT_EQ(Current(state), std::nullopt);
  EXPECT_EQ(Must(backend.backend().NumEntries()), 0u);
}

TEST_P(TtlValueTest, EachStateHasItsOwn) {
  auto backend = Opened();
  auto forever = Must(backend.GetState(TextValue("forever")));
  auto briefly = Must(backend.GetState(WithTtl(TextValue("briefly"))));
  auto longer = Must(backend.GetState(WithTtl(TextValue("longer"), Uncleaned(2 * kTtl))));
  for (auto* state : {&forever, &briefly, &longer}) Must(state->Update("x"));
  clock().AdvanceMillis(kTtl);
  EXPECT_EQ(Current(forever), "x");
  EXPECT_EQ(Current(briefly), std::nullopt);
  EXPECT_EQ(Current(longer), "x");
  SweepAll(backend.backend());
  clock().AdvanceMillis(kTtl);
  SweepAll(backend.backend());
  EXPECT_EQ(Current(longer), std::nullopt);
  EXPECT_EQ(Current(forever), "x");
}

TEST_P(TtlValueTest, ANameHasOneTimeToLive) {
  auto backend = Opened();
  auto state = Must(backend.GetState(WithTtl(TextValue("v"))));
  EXPECT_EQ(Must(backend.GetState(WithTtl(TextValue("v")))).internal(), state.internal());
  TtlConfig cleaned = Uncleaned();
  cleaned.cleanup.incremental_entries = 7;
  for (const TtlConfig& other : {Uncleaned(kTtl + 1), RefreshedByReads(), cleaned}) {
    const auto refused = backend.GetState(WithTtl(TextValue("v"), other));
    EXPECT_CODE(refused, kInvalidArgument);
    EXPECT_MENTIONS(refused, "time to live");
    EXPECT_MENTIONS(refused, "'v'");
  }
  EXPECT_CODE(backend.GetState(TextValue("v")), kInvalidArgument);
  Must(backend.GetState(TextValue("without")));
  EXPECT_CODE(backend.GetState(WithTtl(TextValue("without"))), kInvalidArgument);
  EXPECT_OK(backend.backend().RemoveState("v"));
  EXPECT_OK(backend.GetState(TextValue("v"))) << "the name is free again";
}

TEST_P(TtlValueTest, DisabledIsNone) {
  auto backend = Opened();
  TtlConfig ttl;
  ttl.update = TtlConfig::Update::kDisabled;
  auto state = Must(backend.GetState(WithTtl(TextValue("v"), ttl)));
  Must(state.Update("x"));
  clock().SetMillis(INT64_MAX);
  EXPECT_EQ(Current(state), "x");
  EXPECT_EQ(Must(backend.GetState(TextValue("v"))).internal(), state.internal());
  EXPECT_TRUE(SweepOf(backend.backend()).Figures().empty());
}

TEST_P(TtlValueTest, ACompactionFilterIsRefusedWhereThereIsNone) {
  auto backend = Opened();
  TtlConfig ttl = Uncleaned();
  ttl.cleanup.compaction_filter = true;
  const auto made = backend.GetState(WithTtl(TextValue("v"), ttl));
  if (backend.backend().name() == "rocksdb") {
    EXPECT_OK(made);
    return;
  }
  EXPECT_CODE(made, kInvalidArgument);
  EXPECT_MENTIONS(made, "compaction filter");
  EXPECT_MENTIONS(made, "'v'");
  EXPECT_TRUE(backend.backend().StateNames().empty());
}

}  // namespace
}  // namespace kvstate::conformance
