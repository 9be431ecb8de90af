#include <algorithm>
#include <string>

#include "tests/conformance/snapshot_testing.h"

namespace kvstate::conformance {
namespace {

class SnapshotContentTest : public SnapshotTest {
 protected:
  /// Random bytes, which nothing compresses.
  static std::string Noise(size_t size, uint64_t seed) {
    std::mt19937_64 random(seed);
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
  }
};
KVSTATE_ON_EVERY_BACKEND(SnapshotContentTest);

TEST_P(SnapshotContentTest, EveryKindOfSnapshotHasEveryKindOfState) {
  for (const SerializerPtr& keys : {RawBytesSerializer(), SerializerFor<std::string>(), SerializerFor<int64_t>()}) {
    JobOptions options;
    options.key_serializer = keys;
    Job job = NewJob(options);
    job.Change(1, 2000);
    const Content content = job.Read();
    ASSERT_EQ(content.size(), options.states.size());
    uint64_t id = 0;
    for (const SnapshotKind kind : kSnapshotKinds) {
      SCOPED_TRACE(std::string(SnapshotKindName(kind)) + ", keys of " + keys->Snapshot().type_id);
      ExpectRestores(Must(job.Snapshot(++id, storage(), OfKind(kind))), content, options);
    }
    EXPECT_EQ(DifferenceOf(content, job.Read()), "") << "a snapshot leaves the state as it is";
    RemoveFilesOf(1);
    RemoveFilesOf(2);
    RemoveFilesOf(3);
  }
}

TEST_P(SnapshotContentTest, OfABackendWithoutStatesIsValid) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    auto backend = Open<int64_t>();
    const SnapshotResult result = Take(backend.backend(), 1, kind);
    EXPECT_TRUE(result.handle.states.empty());
    auto restored = OpenRestored<int64_t>({result.handle});
    EXPECT_TRUE(SnapshotsOf(restored.backend()).UnclaimedStates().empty());
    EXPECT_EQ(Must(restored.backend().NumEntries()), 0u);
    auto state = Must(restored.GetState(ValueStateDescriptor<int64_t>("v")));
    Must(restored.SetCurrentKey(1));
    Must(state.Update(7));
    EXPECT_EQ(Current(state), 7);
    RemoveFilesOf(1);
  }
}

TEST_P(SnapshotContentTest, OfStatesWithoutEntriesIsValid) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    Job job = NewJob();
    job.MakeStates();
    const Handles handles = Must(job.Snapshot(1, storage(), OfKind(kind)));
    Job restored = NewJob();
    ASSERT_OK(restored.Restore(handles, storage(), false));
    EXPECT_EQ(restored.snapshots().UnclaimedStates().size(), job.options().states.size());
    EXPECT_EQ(DifferenceOf({}, restored.Read()), "");
    restored.Change(1, 300);
    EXPECT_FALSE(restored.Read().empty());
    RemoveFilesOf(1);
  }
}

TEST_P(SnapshotContentTest, NullMapValuesStayNullAndPresent) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    auto backend = Open<int64_t>();
    auto map = Must(backend.GetState(MapStateDescriptor<std::string, std::string>("m")));
    Must(backend.SetCurrentKey(1));
    Must(map.PutNull("null"));
    Must(map.Put("empty", ""));
    Must(map.Put("full", "text"));
    const SnapshotResult result = Take(backend.backend(), 1, kind);
    auto restored = OpenRestored<int64_t>({result.handle});
    auto again = Must(restored.GetState(MapStateDescriptor<std::string, std::string>("m")));
    Must(restored.SetCurrentKey(1));
    EXPECT_EQ(EntriesOf(again),
              (EntryList<std::string, std::string>{{"full", "text"}, {"null", std::nullopt}, {"empty", ""}}));
    RemoveFilesOf(1);
  }
}

