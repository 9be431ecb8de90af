#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "tests/unit/api/codec_testing.h"

namespace kvstate {
namespace {

TEST(ScalarCodecTest, IntegersAreBigEndianTwosComplement) {
  ExpectEncoding<int8_t>(-2, "fe");
  ExpectEncoding<uint8_t>(200, "c8");
  ExpectEncoding<int16_t>(-2, "ff fe");
  ExpectEncoding<uint16_t>(0x0102, "01 02");
  ExpectEncoding<int32_t>(1, "00 00 00 01");
  ExpectEncoding<int32_t>(std::numeric_limits<int32_t>::min(), "80 00 00 00");
  ExpectEncoding<uint32_t>(0xdeadbeef, "de ad be ef");
  ExpectEncoding<int64_t>(-1, "ff ff ff ff ff ff ff ff");
  ExpectEncoding<int64_t>(std::numeric_limits<int64_t>::max(), "7f ff ff ff ff ff ff ff");
  ExpectEncoding<uint64_t>(0x0102030405060708, "01 02 03 04 05 06 07 08");
}

TEST(ScalarCodecTest, BoolTakesOnlyZeroAndOne) {
  ExpectEncoding(false, "00");
  ExpectEncoding(true, "01");
  ExpectRefused<bool>("02");
  ExpectRefused<bool>("ff");
}

TEST(ScalarCodecTest, FloatingPointIsItsBits) {
  ExpectEncoding(1.5f, "3f c0 00 00");
  ExpectEncoding(-2.0, "c0 00 00 00 00 00 00 00");
  ExpectEncoding(std::numeric_limits<double>::infinity(), "7f f0 00 00 00 00 00 00");
  ExpectEncoding(std::numeric_limits<double>::denorm_min(), "00 00 00 00 00 00 00 01");
}

TEST(ScalarCodecTest, ZeroKeepsItsSign) {
  EXPECT_EQ(Encode(0.0), Bytes("00 00 00 00 00 00 00 00"));
  EXPECT_EQ(Encode(-0.0), Bytes("80 00 00 00 00 00 00 00"));
  EXPECT_EQ(Encode(-0.0f), Bytes("80 00 00 00"));
  const auto decoded = Decode<double>(Encode(-0.0));
  ASSERT_OK(decoded);
  EXPECT_TRUE(std::signbit(*decoded));
}

TEST(ScalarCodecTest, EveryNanIsWrittenAsTheOneQuietNan) {
  for (const uint64_t bits : {0x7ff8000000000000ull, 0xfff8000000000000ull, 0x7ff0000000000001ull, ~0ull}) {
    EXPECT_EQ(Encode(std::bit_cast<double>(bits)), Bytes("7f f8 00 00 00 00 00 00")) << std::hex << bits;
  }
  for (const uint32_t bits : {0x7fc00000u, 0xffc00000u, 0x7f800001u, ~0u}) {
    EXPECT_EQ(Encode(std::bit_cast<float>(bits)), Bytes("7f c0 00 00")) << std::hex << bits;
  }
  const auto decoded = Decode<double>(Encode(std::nan("")));
  ASSERT_OK(decoded);
  EXPECT_TRUE(std::isnan(*decoded));
}

TEST(ScalarCodecTest, StringsStandBehindTheirLength) {
  ExpectEncoding<std::string>("", "00");
  ExpectEncoding<std::string>("abc", "03 'abc'");
  ExpectEncoding(std::string("a\0b", 3), "03 61 00 62");
  ExpectEncoding(std::string(200, 'x'), "c8 01 '" + std::string(200, 'x') + "'");
  ExpectRefused<std::string>("80 00");
  ExpectRefused<std::string>("ff ff ff ff ff ff ff ff ff 01 'ab'");
}

TEST(ScalarCodecTest, NamespacesHaveTheirFixedForms) {
  ExpectEncoding(VoidNamespace{}, "00");
  ExpectRefused<VoidNamespace>("01");
  ExpectEncoding(TimeWindow{1, -1}, "00 00 00 00 00 00 00 01 ff ff ff ff ff ff ff ff");
}

TEST(TimeWindowTest, CoversAndIntersects) {
  const TimeWindow a{0, 10};
  EXPECT_EQ(a.max_timestamp(), 9);
  EXPECT_TRUE(a.Intersects({5, 6}));
  EXPECT_TRUE(a.Intersects({10, 20})) << "windows that touch merge, as Flink's do";
  EXPECT_FALSE(a.Intersects({11, 20}));
  EXPECT_EQ(a.Cover({-3, 4}), (TimeWindow{-3, 10}));
  EXPECT_EQ(a.Cover({12, 14}), (TimeWindow{0, 14}));
}

}  // namespace
}  // namespace kvstate
