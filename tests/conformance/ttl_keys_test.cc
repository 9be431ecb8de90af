#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/conformance/ttl_subject.h"
#include "tests/conformance/ttl_testing.h"

namespace kvstate::conformance {
namespace {

constexpr std::array kKinds = {StateKind::kValue,    StateKind::kList,        StateKind::kMap,
                               StateKind::kReducing, StateKind::kAggregating, StateKind::kFolding};

class TtlKeysTest : public TtlTest {
 protected:
  /// Texts under raw keys and namespaces.
  static InternalKVState& StateOf(KeyedStateBackend& backend, StateKind kind, const TtlConfig& ttl = Uncleaned()) {
    return *Must(backend.GetOrCreateState(RawBytesSerializer(), TtlSubjectDescriptor(kind, ttl)));
  }
  static void Write(KeyedStateBackend& backend, InternalKVState& state, const std::string& key,
                    const std::string& state_namespace, const std::string& text) {
    Must(backend.SetCurrentKey(EncodeKey(backend, key)));
    Must(state.SetCurrentNamespace(state_namespace));
    switch (state.descriptor().kind) {
      case StateKind::kValue:
        return Must(static_cast<InternalValueState&>(state).Update(&text));
      case StateKind::kMap:
        return Must(static_cast<InternalMapState&>(state).Put(&text, &text));
      default:
        return Must(static_cast<InternalAppendingState&>(state).Add(&text));
    }
  }
  /// 30 keys under two namespaces; those of odd numbers, and all of "other", are 50 ms older.
  void Fill(KeyedStateBackend& backend, InternalKVState& state) {
    for (const int64_t time : {kStart, kStart + 50}) {
      clock().SetMillis(time);
      for (int n = 0; n < 30; ++n) {
        if ((n % 2 == 1) == (time == kStart)) Write(backend, state, Key(n), "n", "text");
        if (time == kStart) Write(backend, state, Key(n), "other", "text");
      }
    }
  }
  static std::string Key(int n) { return "key" + std::to_string(100 + n); }
};
KVSTATE_ON_EVERY_BACKEND(TtlKeysTest);

TEST_P(TtlKeysTest, WalksGiveOnlyKeysThatLiveAndEachOnce) {
  for (const StateKind kind : kKinds) {
    SCOPED_TRACE(StateKindName(kind));
    auto typed = OpenRaw();
    KeyedStateBackend& backend = typed.backend();
    InternalKVState& state = StateOf(backend, kind);
    Fill(backend, state);
    const std::string& name = state.descriptor().name;
    EXPECT_EQ(KeysOf(backend, name, "n").size(), 30u);
    EXPECT_EQ(PairsOf(backend, name).size(), 60u);
    clock().SetMillis(kStart + kTtl);
    std::vector<std::string> expected;
    Pairs pairs;
    for (int n = 0; n < 30; n += 2) {
      expected.push_back(Key(n));
      pairs.emplace_back(Key(n), "n");
    }
    EXPECT_EQ(KeysOf(backend, name, "n"), expected);
    EXPECT_EQ(PairsOf(backend, name), pairs);
    EXPECT_TRUE(KeysOf(backend, name, "other").empty());
    std::vector<std::string> applied;
    Must(backend.ApplyToAllKeys(name, "n", [&](ByteView key, InternalKVState& given) {
      EXPECT_EQ(&given, &state);
      EXPECT_EQ(backend.current_key(), key);
      applied.emplace_back(key);
      return Status();
    }));
    std::sort(applied.begin(), applied.end());
    EXPECT_EQ(applied, expected);
  }
}

TEST_P(TtlKeysTest, AKeyOfManyEntriesIsGivenOnceWhileAnyLives) {
  auto typed = OpenRaw();
  KeyedStateBackend& backend = typed.backend();
  InternalKVState& map = StateOf(backend, StateKind::kMap);
  for (int n = 0; n < 200; ++n) {
    clock().SetMillis(n == 150 ? kStart + 50 : kStart);
    Write(backend, map, "many", "n", "u" + std::to_string(n));
    if (n != 150) Write(backend, map, "expired", "n", "u" + std::to_string(n));
  }
  EXPECT_EQ(KeysOf(backend, "map", "n"), (std::vector<std::string>{"expired", "many"}));
  clock().SetMillis(kStart + kTtl);
  EXPECT_EQ(KeysOf(backend, "map", "n"), std::vector<std::string>{"many"});
  EXPECT_EQ(PairsOf(backend, "map"), (Pairs{{"many", "n"}}));
}

TEST_P(TtlKeysTest, WhatIsAppliedMayChangeTheState) {
  for (const StateKind kind : kKinds) {
    SCOPED_TRACE(StateKindName(kind));
    auto typed = OpenRaw();
    KeyedStateBackend& backend = typed.backend();
    InternalKVState& state = StateOf(backend, kind, RefreshedByReads());
    Fill(backend, state);
    clock().SetMillis(kStart + kTtl);
    const std::string& name = state.descriptor().name;
    std::set<std::string> called;
    Must(backend.ApplyToAllKeys(name, "n", [&](ByteView view, InternalKVState& given) {
      const std::string key(view);
      EXPECT_TRUE(called.insert(key).second) << key;
      EXPECT_OK(given.Clear());
      Write(backend, given, "other " + key, "new", "text");
      return Status();
    }));
    EXPECT_EQ(called.size(), 15u);
    EXPECT_TRUE(KeysOf(backend, name, "n").empty());
    EXPECT_EQ(KeysOf(backend, name, "new").size(), 15u);
  }
}

TEST_P(TtlKeysTest, NumEntriesCountsWhatIsStored) {
  for (const StateKind kind : kKinds) {
    SCOPED_TRACE(StateKindName(kind));
    auto typed = OpenRaw();
    TtlConfig ttl = Uncleaned();
    ttl.cleanup.incremental_entries = 5;
    InternalKVState& state = StateOf(typed.backend(), kind, ttl);
    Fill(typed.backend(), state);
    EXPECT_EQ(Must(typed.backend().NumEntries()), 60u);
    clock().SetMillis(kStart + kTtl);
    EXPECT_EQ(Must(typed.backend().NumEntries()), 60u) << "looking removes nothing";
    KeysOf(typed.backend(), state.descriptor().name, "n");
    SweepAll(typed.backend());
    EXPECT_EQ(Must(typed.backend().NumEntries()), 15u);
  }
}

TEST_P(TtlKeysTest, AVisitorGivesWhatLivesAndLeavesItAsOldAsItIs) {
  for (const StateKind kind : kKinds) {
    SCOPED_TRACE(StateKindName(kind));
    auto typed = OpenRaw();
    InternalKVState& state = StateOf(typed.backend(), kind, RefreshedByReads());
    Fill(typed.backend(), state);
    const auto visited = [&] {
      std::map<std::pair<std::string, std::string>, int> given;
      const auto visitor = Must(state.Visit());
      for (;;) {
        const auto batch = Must(visitor->NextBatch(4));
        EXPECT_LE(batch.size(), 4u);
        if (batch.empty()) break;
        for (const StateEntry& entry : batch) {
          ++given[{std::string(entry.key), std::string(entry.state_namespace)}];
          EXPECT_NE(entry.value, nullptr);
        }
      }
      return given;
    };
    EXPECT_EQ(visited().size(), 60u);
    clock().SetMillis(kStart + kTtl);
    const auto given = visited();
    EXPECT_EQ(given.size(), 15u);
    for (const auto& [place, times] : given) {
      EXPECT_EQ(times, 1);
      EXPECT_EQ(place.second, "n");
    }
    clock().SetMillis(kStart + kTtl + 50);
    EXPECT_TRUE(visited().empty()) << "being visited is not being read";
  }
}

TEST_P(TtlKeysTest, AVisitorRemovesAndRenews) {
  auto typed = OpenRaw();
  for (const StateKind kind : {StateKind::kValue, StateKind::kMap, StateKind::kReducing, StateKind::kFolding}) {
    SCOPED_TRACE(StateKindName(kind));
    clock().SetMillis(kStart);
    InternalKVState& state = StateOf(typed.backend(), kind);
    for (int n = 0; n < 20; ++n) Write(typed.backend(), state, Key(n), "n", "text");
    clock().AdvanceMillis(60);
    const auto visitor = Must(state.Visit());
    const std::string renewed = "renewed";
    int seen = 0;
    for (;;) {
      const auto batch = Must(visitor->NextBatch(6));
      if (batch.empty()) break;
      for (const StateEntry& entry : batch) {
        if (++seen % 2 == 0) {
          EXPECT_OK(visitor->Remove(entry));
        } else {
          EXPECT_OK(visitor->Update(entry, &renewed));
        }
      }
    }
    EXPECT_EQ(KeysOf(typed.backend(), state.descriptor().name, "n").size(), 10u);
    clock().AdvanceMillis(60);
    EXPECT_EQ(KeysOf(typed.backend(), state.descriptor().name, "n").size(), 10u) << "an update is a write";
  }
}

TEST_P(TtlKeysTest, ASerializedReadHidesWhatHasExpiredAndWritesNothing) {
  for (const StateKind kind : kKinds) {
    SCOPED_TRACE(StateKindName(kind));
    clock().SetMillis(kStart);
    auto typed = OpenRaw();
    KeyedStateBackend& backend = typed.backend();
    InternalKVState& state = StateOf(backend, kind, RefreshedByReads());
    Write(backend, state, "k", "n", "text");
    std::string bytes;
    clock().AdvanceMillis(kTtl - 1);
    EXPECT_TRUE(Must(state.GetSerialized("k", "n", &bytes)));
    EXPECT_LT(bytes.size(), 16u) << "no time is in it";
    EXPECT_FALSE(bytes.empty());
    clock().AdvanceMillis(1);
    EXPECT_FALSE(Must(state.GetSerialized("k", "n", &bytes))) << "it did not become new";
    EXPECT_EQ(bytes, "");
    EXPECT_EQ(Must(backend.NumEntries()), 1u) << "nor did it go";
  }
}

TEST_P(TtlKeysTest, BytesAreThoseOfTheValueAlone) {
  auto typed = OpenRaw();
  KeyedStateBackend& backend = typed.backend();
  const std::string text = Encode(std::string("text"));
  for (const StateKind kind : kKinds) {
    SCOPED_TRACE(StateKindName(kind));
    clock().SetMillis(kStart);
    InternalKVState& state = StateOf(backend, kind);
    Must(backend.SetCurrentKey(EncodeKey(backend, "k")));
    Must(state.SetCurrentNamespace("n"));
    auto* access = GetExtension<SerializedAccess>(state);
    ASSERT_NE(access, nullptr);
    ByteView got;
    bool is_null = true;
    if (kind == StateKind::kMap) {
      Must(access->PutEntryBytes("u", text, false));
      EXPECT_TRUE(Must(access->GetEntryBytes("u", &got, &is_null)));
      EXPECT_EQ(got, text);
      EXPECT_FALSE(is_null);
      EXPECT_CODE(access->GetBytes(&got), kFailedPrecondition);
      clock().AdvanceMillis(kTtl);
      EXPECT_FALSE(Must(access->GetEntryBytes("u", &got, &is_null)));
      EXPECT_FALSE(Must(access->ContainsEntryBytes("u")));
      continue;
    }
    Must(access->PutBytes(text));
    EXPECT_TRUE(Must(access->GetBytes(&got)));
    EXPECT_EQ(got, text);
    EXPECT_CODE(access->ContainsEntryBytes("u"), kFailedPrecondition);
    clock().AdvanceMillis(kTtl);
    EXPECT_FALSE(Must(access->GetBytes(&got)));
    if (kind == StateKind::kValue) continue;
    Must(access->AddBytes(text));
    EXPECT_TRUE(Must(access->GetBytes(&got)));
    const bool begins = kind == StateKind::kAggregating || kind == StateKind::kFolding;
    EXPECT_EQ(got, begins ? Encode(std::string("@text")) : text);
  }
}

}  // namespace
}  // namespace kvstate::conformance
