#include "backends/common/ttl_filter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kvstate/type_serializer.h"

namespace kvstate::backends {
namespace {

using std::string_literals::operator""s;
using Verdict = TtlFilter::Verdict;

constexpr int64_t kTtl = 100;

std::string Timed(int64_t timestamp, ByteView value = "v") {
  ByteWriter out;
  out.PutFixed64(static_cast<uint64_t>(timestamp));
  out.PutBytes(value);
  return std::string(out.view());
}

/// Of a list of variable elements.
std::string Element(int64_t timestamp, ByteView value = "v") {
  ByteWriter out;
  out.PutLengthPrefixed(Timed(timestamp, value));
  return std::string(out.view());
}

std::string MapEntry(int64_t timestamp, ByteView value = "v") { return "\0"s + Timed(timestamp, "\0"s.append(value)); }
std::string NullMapEntry(int64_t timestamp) { return "\0"s + Timed(timestamp, "\1"); }

TtlFilter Filter(StateKind kind, size_t element_bytes = kVariableSize, int64_t ttl = kTtl) {
  return {kind, element_bytes, ttl};
}

Verdict CheckAt(const TtlFilter& filter, ByteView stored, int64_t now, std::string* replacement) {
  const auto verdict = filter.Check(stored, now, replacement);
  EXPECT_TRUE(verdict.ok()) << verdict.status().ToString();
  return verdict.ok() ? *verdict : Verdict::kKeep;
}

/// Expects neither to believe in `stored`, at a time when everything has expired.
void ExpectRefused(const TtlFilter& filter, ByteView stored) {
  SCOPED_TRACE(testing::PrintToString(stored));
  std::string replacement = "as it was";
  EXPECT_EQ(filter.Check(stored, INT64_MAX, &replacement).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(replacement, "as it was");
  EXPECT_EQ(filter.ExpiresAt(stored).status().code(), StatusCode::kDataLoss);
}

TEST(TtlFilterTest, ExpiresAtTheBoundaryAndNotBefore) {
  for (const StateKind kind : {StateKind::kValue, StateKind::kReducing, StateKind::kAggregating, StateKind::kFolding}) {
    std::string replacement;
    EXPECT_EQ(CheckAt(Filter(kind), Timed(1000), 1099, &replacement), Verdict::kKeep);
    EXPECT_EQ(CheckAt(Filter(kind), Timed(1000), 1100, &replacement), Verdict::kDrop);
    EXPECT_EQ(*Filter(kind).ExpiresAt(Timed(1000)), 1100);
  }
}

TEST(TtlFilterTest, TimesMayBeNegativeAndAValueMayHaveNoBytes) {
  std::string replacement;
  const TtlFilter filter = Filter(StateKind::kValue);
  EXPECT_EQ(CheckAt(filter, Timed(-1000, ""), -901, &replacement), Verdict::kKeep);
  EXPECT_EQ(CheckAt(filter, Timed(-1000, ""), -900, &replacement), Verdict::kDrop);
  EXPECT_EQ(*filter.ExpiresAt(Timed(INT64_MIN, "")), INT64_MIN + kTtl);
}

TEST(TtlFilterTest, ATimeToLiveBeyondTheLargestTimeNeverExpires) {
  const TtlFilter for_ever = Filter(StateKind::kValue, kVariableSize, INT64_MAX);
  std::string replacement;
  EXPECT_EQ(CheckAt(for_ever, Timed(1), INT64_MAX, &replacement), Verdict::kKeep);
  EXPECT_EQ(*for_ever.ExpiresAt(Timed(1)), INT64_MAX);
  const TtlFilter list = Filter(StateKind::kList, kVariableSize, INT64_MAX);
  EXPECT_EQ(CheckAt(list, Element(1) + Element(7), INT64_MAX, &replacement), Verdict::kKeep);
  EXPECT_EQ(*list.ExpiresAt(Element(1) + Element(7)), INT64_MAX);
}

TEST(TtlFilterTest, AClockBeforeTheValuesTimeKeepsIt) {
  std::string replacement;
  EXPECT_EQ(CheckAt(Filter(StateKind::kValue), Timed(1000), INT64_MIN, &replacement), Verdict::kKeep);
}

TEST(TtlFilterTest, AMapsEntryHasItsTimeBehindTheEnginesNullByte) {
  const TtlFilter filter = Filter(StateKind::kMap);
  for (const std::string& stored : {MapEntry(1000), MapEntry(1000, ""), NullMapEntry(1000)}) {
    std::string replacement;
    EXPECT_EQ(CheckAt(filter, stored, 1099, &replacement), Verdict::kKeep);
    EXPECT_EQ(CheckAt(filter, stored, 1100, &replacement), Verdict::kDrop);
    EXPECT_EQ(*filter.ExpiresAt(stored), 1100);
  }
}

TEST(TtlFilterTest, RefusesMapEntriesThatAreNone) {
  const TtlFilter filter = Filter(StateKind::kMap);
  ExpectRefused(filter, "");
  ExpectRefused(filter, "\0"s);
  ExpectRefused(filter, "\1"s);
  ExpectRefused(filter, "\0"s + Timed(1000, ""));
  ExpectRefused(filter, "\1"s + Timed(1000, "\0v"s));
  ExpectRefused(filter, "\0"s + Timed(1000, "\2"));
  ExpectRefused(filter, "\0"s + Timed(1000, "\1v"));
}

TEST(TtlFilterTest, RefusesWhatIsTooShortForATime) {
  for (size_t bytes = 0; bytes < 8; ++bytes) ExpectRefused(Filter(StateKind::kValue), Timed(0).substr(0, bytes));
}

/// Every subset of four elements, so that what expires is first, last, in between, all or nothing.
template <class MakeElement>
void ExpectListsLoseExactlyWhatExpired(const TtlFilter& filter, MakeElement element) {
  for (unsigned expired = 0; expired < 16; ++expired) {
    std::string list;
    std::string left;
    for (unsigned i = 0; i < 4; ++i) {
      const bool is_expired = (expired >> i & 1) != 0;
      const std::string bytes =
          element(is_expired ? 1000 - static_cast<int64_t>(i) : 2000 + static_cast<int64_t>(i), i);
      list += bytes;
      if (!is_expired) left += bytes;
    }
    SCOPED_TRACE(expired);
    std::string replacement = "from before";
    const Verdict verdict = CheckAt(filter, list, 1100, &replacement);
    EXPECT_EQ(verdict, expired == 0 ? Verdict::kKeep : expired == 15 ? Verdict::kDrop : Verdict::kReplace);
    if (verdict != Verdict::kReplace) continue;
    EXPECT_EQ(replacement, left);
    EXPECT_EQ(CheckAt(filter, left, 1100, &replacement), Verdict::kKeep);
  }
}

TEST(TtlFilterTest, ListsOfVariableElementsLoseExactlyWhatExpired) {
  // 0, 100, 200 and 300 bytes: lengths of one and of two bytes.
  ExpectListsLoseExactlyWhatExpired(Filter(StateKind::kList), [](int64_t time, unsigned i) {
    return Element(time, std::string(size_t{i} * 100, 'x'));
  });
}

TEST(TtlFilterTest, ListsOfFixedElementsLoseExactlyWhatExpired) {
  ExpectListsLoseExactlyWhatExpired(Filter(StateKind::kList, 8 + 3),
                                    [](int64_t time, unsigned i) { return Timed(time, std::string(3, "abcd"[i])); });
  ExpectListsLoseExactlyWhatExpired(Filter(StateKind::kList, 8),
                                    [](int64_t time, unsigned) { return Timed(time, ""); });
}

TEST(TtlFilterTest, AListExpiresWithTheLastOfItsElementsWhereverThatStands) {
  const TtlFilter variable = Filter(StateKind::kList);
  EXPECT_EQ(*variable.ExpiresAt(Element(1) + Element(500, "longer") + Element(-3)), 600);
  EXPECT_EQ(*variable.ExpiresAt(Element(-7)), 93);
  EXPECT_EQ(*Filter(StateKind::kList, 9).ExpiresAt(Timed(1) + Timed(2) + Timed(0)), 102);
}

TEST(TtlFilterTest, RefusesListsThatDoNotEndWithAnElement) {
  const std::string list = Element(1) + Element(2, std::string(200, 'x'));
  std::string replacement;
  ASSERT_EQ(CheckAt(Filter(StateKind::kList), list, 1100, &replacement), Verdict::kDrop);
  for (size_t bytes = 0; bytes < list.size(); ++bytes) {
    if (bytes != Element(1).size()) ExpectRefused(Filter(StateKind::kList), list.substr(0, bytes));
  }
  const std::string fixed = Timed(1) + Timed(2);
  for (size_t bytes = 0; bytes < fixed.size(); ++bytes) {
    if (bytes != Timed(1).size()) ExpectRefused(Filter(StateKind::kList, 9), fixed.substr(0, bytes));
  }
}

TEST(TtlFilterTest, RefusesLengthsThatHoldNoTimeOrAreNone) {
  const TtlFilter filter = Filter(StateKind::kList);
  ExpectRefused(filter, "\0"s);
  ExpectRefused(filter, "\7"s + "1234567");
  ExpectRefused(filter, Element(1) + "\7"s + "1234567");
  // Longer than it need be, and beyond 64 bits.
  ExpectRefused(filter, "\x89\x00"s + Timed(1));
  ExpectRefused(filter, std::string(9, '\xff') + "\x7f" + Timed(1));
  ExpectRefused(filter, std::string(9, '\xff') + "\x01" + Timed(1));
}

TEST(TtlFilterTest, DamageBehindExpiredElementsDropsNothing) {
  std::string list = Element(1) + Element(2) + Element(5000);
  list.pop_back();
  ExpectRefused(Filter(StateKind::kList), list);
}

}  // namespace
}  // namespace kvstate::backends
