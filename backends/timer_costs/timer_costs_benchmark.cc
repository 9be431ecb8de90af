// What timers cost, by the public interface alone: event-time timers of a TimerService, keys of 8 bytes, no namespace,
// registered for a random time ahead and fired as the watermark passes. Cases:
//
//   register_and_fire/<heap or store>/<backend>   timers registered and fired a second, with 1 M pending all the while;
//                                                 cpu_rate is by the thread's processor time
//   snapshot/<heap or store>/<backend>            of 10 M timers: the synchronous and the asynchronous part, and the
//                                                 owner's register-and-fire beside the latter ÷ before it
//
// --benchmark_filter chooses; the last takes a gigabyte. Files go under TMPDIR.

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kvstate/backends.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/extension.h"
#include "kvstate/keyed_backend.h"
#include "kvstate/snapshots.h"
#include "kvstate/timer_service.h"

namespace kvstate::timer_costs {
namespace {

constexpr int64_t kPending = 1'000'000;
constexpr int64_t kPendingOfSnapshot = 10'000'000;
constexpr int64_t kKeys = 1'000'000;
constexpr int64_t kBatch = 100;
constexpr int kTurns = 5;
constexpr uint64_t kSnapshots = 3;
constexpr double kNanosecondsOfSecond = 1e9;
constexpr double kNanosecondsOfMillisecond = 1e6;

void Check(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}
template <class T>
T Take(Result<T> result) {
  Check(result.status());
  return std::move(result).value();
}

uint64_t WallNanoseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

uint64_t ThreadNanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

/// A directory under the one for temporary files, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = std::filesystem::temp_directory_path() / "timer_costs.XXXXXX";
    if (mkdtemp(name.data()) == nullptr) Check(InternalError("cannot make a directory under " + name));
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

struct Rates {
  double wall = 0;
  double cpu = 0;
  double longest_batch_ms = 0;
};

/// One operator whose timers are pending in a steady number.
class Operator {
 public:
  Operator(const std::string& backend, TimerStorage storage, int64_t pending)
      : backend_(Take(MakeBackend(backend))), longest_(2 * pending) {
    service_ =
        Take(TimerService::Create(backend_.backend(), "costs", SerializerFor<VoidNamespace>(), storage, nullptr));
    Check(service_->AdvanceWatermark(0, [](const Timer&) { return Status(); }));
    for (int64_t i = 0; i < pending; ++i) {
      // What is left of delays that are evenly spread, and were begun at any time.
      const double share = static_cast<double>(Random() % 1'000'000) / 1e6;
      Register(1 + static_cast<int64_t>(static_cast<double>(longest_) * (1 - std::sqrt(1 - share))));
    }
  }

  /// Registers and fires until told to stop.
  Rates RatesUntil(const std::function<bool()>& stopped) {
    const uint64_t wall_ns = WallNanoseconds();
    const uint64_t cpu_ns = ThreadNanoseconds();
    uint64_t batch_ns = wall_ns;
    uint64_t longest_ns = 0;
    const uint64_t fired_before = fired_;
    while (!stopped()) {
      for (int64_t i = 0; i < kBatch; ++i) Register(now_ + 1 + static_cast<int64_t>(Random()) % longest_);
      now_ += kBatch;
      Check(service_->AdvanceWatermark(now_, [this](const Timer& timer) {
        sum_ += timer.timestamp;
        ++fired_;
        return Status();
      }));
      const uint64_t end_ns = WallNanoseconds();
      longest_ns = std::max(longest_ns, end_ns - batch_ns);
      batch_ns = end_ns;
    }
    const double fired = static_cast<double>(fired_ - fired_before) * kNanosecondsOfSecond;
    benchmark::DoNotOptimize(sum_);
    return {fired / static_cast<double>(WallNanoseconds() - wall_ns),
            fired / static_cast<double>(ThreadNanoseconds() - cpu_ns),
            static_cast<double>(longest_ns) / kNanosecondsOfMillisecond};
  }
  Rates RatesOf(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    return RatesUntil([end] { return std::chrono::steady_clock::now() > end; });
  }

  Snapshots& snapshots() { return *GetExtension<Snapshots>(backend_.backend()); }
  const TemporaryDirectory& directory() const { return directory_; }

 private:
  Result<KeyedBackend<int64_t>> MakeBackend(const std::string& name) const {
    BackendRegistry registry;
    KVSTATE_RETURN_IF_ERROR(RegisterBuiltinBackends(registry));
    KVSTATE_ASSIGN_OR_RETURN(const BackendFactory* const factory, registry.Find(name));
    BackendOptions options;
    options.key_serializer = SerializerFor<int64_t>();
    options.directory = directory_.Path("task");
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<KeyedStateBackend> made, factory->Create(options));
    return KeyedBackend<int64_t>(std::move(made));
  }
  void Register(int64_t timestamp) {
    Check(backend_.SetCurrentKey(static_cast<int64_t>(Random()) % kKeys));
    Check(service_->RegisterEventTimeTimer(ByteView("\0", 1), timestamp));
  }
  /// Below 2^63.
  uint64_t Random() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return random_ >> 1;
  }

