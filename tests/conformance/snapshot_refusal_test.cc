#include <string>

#include "tests/conformance/snapshot_testing.h"

namespace kvstate::conformance {
namespace {

/// What Restore refuses, and that nothing is left of the attempt.
class SnapshotRefusalTest : public SnapshotTest {
 protected:
  static JobOptions Two(uint32_t parallelism = 1) {
    JobOptions options;
    options.states = testing_support::TwoStates();
    options.parallelism = parallelism;
    return options;
  }
  Job Filled(const JobOptions& options) {
    Job job = NewJob(options);
    job.Change(1, 600);
    return job;
  }
  Status Restore(Job& job, const Handles& handles) {
    return job.snapshots().Restore(handles, storage(), RestoreOptions{});
  }
  /// The backend of a job that could not be restored: empty, to be used, or to be restored from other handles.
  void ExpectEmptyAndUsable(Job& job) {
    EXPECT_TRUE(job.snapshots().UnclaimedStates().empty());
    EXPECT_TRUE(job.backend().StateNames().empty());
    EXPECT_EQ(Must(job.backend().NumEntries()), 0u);
    job.Change(9, 300);
    const Content content = job.Read();
    const auto handles = job.Snapshot(50, storage(), OfKind(SnapshotKind::kIncrementalCheckpoint));
    ASSERT_OK(handles);
    ExpectRestores(*handles, content, job.options());
  }
  /// Replaces a file.
  void Overwrite(const std::string& path, const std::string& bytes) {
    Must(storage()->Remove(path));
    const auto writer = Must(storage()->Create(path));
    Must(writer->Append(bytes));
    Must(writer->Close());
  }
  std::string ReadAll(const std::string& path) {
    const auto reader = Must(storage()->Open(path));
    std::string bytes;
    Must(reader->Read(0, reader->size(), &bytes));
    return bytes;
  }
};
KVSTATE_ON_EVERY_BACKEND(SnapshotRefusalTest);

TEST_P(SnapshotRefusalTest, ABackendThatHasStatesIsNotRestored) {
  Job job = Filled(Two());
  const Content content = job.Read();
  const Handles handles = Must(job.Snapshot(1, storage(), OfKind(SnapshotKind::kSavepoint)));
  EXPECT_CODE(Restore(job, handles), kFailedPrecondition);
  EXPECT_EQ(DifferenceOf(content, job.Read()), "");
  Job empty_state = NewJob(Two());
  empty_state.MakeStates();
  EXPECT_CODE(Restore(empty_state, handles), kFailedPrecondition);
  Job restored = NewJob(Two());
  ASSERT_OK(Restore(restored, handles));
  EXPECT_CODE(Restore(restored, handles), kFailedPrecondition);
  EXPECT_EQ(DifferenceOf(content, restored.Read()), "");
}

TEST_P(SnapshotRefusalTest, WrongArgumentsAreRefused) {
  const Handles handles = Must(Filled(Two()).Snapshot(1, storage(), OfKind(SnapshotKind::kFullCheckpoint)));
  Job job = NewJob(Two());
  EXPECT_CODE(job.snapshots().Restore(handles, nullptr, {}), kInvalidArgument);
  RestoreOptions options;
  options.transfer_threads = 0;
  EXPECT_CODE(job.snapshots().Restore(handles, storage(), options), kInvalidArgument);
  ExpectEmptyAndUsable(job);
}

TEST_P(SnapshotRefusalTest, AKeyGroupThatNoHandleHasIsNamed) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    Job three = Filled(Two(3));
    Handles handles = Must(three.Snapshot(1, storage(), OfKind(kind)));
    handles.erase(handles.begin() + 1);
    Job job = NewJob(Two());
    const Status status = Restore(job, handles);
    EXPECT_CODE(status, kInvalidArgument);
    EXPECT_MENTIONS(status, std::to_string(KeyGroupRangeOf(128, 3, 1).first));
    EXPECT_CODE(Restore(job, {}), kInvalidArgument);
    ExpectEmptyAndUsable(job);
    RemoveFilesOf(1);
    RemoveFilesOf(50);
  }
}

TEST_P(SnapshotRefusalTest, OverlappingHandlesAreRefused) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    Handles handles = Must(Filled(Two(2)).Snapshot(1, storage(), OfKind(kind)));
    const Handles whole = Must(Filled(Two()).Snapshot(2, storage(), OfKind(kind)));
    handles.push_back(whole[0]);
    Job job = NewJob(Two());
    EXPECT_CODE(Restore(job, handles), kInvalidArgument);
    EXPECT_CODE(Restore(job, {whole[0], whole[0]}), kInvalidArgument);
    ExpectEmptyAndUsable(job);
    RemoveFilesOf(1);
    RemoveFilesOf(2);
    RemoveFilesOf(50);
  }
}

