#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kvstate/engine_statistics.h"
#include "tests/conformance/ttl_testing.h"

namespace kvstate::conformance {
namespace {

using Texts = std::vector<std::string>;
using Numbers = std::vector<int64_t>;

class TtlListTest : public TtlTest {
 protected:
  static ListStateDescriptor<std::string> TextList(const TtlConfig& ttl = Uncleaned()) {
    return WithTtl(ListStateDescriptor<std::string>("l"), ttl);
  }
  KeyedBackend<std::string> Opened() {
    auto backend = Open<std::string>();
    Must(backend.SetCurrentKey("k"));
    return backend;
  }
  /// Adds each text at its time.
  void AddAt(ListState<std::string>& list, const std::vector<std::pair<int64_t, std::string>>& adds) {
    for (const auto& [time, text] : adds) {
      clock().SetMillis(time);
      Must(list.Add(text));
    }
  }
};
KVSTATE_ON_EVERY_BACKEND(TtlListTest);

TEST_P(TtlListTest, OnlyExpiredElementsGoWhereverTheyStand) {
  auto backend = Opened();
  auto list = Must(backend.GetState(TextList()));
  // The clock goes back and forth, so that the oldest stand first, between and last.
  AddAt(list, {{1020, "a"}, {1000, "b"}, {1050, "c"}, {1010, "dd"}, {1040, ""}, {1030, "f"}});
  const auto expect = [&](int64_t now, const Texts& texts) {
    clock().SetMillis(now);
    EXPECT_EQ(Current(list), texts) << now;
    EXPECT_EQ(Current(list), texts) << now << ", again";
  };
  expect(1099, {"a", "b", "c", "dd", "", "f"});
  expect(1100, {"a", "c", "dd", "", "f"});
  expect(1110, {"a", "c", "", "f"});
  expect(1120, {"c", "", "f"});
  expect(1130, {"c", ""});
  expect(1140, {"c"});
  expect(1149, {"c"});
  clock().SetMillis(1150);
  EXPECT_EQ(Current(list), std::nullopt) << "never an empty list";
  Must(list.Add("new"));
  EXPECT_EQ(Current(list), Texts{"new"});
}

TEST_P(TtlListTest, ElementsOfFixedSizeToo) {
  auto backend = Opened();
  auto list = Must(backend.GetState(WithTtl(ListStateDescriptor<int64_t>("numbers"))));
  for (const int64_t n : {3, 1, 2}) {
    Must(list.Add(n));
    clock().AdvanceMillis(10);
  }
  Must(list.AddAll({7, 8}));
  clock().SetMillis(kStart + kTtl + 10);
  EXPECT_EQ(Current(list), (Numbers{2, 7, 8}));
  clock().SetMillis(kStart + kTtl + 20);
  EXPECT_EQ(Current(list), (Numbers{7, 8})) << "what was added at once goes at once";
  clock().SetMillis(kStart + kTtl + 30);
  EXPECT_EQ(Current(list), std::nullopt);
}

TEST_P(TtlListTest, RawElementsAndCompoundOnesToo) {
  using Compound = std::pair<std::string, std::vector<int32_t>>;
  auto backend = Opened();
  auto raw = Must(backend.GetState(WithTtl(ListStateDescriptor<std::string>("raw", RawBytesSerializer()))));
  auto compound = Must(backend.GetState(WithTtl(ListStateDescriptor<Compound>("compound"))));
  Must(raw.AddAll({std::string("\0\xff", 2), ""}));
  Must(compound.Add({"a", {1, 2}}));
  clock().AdvanceMillis(50);
  Must(raw.Add(""));
  Must(compound.AddAll({{"", {}}, {"c", {-1}}}));
  EXPECT_EQ(Current(raw), (Texts{std::string("\0\xff", 2), "", ""}));
  clock().AdvanceMillis(50);
  EXPECT_EQ(Current(raw), Texts{""});
  EXPECT_EQ(Current(compound), (std::vector<Compound>{{"", {}}, {"c", {-1}}}));
}

TEST_P(TtlListTest, UpdateGivesEveryElementItsTime) {
  auto backend = Opened();
  auto list = Must(backend.GetState(TextList()));
  Must(list.Add("old"));
  clock().AdvanceMillis(60);
  Must(list.Update({"a", "b"}));
  clock().AdvanceMillis(60);
  EXPECT_EQ(Current(list), (Texts{"a", "b"}));
  const Texts texts = {"c"};
  Must(list.internal()->UpdateInternal(&texts));
  clock().AdvanceMillis(60);
  EXPECT_EQ(Current(list), texts);
  Must(list.internal()->UpdateInternal(Must(list.internal()->GetInternal())));
  clock().AdvanceMillis(60);
  EXPECT_EQ(Current(list), texts) << "written by the pointer just given";
  Must(list.Update({}));
  EXPECT_EQ(Current(list), std::nullopt);
  EXPECT_EQ(Must(backend.backend().NumEntries()), 0u);
}

TEST_P(TtlListTest, AReadRenewsEachElementThatLives) {
  auto backend = Opened();
  auto list = Must(backend.GetState(TextList(RefreshedByReads())));
  AddAt(list, {{1000, "a"}, {1050, "b"}});
  clock().SetMillis(1100);
  EXPECT_EQ(Current(list), Texts{"b"}) << "a was not read in time";
  Must(list.Add("c"));
  clock().SetMillis(1199);
  EXPECT_EQ(Current(list), (Texts{"b", "c"}));
  clock().SetMillis(1298);
  EXPECT_EQ(Must(list.internal()->GetInternal()) == nullptr, false) << "the accumulator is read too";
  clock().SetMillis(1397);
  EXPECT_EQ(Current(list), (Texts{"b", "c"}));
  clock().SetMillis(1497);
  EXPECT_EQ(Current(list), std::nullopt);
}

TEST_P(TtlListTest, RefusesNullAndAddsNothingForNothing) {
  auto backend = Opened();
  auto list = Must(backend.GetState(TextList()));
  EXPECT_CODE(list.internal()->Add(nullptr), kInvalidArgument);
  EXPECT_CODE(list.internal()->AddAll(nullptr), kInvalidArgument);
  EXPECT_CODE(list.internal()->Update(nullptr), kInvalidArgument);
  EXPECT_OK(list.AddAll({}));
  EXPECT_EQ(Current(list), std::nullopt);
  EXPECT_EQ(Must(backend.backend().NumEntries()), 0u);
}

TEST_P(TtlListTest, MergedElementsKeepTheirTimes) {
  auto backend = Opened();
  auto list = Must(backend.GetState<std::string>(TextList()));
  const auto add = [&](int64_t time, const std::string& to, const std::string& text) {
    clock().SetMillis(time);
    Must(list.SetCurrentNamespace(to));
    Must(list.Add(text));
  };
  add(1000, "expired", "x");
  add(1010, "target", "t1");
  add(1020, "a", "a1");
  add(1060, "target", "t2");
  add(1070, "b", "b1");
  add(1080, "a", "a2");
  clock().SetMillis(1100);
  Must(list.MergeNamespaces<std::string>("target", {"b", "expired", "absent", "a"}));
  Must(list.SetCurrentNamespace(std::string("target")));
  EXPECT_EQ(Current(list), (Texts{"t1", "t2", "b1", "a1", "a2"}));
  clock().SetMillis(1110);
  EXPECT_EQ(Current(list), (Texts{"t2", "b1", "a1", "a2"}));
  clock().SetMillis(1120);
  EXPECT_EQ(Current(list), (Texts{"t2", "b1", "a2"}));
  clock().SetMillis(1179);
  EXPECT_EQ(Current(list), Texts{"a2"});
  for (const char* source : {"a", "b", "expired"}) {
    Must(list.SetCurrentNamespace(std::string(source)));
    EXPECT_EQ(Current(list), std::nullopt);
  }
}

TEST_P(TtlListTest, CleanupTakesExpiredElementsOutOfTheMiddle) {
  auto backend = Opened();
  TtlConfig ttl;
  ttl.ttl_millis = kTtl;
  ttl.visibility = TtlConfig::Visibility::kReturnExpiredIfNotCleanedUp;
  ttl.cleanup.compaction_filter_query_entries = 1;
  auto list = Must(backend.GetState(TextList(ttl)));
  auto* engine = GetExtension<EngineStatistics>(backend.backend());
  AddAt(list, {{1050, "a"}, {1000, "b"}, {1060, "c"}, {1010, "d"}, {1070, "e"}, {1020, "f"}});
  // Merge operands of their own, beside what is merged already.
  if (engine != nullptr) Must(engine->Flush(false));
  AddAt(list, {{1000, "g"}, {1080, "h"}});
  clock().SetMillis(1120);
  if (engine != nullptr) Must(engine->Flush(true));
  SweepAll(backend.backend());
  if (engine != nullptr) Must(engine->Flush(true));
  EXPECT_EQ(Current(list), (Texts{"a", "c", "e", "h"}));
}

TEST_P(TtlListTest, LongListsLoseTheirPrefixAgainAndAgain) {
  auto backend = Opened();
  auto list = Must(backend.GetState(WithTtl(ListStateDescriptor<int64_t>("window"))));
  for (int64_t n = 0; n < 1000; ++n) {
    clock().SetMillis(kStart + n);
    Must(list.Add(n));
    if (n % 97 != 96) continue;
    const Numbers numbers = *Current(list);
    ASSERT_EQ(numbers.size(), static_cast<size_t>(std::min(n + 1, kTtl)));
    ASSERT_EQ(numbers.front(), std::max<int64_t>(0, n - kTtl + 1));
    ASSERT_EQ(numbers.back(), n);
  }
}

}  // namespace
}  // namespace kvstate::conformance