  TemporaryDirectory directory_;
  KeyedBackend<int64_t> backend_;
  std::unique_ptr<TimerService> service_;
  const int64_t longest_;  ///< Delay.
  int64_t now_ = 0;
  uint64_t fired_ = 0;
  int64_t sum_ = 0;
  uint64_t random_ = 88172645463325252ull;
};

double Quantile(std::vector<double> numbers, double share) {
  std::sort(numbers.begin(), numbers.end());
  return numbers[static_cast<size_t>(share * static_cast<double>(numbers.size() - 1))];
}

void Report(benchmark::State& state, const std::string& name, const std::vector<double>& numbers) {
  state.counters[name + "_p50"] = Quantile(numbers, 0.5);
  state.counters[name + "_p25"] = Quantile(numbers, 0.25);
  state.counters[name + "_p75"] = Quantile(numbers, 0.75);
}

void RegisterAndFire(benchmark::State& state, const std::string& backend, TimerStorage storage) {
  Operator op(backend, storage, kPending);
  std::vector<double> wall;
  std::vector<double> cpu;
  for (auto _ : state) {
    op.RatesOf(std::chrono::milliseconds(500));
    for (int turn = 0; turn < kTurns; ++turn) {
      const Rates rates = op.RatesOf(std::chrono::milliseconds(800));
      wall.push_back(rates.wall);
      cpu.push_back(rates.cpu);
    }
    state.SetIterationTime(1 / Quantile(wall, 0.5));
  }
  Report(state, "rate", wall);
  Report(state, "cpu_rate", cpu);
}

void SnapshotOfMany(benchmark::State& state, const std::string& backend, TimerStorage storage) {
  Operator op(backend, storage, kPendingOfSnapshot);
  const std::shared_ptr<CheckpointStorage> checkpoints =
      Take(OpenFileSystemStorage(op.directory().Path("checkpoints")));
  std::vector<double> synchronous_ms;
  std::vector<double> asynchronous_ms;
  std::vector<double> wall_ratios;
  std::vector<double> cpu_ratios;
  std::vector<double> longest_before_ms;
  std::vector<double> longest_beside_ms;
  uint64_t bytes = 0;
  for (auto _ : state) {
    for (uint64_t turn = 1; turn <= kSnapshots; ++turn) {
      const Rates before = op.RatesOf(std::chrono::milliseconds(1000));
      const auto task = Take(op.snapshots().Snapshot(turn, checkpoints, {}));
      SnapshotResult result;
      std::atomic<bool> done = false;
      std::thread writer([&] {
        result = Take(task->Run());
        done = true;
      });
      const Rates beside = op.RatesUntil([&] { return done.load(); });
      writer.join();
      Check(op.snapshots().NotifyAborted(turn));
      for (const SnapshotFile& file : result.handle.files) Check(checkpoints->Remove(file.file.path));
      bytes = result.figures.bytes_written;
      synchronous_ms.push_back(static_cast<double>(result.figures.synchronous_time_ns) / kNanosecondsOfMillisecond);
      asynchronous_ms.push_back(static_cast<double>(result.figures.asynchronous_time_ns) / kNanosecondsOfMillisecond);
      wall_ratios.push_back(beside.wall / before.wall);
      cpu_ratios.push_back(beside.cpu / before.cpu);
      longest_before_ms.push_back(before.longest_batch_ms);
      longest_beside_ms.push_back(beside.longest_batch_ms);
    }
    state.SetIterationTime(Quantile(asynchronous_ms, 0.5) / 1e3);
  }
  Report(state, "synchronous_ms", synchronous_ms);
  Report(state, "asynchronous_ms", asynchronous_ms);
  Report(state, "ratio", wall_ratios);
  Report(state, "cpu_ratio", cpu_ratios);
  state.counters["longest_batch_before_ms"] = Quantile(longest_before_ms, 0.5);
  state.counters["longest_batch_beside_ms"] = Quantile(longest_beside_ms, 0.5);
  state.counters["bytes"] = static_cast<double>(bytes);
}

struct Case {
  const char* name;
  const char* backend;
  TimerStorage storage;
};

void RegisterAll() {
  constexpr Case kCases[] = {{"heap/hashmap", "hashmap", TimerStorage::kHeap},
                             {"heap/rocksdb", "rocksdb", TimerStorage::kHeap},
                             {"store/rocksdb", "rocksdb", TimerStorage::kBackend},
                             {"store/leveldb", "leveldb", TimerStorage::kBackend},
                             {"store/lmdb", "lmdb", TimerStorage::kBackend}};
  for (const Case& one : kCases) {
    const auto run = [one](benchmark::State& state) { RegisterAndFire(state, one.backend, one.storage); };
    benchmark::RegisterBenchmark((std::string("register_and_fire/") + one.name).c_str(), run)
        ->Iterations(1)
        ->UseManualTime();
  }
  const auto snapshot = [](benchmark::State& state) { SnapshotOfMany(state, "hashmap", TimerStorage::kHeap); };
  benchmark::RegisterBenchmark("snapshot/heap/hashmap", snapshot)->Iterations(1)->UseManualTime();
}

}  // namespace
}  // namespace kvstate::timer_costs

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  kvstate::timer_costs::RegisterAll();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
