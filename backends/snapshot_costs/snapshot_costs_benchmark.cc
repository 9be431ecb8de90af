// What snapshots cost, on every backend, by the public interface alone. Cases, each over 1 M entries of 8-byte keys and
// 100-byte values unless it says otherwise:
//
//   synchronous/<backend>           of incremental checkpoints after 10,000 updates; beside flushing as many (engines)
//   throughput_update/<backend>     the owner's updates a second while a full checkpoint is written ÷ before it: of
//                                   time, and of the owner's processor time
//   throughput_read/<backend>       the same of 95% reads
//   increment/<backend>             bytes written ÷ bytes changed, 1% of the keys
//   full/<backend>                  a full checkpoint ÷ copying as many bytes with fsync, taking turns
//   savepoint/<backend>             the same of a savepoint
//   restore/<backend>               restore, asking for the state, one read ÷ copying as many bytes
//   restore_savepoint/<backend>     the same of a savepoint
//   rescale_1_to_2/<backend>        one instance's checkpoint restored by two; 10 M entries of 96 + 128 bytes
//   rescale_2_to_1/<backend>        two instances' restored by one
//
// --benchmark_filter chooses; the last two take gigabytes and minutes. Files go under TMPDIR.

#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <thread>

#include "backends/snapshot_costs/job.h"
#include "kvstate/backends.h"
#include "kvstate/engine_statistics.h"
#include "kvstate/extension.h"

namespace kvstate::snapshot_costs {
namespace {

constexpr int kTurns = 5;
constexpr double kMillisecond = 1e6;

/// A job that is loaded and has one confirmed checkpoint.
struct Loaded {
  explicit Loaded(const std::string& backend, const Shape& shape_of_state = {})
      : shape(shape_of_state),
        store(Take(CheckpointStore::Open(Take(OpenFileSystemStorage(directory.Path("checkpoints"))), {}))),
        job({backend, directory.Path("task")}, shape) {
    job.OpenState();
    job.Load();
    TakeCheckpoint(job, *store, SnapshotKind::kIncrementalCheckpoint);
  }