TEST_P(SnapshotContentTest, LongKeysNamespacesAndUserKeysAreKept) {
  using Texts = MapStateDescriptor<std::string, std::string>;
  const Texts descriptor("m", RawBytesSerializer(), RawBytesSerializer());
  for (const SnapshotKind kind : kSnapshotKinds) {
    auto backend = OpenRaw();
    auto* made = Must(backend.backend().GetOrCreateState(RawBytesSerializer(), descriptor));
    MapState<std::string, std::string> map(static_cast<InternalMapState*>(made));
    const auto put = [&](size_t size, const std::string& text) {
      Must(backend.SetCurrentKey(std::string(size, 'k')));
      Must(made->SetCurrentNamespace(std::string(size, 'n')));
      Must(map.Put(std::string(size, 'u'), text));
      Must(map.Put(std::string(size, 'u') + "v", text));
    };
    const std::vector<size_t> sizes = {0, 1, 250, 600, 60'000};
    for (const size_t size : sizes) put(size, "before");
    Handles handles = {TakeConfirmed(backend.backend(), 1, SnapshotKind::kIncrementalCheckpoint).handle};
    for (const size_t size : sizes) put(size, std::to_string(size));
    handles = {Take(backend.backend(), 2, kind).handle};
    auto restored = OpenRaw();
    Must(SnapshotsOf(restored.backend()).Restore(handles, storage(), {}));
    auto* claimed = Must(restored.backend().GetOrCreateState(RawBytesSerializer(), descriptor));
    MapState<std::string, std::string> again(static_cast<InternalMapState*>(claimed));
    for (const size_t size : sizes) {
      SCOPED_TRACE(size);
      Must(restored.SetCurrentKey(std::string(size, 'k')));
      Must(claimed->SetCurrentNamespace(std::string(size, 'n')));
      const std::string user_key(size, 'u');
      EXPECT_EQ(EntriesOf(again), (EntryList<std::string, std::string>{{user_key, std::to_string(size)},
                                                                       {user_key + "v", std::to_string(size)}}));
    }
    EXPECT_EQ(Must(restored.backend().NumEntries()), 2 * sizes.size());
    RemoveFilesOf(1);
    RemoveFilesOf(2);
  }
}

TEST_P(SnapshotContentTest, LargeValuesAndListsAreKept) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    auto backend = Open<int64_t>();
    auto value = Must(backend.GetState(ValueStateDescriptor<std::string>("v")));
    auto list = Must(backend.GetState(ListStateDescriptor<std::string>("l")));
    const std::string large = Noise(size_t{5} << 20, 1);
    for (int64_t key = 0; key < 3; ++key) {
      Must(backend.SetCurrentKey(key));
      Must(value.Update(key == 1 ? large : "small"));
      for (int i = 0; i < 300; ++i) Must(list.Add(Noise(1000, static_cast<uint64_t>(i))));
    }
    const SnapshotResult result = Take(backend.backend(), 1, kind);
    auto restored = OpenRestored<int64_t>({result.handle});
    auto value_again = Must(restored.GetState(ValueStateDescriptor<std::string>("v")));
    auto list_again = Must(restored.GetState(ListStateDescriptor<std::string>("l")));
    for (int64_t key = 0; key < 3; ++key) {
      Must(restored.SetCurrentKey(key));
      EXPECT_TRUE(Current(value_again) == (key == 1 ? large : "small")) << key;
      EXPECT_TRUE(Current(list_again) == Current((Must(backend.SetCurrentKey(key)), list))) << key;
    }
    RemoveFilesOf(1);
  }
}

TEST_P(SnapshotContentTest, ManyEntriesInOneKeyGroupAreKept) {
  for (const SnapshotKind kind : kSnapshotKinds) {
    BackendOptions options = Options(SerializerFor<int64_t>());
    options.max_parallelism = 1;
    options.key_groups = {0, 0};
    KeyedBackend<int64_t> backend(Make(options));
    auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
    constexpr int64_t kKeys = 30'000;
    for (int64_t key = 0; key < kKeys; ++key) {
      Must(backend.SetCurrentKey(key));
      Must(state.Update(-key));
    }
    const SnapshotResult result = Take(backend.backend(), 1, kind);
    options.directory = NewPath();
    KeyedBackend<int64_t> restored(Make(options));
    ASSERT_OK(SnapshotsOf(restored.backend()).Restore(Handles{result.handle}, storage(), {}));
    EXPECT_EQ(Must(restored.backend().NumEntries()), static_cast<uint64_t>(kKeys));
    auto again = Must(restored.GetState(ValueStateDescriptor<int64_t>("v")));
    for (int64_t key = 0; key < kKeys; ++key) {
      Must(restored.SetCurrentKey(key));
      ASSERT_EQ(Current(again), -key);
    }
    RemoveFilesOf(1);
  }
}

TEST_P(SnapshotContentTest, EveryMaxParallelismIsKept) {
  for (const uint32_t max_parallelism : {1u, 127u, 128u, 129u, 32768u}) {
    for (const SnapshotKind kind : kSnapshotKinds) {
      SCOPED_TRACE(std::to_string(max_parallelism) + ", " + std::string(SnapshotKindName(kind)));
      JobOptions options;
      options.states = testing_support::TwoStates();
      options.max_parallelism = max_parallelism;
      options.parallelism = max_parallelism == 1 ? 1 : 2;
      Job job = NewJob(options);
      job.Change(max_parallelism, 400);
      const Content content = job.Read();
      const Handles handles = Must(job.Snapshot(1, storage(), OfKind(kind)));
      ASSERT_EQ(handles.size(), options.parallelism);
      EXPECT_EQ(handles.back().key_groups.last, max_parallelism - 1);
      ExpectRestores(handles, content, options);
      RemoveFilesOf(1);
    }
  }
}

