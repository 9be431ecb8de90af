#include <xxhash.h>

#include "tests/support/hex.h"
#include "tests/unit/operators/operators_testing.h"

namespace kvstate {
namespace {

using namespace testing_support;

/// What docs/formats.md, "Part files", says, byte for byte. Never changed: files of today must be read for ever.
constexpr std::string_view kOperatorState =
    "4b56535450415254000000010800000000000000010800000000000000020201610800000000000000030101026f70000102"
    "0002128a32b2d7dd49501501010cb65c43f0a6c70858000000000000002ab7293d8842dc3efd";
constexpr std::string_view kRawKeyed =
    "4b565354504152540000000173747265616d0201026f70000302010006328729c36495122c0200002d06800538d394c20000"
    "00000000001201a5712c2d58e837";

SnapshotFile Stored(const std::shared_ptr<CheckpointStorage>& storage, std::string_view hex) {
  const std::string bytes = FromHex(hex);
  Must(storage->Publish("chk-1/old", bytes));
  return {"old", {"chk-1/old", bytes.size(), XXH3_64bits(bytes.data(), bytes.size())}, false};
}

TEST(PartFileGoldenTest, OperatorStateHasTheBytesThatAreDocumented) {
  const auto storage = MakeMemoryStorage(1 << 20);
  const Backend backend = MakeSubtask();
  Must(ListOf(*backend).AddAll({1, 2}));
  Must(RulesOf(*backend).Put("a", 3));
  OperatorStateHandle handle = Must(TrySnapshot(*backend, 1, storage));
  EXPECT_EQ(ToHex(BytesOf(*storage, handle.files[0].file.path)), kOperatorState);
  handle.files = {Stored(storage, kOperatorState)};
  const Backend restored = MakeSubtask();
  ASSERT_OK(restored->Restore({&handle, 1}, storage));
  EXPECT_EQ(ListOf(*restored).Get(), (Numbers{1, 2}));
  EXPECT_EQ(EntriesIn(RulesOf(*restored)), (std::map<std::string, int64_t>{{"a", 3}}));
}

TEST(PartFileGoldenTest, RawKeyedStreamsHaveTheBytesThatAreDocumented) {
  const auto storage = MakeMemoryStorage(1 << 20);
  const auto writer = Must(RawKeyedStateWriter::Create({storage, 1, SnapshotKind::kFullCheckpoint, "op"}, 4, {0, 3}));
  Must(writer->StartKeyGroup(1));
  Must(writer->Append("stream"));
  Must(writer->StartKeyGroup(3));
  RawKeyedStateHandle handle = Must(writer->Finish());
  EXPECT_EQ(ToHex(BytesOf(*storage, handle.files[0].file.path)), kRawKeyed);
  handle.files = {Stored(storage, kRawKeyed)};
  const auto reader = Must(OpenRawKeyedState(storage, {&handle, 1}, "op", 4, {0, 3}));
  uint64_t id = 0;
  ASSERT_TRUE(Must(reader->NextStream(&id)));
  EXPECT_EQ(id, 1u);
  EXPECT_EQ(Must(reader->ReadAll()), "stream");
  ASSERT_TRUE(Must(reader->NextStream(&id)));
  EXPECT_EQ(id, 3u);
}

}  // namespace
}  // namespace kvstate
