#include "backends/common/composite_key.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kvstate/namespaces.h"
#include "kvstate/serializers.h"

namespace kvstate::backends {
namespace {

using std::string_literals::operator""s;

std::string Composite(const CompositeKeyFormat& format, uint32_t key_group, ByteView key, ByteView state_namespace) {
  ByteWriter out;
  format.WritePrefix(key_group, key, state_namespace, out);
  return std::string(out.view());
}

TEST(CompositeKeyTest, FixedKeyUnderTheVoidNamespaceHasNoLengths) {
  const CompositeKeyFormat format(SerializerFor<int32_t>(), SerializerFor<VoidNamespace>(), 128);
  EXPECT_EQ(Composite(format, 0x7f, Encode(int32_t{1}), Encode(VoidNamespace{})), "\x7f\x00\x00\x00\x01\x00"s);
}

TEST(CompositeKeyTest, VariableKeyUnderFixedNamespaceHasNoLengths) {
  const CompositeKeyFormat format(SerializerFor<std::string>(), SerializerFor<VoidNamespace>(), 128);
  EXPECT_EQ(Composite(format, 3, Encode("ab"s), Encode(VoidNamespace{})), "\x03\x02"s + "ab\0"s);
}

TEST(CompositeKeyTest, BothVariableHaveTheirLengthsBehindThem) {
  const CompositeKeyFormat format(SerializerFor<std::string>(), SerializerFor<std::string>(), 128);
  EXPECT_EQ(Composite(format, 3, Encode("ab"s), Encode("xyz"s)), "\x03\x02"s + "ab\x03\x03xyz\x04"s);
}

TEST(CompositeKeyTest, LengthsAreWrittenLowByteFirstUntilNothingIsLeft) {
  const CompositeKeyFormat format(SerializerFor<std::string>(), SerializerFor<std::string>(), 128);
  const std::string key = Encode(std::string(0x1fe, 'k'));  // 0x200 bytes with its two of length.
  const std::string composite = Composite(format, 0, key, Encode(""s));
  EXPECT_EQ(composite, "\0"s + key + "\x00\x02"s + "\0"s + "\x01"s);
}

TEST(CompositeKeyTest, RawKeysStandBehindTheirLength) {
  const CompositeKeyFormat format(RawBytesSerializer(), SerializerFor<VoidNamespace>(), 128);
  EXPECT_EQ(Composite(format, 1, "ab", "\0"s), "\x01\x02"s + "ab\0"s);
}

TEST(CompositeKeyTest, KeyGroupsAboveTheLimitOfOneByteTakeTwoBigEndian) {
  const std::string key = Encode(int32_t{0});
  const std::string no_namespace = "\0"s;
  for (const uint32_t max_parallelism : {127u, 128u}) {
    const CompositeKeyFormat format(SerializerFor<int32_t>(), SerializerFor<VoidNamespace>(), max_parallelism);
    EXPECT_EQ(Composite(format, 126, key, no_namespace), "\x7e"s + key + no_namespace);
  }
  for (const uint32_t max_parallelism : {129u, 32768u}) {
    const CompositeKeyFormat format(SerializerFor<int32_t>(), SerializerFor<VoidNamespace>(), max_parallelism);
    EXPECT_EQ(Composite(format, 128, key, no_namespace), "\x00\x80"s + key + no_namespace);
  }
}

TEST(CompositeKeyTest, TheEndOfTheLastRangeEncodesBehindAllKeys) {
  for (const uint32_t max_parallelism : {127u, 128u, 129u, 32768u}) {
    const CompositeKeyFormat format(SerializerFor<int32_t>(), SerializerFor<VoidNamespace>(), max_parallelism);
    ByteWriter end;
    format.WriteKeyGroup(max_parallelism, end);
    EXPECT_EQ(end.size(), max_parallelism <= 128 ? 1u : 2u);
    EXPECT_GT(end.view(), Composite(format, max_parallelism - 1, Encode(int32_t{-1}), "\0"s)) << max_parallelism;
  }
}

struct Case {
  const char* name;
  SerializerPtr key;
  SerializerPtr state_namespace;
  std::vector<std::string> keys;
  std::vector<std::string> namespaces;
};

/// Bytes that are prefixes of one another, zeros, and what looks like lengths.
std::vector<Case> Cases() {
  const std::vector<std::string> raw = {""s, "\0"s, "\0\0"s, "\x01"s, "a"s, "ab"s, "a\x01"s, std::string(300, '\0')};
  std::vector<std::string> strings;
  for (const std::string& text : raw) strings.push_back(Encode(text));
  const std::vector<std::string> ints = {Encode(int32_t{0}), Encode(int32_t{1}), Encode(int32_t{-1})};
  using Pair = std::pair<std::string, int32_t>;
  const std::vector<std::string> pairs = {Encode(Pair{"", 0}), Encode(Pair{"a", 0}), Encode(Pair{"a", 256})};
  const std::vector<std::string> windows = {Encode(TimeWindow{0, 1}), Encode(TimeWindow{0, 256})};
  const std::vector<std::string> none = {"\0"s};
  return {
      {"raw_void", RawBytesSerializer(), SerializerFor<VoidNamespace>(), raw, none},
      {"raw_raw", RawBytesSerializer(), RawBytesSerializer(), raw, raw},
      {"raw_window", RawBytesSerializer(), SerializerFor<TimeWindow>(), raw, windows},
      {"string_string", SerializerFor<std::string>(), SerializerFor<std::string>(), strings, strings},
      {"string_pair", SerializerFor<std::string>(), SerializerFor<Pair>(), strings, pairs},
      {"pair_raw", SerializerFor<Pair>(), RawBytesSerializer(), pairs, raw},
      {"int_string", SerializerFor<int32_t>(), SerializerFor<std::string>(), ints, strings},
      {"int_window", SerializerFor<int32_t>(), SerializerFor<TimeWindow>(), ints, windows},
  };
}

TEST(CompositeKeyTest, NoPrefixIsThePrefixOfAnother) {
  for (const Case& c : Cases()) {
    for (const uint32_t max_parallelism : {128u, 32768u}) {
      const CompositeKeyFormat format(c.key, c.state_namespace, max_parallelism);
      std::vector<std::string> all;
      for (const uint32_t group : {0u, 1u, 127u}) {
        for (const std::string& key : c.keys) {
          for (const std::string& name : c.namespaces) all.push_back(Composite(format, group, key, name));
        }
      }
      for (size_t i = 0; i < all.size(); ++i) {
        for (size_t j = 0; j < all.size(); ++j) EXPECT_TRUE(i == j || !all[i].starts_with(all[j])) << c.name;
      }
    }
  }
}

TEST(CompositeKeyTest, WhatIsWrittenIsParsed) {
  for (const Case& c : Cases()) {
    const CompositeKeyFormat format(c.key, c.state_namespace, 32768);
    CompositeKeyParser parser(format);
    for (const std::string& key : c.keys) {
      for (const std::string& name : c.namespaces) {
        for (const std::string& user_key : {""s, "\0"s, "user key"s}) {
          const std::string prefix = Composite(format, 1000, key, name);
          const std::string composite = prefix + user_key;
          const Status status = parser.Parse(composite);
          ASSERT_TRUE(status.ok()) << c.name << " " << status.ToString();
          EXPECT_EQ(parser.key_group(), 1000u);
          EXPECT_EQ(parser.key(), key) << c.name;
          EXPECT_EQ(parser.state_namespace(), name) << c.name;
          EXPECT_EQ(parser.prefix(), prefix) << c.name;
          EXPECT_EQ(parser.user_key(), user_key) << c.name;

          const ByteView rest = ByteView(composite).substr(format.key_group_bytes());
          ASSERT_TRUE(parser.ParseAfterKeyGroup(rest).ok()) << c.name;
          EXPECT_EQ(parser.key(), key) << c.name;
          EXPECT_EQ(parser.state_namespace(), name) << c.name;
          EXPECT_EQ(parser.prefix(), ByteView(prefix).substr(format.key_group_bytes())) << c.name;
          EXPECT_EQ(parser.user_key(), user_key) << c.name;
        }
      }
    }
  }
}

TEST(CompositeKeyTest, TruncatedKeysAreDataLoss) {
  for (const Case& c : Cases()) {
    const CompositeKeyFormat format(c.key, c.state_namespace, 32768);
    CompositeKeyParser parser(format);
    const std::string composite = Composite(format, 1, c.keys.back(), c.namespaces.back());
    for (size_t length = 0; length < composite.size(); ++length) {
      EXPECT_EQ(parser.Parse(ByteView(composite).substr(0, length)).code(), StatusCode::kDataLoss) << c.name;
    }
  }
}

TEST(CompositeKeyTest, AWrongLengthSuffixIsDataLoss) {
  const CompositeKeyFormat format(SerializerFor<std::string>(), SerializerFor<std::string>(), 128);
  CompositeKeyParser parser(format);
  std::string composite = Composite(format, 1, Encode("key"s), Encode("ns"s));
  composite.back() = '\x09';
  EXPECT_EQ(parser.Parse(composite).code(), StatusCode::kDataLoss);
}

TEST(CompositeKeyTest, UpperBoundIsTheLeastBehindThePrefix) {
  const auto bound = [](const std::string& prefix) {
    std::string upper;
    UpperBoundOfPrefix(prefix, &upper);
    return upper;
  };
  EXPECT_EQ(bound("a"), "b");
  EXPECT_EQ(bound("a\xff"), "b");
  EXPECT_EQ(bound("\x7f"), "\x80");
  EXPECT_EQ(bound("a\xff\xff"s), "b");
  EXPECT_EQ(bound("\xff\xff"), "") << "nothing is behind";
  EXPECT_EQ(bound(""), "");
}

}  // namespace
}  // namespace kvstate::backends
