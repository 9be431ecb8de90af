// What the default cleanup costs in steady state, and what it leaves, on every backend, by the public interface alone:
//
//   dedup/<backend>/<percent>    events of which so many in a hundred have a key that is new, the others one of the
//                                last thousand keys; a key is looked up, and written when it is not there
//   dedup_in_files/…             the same with a sixteenth of the memory that an engine fills before it writes a file,
//                                4 MiB, so that most of the state is in files, as one is that is large
//
// Time is virtual: two events a millisecond, a time to live of 60 s, so that with 100 percent 120,000 entries live and
// nobody touches them again. After 16 times to live, before which an engine without cleanup has hardly filled its
// memory once, two more are measured: one backend without cleanup and one with it take turns of a twentieth of that.
//
//   ratio            of throughput, with cleanup ÷ without, by the owner's processor time: median and quartiles
//   cleanup_share    of the owner's processor time with cleanup, in cleanup
//   expired_*        entries that expired and are still stored ÷ those that live; entries are of one size
//   ns_examined      processor time of cleanup ÷ entries it looked at, removals included
//
// --benchmark_filter chooses. Files go under TMPDIR.

#include <benchmark/benchmark.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/backends.h"
#include "kvstate/extension.h"
#include "kvstate/keyed_backend.h"
#include "kvstate/ttl_sweep.h"

