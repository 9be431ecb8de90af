#include <gtest/gtest.h>
#include <xxhash.h>

#include <string>

#include "kvstate/checkpoint.h"
#include "tests/support/hex.h"
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
  OperatorStateHandle offsets{300, "source", 2, 5, {}, {{"operator_state", {"chk-300/o", 77, 0x1234}, false}}};
  offsets.states = {
      {"offsets", OperatorStateMode::kSplit, {"int64", 1, ""}, std::nullopt, 3},
      {"all", OperatorStateMode::kUnion, {"string", 1, ""}, std::nullopt, 0},
      {"rules", OperatorStateMode::kBroadcast, {"string", 1, ""}, SerializerSnapshot{"int32", 1, ""}, 400}};
  const RawKeyedStateHandle raw_keyed{300, "window", 128, {64, 127}, 2, 9, {{"raw", {"chk-300/k", 50, 7}, false}}};
  const RawOperatorStateHandle raw{300, "sink", 0, 1, 0, 0, {}};
  return {300, SnapshotKind::kIncrementalCheckpoint, -1, {handle, savepoint}, {offsets}, {raw_keyed}, {raw}};
}

/// Version 1 had keyed state alone.
CheckpointMetadata SampleOfVersion1() {
  CheckpointMetadata metadata = Sample();
  metadata.operator_handles.clear();
  metadata.raw_keyed_handles.clear();
  metadata.raw_operator_handles.clear();
  return metadata;
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
  std::string expected("KVSTMETA\0\0\0\2\xac\x02\1\1\2\3\4\5\6\7\x08\0\0\0\0", 27);
  EXPECT_EQ(EncodeCheckpointMetadata(metadata), Sealed(expected + "checksum"));
}

TEST(CheckpointMetadataTest, OperatorStateAndRawStreamsHaveTheBytesThatAreDocumented) {
  CheckpointMetadata metadata{1, SnapshotKind::kSavepoint, 0, {}};
  metadata.operator_handles = {
      {1, "o", 2, 300, {{"s", OperatorStateMode::kSplit, {"t", 1, "p"}, std::nullopt, 300}}, {}}};
  metadata.operator_handles[0].states.push_back(
      {"b", OperatorStateMode::kBroadcast, {"t", 1, ""}, SerializerSnapshot{"k", 1, ""}, 0});
  metadata.raw_keyed_handles = {{1, "k", 128, {0, 127}, 1, 300, {{"n", {"chk-1/x", 9, 0x0102030405060708}, false}}}};
  metadata.raw_operator_handles = {{1, "r", 0, 1, 2, 3, {}}};
  SerializerSnapshot written{"t", 1, "p"};
  ByteWriter snapshot;
  written.Write(snapshot);
  EXPECT_EQ(snapshot.view(), std::string("\1t\1\1p")) << "length and bytes of the type id, version, parameters";
  const std::string expected =
      std::string("KVSTMETA\0\0\0\2\1\3\0\0\0\0\0\0\0\0\0", 23) +          // No handle of keyed state.
      std::string("\1\1\1o\2\xac\x02\2", 8) +                              // One of operator state: two states.
      std::string("\1s\1\1t\1\1p\0\xac\x02", 11) +                         // A list to split.
      std::string("\1b\3\1t\1\0\1\1k\1\0\0", 13) + std::string("\0", 1) +  // A broadcast map; no files.
      std::string("\1\1\1k\x80\1\0\x7f\1\xac\x02\1", 12) +                 // One of raw keyed state, with one file.
      std::string("\1n\0\7chk-1/x\x09\1\2\3\4\5\6\7\x08", 20) + std::string("\1\1\1r\0\1\2\3\0", 9);
  EXPECT_EQ(EncodeCheckpointMetadata(metadata), Sealed(expected + "checksum"));
}

/// As version 0.1.1 of this library wrote it.
TEST(CheckpointMetadataTest, Version1IsStillRead) {
  const std::string bytes = testing_support::FromHex(
      "4b5653544d45544100000001ac0202ffffffffffffffff02020e656e67696e655f66696c65732e31ac0206656e67696e6580"
      "80028001ffff0106737472696e670203700071020576616c7565010e766f69645f6e616d657370616365010005696e743634"
      "01000000036d6170030b74696d655f77696e646f770100046c6973740101780104626f6f6c07017902ff00020a3030303031"
      "322e737374010c7368617265642f3330302d61808080808020fedcba9876543210084d414e4946455354000963686b2d3330"
      "302f62000000000000000000030e73746174655f73747265616d2e3100008001007f00010000001150621a25807d88");
  ASSERT_OK_AND_ASSIGN(const CheckpointMetadata decoded, DecodeCheckpointMetadata(bytes));
  EXPECT_EQ(decoded, SampleOfVersion1());
  const std::string payload = bytes.substr(0, bytes.size() - 8);
  EXPECT_CODE(DecodeCheckpointMetadata(Sealed(payload + std::string("\0\0\0checksum", 11))), kDataLoss)
      << "what only version 2 has";
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
  bytes[11] = 3;
  const auto newer = DecodeCheckpointMetadata(Sealed(bytes));
  EXPECT_CODE(newer, kUnimplemented);
  EXPECT_MENTIONS(newer.status(), "version 3");
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
