#include <gtest/gtest.h>

#include "tests/unit/ttl_cleanup/cleanup_testing.h"

namespace kvstate {
namespace {

class IncrementalTest : public TtlCleanupTest {
 protected:
  IncrementalTest() { ttl_.cleanup.incremental_entries = 5; }
};
KVSTATE_CLEANUP_ON_EVERY_BACKEND(IncrementalTest);

TEST_P(IncrementalTest, ColdKeysGoWhileOthersAreAccessed) {
  auto backend = Open();
  auto state = Must(backend.GetState(Value()));
  Put(backend, state, 0, 2000);
  // Two thousand accesses to one key pay for ten thousand entries.
  Must(backend.SetCurrentKey(5000));
  Must(state.Update(1));
  for (int i = 0; i < 2000; ++i) {
    clock_->AdvanceMillis(i % 2);
    Must(state.Update(i));
  }
  EXPECT_EQ(Stored(backend), 1U);
  EXPECT_EQ(FiguresOf(backend).entries_removed, 2000U);
  EXPECT_LE(FiguresOf(backend).entries_examined, 10'000U);
}

TEST_P(IncrementalTest, NothingIsLookedAtWhileNothingCanExpire) {
  ttl_.ttl_millis = INT64_MAX;
  auto backend = Open();
  auto state = Must(backend.GetState(Value()));
  for (int64_t key = 0; key < 1000; ++key) {
    clock_->AdvanceMillis(int64_t{365} * 86'400'000);
    Put(backend, state, key, key + 1);
  }
  EXPECT_EQ(FiguresOf(backend).entries_examined, 0U);
}

TEST_P(IncrementalTest, EachRecordCountsWhereThatIsAskedFor) {
  for (const bool per_record : {false, true}) {
    SCOPED_TRACE(per_record);
    ttl_.cleanup.incremental_per_record = per_record;
    clock_->SetMillis(kStart);
    auto backend = Open();
    auto state = Must(backend.GetState(Value()));
    Put(backend, state, 0, 100);
    for (int64_t i = 0; i < 2000; ++i) {
      clock_->AdvanceMillis(i % 2);
      Must(backend.SetCurrentKey(100 + i));
    }
    EXPECT_EQ(Stored(backend), per_record ? 0U : 100U);
    // Keys are set as ever, and again without such a state.
    EXPECT_EQ(backend.backend().current_key(), ByteView("\0\0\0\0\0\0\x08\x33", 8));
    Must(backend.backend().RemoveState("value"));
    Must(backend.SetCurrentKey(3));
    state = Must(backend.GetState(Value()));
    Must(state.Update(7));
    EXPECT_EQ(*Must(state.Get()), 7);
    Must(backend.backend().Dispose());
    EXPECT_CODE(backend.SetCurrentKey(4), kFailedPrecondition);
  }
}

}  // namespace
}  // namespace kvstate
