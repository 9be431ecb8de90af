#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <string>
#include <vector>

#include "harness/import/csv_reader.h"
#include "harness/import/csv_source.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

using Row = std::vector<std::string>;

class CsvTest : public ::testing::Test {
 protected:
  /// The rows of the text; a bad row is the one field "bad:<line>".
  Result<std::vector<Row>> Rows(const std::string& text) {
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<InputFile> file, InputFile::Open(directory_.Write("in.csv", text)));
    CsvReader reader(std::move(file));
    std::vector<Row> rows;
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const CsvReader::Outcome outcome, reader.Next());
      if (outcome == CsvReader::Outcome::kEnd) return rows;
      if (outcome == CsvReader::Outcome::kRow) {
        rows.push_back(reader.fields());
      } else {
        rows.push_back({"bad:" + std::to_string(reader.line())});
      }
    }
  }

  std::string Gzip(const std::string& name, const std::string& text) {
    gzFile file = gzopen(directory_.File(name).c_str(), "wb");
    EXPECT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())), static_cast<int>(text.size()));
    EXPECT_EQ(gzclose(file), Z_OK);
    return directory_.File(name);
  }

  TemporaryDirectory directory_;
};

TEST_F(CsvTest, SplitsFieldsAtCommasAndRowsAtLineEnds) {
  ASSERT_OK_AND_ASSIGN(const auto rows, Rows("a,b\r\nc,,d\ne,f"));
  EXPECT_EQ(rows, (std::vector<Row>{{"a", "b"}, {"c", "", "d"}, {"e", "f"}}));
}

TEST_F(CsvTest, QuotedFieldsHoldCommasLineEndsAndQuotes) {
  ASSERT_OK_AND_ASSIGN(const auto rows, Rows("\"a,b\",\"c\nd\",\"e\"\"f\",\"\"\nx"));
  EXPECT_EQ(rows, (std::vector<Row>{{"a,b", "c\nd", "e\"f", ""}, {"x"}}));
}

TEST_F(CsvTest, EmptyLinesAreNoRows) {
  ASSERT_OK_AND_ASSIGN(const auto rows, Rows("\na,b\n\n\nc,d\n\n"));
  EXPECT_EQ(rows, (std::vector<Row>{{"a", "b"}, {"c", "d"}}));
}

TEST_F(CsvTest, BadRowsAreToldWithTheirLineAndReadingGoesOn) {
  ASSERT_OK_AND_ASSIGN(const auto rows, Rows("a,b\n\"multi\nline\",c\nx\"y,z\n\"q\"r,s\ne,f\n"));
  EXPECT_EQ(rows, (std::vector<Row>{{"a", "b"}, {"multi\nline", "c"}, {"bad:4"}, {"bad:5"}, {"e", "f"}}));
}

TEST_F(CsvTest, ARowOfTooManyFieldsIsABadOne) {
  const std::string commas(CsvReader::kMaxFields, ',');
  ASSERT_OK_AND_ASSIGN(const auto rows, Rows(commas + "\n" + commas.substr(1) + "\nx\n"));
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0], Row{"bad:1"});
  EXPECT_EQ(rows[1].size(), CsvReader::kMaxFields);
  EXPECT_EQ(rows[2], Row{"x"});
}

TEST_F(CsvTest, AQuoteThatIsNeverClosedIsAnErrorWithTheLineItOpens) {
  EXPECT_CODE(Rows("a,b\nc,\"d\ne,f\n"), kDataLoss);
  EXPECT_MENTIONS(Rows("a,b\nc,\"d\ne,f\n"), "in.csv:2:");
}

