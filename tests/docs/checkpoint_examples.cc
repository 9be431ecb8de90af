// The examples of docs/guide.md on checkpoints, as they stand there, run on the backends named on the command line.
#include <kvstate/kvstate.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

using namespace kvstate;

namespace {

void Expect(bool holds, const char* what) {
  if (holds) return;
  std::cerr << "does not hold: " << what << "\n";
  std::exit(1);
}
#define EXPECT(condition) Expect(condition, #condition)

Result<std::unique_ptr<KeyedStateBackend>> Open(const std::string& name, const std::string& directory,
                                                uint32_t parallelism, uint32_t index) {
  BackendRegistry registry;
  KVSTATE_RETURN_IF_ERROR(RegisterBuiltinBackends(registry));
  BackendOptions options;
  options.key_serializer = SerializerFor<int64_t>();
  options.key_groups = KeyGroupRangeOf(kDefaultMaxParallelism, parallelism, index);
  options.directory = directory;
  return registry.Create(name, options);
}

Status Fill(KeyedBackend<int64_t>& backend, int64_t keys, int64_t value) {
  KVSTATE_ASSIGN_OR_RETURN(auto total, backend.GetState(ValueStateDescriptor<int64_t>("total")));
  for (int64_t key = 0; key < keys; ++key) {
    KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(key));
    KVSTATE_RETURN_IF_ERROR(total.Update(value));
  }
  return Status();
}

Status Checkpoint(KeyedBackend<int64_t>& backend, CheckpointStore& store) {
  auto* snapshots = GetExtension<Snapshots>(backend.backend());
  const uint64_t id = store.Begin();
  SnapshotOptions options;
  options.kind = SnapshotKind::kIncrementalCheckpoint;
  KVSTATE_ASSIGN_OR_RETURN(const auto task, snapshots->Snapshot(id, store.storage(), options));

  std::optional<Result<SnapshotResult>> written;
  std::thread uploader([&] { written = task->Run(); });
  KVSTATE_RETURN_IF_ERROR(Fill(backend, 10, 2));  // The owner goes on: this is not in the checkpoint.
  uploader.join();

  Status status = written->status();
  if (status.ok()) status = store.Complete(id, options.kind, {(*written)->handle});
  if (status.ok()) return snapshots->NotifyComplete(id);
  store.Abort(id).IgnoreError();
  snapshots->NotifyAborted(id).IgnoreError();
  return status;
}

Status CheckpointAndRestore(const std::string& name, const std::string& directory) {
  KVSTATE_ASSIGN_OR_RETURN(auto storage, OpenFileSystemStorage(directory + "/checkpoints"));
  CheckpointStoreOptions options;
  options.retained = 2;
  KVSTATE_ASSIGN_OR_RETURN(const auto store, CheckpointStore::Open(storage, options));
  {
    KVSTATE_ASSIGN_OR_RETURN(auto opened, Open(name, directory + "/task", 1, 0));
    KeyedBackend<int64_t> backend(std::move(opened));
    KVSTATE_RETURN_IF_ERROR(Fill(backend, 1000, 1));
    KVSTATE_RETURN_IF_ERROR(Checkpoint(backend, *store));
  }  // The job fails here.

  KVSTATE_ASSIGN_OR_RETURN(const CheckpointMetadata latest, store->Latest());
  KVSTATE_ASSIGN_OR_RETURN(auto opened, Open(name, directory + "/task", 1, 0));
  KeyedBackend<int64_t> backend(std::move(opened));
  RestoreOptions restore;
  restore.claim = true;  // Goes on in the same storage: the next increment builds on this checkpoint.
  KVSTATE_RETURN_IF_ERROR(GetExtension<Snapshots>(backend.backend())->Restore(latest.handles, storage, restore));
  KVSTATE_ASSIGN_OR_RETURN(auto total, backend.GetState(ValueStateDescriptor<int64_t>("total")));
  KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(7));
  KVSTATE_ASSIGN_OR_RETURN(const int64_t* value, total.Get());
  EXPECT(value != nullptr && *value == 1);
  return Status();
}

Status MoveTo(const std::string& from, const std::string& to, const std::string& directory) {
  KVSTATE_ASSIGN_OR_RETURN(auto storage, OpenFileSystemStorage(directory + "/savepoints"));
  KVSTATE_ASSIGN_OR_RETURN(const auto store, CheckpointStore::Open(storage, {}));
  {
    KVSTATE_ASSIGN_OR_RETURN(auto opened, Open(from, directory + "/old", 1, 0));
    KeyedBackend<int64_t> backend(std::move(opened));
    KVSTATE_RETURN_IF_ERROR(Fill(backend, 1000, 1));
    SnapshotOptions options;
    options.kind = SnapshotKind::kSavepoint;
    options.compress = true;
    const uint64_t id = store->Begin();
    auto* snapshots = GetExtension<Snapshots>(backend.backend());
    KVSTATE_ASSIGN_OR_RETURN(const auto task, snapshots->Snapshot(id, storage, options));
    KVSTATE_ASSIGN_OR_RETURN(const SnapshotResult written, task->Run());
    KVSTATE_RETURN_IF_ERROR(store->Complete(id, options.kind, {written.handle}));
  }

  KVSTATE_ASSIGN_OR_RETURN(const CheckpointMetadata savepoint, store->Latest());
  uint64_t entries = 0;
  for (uint32_t index = 0; index < 3; ++index) {
    KVSTATE_ASSIGN_OR_RETURN(const auto task, Open(to, directory + "/new-" + std::to_string(index), 3, index));
    KVSTATE_RETURN_IF_ERROR(GetExtension<Snapshots>(*task)->Restore(savepoint.handles, storage, RestoreOptions()));
    KVSTATE_ASSIGN_OR_RETURN(const uint64_t of_task, task->NumEntries());
    entries += of_task;
  }
  EXPECT(entries == 1000);
  return Status();
}

Status RunAll(const std::vector<std::string>& names) {
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string directory = "checkpoints-of-" + names[i];
    std::filesystem::remove_all(directory);
    KVSTATE_RETURN_IF_ERROR(CheckpointAndRestore(names[i], directory).WithContext(names[i]));
    KVSTATE_RETURN_IF_ERROR(MoveTo(names[i], names[(i + 1) % names.size()], directory).WithContext(names[i]));
  }
  return Status();
}

}  // namespace

int main(int argc, char** argv) {
  const Status status = RunAll({argv + 1, argv + argc});
  if (!status.ok()) std::cerr << status.ToString() << "\n";
  return status.ok() ? 0 : 1;
}
