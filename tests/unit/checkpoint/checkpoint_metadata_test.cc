#include <gtest/gtest.h>
#include <xxhash.h>

#include <string>

#include "kvstate/checkpoint.h"
#include "tests/support/status_testing.h"

namespace kvstate {
namespace {

CheckpointMetadata Sample() {
  KeyedStateHandle handle;
  handle.kind = SnapshotKind::kIncrementalCheckpoint;
  handle.format = "engine_files.1";
  handle.checkpoint_id = 300;
  handle.backend = "engine";
  handle.max_parallelism = 32768;
  handle.key_groups = {128, 32767};
  handle.key_serializer = {"string", 2, std::string("p\0q", 3)};
  handle.states = {{"value", StateKind::kValue, {"void_namespace", 1, ""}, {"int64", 1, ""}, std::nullopt, ""},
                   {"map",
                    StateKind::kMap,
                    {"time_window", 1, ""},
                    {"list", 1, "x"},
                    SerializerSnapshot{"bool", 7, "y"},
                    std::string("\xff\0", 2)}};
  handle.files = {{"000012.sst", {"shared/300-a", 1ull << 40, 0xfedcba9876543210ull}, true},
                  {"MANIFEST", {"chk-300/b", 0, 0}, false}};
  KeyedStateHandle savepoint;
  savepoint.kind = SnapshotKind::kSavepoint;
  savepoint.key_groups = {0, 127};
  return {300, SnapshotKind::kIncrementalCheckpoint, -1, {handle, savepoint}};
}

/// With a checksum that fits, whatever the bytes.
std::string Sealed(std::string bytes) {
  bytes.resize(bytes.size() - 8);
  const uint64_t checksum = ToBigEndian(static_cast<uint64_t>(XXH3_64bits(bytes.data(), bytes.size())));
  bytes.append(reinterpret_cast<const char*>(&checksum), 8);
  return bytes;
}

TEST(CheckpointMetadataTest, RoundTrips) {
  for (const CheckpointMetadata& metadata : {Sample(), CheckpointMetadata()}) {
    ASSERT_OK_AND_ASSIGN(const CheckpointMetadata decoded,
                         DecodeCheckpointMetadata(EncodeCheckpointMetadata(metadata)));
    EXPECT_EQ(decoded, metadata);
  }
}

/// The bytes are those of docs/formats.md, and must stay readable for ever.
TEST(CheckpointMetadataTest, HasTheBytesThatAreDocumented) {
  CheckpointMetadata metadata{300, SnapshotKind::kFullCheckpoint, 0x0102030405060708, {}};
  std::string expected("KVSTMETA\0\0\0\1\xac\x02\1\1\2\3\4\5\6\7\x08\0", 24);
  EXPECT_EQ(EncodeCheckpointMetadata(metadata), Sealed(expected + "checksum"));
}

TEST(CheckpointMetadataTest, EveryTruncationIsDataLoss) {
  const std::string bytes = EncodeCheckpointMetadata(Sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_CODE(DecodeCheckpointMetadata(bytes.substr(0, size)), kDataLoss) << size;
  }
  EXPECT_CODE(DecodeCheckpointMetadata(bytes + '\0'), kDataLoss);
}

TEST(CheckpointMetadataTest, EveryFlippedBitIsDataLoss) {
  std::string bytes = EncodeCheckpointMetadata(Sample());
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const char mask = static_cast<char>(1 << (bit % 8));
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
    EXPECT_CODE(DecodeCheckpointMetadata(bytes), kDataLoss) << "bit " << bit;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
  }
  EXPECT_OK(DecodeCheckpointMetadata(bytes));
}

/// What the checksum does not catch: bytes that somebody sealed.
TEST(CheckpointMetadataTest, SealedNonsenseIsDataLossAndNeverMore) {
  const std::string bytes = EncodeCheckpointMetadata(Sample());
  size_t refused = 0;
  for (size_t at = 12; at < bytes.size() - 8; ++at) {
    for (const char value : {'\0', '\x7f', '\xff'}) {
      std::string changed = bytes;
      changed[at] = value;
      const auto decoded = DecodeCheckpointMetadata(Sealed(changed));
      if (decoded.ok()) {
        EXPECT_EQ(EncodeCheckpointMetadata(*decoded), Sealed(changed)) << "read as something else, at " << at;
      } else {
        EXPECT_CODE(decoded, kDataLoss);
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 100u);
  for (size_t cut = 1; cut < bytes.size() - 20; ++cut) {
    EXPECT_CODE(DecodeCheckpointMetadata(Sealed(bytes.substr(0, bytes.size() - cut))), kDataLoss) << cut;
  }
}

TEST(CheckpointMetadataTest, ANewerVersionIsUnimplementedAndSaysSo) {
  std::string bytes = EncodeCheckpointMetadata(Sample());
  bytes[11] = 2;
  const auto newer = DecodeCheckpointMetadata(Sealed(bytes));
  EXPECT_CODE(newer, kUnimplemented);
  EXPECT_MENTIONS(newer.status(), "version 2");
  bytes[11] = 0;
  EXPECT_CODE(DecodeCheckpointMetadata(Sealed(bytes)), kDataLoss);
}

TEST(CheckpointMetadataTest, OtherFilesAreSaidToBeNoMetadata) {
  EXPECT_MENTIONS(DecodeCheckpointMetadata(std::string(100, 'x')).status(), "no checkpoint metadata");
  EXPECT_MENTIONS(DecodeCheckpointMetadata("").status(), "no checkpoint metadata");
}

TEST(CheckpointMetadataTest, FoldersAreNamedAfterKindAndId) {
  EXPECT_EQ(CheckpointFolder(SnapshotKind::kFullCheckpoint, 7), "chk-7");
  EXPECT_EQ(CheckpointFolder(SnapshotKind::kIncrementalCheckpoint, 10), "chk-10");
  EXPECT_EQ(CheckpointFolder(SnapshotKind::kSavepoint, 1), "savepoint-1");
}

}  // namespace
}  // namespace kvstate
