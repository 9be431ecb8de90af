#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/unit/api/codec_testing.h"

namespace kvstate {

struct Bid {
  int64_t auction = 0;
  int32_t price = 0;
  std::string bidder;
  std::optional<bool> late;
  friend bool operator==(const Bid&, const Bid&) = default;
};

template <>
struct StructTraits<Bid> {
  static constexpr std::string_view kName = "Bid";
  static constexpr auto kMembers = std::make_tuple(Member("auction", &Bid::auction), Member("price", &Bid::price),
                                                   Member("bidder", &Bid::bidder), Member("late", &Bid::late));
};

struct Point {
  int32_t x = 0;
  int32_t y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};

template <>
struct StructTraits<Point> {
  static constexpr std::string_view kName = "Point";
  static constexpr auto kMembers = std::make_tuple(Member("x", &Point::x), Member("y", &Point::y));
};

namespace {

TEST(CompoundCodecTest, OptionalIsAFlagAndTheValue) {
  ExpectEncoding<std::optional<int16_t>>(std::nullopt, "00");
  ExpectEncoding<std::optional<int16_t>>(5, "01 00 05");
  ExpectEncoding<std::optional<std::optional<bool>>>(std::optional<bool>(), "01 00");
  ExpectRefused<std::optional<int16_t>>("02 00 05");
}

TEST(CompoundCodecTest, OptionalReadOverAValueForgetsIt) {
  std::optional<int16_t> value = 9;
  const std::string none = Bytes("00");
  ByteReader in(none);
  ASSERT_OK(Codec<std::optional<int16_t>>::Read(in, value));
  EXPECT_EQ(value, std::nullopt);
}

TEST(CompoundCodecTest, PairsAndTuplesAreTheirParts) {
  ExpectEncoding(std::pair<int8_t, std::string>{1, "ab"}, "01 02 'ab'");
  ExpectEncoding(std::tuple<bool, uint16_t, std::string>{true, 2, ""}, "01 00 02 00");
  ExpectEncoding(std::tuple<>{}, "");
  EXPECT_EQ((Codec<std::pair<int8_t, int64_t>>::kEncodedSize), 9u);
  EXPECT_EQ((Codec<std::tuple<int8_t, std::string>>::kEncodedSize), kVariableSize);
}

TEST(CompoundCodecTest, VectorsAreACountAndTheElements) {
  ExpectEncoding(std::vector<int16_t>{}, "00");
  ExpectEncoding(std::vector<int16_t>{1, -1}, "02 00 01 ff ff");
  ExpectEncoding(std::vector<std::string>{"a", "", "bc"}, "03 01 'a' 00 02 'bc'");
  ExpectEncoding(std::vector<std::vector<bool>>{{true}, {}}, "02 01 01 00");
}

TEST(CompoundCodecTest, MapsAreWrittenInTheirOrder) {
  ExpectEncoding(std::map<int8_t, bool>{{1, true}, {-1, false}}, "02 ff 00 01 01");
  ExpectEncoding(std::map<std::string, int8_t>{}, "00");
  ExpectRefused<std::map<int8_t, bool>>("02 01 01 01 01");
}

TEST(CompoundCodecTest, UnorderedMapsAreWrittenInTheByteOrderOfTheirKeys) {
  ExpectEncoding(std::unordered_map<int8_t, bool>{{-1, false}, {1, true}}, "02 01 01 ff 00");
  ExpectRefused<std::unordered_map<int8_t, bool>>("02 01 01 01 00");
  std::unordered_map<std::string, int32_t> ascending;
  std::unordered_map<std::string, int32_t> descending;
  for (int i = 0; i < 500; ++i) ascending[std::to_string(i)] = i;
  for (int i = 499; i >= 0; --i) descending[std::to_string(i)] = i;
  EXPECT_EQ(Encode(ascending), Encode(descending)) << "equal maps, however they came about";
}

TEST(CompoundCodecTest, NestedTypesCompose) {
  using Nested = std::map<std::string, std::vector<std::optional<std::pair<int8_t, std::string>>>>;
  ExpectEncoding(Nested{{"k", {std::nullopt, std::pair<int8_t, std::string>{7, "v"}}}, {"l", {}}},
                 "02 01 'k' 02 00 01 07 01 'v' 01 'l' 00");
}

TEST(CompoundCodecTest, StructsAreTheirMembersInTheListedOrder) {
  ExpectEncoding(Bid{1, 2, "me", true}, "00 00 00 00 00 00 00 01 00 00 00 02 02 'me' 01 01");
  ExpectEncoding(std::vector<Point>{{1, 2}, {3, 4}}, "02 00 00 00 01 00 00 00 02 00 00 00 03 00 00 00 04");
  EXPECT_EQ(Codec<Point>::kEncodedSize, 8u);
  EXPECT_EQ(Codec<Bid>::kEncodedSize, kVariableSize);
}

TEST(CompoundCodecTest, ACountThatTheBytesCannotHoldIsRefusedBeforeAnythingIsAllocated) {
  ExpectRefused<std::vector<int64_t>>("ff ff ff ff ff ff ff ff ff 01");
  ExpectRefused<std::vector<int64_t>>("02 00 00 00 00 00 00 00 01");
  ExpectRefused<std::map<int8_t, int64_t>>("ff ff ff ff ff ff ff ff 7f 00");
  ExpectRefused<std::unordered_map<std::string, std::string>>("ff ff ff ff 0f 00");
  ExpectRefused<std::vector<std::tuple<>>>("ff ff ff ff 0f");
  std::vector<std::string> value;
  const std::string bytes = Bytes("ff ff ff ff 0f 00 00 00");
  ByteReader in(bytes);
  EXPECT_CODE(Codec<std::vector<std::string>>::Read(in, value), kDataLoss);
  EXPECT_LE(value.capacity(), 16u);
}

TEST(CompoundCodecTest, ReadingReusesAnObjectThatHoldsSomethingElse) {
  std::vector<std::string> value = {"old", "older", "oldest"};
  const std::string bytes = Bytes("01 03 'new'");
  ByteReader in(bytes);
  ASSERT_OK(Codec<std::vector<std::string>>::Read(in, value));
  EXPECT_EQ(value, (std::vector<std::string>{"new"}));
  std::map<int8_t, int8_t> map = {{1, 1}, {2, 2}};
  const std::string map_bytes = Bytes("01 02 05");
  ByteReader map_in(map_bytes);
  ASSERT_OK((Codec<std::map<int8_t, int8_t>>::Read(map_in, map)));
  EXPECT_EQ(map, (std::map<int8_t, int8_t>{{2, 5}}));
}

}  // namespace
}  // namespace kvstate