TEST_F(CsvTest, TimesAreDecimalNumbersOfTheUnitRoundedDown) {
  EXPECT_EQ(ParseTimeMillis("1999", TimeUnit::kMicroseconds), 1);
  EXPECT_EQ(ParseTimeMillis("-1", TimeUnit::kMicroseconds), -1);
  EXPECT_EQ(ParseTimeMillis("-2000", TimeUnit::kMicroseconds), -2);
  EXPECT_EQ(ParseTimeMillis("12.9", TimeUnit::kMilliseconds), 12);
  EXPECT_EQ(ParseTimeMillis("-12.9", TimeUnit::kMilliseconds), -13);
  EXPECT_EQ(ParseTimeMillis("1.2345", TimeUnit::kSeconds), 1234);
  EXPECT_EQ(ParseTimeMillis("-1.2345", TimeUnit::kSeconds), -1235);
  EXPECT_EQ(ParseTimeMillis("9223372036854775", TimeUnit::kSeconds), 9223372036854775000);
  for (const char* text : {"", "-", ".", "1.", ".5", "1e3", "0x1", " 1", "1 ", "--1", "9223372036854775808"}) {
    EXPECT_EQ(ParseTimeMillis(text, TimeUnit::kMilliseconds), std::nullopt) << text;
  }
  EXPECT_EQ(ParseTimeMillis("9223372036854776", TimeUnit::kSeconds), std::nullopt);
}

TEST_F(CsvTest, EventsComeFromColumnsByNumberAndByName) {
  for (const bool header : {false, true}) {
    const std::string path = directory_.Write("e.csv", std::string(header ? "who,when,what\n" : "") + "k,5,v\nl,7,w\n");
    FileSourceOptions options{.path = path, .header = header};
    options.key_column = header ? "who" : "0";
    options.time_column = header ? "when" : "1";
    options.value_column = header ? "what" : "2";
    ASSERT_OK_AND_ASSIGN(const auto source, CsvSource::Open(options));
    workloads::Event event;
    ASSERT_OK_AND_ASSIGN(bool more, source->Next(&event));
    EXPECT_TRUE(more);
    EXPECT_EQ(event.key, "k");
    EXPECT_EQ(event.time_ms, 5);
    EXPECT_EQ(event.value, "v");
    ASSERT_OK(source->Next(&event));
    EXPECT_EQ(event.key, "l");
    ASSERT_OK_AND_ASSIGN(more, source->Next(&event));
    EXPECT_FALSE(more);
  }
}

TEST_F(CsvTest, AStreamsNumberComesFromItsColumn) {
  FileSourceOptions options{.path = directory_.Write("s.csv", "k,5,1\nl,7,0\nm,8,left\n")};
  options.stream_column = "2";
  ASSERT_OK_AND_ASSIGN(const auto source, CsvSource::Open(options));
  workloads::Event event;
  ASSERT_OK(source->Next(&event));
  EXPECT_EQ(event.stream, 1u);
  ASSERT_OK(source->Next(&event));
  EXPECT_EQ(event.stream, 0u);
  const auto none = source->Next(&event);
  EXPECT_CODE(none, kDataLoss);
  EXPECT_MENTIONS(none, "s.csv:3: column 2 is 'left'");
  options.stream_column = "streams";
  EXPECT_MENTIONS(CsvSource::Open(options), "--stream_column");
}

TEST_F(CsvTest, AByteOrderMarkIsNoPartOfTheFirstField) {
  const std::string mark = "\xef\xbb\xbf";
  const auto first_key = [&](const std::string& name, const std::string& text, const FileSourceOptions& options) {
    FileSourceOptions of_file = options;
    of_file.path = directory_.Write(name, text);
    const auto source = CsvSource::Open(of_file);
    EXPECT_OK(source);
    workloads::Event event;
    EXPECT_TRUE(source.ok() && *(*source)->Next(&event)) << text;
    return std::string(event.key);
  };
  EXPECT_EQ(first_key("plain", mark + "k,5\n", {}), "k");
  EXPECT_EQ(first_key("quoted", mark + "\"k\",5\n", {}), "k");
  FileSourceOptions named;
  named.header = true;
  named.key_column = "who";
  named.time_column = "when";
  EXPECT_EQ(first_key("named", mark + "who,when\nk,5\n", named), "k");
  EXPECT_EQ(first_key("half", "\xef\xbb,5\n", {}), "\xef\xbb");
  EXPECT_EQ(first_key("short", "k,5", {}), "k");
  for (const std::string& text : {std::string(), std::string("k"), mark}) {
    ASSERT_OK_AND_ASSIGN(const auto file, InputFile::Open(directory_.Write("tiny", text)));
    ASSERT_OK(file->SkipByteOrderMark());
    std::string rest;
    ASSERT_OK(file->Read(10, &rest));
    EXPECT_EQ(rest, text == mark ? "" : text);
    EXPECT_EQ(file->offset(), text.size());
  }
}

