#include "tests/fault/older_checkpoints.h"

#include <string>

#include "tests/conformance/snapshot_testing.h"
#include "tests/support/hex.h"

namespace kvstate {
namespace {

using conformance::Current;
using conformance::EntriesOf;
using conformance::EntryList;
using testing_support::FromHex;
using testing_support::Must;
using testing_support::OfKind;
using testing_support::ToHex;

/// What an earlier version of this library wrote: the files of a storage, in hexadecimal, with a checkpoint that
/// Write below took. They are never changed; a later format gets a fixture of its own beside them.
class OlderCheckpointsTest : public conformance::SnapshotTest {
 protected:
  BackendOptions Four() {
    BackendOptions options = Options(SerializerFor<int64_t>());
    options.max_parallelism = 4;
    options.key_groups = {0, 3};
    return options;
  }
  static ValueStateDescriptor<std::string> Value() { return ValueStateDescriptor<std::string>("v"); }
  static MapStateDescriptor<std::string, int64_t> Map() { return MapStateDescriptor<std::string, int64_t>("m"); }

  /// Two incremental checkpoints, or one savepoint. Entries in no two the same key group and state, so that their order
  /// is the same everywhere.
  void Write(KeyedBackend<int64_t>& backend, bool savepoint) {
    CheckpointStoreOptions options;
    options.clock = std::make_shared<ManualClock>(int64_t{1700000000000});
    const auto store = Must(CheckpointStore::Open(storage(), options));
    const SnapshotKind kind = savepoint ? SnapshotKind::kSavepoint : SnapshotKind::kIncrementalCheckpoint;
    const auto take = [&] {
      const uint64_t id = store->Begin();
      Must(store->Complete(id, kind, {Take(backend.backend(), id, kind).handle}));
      Must(SnapshotsOf(backend.backend()).NotifyComplete(id));
    };
    auto value = Must(backend.GetState(Value()));
    auto map = Must(backend.GetState<TimeWindow>(Map()));
    Must(map.SetCurrentNamespace(TimeWindow{0, 10}));
    Must(backend.SetCurrentKey(1));
    Must(value.Update(std::string("one")));
    Must(map.PutNull("null"));
    Must(backend.SetCurrentKey(2));
    Must(value.Update(std::string("goes")));
    Must(map.Put("two", 2));
    if (!savepoint) take();
    Must(value.Clear());
    take();
  }

  static void ExpectWritten(KeyedBackend<int64_t>& backend) {
    auto value = Must(backend.GetState(Value()));
    auto map = Must(backend.GetState<TimeWindow>(Map()));
    Must(map.SetCurrentNamespace(TimeWindow{0, 10}));
    Must(backend.SetCurrentKey(1));
    EXPECT_EQ(Current(value), "one");
    EXPECT_EQ(EntriesOf(map), (EntryList<std::string, int64_t>{{"null", std::nullopt}}));
    Must(backend.SetCurrentKey(2));
    EXPECT_EQ(Current(value), std::nullopt);
    EXPECT_EQ(EntriesOf(map), (EntryList<std::string, int64_t>{{"two", 2}}));
    EXPECT_EQ(Must(backend.backend().NumEntries()), 3u);
  }
};
KVSTATE_ON_EVERY_BACKEND(OlderCheckpointsTest);

TEST_P(OlderCheckpointsTest, AreRestored) {
  int restored = 0;
  for (const OlderCheckpoint& older : OlderCheckpoints()) {
    if (!older.backend.empty() && older.backend != GetParam()) continue;
    const auto files = MakeMemoryStorage(1 << 20);
    for (const OlderFile& file : older.files) {
      const auto writer = Must(files->Create(file.path));
      Must(writer->Append(FromHex(file.hex)));
      Must(writer->Close());
    }
    const auto store = Must(CheckpointStore::Open(files, {}));
    EXPECT_EQ(FilesIn(*files).size(), older.files.size()) << "all of them are known";
    const CheckpointMetadata latest = Must(store->Latest());
    EXPECT_EQ(latest.timestamp_millis, 1700000000000);
    EXPECT_OK(VerifyCheckpoint(*files, latest));
    KeyedBackend<int64_t> backend(Make(Four()));
    ASSERT_OK(SnapshotsOf(backend.backend()).Restore(latest.handles, files, RestoreOptions{}));
    ExpectWritten(backend);
    ++restored;
  }
  EXPECT_GE(restored, 2) << "a savepoint and a checkpoint of its own";
}

TEST_P(OlderCheckpointsTest, ASavepointOfTodayHasTheSameBytesOnEveryBackend) {
  KeyedBackend<int64_t> backend(Make(Four()));
  Write(backend, true);
  std::string stream;
  for (const auto& [path, bytes] : FilesIn()) {
    if (path.ends_with("/_metadata")) continue;
    ASSERT_EQ(stream, "") << "a savepoint has one stream";
    Must(Must(storage()->Open(path))->Read(0, bytes, &stream));
  }
  for (const OlderCheckpoint& older : OlderCheckpoints()) {
    if (!older.backend.empty()) continue;
    for (const OlderFile& file : older.files) {
      if (!file.path.ends_with("/_metadata")) {
        EXPECT_EQ(ToHex(stream), file.hex);
      }
    }
  }
}

}  // namespace
}  // namespace kvstate
