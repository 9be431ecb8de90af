#include "harness/rewrite/key_hasher.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "kvstate/serializers.h"
#include "tests/support/status_testing.h"

namespace kvstate::harness {
namespace {

constexpr std::string_view kSecret = "a secret of some length";

class KeyHasherTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK_AND_ASSIGN(hasher_, KeyHasher::Create(kSecret)); }

  std::string Raw(ByteView key) { return Hashed(StoredFormat::Of(RawBytesSerializer()->Snapshot()), key); }

  std::string Hashed(const StoredFormat& format, ByteView key) {
    std::string hashed;
    EXPECT_OK(hasher_->Hash(format, key, &hashed));
    return hashed;
  }

  /// The value that stands for `value`: its serializer must read it.
  template <class T>
  T Of(const T& value) {
    ByteWriter out;
    Codec<T>::Write(value, out);
    const std::string hashed = Hashed(StoredFormat::Of(Codec<T>::Snapshot()), out.view());
    EXPECT_EQ(hashed.size(), out.size());
    ByteReader in(hashed);
    T read = {};
    EXPECT_OK(Codec<T>::Read(in, read));
    EXPECT_TRUE(in.AtEnd());
    ByteWriter again;
    Codec<T>::Write(read, again);
    EXPECT_EQ(again.view(), hashed) << "canonical bytes";
    return read;
  }

  std::unique_ptr<KeyHasher> hasher_;
};

TEST_F(KeyHasherTest, ShortKeysArePermutedSoThatNoTwoBecomeOne) {
  std::set<std::string> of_one;
  std::set<std::string> of_two;
  size_t unchanged = 0;
  for (int a = 0; a < 256; ++a) {
    of_one.insert(Raw(std::string(1, static_cast<char>(a))));
    for (int b = 0; b < 256; ++b) {
      const std::string key = {static_cast<char>(a), static_cast<char>(b)};
      const std::string hashed = Raw(key);
      unchanged += hashed == key ? 1 : 0;
      of_two.insert(hashed);
    }
  }
  EXPECT_EQ(of_one.size(), 256u);
  EXPECT_EQ(of_two.size(), 65536u);
  EXPECT_LT(unchanged, 10u) << "one in 65536 is by chance";
}

TEST_F(KeyHasherTest, LengthsStayAndEqualKeysStayEqual) {
  std::set<std::string> all;
  for (size_t size = 0; size <= 200; ++size) {
    const std::string key(size, 'k');
    const std::string hashed = Raw(key);
    EXPECT_EQ(hashed.size(), size);
    EXPECT_EQ(hashed, Raw(key));
    EXPECT_TRUE(all.insert(hashed).second);
    // One bit changes about half of all, wherever it is.
    if (size < 8) continue;
    std::string other = key;
    other.back() = 'l';
    size_t same = 0;
    const std::string of_other = Raw(other);
    for (size_t i = 0; i < size; ++i) same += of_other[i] == hashed[i] ? 1 : 0;
    EXPECT_LE(same, 3 + size / 32);
  }
  EXPECT_EQ(all.size(), 201u);
}

TEST_F(KeyHasherTest, TypesStayValid) {
  std::set<int64_t> numbers;
  std::set<double> doubles;
  std::set<float> floats;
  for (int64_t i = 0; i < 2000; ++i) {
    numbers.insert(Of<int64_t>(i));
    doubles.insert(Of<double>(static_cast<double>(i) / 3));
    floats.insert(Of<float>(static_cast<float>(i)));
  }
  EXPECT_EQ(numbers.size(), 2000u);
  EXPECT_EQ(doubles.size(), 2000u);
  EXPECT_EQ(floats.size(), 2000u);
  for (const float number : floats) EXPECT_TRUE(std::isfinite(number));
  EXPECT_EQ(Of(true), true);
  EXPECT_EQ(Of(TimeWindow{10, 20}), (TimeWindow{10, 20})) << "times are no names";
  EXPECT_EQ(Of(std::optional<int32_t>()), std::nullopt);
  EXPECT_NE(Of(std::optional<int32_t>(5)), std::optional<int32_t>(5));
  const auto pair = Of(std::tuple<int64_t, std::string, bool>(1, "ann", true));
  EXPECT_EQ(std::get<0>(pair), Of<int64_t>(1)) << "a part becomes what it becomes alone";
  EXPECT_EQ(std::get<1>(pair).size(), 3u);
  EXPECT_NE(std::get<1>(pair), "ann");
  EXPECT_EQ(Of(std::vector<std::string>{"a", "b", "a"})[0], Of(std::vector<std::string>{"a", "b", "a"})[2]);
}

TEST_F(KeyHasherTest, TheSecretDecidesAndTheSameOneAlwaysGivesTheSame) {
  ASSERT_OK_AND_ASSIGN(const auto other, KeyHasher::Create("another secret of some length"));
  std::string hashed;
  const StoredFormat raw = StoredFormat::Of(RawBytesSerializer()->Snapshot());
  for (const std::string_view key : {"k", "key", "a key that is longer than 16 bytes"}) {
    ASSERT_OK(other->Hash(raw, key, &hashed));
    EXPECT_NE(hashed, Raw(key)) << key;
  }
  const auto hex = [](const std::string& bytes) {
    std::string text;
    for (const char c : bytes) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      text += kDigits[static_cast<uint8_t>(c) >> 4];
      text += kDigits[static_cast<uint8_t>(c) & 15];
    }
    return text;
  };
  // Two traces that are hashed with one secret, a year apart, fit each other.
  EXPECT_EQ(hex(Raw("k")), "d9");
  EXPECT_EQ(hex(Raw("user-17")), "265642aac87d73");
  EXPECT_EQ(hex(Raw("0123456789abcdef")), "827e879ffb93a546b4bc26a6e5ae9626");
  EXPECT_EQ(hex(Raw("a key of more than thirty-two bytes")),
            "5bea15b6e13ec2939c63d9592c80e8fb98d2225dbd759ee27bfda6cd4605c698e17f5b");
}

TEST_F(KeyHasherTest, WhatCanNotBeHashedIsToldBefore) {
  EXPECT_CODE(KeyHasher::Create("15 bytes, short"), kInvalidArgument);
  EXPECT_FALSE(KeyHasher::CanHash(StoredFormat::Of(Codec<std::map<int32_t, int32_t>>::Snapshot())));
  EXPECT_FALSE(KeyHasher::CanHash(StoredFormat::Of({"mine", 1, ""})));
  EXPECT_TRUE(KeyHasher::CanHash(StoredFormat::Of(Codec<std::pair<std::string, int64_t>>::Snapshot())));
}

TEST_F(KeyHasherTest, BytesThatAreNoKeyAreDamage) {
  std::string hashed;
  EXPECT_CODE(hasher_->Hash(StoredFormat::Of(Codec<int64_t>::Snapshot()), "1234567", &hashed), kDataLoss);
  EXPECT_CODE(hasher_->Hash(StoredFormat::Of(Codec<int64_t>::Snapshot()), "123456789", &hashed), kDataLoss);
  EXPECT_CODE(hasher_->Hash(StoredFormat::Of(Codec<std::string>::Snapshot()), "\x05", &hashed), kDataLoss);
}

}  // namespace
}  // namespace kvstate::harness
