#include <gtest/gtest.h>
#include <xxhash.h>

#include <string>
#include <vector>

#include "backends/checkpoint/state_stream.h"
#include "tests/unit/checkpoint/stream_testing.h"

namespace kvstate::backends {
namespace {

constexpr uint64_t kStorageBytes = uint64_t{1} << 30;

std::string ContentOf(CheckpointStorage& storage, const StoredFile& file) {
  std::string content;
  const auto reader = storage.Open(file.path);
  EXPECT_OK(reader);
  EXPECT_OK((*reader)->Read(0, file.bytes, &content));
  return content;
}

/// Reads bytes whose file checksum is right, as if they had been written so: the stream's own checks are all there is.
Result<std::vector<TestEntry>> ReadBytes(const std::string& bytes) {
  const auto storage = MakeMemoryStorage(kStorageBytes);
  KVSTATE_RETURN_IF_ERROR(storage->Publish("chk-1/s", bytes));
  const StoredFile file{"chk-1/s", bytes.size(), XXH3_64bits(bytes.data(), bytes.size())};
  KVSTATE_ASSIGN_OR_RETURN(const auto reader, StateStreamReader::Open(*storage, file, nullptr));
  return ReadEntries(*reader);
}

/// DATA_LOSS that names the file.
void ExpectDamaged(const Status& status, size_t at) {
  EXPECT_CODE(status, kDataLoss) << "at byte " << at;
  EXPECT_MENTIONS(status, "chk-1/s");
}

class StreamDamageTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    std::vector<TestEntry> entries;
    for (uint32_t i = 0; i < 20; ++i) entries.push_back({10, 0, "key" + std::to_string(i), "value"});
    entries.push_back({13, 1, "other", std::nullopt});
    ASSERT_OK_AND_ASSIGN(const StoredFile file,
                         WriteStream(*storage_, "chk-1/s", TestHeader({"s", "t"}, true), entries, GetParam()));
    sound_ = ContentOf(*storage_, file);
    ASSERT_OK_AND_ASSIGN(const auto read, ReadBytes(sound_));
    ASSERT_EQ(read, entries);
  }

  const std::shared_ptr<CheckpointStorage> storage_ = MakeMemoryStorage(kStorageBytes);
  std::string sound_;
};

TEST_P(StreamDamageTest, EveryFlippedBitIsFound) {
  for (size_t at = 0; at < sound_.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = sound_;
      damaged[at] = static_cast<char>(static_cast<uint8_t>(damaged[at]) ^ (1 << bit));
      const auto read = ReadBytes(damaged);
      // A version number can become a newer one.
      if (at >= 8 && at < 12 && read.status().code() == StatusCode::kUnimplemented) continue;
      ExpectDamaged(read.status(), at);
    }
  }
}

TEST_P(StreamDamageTest, EveryCutAndEveryAdditionIsFound) {
  for (size_t size = 0; size < sound_.size(); ++size) ExpectDamaged(ReadBytes(sound_.substr(0, size)).status(), size);
  ExpectDamaged(ReadBytes(sound_ + '\0').status(), sound_.size());
  ExpectDamaged(ReadBytes(sound_ + sound_).status(), sound_.size());
}

TEST_P(StreamDamageTest, ANewerVersionIsNamed) {
  std::string newer = sound_;
  newer[11] = 2;
  EXPECT_CODE(ReadBytes(newer), kUnimplemented);
  EXPECT_MENTIONS(ReadBytes(newer), "chk-1/s");
  EXPECT_MENTIONS(ReadBytes(newer), "version 2");
  EXPECT_MENTIONS(ReadBytes(newer), "up to 1");
}

INSTANTIATE_TEST_SUITE_P(Stream, StreamDamageTest, ::testing::Values(false, true),
                         [](const auto& which) { return which.param ? "compressed" : "plain"; });

TEST(StreamDamage, TwoBlocksThatChangePlacesAreFound) {
  const auto storage = MakeMemoryStorage(kStorageBytes);
  ASSERT_OK_AND_ASSIGN(const StoredFile file,
                       WriteStream(*storage, "chk-1/s", TestHeader({"s"}),
                                   {{10, 0, "a", std::string(40000, '1')}, {10, 0, "a", std::string(40000, '2')}}));
  const std::string sound = ContentOf(*storage, file);
  const size_t block = 17 + 2 + 2 + 3 + 40000;
  const size_t first = sound.find('E', 12);
  std::string swapped = sound.substr(0, first) + sound.substr(first + block, block) + sound.substr(first, block) +
                        sound.substr(first + 2 * block);
  ASSERT_EQ(swapped.size(), sound.size());
  ASSERT_EQ(sound[first], 'E');
  ASSERT_EQ(sound[first + block], 'E');
  EXPECT_OK(ReadBytes(sound));
  EXPECT_CODE(ReadBytes(swapped), kDataLoss);
  EXPECT_MENTIONS(ReadBytes(swapped), "block 1, at byte " + std::to_string(first));
}

}  // namespace
}  // namespace kvstate::backends