TEST_P(SnapshotRefusalTest, AnotherMaxParallelismIsRefused) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    JobOptions options = Two();
    options.max_parallelism = 100;
    const Handles handles = Must(Filled(options).Snapshot(1, storage(), OfKind(kind)));
    for (const uint32_t other : {128u, 99u, 300u}) {
      options.max_parallelism = other;
      Job job = NewJob(options);
      const Status status = Restore(job, handles);
      EXPECT_CODE(status, kInvalidArgument);
      EXPECT_MENTIONS(status, "100");
      EXPECT_MENTIONS(status, std::to_string(other));
      ExpectEmptyAndUsable(job);
      RemoveFilesOf(50);
    }
    RemoveFilesOf(1);
  }
}

TEST_P(SnapshotRefusalTest, AnotherKeySerializerIsRefused) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    JobOptions options = Two();
    options.key_serializer = SerializerFor<std::string>();
    const Handles handles = Must(Filled(options).Snapshot(1, storage(), OfKind(kind)));
    for (const SerializerPtr& other : {RawBytesSerializer(), SerializerFor<int64_t>()}) {
      options.key_serializer = other;
      Job job = NewJob(options);
      const Status status = Restore(job, handles);
      EXPECT_CODE(status, kInvalidArgument);
      EXPECT_MENTIONS(status, "string");
      EXPECT_MENTIONS(status, other->Snapshot().type_id);
      ExpectEmptyAndUsable(job);
      RemoveFilesOf(50);
    }
    RemoveFilesOf(1);
  }
}

TEST_P(SnapshotRefusalTest, AnUnknownFormatIsRefused) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    Handles handles = Must(Filled(Two()).Snapshot(1, storage(), OfKind(kind)));
    for (const char* format : {"state_stream.2", "no_such_files.1", ""}) {
      handles[0].format = format;
      Job job = NewJob(Two());
      EXPECT_CODE(Restore(job, handles), kInvalidArgument);
      ExpectEmptyAndUsable(job);
      RemoveFilesOf(50);
    }
    RemoveFilesOf(1);
  }
}

TEST_P(SnapshotRefusalTest, StatesThatDifferBetweenHandlesAreRefused) {
  JobOptions options = Two(2);
  const auto take = [&](uint32_t instance) {
    Job job = Filled(options);
    return Must(job.Snapshot(1 + instance, storage(), OfKind(SnapshotKind::kSavepoint)))[instance];
  };
  const KeyedStateHandle first = take(0);
  options.states[0].descriptor = ValueStateDescriptor<std::string>("value", RawBytesSerializer());
  const KeyedStateHandle second = take(1);
  Job job = NewJob(Two());
  const Status status = Restore(job, {first, second});
  EXPECT_CODE(status, kInvalidArgument);
  EXPECT_MENTIONS(status, "value");
  ExpectEmptyAndUsable(job);
}

TEST_P(SnapshotRefusalTest, AMissingOrDamagedFileIsNamedAndNothingIsServed) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    Job source = Filled(Two());
    const Content content = source.Read();
    const Handles handles = Must(source.Snapshot(1, storage(), OfKind(kind)));
    Job job = NewJob(Two());
    for (const SnapshotFile& file : handles[0].files) {
      const std::string path = file.file.path;
      const std::string bytes = ReadAll(path);
      const auto refused = [&] {
        const Status status = Restore(job, handles);
        EXPECT_CODE(status, kDataLoss);
        EXPECT_MENTIONS(status, path);
        EXPECT_TRUE(job.snapshots().UnclaimedStates().empty());
        EXPECT_EQ(Must(job.backend().NumEntries()), 0u);
      };
      Must(storage()->Remove(path));
      refused();
      Must(Must(storage()->Create(path))->Close());
      refused();
      std::string damaged = bytes;
      damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 4);
      Overwrite(path, damaged);
      refused();
      Overwrite(path, bytes + "x");
      refused();
      Overwrite(path, bytes);
    }
    ASSERT_OK(Restore(job, handles)) << "restored after all those failures";
    EXPECT_EQ(DifferenceOf(content, job.Read()), "");
    RemoveFilesOf(1);
  }
}

TEST_P(SnapshotRefusalTest, OneDamagedHandleOfSeveralLeavesNothingOfTheOthers) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    const Handles handles = Must(Filled(Two(4)).Snapshot(1, storage(), OfKind(kind)));
    const std::string path = handles[3].files.back().file.path;
    const std::string bytes = ReadAll(path);
    Overwrite(path, bytes.substr(0, bytes.size() - 1));
    Job job = NewJob(Two());
    const Status status = Restore(job, handles);
    EXPECT_CODE(status, kDataLoss);
    EXPECT_MENTIONS(status, path);
    ExpectEmptyAndUsable(job);
    Job first = NewJob(Two(4));
    EXPECT_OK(first.snapshots().Restore(handles, storage(), {})) << "its own key groups are whole";
    RemoveFilesOf(1);
    RemoveFilesOf(50);
  }
}

}  // namespace
}  // namespace kvstate::conformance
