#include "tests/fault/checkpoint_loop.h"

#include <cstdio>
#include <fstream>
#include <future>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/extension.h"
#include "kvstate/namespaces.h"
#include "kvstate/timers.h"
#include "tests/support/must.h"

namespace kvstate {

using testing_support::Content;
using testing_support::DigestOf;
using testing_support::Job;
using testing_support::JobOptions;
using testing_support::Must;
using testing_support::OfKind;

namespace {

constexpr std::pair<const char*, TimerStorage> kQueues[] = {{"heap", TimerStorage::kHeap},
                                                            {"stored", TimerStorage::kBackend}};

TimerQueue& QueueOf(Job& job, size_t instance, const std::pair<const char*, TimerStorage>& queue) {
  auto* timers = GetExtension<Timers>(job.backend(instance));
  return *Must(timers->GetOrCreateQueue(queue.first, SerializerFor<VoidNamespace>(), queue.second));
}

/// That many timers are added, removed or fire, in either queue of any instance.
void ChangeTimers(Job& job, std::mt19937_64& random, int changes) {
  for (int i = 0; i < changes; ++i) {
    const std::string key = "key" + std::to_string(random() % job.options().keys);
    const uint32_t group = KeyGroupOf(job.options().key_serializer->KeyHash(key), job.options().max_parallelism);
    const size_t instance = SubtaskOf(job.options().max_parallelism, job.options().parallelism, group);
    TimerQueue& queue = QueueOf(job, instance, kQueues[random() % 2]);
    Timer timer{static_cast<int64_t>(random() % 50), key, ByteView("\0", 1)};
    const uint64_t what = random() % 8;
    if (what == 0) {
      Must(queue.Poll(&timer));
    } else if (what == 1) {
      Must(queue.Remove(timer));
    } else {
      Must(queue.Add(timer));
    }
  }
}

/// All that the instances hold together, timers too.
Content AllOf(Job& job) {
  Content content = job.Read();
  for (size_t instance = 0; instance < job.size(); ++instance) {
    const KeyGroupRange range = job.backend(instance).key_group_range();
    for (const auto& queue : kQueues) {
      testing_support::StateContent& timers = content[std::string("timers on ") + queue.first];
      for (uint32_t group = range.first; group <= range.last; ++group) {
        Must(QueueOf(job, instance, queue).ForEach(group, [&](const Timer& timer) {
          timers[{std::string(timer.key), std::string(timer.state_namespace), std::to_string(timer.timestamp)}];
          return Status();
        }));
      }
    }
  }
  return content;
}

}  // namespace

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
  if (DigestOf(AllOf(job)) == DigestBefore(checkpoint.checkpoint_id)) return;
  throw std::runtime_error("checkpoint " + std::to_string(checkpoint.checkpoint_id) +
                           " restores to something else than was in it");
}

void CheckpointLoop::TakeOne(CheckpointStore& store, Job& job, std::mt19937_64& random,
                             const std::function<void()>& on_checkpoint) const {
  job.Change(random(), 30 + static_cast<int>(random() % 200));
  ChangeTimers(job, random, 20 + static_cast<int>(random() % 100));
  const uint64_t what = random() % 10;
  const SnapshotKind kind = what == 0   ? SnapshotKind::kSavepoint
                            : what == 1 ? SnapshotKind::kFullCheckpoint
                                        : SnapshotKind::kIncrementalCheckpoint;
  const uint64_t id = store.Begin();
  WriteDigest(id, DigestOf(AllOf(job)));
  std::vector<std::future<Result<SnapshotResult>>> running;
  std::vector<std::unique_ptr<SnapshotTask>> tasks;
  for (size_t i = 0; i < job.size(); ++i) {
    tasks.push_back(Must(job.snapshots(i).Snapshot(id, store.storage(), OfKind(kind))));
    running.push_back(std::async(std::launch::async, [task = tasks.back().get()] { return task->Run(); }));
  }
  job.Change(random(), 50);
  ChangeTimers(job, random, 30);
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