  const Shape shape;
  TemporaryDirectory directory;
  std::unique_ptr<CheckpointStore> store;
  Job job;
};

void Report(benchmark::State& state, const std::string& name, const std::vector<double>& numbers) {
  state.counters[name + "_p50"] = Quantile(numbers, 0.5);
  state.counters[name + "_p25"] = Quantile(numbers, 0.25);
  state.counters[name + "_p75"] = Quantile(numbers, 0.75);
}

void Synchronous(benchmark::State& state, const std::string& backend) {
  constexpr int kUpdates = 10'000;
  constexpr int kRounds = 100;
  Loaded loaded(backend);
  auto* engine = GetExtension<EngineStatistics>(loaded.job.backend());
  std::vector<double> synchronous_ms;
  std::vector<double> flush_ms;
  for (auto _ : state) {
    for (int round = 0; round < kRounds; ++round) {
      for (int i = 0; i < kUpdates; ++i) loaded.job.Update();
      flush_ms.push_back(static_cast<double>(TimeOf([&] { Check(engine->Flush(false)); })) / kMillisecond);
      for (int i = 0; i < kUpdates; ++i) loaded.job.Update();
      const Checkpointed taken = TakeCheckpoint(loaded.job, *loaded.store, SnapshotKind::kIncrementalCheckpoint);
      synchronous_ms.push_back(static_cast<double>(taken.synchronous_ns) / kMillisecond);
    }
    state.SetIterationTime(Quantile(synchronous_ms, 0.5) / 1e3);
  }
  state.counters["ms_p50"] = Quantile(synchronous_ms, 0.5);
  state.counters["ms_p99"] = Quantile(synchronous_ms, 0.99);
  state.counters["flush_ms_p50"] = Quantile(flush_ms, 0.5);
  state.counters["flush_ms_p99"] = Quantile(flush_ms, 0.99);
}

/// Operations a second of time, and of this thread's processor time: what else the machine does is not in the latter.
struct Rates {
  double wall = 0;
  double cpu = 0;
};

Rates RatesUntil(Job& job, double updates, const std::function<bool()>& stopped) {
  uint64_t operations = 0;
  uint64_t cpu_ns = ThreadNanoseconds();
  const uint64_t wall_ns = TimeOf([&] {
    while (!stopped()) {
      for (int i = 0; i < 100; ++i, ++operations) {
        if (static_cast<double>(operations % 100) < updates * 100) {
          job.Update();
        } else {
          job.Read();
        }
      }
    }
  });
  cpu_ns = ThreadNanoseconds() - cpu_ns;
  const double billions = static_cast<double>(operations) * 1e9;
  return {billions / static_cast<double>(wall_ns), billions / static_cast<double>(cpu_ns)};
}

void Throughput(benchmark::State& state, const std::string& backend, double updates) {
  Loaded loaded(backend);
  SnapshotOptions options;
  std::vector<double> wall_ratios;
  std::vector<double> cpu_ratios;
  std::vector<double> asynchronous_ms;
  for (auto _ : state) {
    for (int turn = 0; turn < kTurns; ++turn) {
      const auto begin = std::chrono::steady_clock::now();
      const auto before_is_over = [&] { return std::chrono::steady_clock::now() - begin > std::chrono::seconds(1); };
      const Rates before = RatesUntil(loaded.job, updates, before_is_over);
      const uint64_t id = loaded.store->Begin();
      const auto task = Take(loaded.job.snapshots().Snapshot(id, loaded.store->storage(), options));
      std::atomic<bool> done = false;
      SnapshotResult result;
      std::thread writer([&] {
        result = Take(task->Run());
        done = true;
      });
      const Rates beside = RatesUntil(loaded.job, updates, [&] { return done.load(); });
      writer.join();
      wall_ratios.push_back(beside.wall / before.wall);
      cpu_ratios.push_back(beside.cpu / before.cpu);
      asynchronous_ms.push_back(static_cast<double>(result.figures.asynchronous_time_ns) / kMillisecond);
      Check(loaded.store->Complete(id, options.kind, {result.handle}));
      Check(loaded.job.snapshots().NotifyComplete(id));
    }
    state.SetIterationTime(Quantile(asynchronous_ms, 0.5) / 1e3);
  }
  Report(state, "ratio", wall_ratios);
  Report(state, "cpu_ratio", cpu_ratios);
  state.counters["asynchronous_ms"] = Quantile(asynchronous_ms, 0.5);
}

void Increment(benchmark::State& state, const std::string& backend) {
  Loaded loaded(backend);
  std::vector<double> amplification;
  for (auto _ : state) {
    double seconds = 0;
    for (int turn = 0; turn < kTurns; ++turn) {
      // Few enough that a key hardly ever comes twice: the share of those is taken off below.
      const double updates = static_cast<double>(loaded.shape.entries) / 100;
      for (int i = 0; i < static_cast<int>(updates); ++i) loaded.job.Update();
      const double entries = static_cast<double>(loaded.shape.entries);
      const double distinct = entries * (1 - std::pow(1 - 1 / entries, updates));
      Checkpointed taken;
      seconds += static_cast<double>(TimeOf([&] {
                   taken = TakeCheckpoint(loaded.job, *loaded.store, SnapshotKind::kIncrementalCheckpoint);
                 })) /
                 1e9;
      amplification.push_back(static_cast<double>(taken.result.figures.bytes_written) /
                              (distinct * static_cast<double>(loaded.job.EntryBytes())));
    }
    state.SetIterationTime(seconds / kTurns);
  }
  Report(state, "amplification", amplification);
}

void Full(benchmark::State& state, const std::string& backend, SnapshotKind kind) {
  Loaded loaded(backend);
  std::vector<double> ratios;
  std::vector<double> seconds;
  for (auto _ : state) {
    for (int turn = 0; turn < kTurns; ++turn) {
      uint64_t bytes = 0;
      seconds.push_back(static_cast<double>(TimeOf([&] {
                          bytes = TakeCheckpoint(loaded.job, *loaded.store, kind).result.figures.bytes_written;
                        })) /
                        1e9);
      ratios.push_back(seconds.back() * 1e9 / static_cast<double>(loaded.directory.TimeOfCopying(bytes)));
      state.counters["bytes"] = static_cast<double>(bytes);
    }
    state.SetIterationTime(Quantile(seconds, 0.5));
  }
  Report(state, "ratio", ratios);
  state.counters["entries_per_second"] = static_cast<double>(loaded.shape.entries) / Quantile(seconds, 0.5);
}

/// Restores what `handles` have into a new job, asks for its state and reads once.
double RestoreSeconds(Job* job, const CheckpointMetadata& checkpoint, CheckpointStore& store) {
  return static_cast<double>(TimeOf([&] {
           Check(job->snapshots().Restore(checkpoint.handles, store.storage(), RestoreOptions()));
           job->OpenState();
         })) /
         1e9;
}

void Restore(benchmark::State& state, const std::string& backend, SnapshotKind kind) {
  Loaded loaded(backend);
  const Checkpointed taken = TakeCheckpoint(loaded.job, *loaded.store, kind);
  const CheckpointMetadata checkpoint = loaded.store->Completed().back();
  const uint64_t bytes = taken.result.figures.bytes_written;
  std::vector<double> ratios;
  std::vector<double> seconds;
  for (auto _ : state) {
    for (int turn = 0; turn < kTurns; ++turn) {
      Job job({backend, loaded.directory.Path("restored")}, loaded.shape);
      const double taken_seconds = RestoreSeconds(&job, checkpoint, *loaded.store);
      seconds.push_back(taken_seconds + static_cast<double>(TimeOf([&] { job.Read(); })) / 1e9);
      ratios.push_back(seconds.back() * 1e9 / static_cast<double>(loaded.directory.TimeOfCopying(bytes)));
      Check(job.backend().Dispose());
    }
    state.SetIterationTime(Quantile(seconds, 0.5));
  }
  Report(state, "ratio", ratios);
  state.counters["bytes"] = static_cast<double>(bytes);
  state.counters["entries_per_second"] = static_cast<double>(loaded.shape.entries) / Quantile(seconds, 0.5);
}

void Rescale(benchmark::State& state, const std::string& backend, uint32_t from, uint32_t to) {
  const Shape shape{10'000'000, 96, 128};
  const TemporaryDirectory directory;
  const auto store = Take(CheckpointStore::Open(Take(OpenFileSystemStorage(directory.Path("checkpoints"))), {}));
  const uint64_t id = store->Begin();
  std::vector<KeyedStateHandle> handles;
  uint64_t bytes = 0;
  for (uint32_t index = 0; index < from; ++index) {
    Job job({backend, directory.Path("old"), from, index}, shape);
    job.OpenState();
    job.Load();
    SnapshotResult result = Take(Take(job.snapshots().Snapshot(id, store->storage(), {}))->Run());
    bytes += result.figures.bytes_written;
    handles.push_back(std::move(result.handle));
  }
  Check(store->Complete(id, SnapshotKind::kFullCheckpoint, handles));
  const CheckpointMetadata checkpoint = store->Completed().back();
  for (auto _ : state) {
    double slowest = 0;
    for (uint32_t index = 0; index < to; ++index) {
      Job job({backend, directory.Path("new"), to, index}, shape);
      const double seconds = RestoreSeconds(&job, checkpoint, *store);
      state.counters["seconds_of_" + std::to_string(index)] = seconds;
      slowest = std::max(slowest, seconds);
      if (to == 1) job.Read();
      Check(job.backend().Dispose());
    }
    state.SetIterationTime(slowest);
  }
  state.counters["bytes"] = static_cast<double>(bytes);
  state.counters["copying_seconds"] = static_cast<double>(directory.TimeOfCopying(bytes)) / 1e9;
}

void Register(const std::string& backend) {
  const auto add = [&](const char* name, auto measure) {
    benchmark::RegisterBenchmark((name + ("/" + backend)).c_str(),
                                 [measure, backend](benchmark::State& state) { measure(state, backend); })
        ->Iterations(1)
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
  };
  using State = benchmark::State;
  using Name = const std::string&;
  add("synchronous", Synchronous);
  add("throughput_update", [](State& state, Name name) { Throughput(state, name, 1.0); });
  add("throughput_read", [](State& state, Name name) { Throughput(state, name, 0.05); });
  add("increment", Increment);
  add("full", [](State& state, Name name) { Full(state, name, SnapshotKind::kFullCheckpoint); });
  add("savepoint", [](State& state, Name name) { Full(state, name, SnapshotKind::kSavepoint); });
  add("restore", [](State& state, Name name) { Restore(state, name, SnapshotKind::kFullCheckpoint); });
  add("restore_savepoint", [](State& state, Name name) { Restore(state, name, SnapshotKind::kSavepoint); });
  add("rescale_1_to_2", [](State& state, Name name) { Rescale(state, name, 1, 2); });
  add("rescale_2_to_1", [](State& state, Name name) { Rescale(state, name, 2, 1); });
}

}  // namespace
}  // namespace kvstate::snapshot_costs

int main(int argc, char** argv) {
  kvstate::BackendRegistry registry;
  kvstate::snapshot_costs::Check(kvstate::RegisterBuiltinBackends(registry));
  for (const std::string& name : registry.Names()) kvstate::snapshot_costs::Register(name);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