TEST_F(CsvTest, AColumnThatDoesNotExistListsThoseThatDo) {
  FileSourceOptions options{.path = directory_.Write("e.csv", "who,when\nk,5\n"), .header = true};
  options.key_column = "whom";
  EXPECT_CODE(CsvSource::Open(options), kInvalidArgument);
  EXPECT_MENTIONS(CsvSource::Open(options), "'who' 'when'");
}

TEST_F(CsvTest, ABadRowStopsWithItsLineOrIsCountedOnRequest) {
  FileSourceOptions options{.path = directory_.Write("e.csv", "k,5\nk\nl,x\nm,6\n")};
  ASSERT_OK_AND_ASSIGN(const auto strict, CsvSource::Open(options));
  workloads::Event event;
  ASSERT_OK(strict->Next(&event));
  const auto failed = strict->Next(&event);
  EXPECT_CODE(failed, kDataLoss);
  EXPECT_MENTIONS(failed, "e.csv:2:");

  options.skip_bad_rows = true;
  ASSERT_OK_AND_ASSIGN(const auto lenient, CsvSource::Open(options));
  ASSERT_OK(lenient->Next(&event));
  ASSERT_OK(lenient->Next(&event));
  EXPECT_EQ(event.key, "m");
  EXPECT_EQ(lenient->bad_rows(), 2u);
}

TEST_F(CsvTest, GzipIsReadAsItIs) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "key" + std::to_string(i % 97) + "," + std::to_string(i) + "\n";
  ASSERT_OK_AND_ASSIGN(const auto source, CsvSource::Open({.path = Gzip("e.csv.gz", text)}));
  workloads::Event event;
  int64_t events = 0;
  while (true) {
    ASSERT_OK_AND_ASSIGN(const bool more, source->Next(&event));
    if (!more) break;
    ASSERT_EQ(event.time_ms, events++);
  }
  EXPECT_EQ(events, 100000);
}

TEST_F(CsvTest, DamagedAndTruncatedGzipIsAnError) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += std::to_string(i * 7919) + "," + std::to_string(i) + "\n";
  const std::string whole = TemporaryDirectory::Read(Gzip("e.csv.gz", text));
  std::string damaged = whole;
  damaged[whole.size() / 2] = static_cast<char>(damaged[whole.size() / 2] ^ 0x55);
  for (const std::string& bytes : {whole.substr(0, whole.size() / 2), whole.substr(0, whole.size() - 3), damaged}) {
    ASSERT_OK_AND_ASSIGN(const auto source, CsvSource::Open({.path = directory_.Write("bad.gz", bytes)}));
    workloads::Event event;
    Result<bool> next = true;
    while (next.ok() && *next) next = source->Next(&event);
    EXPECT_CODE(next, kDataLoss);
  }
}

TEST_F(CsvTest, AFileThatIsNotThereIsNamed) {
  EXPECT_CODE(CsvSource::Open({.path = directory_.File("none")}), kNotFound);
  EXPECT_MENTIONS(CsvSource::Open({.path = directory_.File("none")}), "none");
  EXPECT_CODE(CsvSource::Open({.path = directory_.path()}), kInvalidArgument);
}

}  // namespace
}  // namespace kvstate::harness
