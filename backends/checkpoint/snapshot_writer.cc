#include "backends/checkpoint/snapshot_writer.h"

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <random>
#include <set>
#include <utility>

namespace kvstate::backends {

namespace {

uint64_t SteadyNanoseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

std::string UniqueName(KeyGroupRange key_groups) {
  std::random_device random;
  const uint64_t digits = (uint64_t{random()} << 32) | random();
  char text[64];
  std::snprintf(text, sizeof(text), "%u-%u-%016llx", key_groups.first, key_groups.last,
                static_cast<unsigned long long>(digits));
  return text;
}

}  // namespace

SnapshotWriter::SnapshotWriter(std::shared_ptr<CheckpointStorage> storage, uint64_t checkpoint_id,
                               KeyGroupRange key_groups, const SnapshotOptions& options)
    : storage_(std::move(storage)), checkpoint_id_(checkpoint_id), unique_(UniqueName(key_groups)), options_(options) {}

std::string SnapshotWriter::NewPath(bool shared, std::string_view name) {
  std::string path =
      shared ? "shared/" + std::to_string(checkpoint_id_) + "-" : CheckpointFolder(options_.kind, checkpoint_id_) + "/";
  const std::lock_guard lock(mutex_);
  path.append(unique_).append("-").append(std::to_string(paths_.size())).append("-").append(name);
  paths_.push_back(path);
  return path;
}

void SnapshotWriter::AddNew(const StoredFile& file) {
  const std::lock_guard lock(mutex_);
  ++figures_.files_new;
  figures_.bytes_written += file.bytes;
}

void SnapshotWriter::AddReused(const StoredFile& file) {
  const std::lock_guard lock(mutex_);
  ++figures_.files_reused;
  figures_.bytes_reused += file.bytes;
}

void SnapshotWriter::AddEntries(uint64_t entries) {
  const std::lock_guard lock(mutex_);
  figures_.entries_written = figures_.entries_written.value_or(0) + entries;
}

SnapshotFigures SnapshotWriter::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

void SnapshotWriter::RemoveAll() {
  std::vector<std::string> paths;
  {
    const std::lock_guard lock(mutex_);
    paths = paths_;
  }
  // What cannot be removed now is an orphan, which the CheckpointStore removes.
  for (const std::string& path : paths) storage_->Remove(path).IgnoreError();
}

/// One snapshot, known to its task and to its backend, whichever goes first.
struct SnapshotRun {
  std::unique_ptr<SnapshotWork> work;  ///< Null when taken or dropped; guarded by Shared::mutex.
  std::shared_ptr<SnapshotWriter> writer;
  bool busy = false;  ///< A task's thread writes, or destroys the work; guarded by Shared::mutex.
};

struct SnapshotRuns::Shared {
  std::mutex mutex;
  std::condition_variable idle;
  std::set<SnapshotRun*> runs;  ///< That hold work, or are busy.

  /// Destroys the work of a run, which is not busy.
  void Drop(SnapshotRun& run) {
    std::unique_ptr<SnapshotWork> work;
    {
      const std::lock_guard lock(mutex);
      work = std::move(run.work);
      run.busy = true;
    }
    work.reset();
    const std::lock_guard lock(mutex);
    if (runs.erase(&run) != 0) idle.notify_all();
  }
};

namespace {

class ManagedTask final : public SnapshotTask {
 public:
  ManagedTask(std::shared_ptr<SnapshotRuns::Shared> shared, std::shared_ptr<SnapshotRun> run,
              uint64_t synchronous_time_ns)
      : shared_(std::move(shared)), run_(std::move(run)), synchronous_time_ns_(synchronous_time_ns) {}
  ~ManagedTask() override { shared_->Drop(*run_); }

  Result<SnapshotResult> Run() override {
    const uint64_t begun_ns = SteadyNanoseconds();
    SnapshotWriter& writer = *run_->writer;
    std::unique_ptr<SnapshotWork> work;
    {
      const std::lock_guard lock(shared_->mutex);
      if (ran_) return FailedPreconditionError("this snapshot ran already; take another one");
      ran_ = true;
      work = std::move(run_->work);
      run_->busy = work != nullptr;
    }
    Result<KeyedStateHandle> handle = CancelledError("the snapshot was cancelled, or its backend disposed of");
    if (work != nullptr && !writer.cancelled()) handle = work->Write(writer);
    // A snapshot that was cancelled while it ended is not one that succeeded: its backend may be gone.
    if (handle.ok() && writer.cancelled()) handle = CancelledError("the snapshot was cancelled");
    if (!handle.ok()) writer.RemoveAll();
    work.reset();
    {
      const std::lock_guard lock(shared_->mutex);
      if (shared_->runs.erase(run_.get()) != 0) shared_->idle.notify_all();
    }
    if (!handle.ok()) return handle.status().WithContext("snapshot " + std::to_string(writer.checkpoint_id()));
    SnapshotResult result{std::move(handle).value(), writer.figures()};
    result.figures.synchronous_time_ns = synchronous_time_ns_;
    result.figures.asynchronous_time_ns = SteadyNanoseconds() - begun_ns;
    return result;
  }

  void Cancel() override { run_->writer->cancelled() = true; }

 private:
  const std::shared_ptr<SnapshotRuns::Shared> shared_;
  const std::shared_ptr<SnapshotRun> run_;
  const uint64_t synchronous_time_ns_;
  bool ran_ = false;  // Guarded by Shared::mutex.
};

}  // namespace

SnapshotRuns::SnapshotRuns() : shared_(std::make_shared<Shared>()) {}

SnapshotRuns::~SnapshotRuns() = default;

std::unique_ptr<SnapshotTask> SnapshotRuns::MakeTask(std::unique_ptr<SnapshotWork> work,
                                                     std::shared_ptr<SnapshotWriter> writer, uint64_t begun_ns) {
  auto run = std::make_shared<SnapshotRun>();
  run->work = std::move(work);
  run->writer = std::move(writer);
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->runs.insert(run.get());
  }
  return std::make_unique<ManagedTask>(shared_, std::move(run), SteadyNanoseconds() - begun_ns);
}

void SnapshotRuns::EndAll() {
  std::unique_lock lock(shared_->mutex);
  std::vector<std::unique_ptr<SnapshotWork>> not_begun;
  for (auto run = shared_->runs.begin(); run != shared_->runs.end();) {
    (*run)->writer->cancelled() = true;
    if ((*run)->busy) {
      ++run;
      continue;
    }
    not_begun.push_back(std::move((*run)->work));
    run = shared_->runs.erase(run);
  }
  lock.unlock();
  not_begun.clear();
  lock.lock();
  shared_->idle.wait(lock, [this] { return shared_->runs.empty(); });
}

}  // namespace kvstate::backends
