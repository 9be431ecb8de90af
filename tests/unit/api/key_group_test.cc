#include "kvstate/key_group.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "kvstate/serializers.h"
#include "tests/support/status_testing.h"

namespace kvstate {
namespace {

template <class T>
uint32_t GroupOf(const T& key, uint32_t max_parallelism) {
  return KeyGroupOf(Codec<T>::KeyHash(Encode(key)), max_parallelism);
}

TEST(KeyGroupTest, IntegersLandWhereFlinkPutsThem) {
  EXPECT_EQ(GroupOf(int32_t{0}, 128), 94u);
  EXPECT_EQ(GroupOf(int32_t{1}, 128), 86u);
  EXPECT_EQ(GroupOf(int32_t{2}, 128), 127u);
  EXPECT_EQ(GroupOf(int32_t{42}, 128), 29u);
  EXPECT_EQ(GroupOf(int32_t{-1}, 128), 80u);
  EXPECT_EQ(GroupOf(int64_t{42}, 128), 29u) << "Long.hashCode of a small number is the number";
}

TEST(KeyGroupTest, StringsLandWhereFlinkPutsThem) {
  EXPECT_EQ(GroupOf(std::string("a"), 10), 1u);
  EXPECT_EQ(GroupOf(std::string("b"), 10), 8u);
}

TEST(KeyGroupTest, SpreadIsNeverNegative) {
  uint32_t hash = 1;
  for (int i = 0; i < 200000; ++i) {
    EXPECT_LE(SpreadKeyHash(hash), static_cast<uint32_t>(INT32_MAX));
    hash = hash * 2654435761u + 12345u;
  }
}

TEST(KeyGroupTest, TheMinimumIntegerBecomesZero) {
  // Murmur's steps are bijections, so the hash that they take to INT32_MIN is found by running them backwards.
  const auto unxor = [](uint32_t v, int by) {
    uint32_t result = v;
    for (int i = by; i < 32; i += by) result = v ^ (result >> by);
    return result;
  };
  const auto inverse = [](uint32_t odd) {
    uint32_t x = odd;
    for (int i = 0; i < 5; ++i) x *= 2 - odd * x;
    return x;
  };
  const auto rotr = [](uint32_t v, int by) { return (v >> by) | (v << (32 - by)); };
  uint32_t c = unxor(0x80000000u, 16);
  c = unxor(c * inverse(0xc2b2ae35u), 13);
  c = unxor(c * inverse(0x85ebca6bu), 16) ^ 4u;
  c = rotr((c - 0xe6546b64u) * inverse(5), 13);
  c = rotr(c * inverse(0x1b873593u), 15) * inverse(0xcc9e2d51u);
  EXPECT_EQ(SpreadKeyHash(c), 0u);
  EXPECT_EQ(KeyGroupOf(c, 128), 0u);
}

TEST(KeyGroupTest, RangesPartitionTheGroupsAndSubtaskOfInvertsThem) {
  for (const uint32_t m : {1u, 2u, 10u, 127u, 128u, 129u, 1000u, 32768u}) {
    for (const uint32_t p : {1u, 2u, 3u, 4u, 7u, 15u, 64u, 77u, 126u, 127u, 128u, 129u, 999u, 16385u, 32767u, 32768u}) {
      if (p > m) continue;
      uint32_t next = 0;
      for (uint32_t i = 0; i < p; ++i) {
        const KeyGroupRange range = KeyGroupRangeOf(m, p, i);
        ASSERT_EQ(range.first, next) << "subtask " << i << " of " << p << ", " << m << " groups";
        ASSERT_GE(range.last, range.first);
        ASSERT_EQ(range.size(), range.last - range.first + 1);
        ASSERT_EQ(SubtaskOf(m, p, range.first), i);
        ASSERT_EQ(SubtaskOf(m, p, range.last), i);
        next = range.last + 1;
      }
      ASSERT_EQ(next, m) << p;
    }
  }
}

TEST(KeyGroupTest, SubtaskOfIsTheOwnerOfEveryGroup) {
  for (const uint32_t m : {127u, 128u, 129u}) {
    for (uint32_t p = 1; p <= m; ++p) {
      for (uint32_t group = 0; group < m; ++group) {
        ASSERT_TRUE(KeyGroupRangeOf(m, p, SubtaskOf(m, p, group)).Contains(group)) << group << " of " << p;
      }
    }
  }
}

TEST(KeyGroupTest, RangeContainsItsEndsAndNothingBeyond) {
  const KeyGroupRange range{3, 5};
  EXPECT_EQ(range.size(), 3u);
  EXPECT_FALSE(range.Contains(2));
  EXPECT_TRUE(range.Contains(3));
  EXPECT_TRUE(range.Contains(5));
  EXPECT_FALSE(range.Contains(6));
  EXPECT_EQ((KeyGroupRange{5, 4}).size(), 0u);
  EXPECT_FALSE((KeyGroupRange{5, 4}).Contains(5));
  EXPECT_EQ((KeyGroupRange{0, 32767}).size(), 32768u);
}

TEST(KeyGroupTest, DefaultMaxParallelismIsOneAndAHalfTimesRoundedUpWithinBounds) {
  EXPECT_EQ(DefaultMaxParallelism(1), 128u);
  EXPECT_EQ(DefaultMaxParallelism(85), 128u);
  EXPECT_EQ(DefaultMaxParallelism(86), 256u);
  EXPECT_EQ(DefaultMaxParallelism(170), 256u);
  EXPECT_EQ(DefaultMaxParallelism(171), 256u);
  EXPECT_EQ(DefaultMaxParallelism(172), 512u);
  EXPECT_EQ(DefaultMaxParallelism(10000), 16384u);
  EXPECT_EQ(DefaultMaxParallelism(21846), 32768u);
  EXPECT_EQ(DefaultMaxParallelism(32768), 32768u);
  EXPECT_EQ(DefaultMaxParallelism(UINT32_MAX), 32768u);
}

TEST(KeyGroupTest, PrefixGrowsBeyond128Groups) {
  EXPECT_EQ(KeyGroupPrefixBytes(1), 1u);
  EXPECT_EQ(KeyGroupPrefixBytes(127), 1u);
  EXPECT_EQ(KeyGroupPrefixBytes(128), 1u);
  EXPECT_EQ(KeyGroupPrefixBytes(129), 2u);
  EXPECT_EQ(KeyGroupPrefixBytes(32768), 2u);
}

TEST(KeyGroupTest, CheckRefusesWhatIsOutOfRange) {
  EXPECT_OK(CheckKeyGroups(128, {0, 127}));
  EXPECT_OK(CheckKeyGroups(1, {0, 0}));
  EXPECT_OK(CheckKeyGroups(32768, {32767, 32767}));
  EXPECT_CODE(CheckKeyGroups(0, {0, 0}), kInvalidArgument);
  EXPECT_CODE(CheckKeyGroups(32769, {0, 1}), kInvalidArgument);
  EXPECT_CODE(CheckKeyGroups(128, {0, 128}), kInvalidArgument);
  EXPECT_CODE(CheckKeyGroups(128, {5, 4}), kInvalidArgument);
  EXPECT_CODE(CheckKeyGroups(128, {0, UINT32_MAX}), kInvalidArgument);
  EXPECT_MENTIONS(CheckKeyGroups(128, {0, 128}), "0..127");
}

TEST(JavaHashTest, BytesHashAsArraysHashCode) {
  EXPECT_EQ(JavaBytesHash(""), 1u);
  EXPECT_EQ(JavaBytesHash("a"), 31u + 97u);
  EXPECT_EQ(JavaBytesHash("\xff"), 30u) << "bytes are signed in Java";
  EXPECT_EQ(JavaBytesHash("ab"), (31u + 97u) * 31u + 98u);
}

TEST(JavaHashTest, AsciiTextHashesAsInJava) {
  EXPECT_EQ(JavaStringHash(""), 0u);
  EXPECT_EQ(JavaStringHash("a"), 97u);
  EXPECT_EQ(JavaStringHash("hello"), 99162322u);
  EXPECT_EQ(JavaStringHash("polygenelubricants"), 0x80000000u) << "the well-known string of the minimum hash";
}

TEST(JavaHashTest, TextBeyondAsciiHashesItsUtf16Units) {
  EXPECT_EQ(JavaStringHash("\xc3\xa9"), 0xe9u);
  EXPECT_EQ(JavaStringHash("\xe2\x82\xac"), 0x20acu);
  EXPECT_EQ(JavaStringHash("\xef\xbf\xbf"), 0xffffu);
  EXPECT_EQ(JavaStringHash("\xf0\x9f\x98\x80"), 31u * 0xd83du + 0xde00u) << "U+1F600 is a surrogate pair";
  EXPECT_EQ(JavaStringHash("\xf4\x8f\xbf\xbf"), 31u * 0xdbffu + 0xdfffu) << "U+10FFFF is the last";
}

/// The hash of as many U+FFFD as the text has bytes that are no part of UTF-8.
uint32_t Replacements(int count) {
  uint32_t hash = 0;
  for (int i = 0; i < count; ++i) hash = 31 * hash + 0xfffd;
  return hash;
}

TEST(JavaHashTest, EachByteThatIsNotUtf8CountsAsAReplacement) {
  EXPECT_EQ(JavaStringHash("\x80"), Replacements(1)) << "a continuation alone";
  EXPECT_EQ(JavaStringHash("\xff\xfe"), Replacements(2)) << "no lead bytes";
  EXPECT_EQ(JavaStringHash("\xc0\x80"), Replacements(2)) << "overlong";
  EXPECT_EQ(JavaStringHash("\xe0\x80\xaf"), Replacements(3)) << "overlong";
  EXPECT_EQ(JavaStringHash("\xed\xa0\x80"), Replacements(3)) << "a surrogate is no character";
  EXPECT_EQ(JavaStringHash("\xf4\x90\x80\x80"), Replacements(4)) << "beyond U+10FFFF";
  EXPECT_EQ(JavaStringHash("\xe2\x82"), Replacements(2)) << "cut off";
  EXPECT_EQ(JavaStringHash("\xf0\x9f\x98"), Replacements(3)) << "cut off";
  EXPECT_EQ(JavaStringHash("\xe2\x82z"), Replacements(2) * 31u + 'z') << "goes on after what is wrong";
}

TEST(KeyHashTest, NumbersHashAsTheirJavaBoxes) {
  const auto hash = [](const auto& v) { return Codec<std::decay_t<decltype(v)>>::KeyHash(Encode(v)); };
  EXPECT_EQ(hash(int8_t{-1}), 0xffffffffu);
  EXPECT_EQ(hash(int16_t{-2}), 0xfffffffeu);
  EXPECT_EQ(hash(int32_t{-3}), 0xfffffffdu);
  EXPECT_EQ(hash(int64_t{-1}), 0u);
  EXPECT_EQ(hash(int64_t{1} << 32), 1u);
  EXPECT_EQ(hash(std::numeric_limits<int64_t>::min()), 0x80000000u);
  EXPECT_EQ(hash(true), 1231u);
  EXPECT_EQ(hash(false), 1237u);
  EXPECT_EQ(hash(1.0), 0x3ff00000u);
  EXPECT_EQ(hash(1.0f), 0x3f800000u);
  EXPECT_EQ(hash(std::numeric_limits<double>::quiet_NaN()), 0x7ff80000u);
}

TEST(KeyHashTest, OtherTypesHashTheirCanonicalBytes) {
  const std::pair<int32_t, std::string> key{7, "k"};
  EXPECT_EQ((Codec<std::pair<int32_t, std::string>>::KeyHash(Encode(key))), JavaBytesHash(Encode(key)));
  EXPECT_EQ(RawBytesSerializer()->KeyHash("hello"), JavaBytesHash("hello"));
}

}  // namespace
}  // namespace kvstate
