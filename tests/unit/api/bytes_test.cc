#include "kvstate/bytes.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/status_testing.h"

namespace kvstate {
namespace {

std::string Varint(uint64_t v) {
  ByteWriter out;
  out.PutVarint(v);
  return std::string(out.view());
}

TEST(ByteWriterTest, NumbersAreBigEndian) {
  ByteWriter out;
  out.PutByte(0xab);
  out.PutFixed16(0x0102);
  out.PutFixed32(0x03040506);
  out.PutFixed64(0x0708090a0b0c0d0eull);
  EXPECT_EQ(out.view(), "\xab\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e");
}

TEST(ByteWriterTest, VarintsHaveTheirShortestForm) {
  EXPECT_EQ(Varint(0), std::string("\0", 1));
  EXPECT_EQ(Varint(127), "\x7f");
  EXPECT_EQ(Varint(128), "\x80\x01");
  EXPECT_EQ(Varint(300), "\xac\x02");
  EXPECT_EQ(Varint(UINT64_MAX), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

TEST(ByteWriterTest, GrowsFromItsInlineBytesWithoutLosingAny) {
  ByteWriter out;
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    out.PutByte(static_cast<uint8_t>(i));
    expected.push_back(static_cast<char>(i));
    if (i % 97 == 0) {
      const std::string chunk(static_cast<size_t>(i), 'x');
      out.PutBytes(chunk);
      expected += chunk;
    }
  }
  EXPECT_EQ(out.view(), expected);
}

TEST(ByteWriterTest, ExtendMakesRoomForALotAtOnce) {
  ByteWriter out;
  out.PutByte('a');
  std::memset(out.Extend(1 << 20), 'b', 1 << 20);
  EXPECT_EQ(out.size(), (1u << 20) + 1);
  EXPECT_EQ(out.view().front(), 'a');
  EXPECT_EQ(out.view().back(), 'b');
}

TEST(ByteWriterTest, ClearAndTruncateForgetBytes) {
  ByteWriter out;
  out.PutBytes(std::string(100, 'x'));
  out.Truncate(3);
  EXPECT_EQ(out.view(), "xxx");
  out.PutBytes("y");
  EXPECT_EQ(out.view(), "xxxy");
  out.Clear();
  EXPECT_EQ(out.view(), "");
  out.PutBytes("");
  EXPECT_EQ(out.size(), 0u);
}

TEST(ByteReaderTest, ReadsWhatTheWriterWrote) {
  ByteWriter out;
  out.PutByte(1);
  out.PutFixed16(2);
  out.PutFixed32(3);
  out.PutFixed64(4);
  out.PutVarint(1u << 20);
  out.PutLengthPrefixed("text");
  out.PutLengthPrefixed("");
  ByteReader in(out.view());
  uint8_t byte = 0;
  uint16_t fixed16 = 0;
  uint32_t fixed32 = 0;
  uint64_t fixed64 = 0;
  uint64_t varint = 0;
  ByteView text;
  ByteView empty = "not empty";
  ASSERT_TRUE(in.ReadByte(&byte) && in.ReadFixed16(&fixed16) && in.ReadFixed32(&fixed32) && in.ReadFixed64(&fixed64));
  ASSERT_TRUE(in.ReadVarint(&varint) && in.ReadLengthPrefixed(&text) && in.ReadLengthPrefixed(&empty));
  EXPECT_EQ(byte, 1);
  EXPECT_EQ(fixed16, 2);
  EXPECT_EQ(fixed32, 3u);
  EXPECT_EQ(fixed64, 4u);
  EXPECT_EQ(varint, 1u << 20);
  EXPECT_EQ(text, "text");
  EXPECT_EQ(empty, "");
  EXPECT_TRUE(in.AtEnd());
  EXPECT_EQ(in.position(), out.size());
}

TEST(ByteReaderTest, AFailedReadMovesNothing) {
  const std::string bytes = "\x01\x02\x03";
  ByteReader in(bytes);
  uint8_t first = 0;
  ASSERT_TRUE(in.ReadByte(&first));
  uint32_t fixed32 = 0;
  uint64_t fixed64 = 0;
  ByteView view;
  EXPECT_FALSE(in.ReadFixed32(&fixed32));
  EXPECT_FALSE(in.ReadFixed64(&fixed64));
  EXPECT_FALSE(in.ReadBytes(3, &view));
  EXPECT_FALSE(in.ReadBytes(SIZE_MAX, &view));
  EXPECT_FALSE(in.ReadLengthPrefixed(&view)) << "two bytes are claimed and one is left";
  EXPECT_EQ(in.position(), 1u);
  EXPECT_EQ(in.remaining(), 2u);
  uint16_t fixed16 = 0;
  ASSERT_TRUE(in.ReadFixed16(&fixed16));
  EXPECT_FALSE(in.ReadFixed16(&fixed16));
  EXPECT_FALSE(in.ReadByte(&first));
  uint64_t varint = 0;
  EXPECT_FALSE(in.ReadVarint(&varint));
  ASSERT_TRUE(in.ReadBytes(0, &view));
}

TEST(ByteReaderTest, RoundTripsVarintsAtEveryBoundary) {
  std::vector<uint64_t> values = {0, 1, UINT64_MAX, UINT64_MAX - 1};
  for (int bit = 0; bit < 64; ++bit) {
    const uint64_t power = uint64_t{1} << bit;
    values.insert(values.end(), {power, power - 1, power + 1});
  }
  for (const uint64_t value : values) {
    const std::string bytes = Varint(value);
    ByteReader in(bytes);
    uint64_t read = 0;
    ASSERT_TRUE(in.ReadVarint(&read)) << value;
    EXPECT_EQ(read, value);
    EXPECT_TRUE(in.AtEnd());
    for (size_t cut = 0; cut < bytes.size(); ++cut) {
      ByteReader truncated(ByteView(bytes).substr(0, cut));
      EXPECT_FALSE(truncated.ReadVarint(&read)) << value << " cut at " << cut;
      EXPECT_EQ(truncated.position(), 0u);
    }
  }
}

TEST(ByteReaderTest, RefusesVarintsThatAreOverlongOrOver64Bits) {
  const std::vector<std::string> wrong = {
      std::string("\x80\x00", 2),                                  // 0 in two bytes
      std::string("\xff\x00", 2),                                  // 127 in two bytes
      std::string("\x80\x80\x80\x00", 4),                          // 0 in four bytes
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",                  // bit 64
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",                  // bits 64 to 69
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81",                  // more to come after bit 63
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",              // eleven bytes
      std::string("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 10)  // 0 in ten bytes
  };
  for (const std::string& bytes : wrong) {
    ByteReader in(bytes);
    uint64_t value = 0;
    EXPECT_FALSE(in.ReadVarint(&value)) << ::testing::PrintToString(bytes);
    EXPECT_EQ(in.position(), 0u);
  }
}

TEST(ByteReaderTest, MalformedSaysWhatAndWhere) {
  ByteReader in("abcd");
  uint8_t byte = 0;
  ASSERT_TRUE(in.ReadByte(&byte));
  const Status status = in.Malformed("length of a key");
  EXPECT_CODE(status, kDataLoss);
  EXPECT_MENTIONS(status, "length of a key");
  EXPECT_MENTIONS(status, "at byte 1");
  EXPECT_MENTIONS(status, "3 left");
}

}  // namespace
}  // namespace kvstate
