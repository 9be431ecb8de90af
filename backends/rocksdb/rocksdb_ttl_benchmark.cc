// What dropping expired values costs RocksDB's jobs, and how few it keeps:
//
//   filter/<what>      processor time of compacting the same data with and without the filter, nothing of it expired
//   steady/<workload>  expired bytes stored to live ones by default settings, sampled through the run, and
//                      operations a second to those of the same without cleanup
//
// Two tables take turns. Median and quartiles over the turns. --benchmark_filter chooses. Files go under TMPDIR.

#include <benchmark/benchmark.h>
#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/rocksdb/rocksdb_store.h"
#include "backends/rocksdb/rocksdb_table.h"
#include "kvstate/clock.h"

namespace kvstate::backends::rocksdb {
namespace {

constexpr int64_t kTtl = 3'600'000;

void Check(const Status& status) {
  if (status.ok()) return;
  std::cerr << "rocksdb_ttl_costs: " << status.ToString() << "\n";
  std::exit(1);
}
template <class T>
T Take(Result<T> result) {
  Check(result.status());
  return std::move(result).value();
}

double SecondsOf(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// A key of 9 bytes that says nothing about `n`: places in a file are not in order of time.
std::string KeyOf(uint64_t n) {
  ByteWriter out;
  out.PutByte(static_cast<uint8_t>(n % 128));
  n = (n + 1) * 0x9e3779b97f4a7c15;
  out.PutFixed64(n ^ (n >> 29));
  return std::string(out.view());
}
std::string TimeBytes(int64_t time) {
  ByteWriter out;
  out.PutFixed64(static_cast<uint64_t>(time));
  return std::string(out.view());
}
std::string Noise(uint64_t n, size_t bytes) {
  std::string noise;
  while (noise.size() < bytes) noise.push_back(static_cast<char>((n = n * 6364136223846793005 + 1) >> 56));
  return noise;
}

/// A table in a store of its own.
class Contestant {
 public:
  Contestant(StateKind kind, bool filtered) {
    std::string pattern = (std::filesystem::temp_directory_path() / "kvstate_ttl_costs_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::exit(1);
    root_ = pattern;
    store_ = Take(RocksDbStore::OpenNew(pattern + "/db", Take(ParseOptions({}))));
    TableOptions options;
    options.name = "table";
    options.append = kind == StateKind::kList ? AppendKind::kConcat : AppendKind::kNone;
    options.may_expire = filtered;
    table_ = Take(store_->CreateTable(options));
    if (!filtered) return;
    Check(table_->StartTtl(
        std::make_shared<const TableTtl>(TableTtl{TtlFilter(kind, kVariableSize, kTtl), clock_, TtlCleanup()})));
  }
  ~Contestant() {
    table_.reset();
    Check(store_->Close());
    std::filesystem::remove_all(root_);
  }
  Contestant(const Contestant&) = delete;
  Contestant& operator=(const Contestant&) = delete;

  StoreTable& table() { return *table_; }
  RocksDbStore& store() { return *store_; }
  ManualClock& clock() { return *clock_; }

  void Compact() {
    ::rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = ::rocksdb::BottommostLevelCompaction::kForce;
    const auto status =
        store_->db().CompactRange(options, static_cast<RocksDbTable&>(*table_).family()->handle(), nullptr, nullptr);
    if (!status.ok()) std::exit(1);
  }
  /// Bytes of values that have expired, to those of all others.
  double ExpiredShare() {
    const auto entries = Take(table_->NewIterator({}, {}));
    uint64_t live = 0;
    uint64_t expired = 0;
    for (Check(entries->Seek({})); entries->Valid(); Check(entries->Next())) {
      uint64_t time = 0;
      if (!ByteReader(entries->value()).ReadFixed64(&time)) std::exit(1);
      const bool is_expired = IsExpired(static_cast<int64_t>(time), kTtl, clock_->NowMillis());
      (is_expired ? expired : live) += entries->key().size() + entries->value().size();
    }
    return static_cast<double>(expired) / static_cast<double>(std::max<uint64_t>(live, 1));
  }

 private:
  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(kTtl);
  std::filesystem::path root_;
  std::unique_ptr<RocksDbStore> store_;
  std::unique_ptr<StoreTable> table_;
};

double Quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}
void Report(benchmark::State& state, const std::string& name, const std::vector<double>& values) {
  state.counters[name] = Quantile(values, 0.5);
  state.counters[name + "_q1"] = Quantile(values, 0.25);
  state.counters[name + "_q3"] = Quantile(values, 0.75);
}

enum class Data { kInts, kStrings, kLists };

void FilterCost(benchmark::State& state, Data data) {
  constexpr int kEntries = 200'000;
  constexpr int kTurns = 15;
  const StateKind kind = data == Data::kLists ? StateKind::kList : StateKind::kValue;
  for ([[maybe_unused]] auto _ : state) {
    Contestant without(kind, false);
    Contestant with(kind, true);
    for (Contestant* contestant : {&without, &with}) {
      for (uint64_t i = 0; i < kEntries; ++i) {
        const auto time = TimeBytes(kTtl - static_cast<int64_t>(i));
        std::string value;
        if (data == Data::kInts) value = time + Noise(i, 8);
        if (data == Data::kStrings) value = time + Noise(i, 100);
        for (uint64_t e = 0; data == Data::kLists && e < 10; ++e) value += char{16} + time + Noise(i + e, 8);
        Check(contestant->table().Put(KeyOf(i), value));
      }
      contestant->Compact();
    }
    std::vector<double> ratios;
    std::vector<double> nanos;
    for (int turn = 0; turn < kTurns; ++turn) {
      std::array<double, 2> seconds{};
      for (int i = 0; i < 2; ++i) {
        // Who is first alternates too.
        const bool filtered = (turn + i) % 2 == 0;
        const double start = SecondsOf(CLOCK_PROCESS_CPUTIME_ID);
        (filtered ? with : without).Compact();
        seconds[filtered ? 1 : 0] = SecondsOf(CLOCK_PROCESS_CPUTIME_ID) - start;
      }
      ratios.push_back(seconds[1] / seconds[0]);
      nanos.push_back((seconds[1] - seconds[0]) * 1e9 / kEntries);
    }
    Report(state, "cpu_ratio", ratios);
    Report(state, "filter_ns", nanos);
  }
}

enum class Workload { kCold, kUpdates, kHotAndCold };

/// So many operations from `first` on, half of them reads. `live` are written in a time to live.
void Operate(Contestant& contestant, Workload workload, uint64_t first, uint64_t count, uint64_t live) {
  ByteView found;
  for (uint64_t i = first; i < first + count; ++i) {
    contestant.clock().SetMillis(kTtl + static_cast<int64_t>(i * kTtl / live));
    // Cold: each key once, and none is met again. Else: keys that come back after a time to live on average.
    // Hot and cold: one write in ten is such a cold one, the others have a hundredth as many keys as are written.
    uint64_t key = i;
    if (workload == Workload::kUpdates) key = i * 2862933555777941757 % (live * 1021 / 1000) * 7919 % live;
    if (workload == Workload::kHotAndCold && i % 10 != 0) key = (uint64_t{1} << 40) + i * 7919 % (live / 100);
    Check(contestant.table().Put(KeyOf(key), TimeBytes(contestant.clock().NowMillis()) + Noise(i, 100)));
    const uint64_t read = i - std::min(i, i * 7919 % live);
    benchmark::DoNotOptimize(Take(contestant.table().Get(KeyOf(read), &found)));
  }
}

void SteadyState(benchmark::State& state, Workload workload) {
  const auto live = static_cast<uint64_t>(state.range(0));
  const uint64_t step = live / 10;
  for ([[maybe_unused]] auto _ : state) {
    Contestant without(StateKind::kValue, false);
    Contestant with(StateKind::kValue, true);
    std::vector<double> ratios;
    std::vector<double> cpu_ratios;
    std::vector<double> shares;
    std::vector<double> shares_without;
    for (uint64_t turn = 0; turn < 60; ++turn) {
      std::array<double, 2> seconds{};
      std::array<double, 2> cpu_seconds{};
      for (uint64_t i = 0; i < 2; ++i) {
        const bool swept = (turn + i) % 2 == 0;
        Contestant& contestant = swept ? with : without;
        const double start = SecondsOf(CLOCK_MONOTONIC);
        const double cpu_start = SecondsOf(CLOCK_THREAD_CPUTIME_ID);
        Operate(contestant, workload, turn * step, step, live);
        seconds[swept ? 1 : 0] = SecondsOf(CLOCK_MONOTONIC) - start;
        cpu_seconds[swept ? 1 : 0] = SecondsOf(CLOCK_THREAD_CPUTIME_ID) - cpu_start;
      }
      if (turn < 20) continue;  // Until things expire, and some time after.
      ratios.push_back(seconds[0] / seconds[1]);
      cpu_ratios.push_back(cpu_seconds[0] / cpu_seconds[1]);
      shares.push_back(with.ExpiredShare());
      if (turn % 10 == 9) shares_without.push_back(without.ExpiredShare());
    }
    Report(state, "throughput_ratio", ratios);
    Report(state, "owner_cpu_ratio", cpu_ratios);
    Report(state, "expired_to_live", shares);
    state.counters["expired_to_live_max"] = *std::ranges::max_element(shares);
    state.counters["without_cleanup"] = Quantile(shares_without, 0.5);
    TtlFigures figures;
    with.table().AddTtlFigures(&figures);
    state.counters["sweeps"] = static_cast<double>(figures.sweep_compactions.value_or(0));
    state.counters["sweep_mb"] = static_cast<double>(figures.sweep_bytes_written.value_or(0)) / 1e6;
    const EngineCounters with_counters = Take(with.store().Collect());
    const EngineCounters without_counters = Take(without.store().Collect());
    state.counters["written_mb"] = static_cast<double>(with_counters.storage_bytes_written.value_or(0)) / 1e6;
    state.counters["written_mb_without"] =
        static_cast<double>(without_counters.storage_bytes_written.value_or(0)) / 1e6;
  }
}

void Register() {
  const auto set = [](benchmark::internal::Benchmark* one) { one->Iterations(1)->Unit(benchmark::kSecond); };
  set(benchmark::RegisterBenchmark("filter/int64", FilterCost, Data::kInts));
  set(benchmark::RegisterBenchmark("filter/100_bytes", FilterCost, Data::kStrings));
  set(benchmark::RegisterBenchmark("filter/list_of_10", FilterCost, Data::kLists));
  for (const auto& [name, workload] : {std::pair("cold", Workload::kCold), std::pair("updates", Workload::kUpdates),
                                       std::pair("hot_and_cold", Workload::kHotAndCold)}) {
    const std::string full = std::string("steady/") + name;
    set(benchmark::RegisterBenchmark(full.c_str(), SteadyState, workload)->Arg(20'000)->Arg(200'000));
  }
}

}  // namespace
}  // namespace kvstate::backends::rocksdb

int main(int argc, char** argv) {
  kvstate::backends::rocksdb::Register();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
