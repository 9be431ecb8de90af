#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "harness/import/csv_source.h"
#include "harness/import/json_lines_source.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

using Row = std::tuple<std::string, int64_t, std::string>;

class JsonLinesTest : public ::testing::Test {
 protected:
  FileSourceOptions Options(const std::string& text) {
    FileSourceOptions options{.path = directory_.Write("in.jsonl", text)};
    options.key_column = "user";
    options.time_column = "at";
    options.value_column = "page";
    return options;
  }
  /// Key, time and value of all events.
  static Result<std::vector<Row>> Rows(FileSource& source) {
    std::vector<Row> rows;
    workloads::Event event;
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, source.Next(&event));
      if (!more) return rows;
      rows.emplace_back(event.key, event.time_ms, event.value);
    }
  }
  static Result<std::vector<Row>> Rows(const FileSourceOptions& options) {
    KVSTATE_ASSIGN_OR_RETURN(const auto source, JsonLinesSource::Open(options));
    return Rows(*source);
  }
  /// What is said about a second row, after one that is good.
  Status Complaint(const std::string& row) {
    return Rows(Options("{\"user\":\"a\",\"at\":1,\"page\":\"p\"}\n" + row + "\n")).status();
  }

  TemporaryDirectory directory_;
};

TEST_F(JsonLinesTest, MembersAreColumnsInAnyOrder) {
  ASSERT_OK_AND_ASSIGN(const auto rows, Rows(Options("{\"user\": \"ann\", \"at\": 5, \"page\": \"/\"}\r\n\n"
                                                     "{\"at\":\"7\",\"other\":[{\"user\":1}],\"page\":2,\"user\":9}")));
  EXPECT_EQ(rows, (std::vector<Row>{{"ann", 5, "/"}, {"9", 7, "2"}}));
}

TEST_F(JsonLinesTest, AStreamsNumberIsAMember) {
  FileSourceOptions options = Options("{\"user\":\"a\",\"at\":1,\"side\":2}\n{\"user\":\"a\",\"at\":1,\"side\":-2}\n");
  options.value_column.clear();
  options.stream_column = "side";
  ASSERT_OK_AND_ASSIGN(const auto source, JsonLinesSource::Open(options));
  workloads::Event event;
  ASSERT_OK(source->Next(&event));
  EXPECT_EQ(event.stream, 2u);
  EXPECT_EQ(event.value, "");
  EXPECT_MENTIONS(source->Next(&event), "'side' is '-2', which is no number of a stream");
}

TEST_F(JsonLinesTest, NumbersAndWordsAreWhatStandsThere) {
  ASSERT_OK_AND_ASSIGN(const auto rows, Rows(Options("{\"user\":-12,\"at\":1.75,\"page\":0.100}\n"
                                                     "{\"user\":18446744073709551615,\"at\":-1,\"page\":true}\n"
                                                     "{\"user\":99999999999999999999,\"at\":2,\"page\":false}\n"
                                                     "{\"user\":\"n\",\"at\":3,\"page\":null}\n")));
  EXPECT_EQ(rows, (std::vector<Row>{{"-12", 1, "0.100"},
                                    {"18446744073709551615", -1, "true"},
                                    {"99999999999999999999", 2, "false"},
                                    {"n", 3, ""}}));
}

TEST_F(JsonLinesTest, TextsAreUnescaped) {
  ASSERT_OK_AND_ASSIGN(
      const auto rows,
      Rows(Options("{\"user\":\"\\u00e9\\ud83d\\ude00\\\"\\n\",\"at\":1,\"page\":\"\xc3\xa9\\u0000\"}")));
  EXPECT_EQ(rows, (std::vector<Row>{{"\xc3\xa9\xf0\x9f\x98\x80\"\n", 1, std::string("\xc3\xa9\0", 3)}}));
}

TEST_F(JsonLinesTest, DotsLeadIntoNestedObjects) {
  auto options =
      Options("{\"who\":{\"name\":{\"first\":\"ann\"},\"at\":0},\"when\":{\"at\":4,\"x\":{}},\"a.b\":\"v\"}");
  options.key_column = "who.name.first";
  options.time_column = "when.at";
  options.value_column = "a.b";
  ASSERT_OK_AND_ASSIGN(const auto rows, Rows(options));
  EXPECT_EQ(rows, (std::vector<Row>{{"ann", 4, "v"}}));
}

