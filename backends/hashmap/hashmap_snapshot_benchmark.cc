// What snapshots of the HashMap backend cost, at entries of an eight-byte key and a value of 100 bytes: how long the
// owner waits (the synchronous part), what he still gets done beside the asynchronous part, how many entries a second
// are written and restored, and how many bytes an increment has for a byte that changed. Files are written below
// $TMPDIR. Run it with --benchmark_repetitions for medians and spread. Figures with cpu in their name are by the time
// that the thread was running: they hold on a machine that has other work too, where the others do not.

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kvstate/backends.h"
#include "kvstate/extension.h"
#include "kvstate/keyed_backend.h"
#include "kvstate/snapshots.h"

namespace kvstate {
namespace {

constexpr uint64_t kKeyBytes = 8;
constexpr uint64_t kValueBytes = 100;

void Check(const Status& status) {
  if (status.ok()) return;
  std::cerr << "hashmap_snapshot: " << status.ToString() << "\n";
  std::exit(1);
}

template <class T>
T Take(Result<T> result) {
  Check(result.status());
  return std::move(result).value();
}

double ClockSeconds(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// What went by since it was made.
class Stopwatch {
 public:
  double seconds() const { return ClockSeconds(CLOCK_MONOTONIC) - begun_; }
  /// That this thread was running.
  double cpu_seconds() const { return ClockSeconds(CLOCK_THREAD_CPUTIME_ID) - begun_cpu_; }

 private:
  double begun_ = ClockSeconds(CLOCK_MONOTONIC);
  double begun_cpu_ = ClockSeconds(CLOCK_THREAD_CPUTIME_ID);
};

/// Bijective, so that keys come in no order and none twice.
uint64_t Scatter(uint64_t i) {
  i = (i ^ (i >> 31)) * 0x7fb5d329728ea185ull;
  i = (i ^ (i >> 27)) * 0x81dadef4bc2dd44dull;
  return i ^ (i >> 33);
}

class Storage {
 public:
  Storage() : directory_(std::filesystem::temp_directory_path() / ("hashmap_snapshot-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(directory_);
    storage_ = Take(OpenFileSystemStorage(directory_.string()));
  }
  ~Storage() { std::filesystem::remove_all(directory_); }
  const std::shared_ptr<CheckpointStorage>& get() const { return storage_; }
  void Remove(const KeyedStateHandle& handle) {
    for (const SnapshotFile& file : handle.files) Check(storage_->Remove(file.file.path));
  }

 private:
  const std::filesystem::path directory_;
  std::shared_ptr<CheckpointStorage> storage_;
};

/// A backend with one state of `entries` entries.
class Job {
 public:
  explicit Job(uint64_t entries) : Job() {
    entries_ = entries;
    Claim();
    for (uint64_t i = 0; i < entries; ++i) Update(i);
  }
  Job() : backend_(Open()) {}

  void Claim() { values_ = Take(backend_.GetState(ValueStateDescriptor<std::string>("value"))); }
  Snapshots& snapshots() { return *GetExtension<Snapshots>(backend_.backend()); }
  KeyedStateBackend& backend() { return backend_.backend(); }

  void Update(uint64_t i) {
    Check(backend_.SetCurrentKey(Scatter(i)));
    value_[i % kValueBytes] = static_cast<char>(value_[i % kValueBytes] + 1);
    Check(values_.Update(value_));
  }
  /// So many operations on random keys, of which `reads` in a hundred read.
  void Work(uint64_t operations, uint64_t reads) {
    for (uint64_t i = 0; i < operations; ++i) {
      const uint64_t random = random_();
      const uint64_t key = random % entries_;
      if ((random >> 40) % 100 >= reads) {
        Update(key);
      } else {
        Check(backend_.SetCurrentKey(Scatter(key)));
        benchmark::DoNotOptimize(Take(values_.Get()));
      }
    }
  }
  std::unique_ptr<SnapshotTask> Begin(const Storage& storage, SnapshotKind kind) {
    SnapshotOptions options;
    options.kind = kind;
    return Take(snapshots().Snapshot(++last_id_, storage.get(), options));
  }
  uint64_t last_id() const { return last_id_; }

 private:
  static KeyedBackend<uint64_t> Open() {
    BackendRegistry registry;
    Check(RegisterBuiltinBackends(registry));
    BackendOptions options;
    options.key_serializer = SerializerFor<uint64_t>();
    options.max_parallelism = 128;
    return KeyedBackend<uint64_t>(Take(registry.Create("hashmap", options)));
  }

  KeyedBackend<uint64_t> backend_;
  ValueState<std::string> values_;
  std::string value_ = std::string(kValueBytes - 1, 'v');  // One byte of length stands before it.
  std::mt19937_64 random_{1};
  uint64_t entries_ = 0;
  uint64_t last_id_ = 0;
};

/// Milliseconds of the synchronous part, over many snapshots that never run.
void SynchronousPart(benchmark::State& state) {
  Job job(static_cast<uint64_t>(state.range(0)));
  const Storage storage;
  for (auto _ : state) {
    std::vector<double> wall_ms;
    std::vector<double> cpu_ms;
    for (int i = 0; i < 200; ++i) {
      job.Work(2000, 0);
      const Stopwatch watch;
      const auto task = job.Begin(storage, SnapshotKind::kIncrementalCheckpoint);
      cpu_ms.push_back(watch.cpu_seconds() * 1e3);
      wall_ms.push_back(watch.seconds() * 1e3);
      // What the owner keeps for it before it is dropped.
      job.Work(2000, 0);
      Check(job.snapshots().NotifyAborted(job.last_id()));
    }
    std::sort(wall_ms.begin(), wall_ms.end());
    std::sort(cpu_ms.begin(), cpu_ms.end());
    state.counters["sync_ms_p50"] = wall_ms[100];
    state.counters["sync_ms_p99"] = wall_ms[197];
    state.counters["sync_cpu_ms_p99"] = cpu_ms[197];
    state.counters["sync_cpu_ms_max"] = cpu_ms[199];
  }
}

/// Operations a second.
struct Rate {
  double wall = 0;
  double cpu = 0;
};

/// The owner's operations a second beside a full checkpoint, by those of just before and just after. Arguments:
/// entries, percent of reads, whether changes are tracked for increments all the while.
void BesideTheAsynchronousPart(benchmark::State& state) {
  constexpr uint64_t kChunk = 1000;
  const auto reads = static_cast<uint64_t>(state.range(1));
  Job job(static_cast<uint64_t>(state.range(0)));
  Storage storage;
  double slowest_cpu = 0;
  const auto work_while = [&](const auto& goes_on) {
    const Stopwatch watch;
    uint64_t operations = 0;
    slowest_cpu = 0;
    for (; goes_on(watch); operations += kChunk) {
      const Stopwatch chunk;
      job.Work(kChunk, reads);
      slowest_cpu = std::max(slowest_cpu, chunk.cpu_seconds());
    }
    const auto done = static_cast<double>(operations);
    return Rate{done / watch.seconds(), done / watch.cpu_seconds()};
  };
  const auto alone = [&] { return work_while([](const Stopwatch& watch) { return watch.cpu_seconds() < 0.3; }); };
  const SnapshotKind kind = state.range(2) != 0 ? SnapshotKind::kFullCheckpoint : SnapshotKind::kSavepoint;
  if (kind == SnapshotKind::kFullCheckpoint) {
    storage.Remove(Take(job.Begin(storage, kind)->Run()).handle);
    Check(job.snapshots().NotifyComplete(job.last_id()));
  }
  for (auto _ : state) {
    const Rate before = alone();
    auto task = job.Begin(storage, kind);
    std::atomic<bool> done{false};
    KeyedStateHandle handle;
    double writer_cpu = 0;
    std::thread writer([&] {
      const Stopwatch watch;
      handle = Take(task->Run()).handle;
      writer_cpu = watch.cpu_seconds();
      done = true;
    });
    const Stopwatch watch;
    const Rate beside = work_while([&done](const Stopwatch&) { return !done; });
    state.counters["async_ms"] = watch.seconds() * 1e3;
    state.counters["slowest_1000_cpu_ms"] = slowest_cpu * 1e3;
    writer.join();
    storage.Remove(handle);
    if (kind == SnapshotKind::kFullCheckpoint) Check(job.snapshots().NotifyComplete(job.last_id()));
    const Rate after = alone();
    state.counters["async_cpu_ms"] = writer_cpu * 1e3;
    state.counters["alone_cpu_Mops"] = (before.cpu + after.cpu) / 2e6;
    state.counters["ratio"] = beside.wall / ((before.wall + after.wall) / 2);
    state.counters["ratio_cpu"] = beside.cpu / ((before.cpu + after.cpu) / 2);
  }
}

/// A full checkpoint with nobody beside it, then a restore with all states claimed.
void CheckpointAndRestore(benchmark::State& state) {
  const auto entries = static_cast<uint64_t>(state.range(0));
  const double millions = static_cast<double>(entries) / 1e6;
  Job job(entries);
  Storage storage;
  for (auto _ : state) {
    const Stopwatch checkpoint;
    const SnapshotResult result = Take(job.Begin(storage, SnapshotKind::kFullCheckpoint)->Run());
    state.counters["checkpoint_Mentries_per_s"] = millions / checkpoint.seconds();
    state.counters["checkpoint_Mentries_per_cpu_s"] = millions / checkpoint.cpu_seconds();
    state.counters["MB"] = static_cast<double>(result.figures.bytes_written) / 1e6;
    const Stopwatch restore;
    Job restored;
    Check(restored.snapshots().Restore({&result.handle, 1}, storage.get(), {}));
    state.counters["read_cpu_s"] = restore.cpu_seconds();
    restored.Claim();
    state.counters["restore_Mentries_per_s"] = millions / restore.seconds();
    state.counters["restore_Mentries_per_cpu_s"] = millions / restore.cpu_seconds();
    if (Take(restored.backend().NumEntries()) != entries) Check(InternalError("entries are missing"));
    storage.Remove(result.handle);
  }
}

/// Arguments: entries, and how many in a thousand change between checkpoints.
void Increment(benchmark::State& state) {
  const auto entries = static_cast<uint64_t>(state.range(0));
  const uint64_t changed = entries * static_cast<uint64_t>(state.range(1)) / 1000;
  Job job(entries);
  Storage storage;
  Take(job.Begin(storage, SnapshotKind::kIncrementalCheckpoint)->Run());
  Check(job.snapshots().NotifyComplete(job.last_id()));
  uint64_t next = 0;
  for (auto _ : state) {
    for (uint64_t i = 0; i < changed; ++i) job.Update(next++ % entries);
    const Stopwatch watch;
    const SnapshotResult result = Take(job.Begin(storage, SnapshotKind::kIncrementalCheckpoint)->Run());
    state.counters["cpu_ms"] = watch.cpu_seconds() * 1e3;
    Check(job.snapshots().NotifyComplete(job.last_id()));
    const auto least = static_cast<double>(changed * (kKeyBytes + kValueBytes));
    state.counters["bytes_per_byte_changed"] = static_cast<double>(result.figures.bytes_written) / least;
  }
}

constexpr int64_t kEntries = 1000000;
BENCHMARK(SynchronousPart)->Arg(kEntries)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BesideTheAsynchronousPart)
    ->ArgNames({"entries", "reads", "tracked"})
    ->ArgsProduct({{kEntries}, {0, 50, 95}, {0, 1}})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(CheckpointAndRestore)->Arg(kEntries)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(Increment)
    ->ArgNames({"entries", "changed"})
    ->ArgsProduct({{kEntries}, {1, 10, 100}})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace kvstate

BENCHMARK_MAIN();
