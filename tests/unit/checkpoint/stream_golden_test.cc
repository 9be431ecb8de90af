#include <gtest/gtest.h>

#include <string>

#include "backends/checkpoint/state_stream.h"
#include "tests/unit/checkpoint/stream_testing.h"

namespace kvstate::backends {
namespace {

std::string Hex(const std::string& bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) hex.append({kDigits[(c >> 4) & 15], kDigits[c & 15]});
  return hex;
}

/// The bytes that docs/formats.md, "State streams", takes apart.
TEST(StreamGolden, BytesAreThoseOfTheFormat) {
  std::string expected =
      "4b5653545245414d 00000001 "                                  // magic, version
      "48 0000002b 0000002b 1a6b807085ba8b62 "                      // H: lengths, checksum
      "01 8001 0a 14 "                                              // changes, max parallelism, key groups
      "05696e743634 01 00 "                                         // keys: int64
      "01 0173 01 "                                                 // one state, "s", value
      "0e766f69645f6e616d657370616365 01 00 06737472696e67 01 00 "  // void_namespace, string
      "45 00000009 00000009 cc7dff2e136f8bf5 "                      // E
      "0a 00 0161 00 0162 0232 "                                    // key group 10, state 0: "a" removed, "b" is "2"
      "45 00000005 00000005 75d23fa0002c40f6 "                      // E
      "0c 00 00 0278 "                                              // key group 12, state 0: "" is "x"
      "49 00000009 00000009 3c4246baa289eca7 "                      // I
      "02 00 00 01 1a 02 00 01 16 "                                 // two runs, of 26 and 22 bytes
      "46 00000018 00000018 48dcecd7d9de269f "                      // F
      "0000000000000003 0000000000000002 0000000000000078";         // entries, blocks of entries, the index's place
  std::erase(expected, ' ');
  const auto storage = MakeMemoryStorage(1 << 20);
  ASSERT_OK_AND_ASSIGN(const StoredFile file,
                       WriteStream(*storage, "chk-1/s", TestHeader({"s"}, true),
                                   {{10, 0, "a", std::nullopt}, {10, 0, "b", "2"}, {12, 0, "", "x"}}));
  std::string bytes;
  ASSERT_OK_AND_ASSIGN(const auto reader, storage->Open(file.path));
  ASSERT_OK(reader->Read(0, file.bytes, &bytes));
  EXPECT_EQ(Hex(bytes), expected);
}

}  // namespace
}  // namespace kvstate::backends