TEST_F(JsonLinesTest, ABadRowStopsWithItsLineAndWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{\"user\":\"a\",\"at\":1", "not JSON from its byte"},
      {"{\"user\":\"a\",\"at\":1,\"page\":\"\xff\"}", "not JSON from its byte"},
      {"{\"user\":\"a\",\"at\":1e999,\"page\":1}", "not JSON from its byte"},
      {"{\"user\":\"a\",\"at\":1,\"page\":1} x", "not JSON from its byte"},
      {"[1]", "no object"},
      {"3", "no object"},
      {"{\"at\":1,\"page\":1}", "there is no 'user'"},
      {"{\"user\":\"a\",\"user\":\"b\",\"at\":1,\"page\":1}", "'user' is there twice"},
      {"{\"user\":null,\"at\":1,\"page\":1}", "'user' is null"},
      {"{\"user\":\"a\",\"at\":1,\"page\":{\"x\":1}}", "'page' is an object"},
      {"{\"user\":[\"a\"],\"at\":1,\"page\":1}", "'user' is an array"},
      {"{\"user\":\"a\",\"at\":1e3,\"page\":1}", "'at' is '1e3', which is no time"},
      {"{\"user\":\"" + std::string(kMaxKeyBytes + 1, 'k') + "\",\"at\":1,\"page\":1}", "the key has 65536 bytes"},
      {std::string(100000, '[') + std::string(100000, ']'), "no object"},
      {"{\"user\":\"a\",\"at\":1,\"x\":" + std::string(100000, '['), "not JSON from its byte"},
  };
  for (const auto& [row, says] : cases) {
    const Status status = Complaint(row);
    EXPECT_CODE(status, kDataLoss) << row.substr(0, 100);
    EXPECT_MENTIONS(status, "in.jsonl:2: ");
    EXPECT_MENTIONS(status, says);
  }
}

TEST_F(JsonLinesTest, BadRowsAreCountedOnRequest) {
  auto options = Options("{\"user\":\"a\",\"at\":1,\"page\":1}\nno\n{}\n{\"user\":\"b\",\"at\":2,\"page\":1}\n");
  options.skip_bad_rows = true;
  ASSERT_OK_AND_ASSIGN(const auto source, JsonLinesSource::Open(options));
  ASSERT_OK_AND_ASSIGN(const auto rows, Rows(*source));
  EXPECT_EQ(rows.size(), 2u);
  EXPECT_EQ(source->bad_rows(), 2u);
  EXPECT_NE(source->first_bad_row().find("in.jsonl:2:"), std::string::npos);
}

TEST_F(JsonLinesTest, ALineWithoutAnEndIsGivenUp) {
  FileSourceOptions options = Options("{}\n{\"user\":\"" + std::string(JsonLinesSource::kMaxLineBytes, 'u'));
  options.skip_bad_rows = true;
  const auto rows = Rows(options);
  EXPECT_CODE(rows, kDataLoss);
  EXPECT_MENTIONS(rows, "in.jsonl:2: a line of more than");
}

TEST_F(JsonLinesTest, TheSameDataInCsvGivesTheSameEvents) {
  std::string csv;
  std::string lines;
  for (int i = 0; i < 3000; ++i) {
    const std::string user = "user \"" + std::to_string(i * 7919 % 97) + "\"";
    const std::string time = std::to_string(i * 10 - i % 7) + "." + std::to_string(i % 10);
    csv += "\"user \"\"" + std::to_string(i * 7919 % 97) + "\"\"\"," + time + ",/page," + std::to_string(i) + "\n";
    lines += "{\"user\":\"user \\\"" + std::to_string(i * 7919 % 97) + "\\\"\",\"at\":" + time +
             ",\"page\":\"/page\",\"n\":" + std::to_string(i) + "}\n";
  }
  ASSERT_OK_AND_ASSIGN(const auto of_lines, Rows(Options(lines)));
  FileSourceOptions options{.path = directory_.Write("in.csv", csv)};
  options.value_column = "2";
  ASSERT_OK_AND_ASSIGN(const auto source, CsvSource::Open(options));
  ASSERT_OK_AND_ASSIGN(const auto of_csv, Rows(*source));
  EXPECT_EQ(of_csv.size(), 3000u);
  EXPECT_EQ(of_lines, of_csv);
}

}  // namespace
}  // namespace kvstate::harness