namespace kvstate::ttl_costs {
namespace {

constexpr int64_t kTtlMillis = 60'000;
constexpr int64_t kEventsAMilli = 2;
constexpr int64_t kEventsInLife = kTtlMillis * kEventsAMilli;
constexpr int kTurnsInLife = 10;
constexpr int kTurnsBefore = 16 * kTurnsInLife;  ///< Not measured.
constexpr int kTurns = kTurnsBefore + 2 * kTurnsInLife;

void Check(const Status& status) {
  if (status.ok()) return;
  std::cerr << "ttl_cleanup: " << status.ToString() << "\n";
  std::exit(1);
}
template <class T>
T Take(Result<T> result) {
  Check(result.status());
  return std::move(result).value();
}

double ThreadNanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// A key for each number, in no order.
int64_t KeyOf(int64_t number) { return static_cast<int64_t>(static_cast<uint64_t>(number) * 0x9e3779b97f4a7c15u); }

struct Job {
  std::string backend;
  int64_t percent;
  bool in_files;
};

class Dedup {
 public:
  Dedup(const BackendRegistry& registry, const Job& job, bool cleans) : percent_(job.percent) {
    std::string path = (std::filesystem::temp_directory_path() / "ttl_cleanup_XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) Check(InternalError("no directory " + path));
    directory_ = path;
    BackendOptions options;
    options.key_serializer = SerializerFor<int64_t>();
    options.directory = directory_ / "task";
    options.clock = clock_;
    if (job.in_files) options.engine["write_buffer_size"] = std::to_string(4 << 20);
    backend_ = std::make_unique<KeyedBackend<int64_t>>(Take(registry.Create(job.backend, options)));
    ValueStateDescriptor<int64_t> descriptor("seen");
    descriptor.ttl = TtlConfig{.ttl_millis = kTtlMillis};
    // RocksDB's filter is measured elsewhere; this is what cleanup by accesses costs there.
    descriptor.ttl->cleanup.compaction_filter = false;
    if (!cleans) descriptor.ttl->cleanup.incremental_entries = 0;
    state_ = Take(backend_->GetState(descriptor));
  }
  Dedup(const Dedup&) = delete;
  Dedup& operator=(const Dedup&) = delete;
  ~Dedup() {
    backend_.reset();
    std::filesystem::remove_all(directory_);
  }

  /// Processor time, ns.
  double Run(int64_t events) {
    const double begin = ThreadNanoseconds();
    for (const int64_t end = event_ + events; event_ < end; ++event_) {
      if (event_ % kEventsAMilli == 0) clock_->AdvanceMillis(1);
      // Evenly mixed: so many of each hundred events.
      const bool is_new = (event_ * percent_) % 100 < percent_;
      const int64_t number = is_new ? keys_++ : std::max<int64_t>(0, keys_ - 1 - (event_ * 7919) % 1000);
      Check(backend_->SetCurrentKey(KeyOf(number)));
      if (Take(state_.Get()) == nullptr) Check(state_.Update(event_));
    }
    return ThreadNanoseconds() - begin;
  }

  double ExpiredToLive() {
    const auto stored = static_cast<double>(Take(backend_->backend().NumEntries()));
    const double live = static_cast<double>(std::min(event_, kEventsInLife) * percent_) / 100;
    return std::max(0.0, stored - live) / live;
  }
  TtlFigures Figures() { return GetExtension<TtlSweep>(backend_->backend())->Figures().front(); }

 private:
  const int64_t percent_;
  std::filesystem::path directory_;
  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(1'700'000'000'000);
  std::unique_ptr<KeyedBackend<int64_t>> backend_;
  ValueState<int64_t> state_;
  int64_t event_ = 0;
  int64_t keys_ = 0;
};

double Quantile(std::vector<double> numbers, double quantile) {
  std::sort(numbers.begin(), numbers.end());
  return numbers[static_cast<size_t>(quantile * static_cast<double>(numbers.size() - 1))];
}

void Measure(benchmark::State& state, const BackendRegistry& registry, const Job& job) {
  while (state.KeepRunning()) {
    Dedup without(registry, job, /*cleans=*/false);
    Dedup with(registry, job, /*cleans=*/true);
    std::vector<double> ratios;
    std::vector<double> expired;
    double time_with = 0;
    TtlFigures before;
    for (int turn = 0; turn < kTurns; ++turn) {
      constexpr int64_t kEvents = kEventsInLife / kTurnsInLife;
      if (turn == kTurnsBefore) before = with.Figures();
      const bool first = turn % 2 == 0;
      double took_without = first ? without.Run(kEvents) : 0;
      const double took_with = with.Run(kEvents);
      if (!first) took_without = without.Run(kEvents);
      if (turn < kTurnsBefore) continue;
      ratios.push_back(took_without / took_with);
      expired.push_back(with.ExpiredToLive());
      time_with += took_with;
    }
    const TtlFigures after = with.Figures();
    const auto cleanup_ns = static_cast<double>(after.cleanup_time_ns - before.cleanup_time_ns);
    state.counters["ratio_p50"] = Quantile(ratios, 0.5);
    state.counters["ratio_p25"] = Quantile(ratios, 0.25);
    state.counters["ratio_p75"] = Quantile(ratios, 0.75);
    state.counters["cleanup_share"] = cleanup_ns / time_with;
    state.counters["expired_p50"] = Quantile(expired, 0.5);
    state.counters["expired_max"] = Quantile(expired, 1);
    state.counters["expired_without"] = without.ExpiredToLive();
    state.counters["ns_event_with"] = time_with / (2 * kEventsInLife);
    state.counters["ns_examined"] = cleanup_ns / static_cast<double>(after.entries_examined - before.entries_examined);
  }
}

void Register(const BackendRegistry& registry, const Job& job) {
  const std::string name =
      (job.in_files ? "dedup_in_files/" : "dedup/") + job.backend + "/" + std::to_string(job.percent);
  const auto run = [&registry, job](benchmark::State& state) { Measure(state, registry, job); };
  benchmark::RegisterBenchmark(name.c_str(), run)->Iterations(1)->Unit(benchmark::kMillisecond);
}

}  // namespace
}  // namespace kvstate::ttl_costs

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  kvstate::BackendRegistry registry;
  kvstate::ttl_costs::Check(kvstate::RegisterBuiltinBackends(registry));
  for (const char* backend : {"hashmap", "rocksdb", "leveldb", "lmdb"}) {
    for (const int64_t percent : {100, 20}) kvstate::ttl_costs::Register(registry, {backend, percent, false});
  }
  for (const char* backend : {"rocksdb", "leveldb"}) {
    for (const int64_t percent : {100, 20}) kvstate::ttl_costs::Register(registry, {backend, percent, true});
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
