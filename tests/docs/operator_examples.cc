// The examples of docs/guide.md on operator state and raw streams, as they stand there.
#include <kvstate/kvstate.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

using namespace kvstate;

namespace {

void Expect(bool holds, const char* what) {
  if (holds) return;
  std::cerr << "does not hold: " << what << "\n";
  std::exit(1);
}
#define EXPECT(condition) Expect(condition, #condition)

Status SourceOfTwoSubtasks(CheckpointStore& store) {
  const uint64_t id = store.Begin();
  CheckpointMetadata checkpoint{id, SnapshotKind::kFullCheckpoint, 0, {}};
  for (uint32_t subtask = 0; subtask < 2; ++subtask) {
    KVSTATE_ASSIGN_OR_RETURN(const auto backend, MakeOperatorStateBackend({"source", subtask, 2}));
    const OperatorListStateDescriptor<int64_t> of_offsets("offsets");  // Split; or OperatorStateMode::kUnion.
    KVSTATE_ASSIGN_OR_RETURN(auto offsets, GetState(*backend, of_offsets));
    KVSTATE_RETURN_IF_ERROR(offsets.Update({subtask, 100 + subtask}));
    KVSTATE_ASSIGN_OR_RETURN(auto rules, GetState(*backend, BroadcastStateDescriptor<std::string, double>("rules")));
    KVSTATE_RETURN_IF_ERROR(rules.Put("limit", 2.5));

    KVSTATE_ASSIGN_OR_RETURN(const auto task, backend->Snapshot(id, store.storage(), checkpoint.kind));
    KVSTATE_ASSIGN_OR_RETURN(OperatorSnapshotResult written, task->Run());  // On any thread.
    checkpoint.operator_handles.push_back(std::move(written.handle));
  }
  return store.Complete(std::move(checkpoint));
}

Status SourceOfThreeSubtasks(const CheckpointStore& store) {
  KVSTATE_ASSIGN_OR_RETURN(const CheckpointMetadata latest, store.Latest());
  std::vector<int64_t> all;
  for (uint32_t subtask = 0; subtask < 3; ++subtask) {
    KVSTATE_ASSIGN_OR_RETURN(const auto backend, MakeOperatorStateBackend({"source", subtask, 3}));
    KVSTATE_RETURN_IF_ERROR(backend->Restore(latest.operator_handles, store.storage()));
    KVSTATE_ASSIGN_OR_RETURN(auto offsets, GetState(*backend, OperatorListStateDescriptor<int64_t>("offsets")));
    all.insert(all.end(), offsets.Get().begin(), offsets.Get().end());
    KVSTATE_ASSIGN_OR_RETURN(auto rules, GetState(*backend, BroadcastStateDescriptor<std::string, double>("rules")));
    EXPECT(*rules.Get("limit") == 2.5);
  }
  EXPECT(all == (std::vector<int64_t>{0, 100, 1, 101}));
  return Status();
}

Status RawStreams(CheckpointStore& store) {
  CheckpointMetadata checkpoint{store.Begin(), SnapshotKind::kSavepoint, 0, {}};
  const RawStreamTarget target{store.storage(), checkpoint.checkpoint_id, checkpoint.kind, "window"};
  KVSTATE_ASSIGN_OR_RETURN(const auto writer, RawKeyedStateWriter::Create(target, 128, {0, 127}));
  KVSTATE_RETURN_IF_ERROR(writer->StartKeyGroup(70));  // Each at most once, ascending.
  KVSTATE_RETURN_IF_ERROR(writer->Append("bytes that only the operator understands"));
  KVSTATE_ASSIGN_OR_RETURN(RawKeyedStateHandle handle, writer->Finish());
  checkpoint.raw_keyed_handles.push_back(std::move(handle));
  KVSTATE_RETURN_IF_ERROR(store.Complete(std::move(checkpoint)));

  KVSTATE_ASSIGN_OR_RETURN(const CheckpointMetadata latest, store.Latest());
  const KeyGroupRange second_half = KeyGroupRangeOf(128, 2, 1);
  KVSTATE_ASSIGN_OR_RETURN(const auto reader,
                           OpenRawKeyedState(store.storage(), latest.raw_keyed_handles, "window", 128, second_half));
  uint64_t key_group = 0;
  for (;;) {
    KVSTATE_ASSIGN_OR_RETURN(const bool more, reader->NextStream(&key_group));
    if (!more) break;
    KVSTATE_ASSIGN_OR_RETURN(const std::string bytes, reader->ReadAll());
    EXPECT(key_group == 70 && bytes.size() == 40);
  }
  return Status();
}

Status RunAll() {
  KVSTATE_ASSIGN_OR_RETURN(const auto store, CheckpointStore::Open(MakeMemoryStorage(1 << 20), {}));
  KVSTATE_RETURN_IF_ERROR(SourceOfTwoSubtasks(*store));
  KVSTATE_RETURN_IF_ERROR(SourceOfThreeSubtasks(*store));
  return RawStreams(*store);
}

}  // namespace

int main() {
  const Status status = RunAll();
  if (!status.ok()) std::cerr << status.ToString() << "\n";
  return status.ok() ? 0 : 1;
}
