#include "tests/unit/operators/operators_testing.h"

namespace kvstate {
namespace {

using namespace testing_support;

/// Operator state and raw streams in checkpoints that a CheckpointStore keeps and removes.
class OperatorCheckpointTest : public testing::Test {
 protected:
  void SetUp() override {
    CheckpointStoreOptions options;
    options.clock = std::make_shared<ManualClock>(77);
    store_ = Must(CheckpointStore::Open(storage_, options));
  }

  CheckpointMetadata Write(uint64_t id, SnapshotKind kind = SnapshotKind::kFullCheckpoint) {
    CheckpointMetadata checkpoint{id, kind, 0, {}};
    const auto task = Must(backend_->Snapshot(id, storage_, kind));
    checkpoint.operator_handles.push_back(Must(task->Run()).handle);
    const auto keyed = Must(RawKeyedStateWriter::Create({storage_, id, kind, "op"}, 4, {0, 3}));
    Must(keyed->StartKeyGroup(2));
    checkpoint.raw_keyed_handles.push_back(Must(keyed->Finish()));
    const auto raw = Must(RawOperatorStateWriter::Create({storage_, id, kind, "op"}, 0, 1));
    Must(raw->StartPartition());
    Must(raw->Append("bytes"));
    checkpoint.raw_operator_handles.push_back(Must(raw->Finish()));
    return checkpoint;
  }
  uint64_t Take(SnapshotKind kind = SnapshotKind::kFullCheckpoint) {
    const uint64_t id = store_->Begin();
    Must(ListOf(*backend_).Add(static_cast<int64_t>(id)));
    Must(store_->Complete(Write(id, kind)));
    return id;
  }

  const std::shared_ptr<CheckpointStorage> storage_ = MakeMemoryStorage(1 << 20);
  const Backend backend_ = MakeSubtask();
  std::unique_ptr<CheckpointStore> store_;
};

TEST_F(OperatorCheckpointTest, IsReadBackAsItWasCompleted) {
  const uint64_t id = store_->Begin();
  Must(ListOf(*backend_).Add(5));
  CheckpointMetadata written = Write(id);
  ASSERT_OK(store_->Complete(written));
  written.timestamp_millis = 77;
  EXPECT_EQ(Must(store_->Latest()), written);
  EXPECT_EQ(Must(ReadCheckpointMetadata(*storage_, "chk-1")), written);
  EXPECT_EQ(FilesOf(written).size(), 3u);
  EXPECT_OK(VerifyCheckpoint(*storage_, written));
  store_.reset();
  store_ = Must(CheckpointStore::Open(storage_, {}));
  EXPECT_EQ(PathsIn(*storage_).size(), 4u) << "none of its files is an orphan";
  const Backend restored = MakeSubtask();
  ASSERT_OK(restored->Restore(Must(store_->Latest()).operator_handles, storage_));
  EXPECT_EQ(ListOf(*restored).Get(), Numbers{5});
}

TEST_F(OperatorCheckpointTest, ASubsumedOneGoesWithAllItsFilesAndASavepointStays) {
  Take();
  Take(SnapshotKind::kSavepoint);
  Take();
  size_t in_savepoint = 0;
  for (const std::string& path : PathsIn(*storage_)) {
    EXPECT_FALSE(path.starts_with("chk-1/")) << path;
    if (path.starts_with("savepoint-2/")) ++in_savepoint;
  }
  EXPECT_EQ(in_savepoint, 4u);
  ASSERT_OK(store_->Discard(2));
  EXPECT_EQ(PathsIn(*storage_).size(), 4u);
}

TEST_F(OperatorCheckpointTest, AnAbortedOneAndWhatIsLeftOfAKilledOneGo) {
  const uint64_t aborted = store_->Begin();
  Must(ListOf(*backend_).Add(1));
  Write(aborted);
  ASSERT_OK(store_->Abort(aborted));
  EXPECT_EQ(PathsIn(*storage_), std::vector<std::string>());
  Write(store_->Begin());
  store_.reset();
  store_ = Must(CheckpointStore::Open(storage_, {}));
  EXPECT_EQ(PathsIn(*storage_), std::vector<std::string>());
}

TEST_F(OperatorCheckpointTest, VerifyingNamesADamagedFileOfEachKind) {
  Take();
  const CheckpointMetadata latest = Must(store_->Latest());
  for (const SnapshotFile& file : FilesOf(latest)) {
    const std::string intact = BytesOf(*storage_, file.file.path);
    std::string damaged = intact;
    damaged.back() = static_cast<char>(damaged.back() ^ 1);
    Must(storage_->Publish(file.file.path, damaged));
    const Status status = VerifyCheckpoint(*storage_, latest);
    EXPECT_CODE(status, kDataLoss);
    EXPECT_MENTIONS(status, file.file.path);
    Must(storage_->Publish(file.file.path, intact));
  }
  EXPECT_OK(VerifyCheckpoint(*storage_, latest));
}

TEST_F(OperatorCheckpointTest, HandlesThatDoNotBelongTogetherAreRefused) {
  const uint64_t id = store_->Begin();
  Must(ListOf(*backend_).Add(1));
  const CheckpointMetadata good = Write(id);
  const auto refused = [&](auto change, std::string_view why) {
    CheckpointMetadata bad = good;
    change(bad);
    const Status status = store_->Complete(bad);
    EXPECT_CODE(status, kInvalidArgument);
    EXPECT_MENTIONS(status, why);
  };
  refused([](auto& c) { c.operator_handles[0].parallelism = 2; }, "handles of 1 of its 2 subtasks");
  refused([](auto& c) { c.operator_handles[0].subtask = 1; }, "subtask 1 of 1");
  refused([](auto& c) { c.operator_handles.push_back(c.operator_handles[0]); }, "two handles are of subtask 0");
  refused([](auto& c) { c.operator_handles[0].checkpoint_id = 9; }, "of checkpoint 9");
  refused([](auto& c) { c.operator_handles[0].files[0].file.path = "elsewhere"; }, "elsewhere");
  refused([](auto& c) { c.raw_operator_handles[0].parallelism = 3; }, "raw operator state of operator 'op'");
  refused([](auto& c) { c.raw_keyed_handles.push_back(c.raw_keyed_handles[0]); }, "overlap");
  refused([](auto& c) { c.raw_keyed_handles[0].key_groups = {0, 4}; }, "");
  refused(
      [](auto& c) {
        c.raw_keyed_handles.push_back(c.raw_keyed_handles[0]);
        c.raw_keyed_handles[1].max_parallelism = 8;
      },
      "max parallelism 4 and 8");
  CheckpointMetadata lacking = good;
  lacking.operator_handles[0].files[0].file.bytes += 1;
  EXPECT_CODE(store_->Complete(lacking), kDataLoss);
  EXPECT_OK(store_->Complete(good));
}

}  // namespace
}  // namespace kvstate