TEST_P(SnapshotContentTest, CompressedStreamsRestoreAndAreSmaller) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(ValueStateDescriptor<std::string>("v")));
  for (int64_t key = 0; key < 500; ++key) {
    Must(backend.SetCurrentKey(key));
    Must(state.Update(std::string(300, static_cast<char>('a' + key % 26))));
  }
  uint64_t id = 0;
  for (const SnapshotKind kind : kSnapshotKinds) {
    const SnapshotResult plain = Take(backend.backend(), ++id, kind);
    SnapshotOptions options = OfKind(kind);
    options.compress = true;
    const SnapshotResult compressed =
        Must(Must(SnapshotsOf(backend.backend()).Snapshot(++id, storage(), options))->Run());
    // An engine's own files are as the engine wrote them, compressed or not.
    if (compressed.handle.format == kStateStreamFormat) {
      EXPECT_LT(compressed.figures.bytes_written, plain.figures.bytes_written / 4);
    }
    auto restored = OpenRestored<int64_t>({compressed.handle});
    auto again = Must(restored.GetState(ValueStateDescriptor<std::string>("v")));
    for (int64_t key = 0; key < 500; ++key) {
      Must(restored.SetCurrentKey(key));
      ASSERT_EQ(Current(again), std::string(300, static_cast<char>('a' + key % 26)));
    }
  }
}

TEST_P(SnapshotContentTest, AnyNumberOfTransferThreadsWorks) {
  Job job = NewJob();
  job.Change(1, 800);
  const Content content = job.Read();
  uint64_t id = 0;
  for (const uint32_t threads : {1u, 2u, 9u}) {
    for (const SnapshotKind kind : kSnapshotKinds) {
      SnapshotOptions options = OfKind(kind);
      options.transfer_threads = threads;
      const Handles handles = Must(job.Snapshot(++id, storage(), options));
      Job restored = NewJob();
      RestoreOptions restore;
      restore.transfer_threads = threads;
      ASSERT_OK(restored.snapshots().Restore(handles, storage(), restore));
      EXPECT_EQ(DifferenceOf(content, restored.Read()), "") << threads << " threads";
    }
  }
}

TEST_P(SnapshotContentTest, TheHandleDescribesWhatItHas) {
  JobOptions options;
  options.max_parallelism = 200;
  options.parallelism = 3;
  Job job = NewJob(options);
  job.Change(1, 500);
  uint64_t id = 10;
  for (const SnapshotKind kind : kSnapshotKinds) {
    const Handles handles = Must(job.Snapshot(++id, storage(), OfKind(kind)));
    for (uint32_t i = 0; i < handles.size(); ++i) {
      const KeyedStateHandle& handle = handles[i];
      EXPECT_EQ(handle.kind, kind);
      EXPECT_EQ(handle.checkpoint_id, id);
      EXPECT_EQ(handle.backend, job.backend().name());
      EXPECT_EQ(handle.max_parallelism, 200u);
      EXPECT_EQ(handle.key_groups, KeyGroupRangeOf(200, 3, i));
      EXPECT_EQ(handle.key_serializer, RawBytesSerializer()->Snapshot());
      ASSERT_EQ(handle.states.size(), options.states.size());
      for (size_t s = 0; s < handle.states.size(); ++s) {
        const SavedState& saved = handle.states[s];
        const testing_support::JobState& state = options.states[s];
        EXPECT_EQ(saved.name, state.descriptor.name);
        EXPECT_EQ(saved.kind, state.descriptor.kind);
        EXPECT_EQ(saved.namespace_serializer, state.namespace_serializer->Snapshot());
        EXPECT_EQ(saved.value_serializer, state.descriptor.value_serializer->Snapshot());
        EXPECT_EQ(saved.user_key_serializer.has_value(), saved.kind == StateKind::kMap);
        if (kind == SnapshotKind::kSavepoint) {
          EXPECT_EQ(saved.engine_data, "");
        }
      }
      if (kind == SnapshotKind::kSavepoint) {
        EXPECT_EQ(handle.format, kStateStreamFormat);
      }
    }
  }
}

}  // namespace
}  // namespace kvstate::conformance
