#include "tests/fault/checkpoint_loop.h"

#include <cstdio>
#include <fstream>
#include <future>
#include <stdexcept>
#include <vector>

#include "tests/support/must.h"

namespace kvstate {

using testing_support::Content;
using testing_support::DigestOf;
using testing_support::Job;
using testing_support::JobOptions;
using testing_support::Must;
using testing_support::OfKind;

JobOptions CheckpointLoop::job_options() const {
  JobOptions options;
  options.factory = factory;
  options.directory = directory + "/state";
  options.states = testing_support::TwoStates();
  options.parallelism = 2;
  options.keys = 200;
  return options;
}

Result<std::shared_ptr<CheckpointStorage>> CheckpointLoop::OpenStorage() const {
  return OpenFileSystemStorage(directory + "/storage");
}

CheckpointStoreOptions CheckpointLoop::store_options() {
  CheckpointStoreOptions options;
  options.retained = 2;
  return options;
}

std::string CheckpointLoop::DigestPath(uint64_t checkpoint_id) const {
  return directory + "/digest-" + std::to_string(checkpoint_id);
}

void CheckpointLoop::WriteDigest(uint64_t checkpoint_id, uint64_t digest) const {
  const std::string path = DigestPath(checkpoint_id);
  {
    std::ofstream file(path + ".new");
    file << digest << '\n';
    if (!file.flush()) throw std::runtime_error("cannot write " + path);
  }
  if (std::rename((path + ".new").c_str(), path.c_str()) != 0) throw std::runtime_error("cannot write " + path);
}

uint64_t CheckpointLoop::DigestBefore(uint64_t checkpoint_id) const {
  std::ifstream file(DigestPath(checkpoint_id));
  uint64_t digest = 0;
  if (!(file >> digest)) throw std::runtime_error("no digest of checkpoint " + std::to_string(checkpoint_id));
  return digest;
}

void CheckpointLoop::RestoreExactly(const CheckpointMetadata& checkpoint,
                                    const std::shared_ptr<CheckpointStorage>& storage, Job& job, bool claim) const {
  Must(job.Restore(checkpoint.handles, storage, claim));
  if (DigestOf(job.Read()) == DigestBefore(checkpoint.checkpoint_id)) return;
  throw std::runtime_error("checkpoint " + std::to_string(checkpoint.checkpoint_id) +
                           " restores to something else than was in it");
}

void CheckpointLoop::TakeOne(CheckpointStore& store, Job& job, std::mt19937_64& random,
                             const std::function<void()>& on_checkpoint) const {
  job.Change(random(), 30 + static_cast<int>(random() % 200));
  const uint64_t what = random() % 10;
  const SnapshotKind kind = what == 0   ? SnapshotKind::kSavepoint
                            : what == 1 ? SnapshotKind::kFullCheckpoint
                                        : SnapshotKind::kIncrementalCheckpoint;
  const uint64_t id = store.Begin();
  WriteDigest(id, DigestOf(job.Read()));
  std::vector<std::future<Result<SnapshotResult>>> running;
  std::vector<std::unique_ptr<SnapshotTask>> tasks;
  for (size_t i = 0; i < job.size(); ++i) {
    tasks.push_back(Must(job.snapshots(i).Snapshot(id, store.storage(), OfKind(kind))));
    running.push_back(std::async(std::launch::async, [task = tasks.back().get()] { return task->Run(); }));
  }
  job.Change(random(), 50);
  std::vector<KeyedStateHandle> handles;
  for (auto& result : running) handles.push_back(Must(result.get()).handle);
  if (what == 2) {
    Must(store.Abort(id));
    return Must(job.NotifyAborted(id));
  }
  Must(store.Complete(id, kind, std::move(handles)));
  Must(job.NotifyComplete(id));
  on_checkpoint();
}

void CheckpointLoop::Run(const std::function<void()>& on_checkpoint) const {
  std::mt19937_64 random(seed);
  const auto storage = Must(OpenStorage());
  const auto store = Must(CheckpointStore::Open(storage, store_options()));
  Job job(job_options());
  const auto latest = store->Latest();
  if (latest.ok()) RestoreExactly(*latest, storage, job, random() % 2 == 0);
  for (;;) {
    TakeOne(*store, job, random, on_checkpoint);
    // Savepoints are kept for ever, unless somebody discards them.
    std::vector<uint64_t> savepoints;
    for (const CheckpointMetadata& metadata : store->Completed()) {
      if (metadata.kind == SnapshotKind::kSavepoint) savepoints.push_back(metadata.checkpoint_id);
    }
    if (savepoints.size() > 2) Must(store->Discard(savepoints.front()));
  }
}

}  // namespace kvstate
