#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/conformance/ttl_subject.h"
#include "tests/conformance/ttl_testing.h"

namespace kvstate::conformance {
namespace {

constexpr std::array kAccumulators = {StateKind::kReducing, StateKind::kAggregating, StateKind::kFolding};
constexpr std::array kMerging = {StateKind::kReducing, StateKind::kAggregating};

class TtlAccumulatorTest : public TtlTest {
 protected:
  /// A state that joins texts. A folding or aggregating one begins with "@".
  InternalAppendingState& StateOf(KeyedStateBackend& backend, StateKind kind, const TtlConfig& ttl = Uncleaned()) {
    auto* state = Must(backend.GetOrCreateState(RawBytesSerializer(), TtlSubjectDescriptor(kind, ttl)));
    Must(state->SetCurrentNamespace("target"));
    return static_cast<InternalAppendingState&>(*state);
  }
  static void Add(InternalAppendingState& state, const std::string& text) { Must(state.Add(&text)); }
  static std::optional<std::string> Accumulated(InternalAppendingState& state) {
    const auto* value = static_cast<const std::string*>(Must(state.GetInternal()));
    return value == nullptr ? std::optional<std::string>() : *value;
  }
  static std::string Expected(StateKind kind, const std::string& text) {
    return kind == StateKind::kReducing ? text : "@" + text;
  }
  void AddAt(InternalAppendingState& state, int64_t time, const std::string& state_namespace, const std::string& text) {
    clock().SetMillis(time);
    Must(state.SetCurrentNamespace(state_namespace));
    Add(state, text);
  }
  static void MergeAll(InternalAppendingState& state) {
    const std::vector<ByteView> sources = {"a", "b", "absent"};
    Must(static_cast<InternalMergingState&>(state).MergeNamespaces("target", sources));
    Must(state.SetCurrentNamespace("target"));
  }
};
KVSTATE_ON_EVERY_BACKEND(TtlAccumulatorTest);

TEST_P(TtlAccumulatorTest, AnInputToWhatHasExpiredStartsAnew) {
  for (const auto visibility :
       {TtlConfig::Visibility::kNeverReturnExpired, TtlConfig::Visibility::kReturnExpiredIfNotCleanedUp}) {
    auto backend = Open<std::string>();
    Must(backend.SetCurrentKey("k"));
    TtlConfig ttl = Uncleaned();
    ttl.visibility = visibility;
    for (const StateKind kind : kAccumulators) {
      SCOPED_TRACE(StateKindName(kind));
      InternalAppendingState& state = StateOf(backend.backend(), kind, ttl);
      Add(state, "a");
      Add(state, "b");
      EXPECT_EQ(Accumulated(state), Expected(kind, "ab"));
      clock().AdvanceMillis(kTtl);
      Add(state, "c");
      EXPECT_EQ(Accumulated(state), Expected(kind, "c"));
      Add(state, "d");
      EXPECT_EQ(Accumulated(state), Expected(kind, "cd"));
    }
  }
}

TEST_P(TtlAccumulatorTest, ExpiresExactlyWhenItsTimeIsOverAndInputsRenew) {
  auto backend = Open<std::string>();
  Must(backend.SetCurrentKey("k"));
  for (const StateKind kind : kAccumulators) {
    SCOPED_TRACE(StateKindName(kind));
    InternalAppendingState& state = StateOf(backend.backend(), kind);
    for (int i = 0; i < 4; ++i) {
      Add(state, "x");
      clock().AdvanceMillis(kTtl - 1);
      EXPECT_EQ(Accumulated(state), Expected(kind, std::string(static_cast<size_t>(i) + 1, 'x')));
    }
    const auto* result = static_cast<const std::string*>(Must(state.Get()));
    ASSERT_NE(result, nullptr);
    EXPECT_EQ(*result, kind == StateKind::kAggregating ? "<@xxxx>" : Expected(kind, "xxxx"));
    clock().AdvanceMillis(1);
    EXPECT_EQ(Accumulated(state), std::nullopt);
    EXPECT_EQ(Must(state.Get()), nullptr);
  }
}

TEST_P(TtlAccumulatorTest, ReadsRenewWhereTheyAreToldTo) {
  auto backend = Open<std::string>();
  Must(backend.SetCurrentKey("k"));
  for (const StateKind kind : kAccumulators) {
    SCOPED_TRACE(StateKindName(kind));
    InternalAppendingState& state = StateOf(backend.backend(), kind, RefreshedByReads());
    Add(state, "x");
    for (int i = 0; i < 4; ++i) {
      clock().AdvanceMillis(kTtl - 1);
      EXPECT_EQ(Must(i % 2 == 0 ? state.Get() : state.GetInternal()) == nullptr, false);
    }
    clock().AdvanceMillis(kTtl);
    EXPECT_EQ(Accumulated(state), std::nullopt);
  }
}

TEST_P(TtlAccumulatorTest, TheAccumulatorMovesByThePointerGot) {
  auto backend = Open<int64_t>();
  for (const StateKind kind : kAccumulators) {
    SCOPED_TRACE(StateKindName(kind));
    Must(backend.SetCurrentKey(0));
    InternalAppendingState& state = StateOf(backend.backend(), kind);
    const std::string text(50, 'a');
    Must(state.UpdateInternal(&text));
    for (int64_t key = 1; key < 100; ++key) {
      clock().AdvanceMillis(5);
      Must(backend.SetCurrentKey(key - 1));
      const void* accumulator = Must(state.GetInternal());
      Must(backend.SetCurrentKey(key));
      Must(state.UpdateInternal(accumulator));
    }
    EXPECT_EQ(Accumulated(state), text);
    Must(state.UpdateInternal(nullptr));
    EXPECT_EQ(Accumulated(state), std::nullopt);
  }
}

// What a merge gives must not depend on whether something has removed what had expired.
TEST_P(TtlAccumulatorTest, AMergeKnowsOnlyWhatLives) {
  for (const bool swept : {false, true}) {
    auto backend = Open<std::string>();
    TtlConfig ttl = Uncleaned();
    if (swept) ttl.cleanup.incremental_entries = 5;
    for (const StateKind kind : kMerging) {
      SCOPED_TRACE(std::string(StateKindName(kind)) + (swept ? ", swept" : ""));
      InternalAppendingState& state = StateOf(backend.backend(), kind, ttl);
      const std::string begin = kind == StateKind::kReducing ? "" : "@";
      Must(backend.SetCurrentKey("expired target"));
      AddAt(state, 1000, "target", "t");
      AddAt(state, 1050, "a", "a");
      Must(backend.SetCurrentKey("expired source"));
      AddAt(state, 1000, "a", "a");
      AddAt(state, 1050, "target", "t");
      Must(backend.SetCurrentKey("only a source"));
      AddAt(state, 1050, "b", "b");
      Must(backend.SetCurrentKey("nothing lives"));
      AddAt(state, 1000, "target", "t");
      AddAt(state, 1000, "a", "a");
      Must(backend.SetCurrentKey("two live"));
      AddAt(state, 1040, "target", "t");
      AddAt(state, 1000, "b", "b");
      AddAt(state, 1050, "a", "a");
      clock().SetMillis(1100);
      if (swept) SweepAll(backend.backend());
      const std::vector<std::pair<std::string, std::optional<std::string>>> expected = {
          {"expired target", begin + "a"},
          {"expired source", begin + "t"},
          {"only a source", begin + "b"},
          {"nothing lives", std::nullopt},
          {"two live", begin + "t" + begin + "a"}};
      for (const auto& [key, text] : expected) {
        Must(backend.SetCurrentKey(key));
        MergeAll(state);
        EXPECT_EQ(Accumulated(state), text) << key;
      }
      clock().SetMillis(1150);
      for (const auto& [key, text] : expected) {
        Must(backend.SetCurrentKey(key));
        EXPECT_EQ(Accumulated(state).has_value(), key == "two live") << key << ": what came alone keeps its time";
      }
      clock().SetMillis(1199);
      EXPECT_EQ(Accumulated(state).has_value(), true) << "what was combined is as old as that";
      clock().SetMillis(1200);
      EXPECT_EQ(Accumulated(state), std::nullopt);
    }
  }
}

}  // namespace
}  // namespace kvstate::conformance
