#include "harness/import/input_file.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/status_testing.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

constexpr size_t kBytes = 1 << 20;

/// Text that packs, but not to nothing.
std::string Text(size_t bytes) {
  std::string text;
  for (uint32_t i = 0; text.size() < bytes; ++i) text += std::to_string(i * 2654435761U) + "\n";
  return text;
}

/// With a checksum, as the tool's files have one.
std::string Zstd(const std::string& text) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  EXPECT_EQ(ZSTD_isError(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1)), 0u);
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress2(context.get(), packed.data(), packed.size(), text.data(), text.size()));
  return packed;
}

std::string Gzip(const std::string& text) {
  std::string packed(text.size() + 1024, '\0');
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

class InputFileTest : public ::testing::Test {
 protected:
  /// All bytes of a file that holds these.
  Result<std::string> ReadAll(const std::string& stored) {
    KVSTATE_ASSIGN_OR_RETURN(const auto file, InputFile::Open(directory_.Write("in", stored)));
    std::string all;
    KVSTATE_RETURN_IF_ERROR(file->Read(SIZE_MAX, &all));
    EXPECT_EQ(file->stored_bytes_read(), stored.size());
    EXPECT_EQ(file->offset(), all.size());
    return all;
  }

  TemporaryDirectory directory_;
};

struct Packing {
  const char* name;
  std::function<std::string(const std::string&)> pack;
};
const std::vector<Packing>& Packings() {
  static const std::vector<Packing> kPackings = {{"gzip", Gzip}, {"zstd", Zstd}};
  return kPackings;
}

TEST_F(InputFileTest, PackedBytesAreUnpackedAndOthersAreAsTheyAre) {
  const std::string text = Text(kBytes);
  for (const std::string& stored : {text, Gzip(text), Zstd(text)}) {
    ASSERT_OK_AND_ASSIGN(const std::string read, ReadAll(stored));
    EXPECT_TRUE(read == text);
  }
  for (const std::string& stored : {std::string(), Gzip(""), Zstd("")}) {
    ASSERT_OK_AND_ASSIGN(const std::string read, ReadAll(stored));
    EXPECT_EQ(read, "");
  }
  ASSERT_OK_AND_ASSIGN(const std::string beginning_of_a_magic, ReadAll("\x28\xb5"));
  EXPECT_EQ(beginning_of_a_magic, "\x28\xb5");
}

TEST_F(InputFileTest, FramesOneAfterAnotherAreOneText) {
  const std::string text = Text(kBytes);
  for (const auto& [name, pack] : Packings()) {
    std::string stored;
    for (size_t at = 0; at < text.size(); at += 300007) stored += pack(text.substr(at, 300007)) + pack("");
    ASSERT_OK_AND_ASSIGN(const std::string read, ReadAll(stored));
    EXPECT_TRUE(read == text) << name;
  }
}

TEST_F(InputFileTest, SkippableFramesOfZstdAndZerosAfterGzipAreSkipped) {
  const std::string skippable("\x5a\x2a\x4d\x18\x03\0\0\0abc", 11);
  ASSERT_OK_AND_ASSIGN(const std::string zstd, ReadAll(skippable + Zstd("text") + skippable));
  EXPECT_EQ(zstd, "text");
  ASSERT_OK_AND_ASSIGN(const std::string gzip, ReadAll(Gzip("text") + std::string(100000, '\0') + Gzip(" goes on")));
  EXPECT_EQ(gzip, "text goes on");
}

TEST_F(InputFileTest, WhatIsCutShortSaysAfterHowManyBytes) {
  const std::string text = Text(kBytes);
  for (const auto& [name, pack] : Packings()) {
    const std::string whole = pack("first frame") + pack(text);
    for (const size_t bytes : {whole.size() / 2, whole.size() - 1, pack("first frame").size() + 3}) {
      const auto read = ReadAll(whole.substr(0, bytes));
      EXPECT_CODE(read, kDataLoss) << name << " " << bytes;
      EXPECT_MENTIONS(read, "after " + std::to_string(bytes) + " bytes: the " + name + " data is cut short");
    }
  }
}

TEST_F(InputFileTest, WhatIsDamagedIsAnErrorThatNamesTheFile) {
  const std::string text = Text(kBytes);
  for (const auto& [name, pack] : Packings()) {
    const std::string whole = pack(text);
    std::string turned = whole;
    for (size_t i = 0; i < 16; ++i) turned[whole.size() / 2 + i] = static_cast<char>(~turned[whole.size() / 2 + i]);
    for (const std::string& stored : {turned, whole + "and something else"}) {
      const auto read = ReadAll(stored);
      EXPECT_CODE(read, kDataLoss) << name;
      EXPECT_MENTIONS(read, std::string("the ") + name + " data is damaged");
      EXPECT_MENTIONS(read, directory_.File("in"));
    }
  }
}

TEST_F(InputFileTest, AWindowThatWouldTakeTooMuchMemoryIsRefused) {
  // Magic, no content size, a window of 2^31 bytes.
  const auto read = ReadAll(std::string("\x28\xb5\x2f\xfd\x00\xa8\x00\x00\x00", 9));
  EXPECT_CODE(read, kDataLoss);
  EXPECT_MENTIONS(read, "128 MiB");
}

TEST_F(InputFileTest, LinesEndInLfOrCrlfOrWithTheFile) {
  const std::string long_line(200000, 'x');
  ASSERT_OK_AND_ASSIGN(const auto file, InputFile::Open(directory_.Write("in", "a\r\n\nb\n" + long_line + "\nlast")));
  std::vector<std::string> lines;
  while (true) {
    std::string line;
    ASSERT_OK_AND_ASSIGN(const bool more, file->NextLine(long_line.size(), &line));
    if (!more) break;
    lines.push_back(line);
  }
  EXPECT_EQ(lines, (std::vector<std::string>{"a", "", "b", long_line, "last"}));
}

TEST_F(InputFileTest, ALineOverTheLimitIsNotReadOn) {
  ASSERT_OK_AND_ASSIGN(const auto file, InputFile::Open(directory_.Write("in", std::string(1 << 20, 'x'))));
  std::string line;
  EXPECT_CODE(file->NextLine(100000, &line), kDataLoss);
  EXPECT_LE(line.size(), 100000u);
}

}  // namespace
}  // namespace kvstate::harness
