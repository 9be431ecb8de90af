// What the interface costs: each backend through InternalKVState's typed façades beside the same engine called
// directly, as `<backend>/<operation>/<value bytes>/direct` and `…/kvstate`.
//
// What is compared. Both sides hold the same data, loaded in the same order and settled (flushed, compacted) before
// anything is measured: `--keys` values or lists of one element, or a tenth as many maps of ten entries. The direct
// side is what a program without kvstate would write:
// - Engines are opened by the backend's own code, so that options, environment and transactions cannot differ. The
//   composite key (key group, key, namespace, user key: the same bytes as kvstate's) is encoded in the loop; values are
//   bytes, passed without a copy on writes and decoded into an object on reads; a list is appended to by the engine's
//   merge operator where kvstate uses it, else read, extended and written; a scan makes a bounded iterator.
// - HashMap stands beside absl::flat_hash_map<uint64_t, V>, where V is the value, a std::vector or, since map state is
//   ordered, an absl::btree_map. Read-modify-write happens in place.
// kvstate sets the current key for each operation, then calls the façade; read-modify-write is Get, then Update.
// A value is a uint64_t (8 bytes) or a plain struct of 100 or 1024 bytes, half compressible. Reads give an object on
// both sides: the live one on HashMap, a decoded one on the engines.
//
// How it is measured. The sides take turns in slices of about a millisecond over the same pseudo-random accesses, the
// first of a pair alternating. The timers of a row run during its own side's slices alone. The ratio of a case is the
// median over all pairs of slices that its two rows ran, calibration included; of the measuring thread's CPU time,
// which what else the machine does hardly changes and which leaves out waiting for an engine's own flushes, and beside
// it of wall time. Digests of what was read, and of what reads back after writes, must be equal on both sides, or the
// program fails; speed never makes it fail.
//
// `--noise_floor` compares the direct side with a second one of its kind: ratios should then be 1.

#include <benchmark/benchmark.h>
#include <gflags/gflags.h>
#include <unistd.h>

#include <cstdint>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "backends/interface_tax/comparison.h"
#include "backends/interface_tax/summary.h"

DEFINE_uint64(keys, 1000000, "keys of value and list state; maps have a tenth as many, of ten entries each");
DEFINE_string(directory, "", "where the engines' files go; a directory for temporary files when empty");
DEFINE_bool(noise_floor, false, "compare the direct side with itself instead");

namespace kvstate::interface_tax {

namespace {

constexpr size_t kValueBytes[] = {8, 100, 1024};

/// Registers the cases and keeps the data of the one that runs.
class Program {
 public:
  explicit Program(ComparisonOptions options) : options_(std::move(options)) {}

  void Register() {
    for (const Contestant& contestant : Contestants()) {
      for (const size_t bytes : kValueBytes) {
        for (const Operation operation : kOperations) {
          comparisons_.push_back(std::make_unique<Comparison>(contestant, operation, bytes, options_));
          RegisterSide(*comparisons_.back(), "/direct", false);
          RegisterSide(*comparisons_.back(), "/kvstate", true);
        }
      }
      RegisterSummary(contestant);
    }
  }

  const Comparisons& comparisons() const { return comparisons_; }
  bool failed() const { return failed_; }

 private:
  void RegisterSide(Comparison& comparison, const char* suffix, bool measure_kvstate) {
    benchmark::RegisterBenchmark((comparison.name() + suffix).c_str(),
                                 [this, &comparison, measure_kvstate](benchmark::State& state) {
                                   try {
                                     RunSide(state, comparison, measure_kvstate);
                                   } catch (const std::exception& e) {
                                     failed_ = true;
                                     state.SkipWithError(e.what());
                                   }
                                 });
  }

  /// The median over the operations, for readers of the JSON.
  void RegisterSummary(const Contestant& contestant) {
    benchmark::RegisterBenchmark(
        (std::string(contestant.backend) + "/median_over_operations").c_str(),
        [this, &contestant](benchmark::State& state) {
          std::optional<Spread> cpu;
          std::optional<Spread> wall;
          for (auto _ : state) {
            cpu = RatioOverOperations(comparisons_, contestant.backend, &Comparison::Pair::cpu_ratio);
            wall = RatioOverOperations(comparisons_, contestant.backend, &Comparison::Pair::wall_ratio);
          }
          if (!cpu) return;
          state.counters["cpu_ratio"] = cpu->median;
          state.counters["cpu_ratio_q1"] = cpu->q1;
          state.counters["cpu_ratio_q3"] = cpu->q3;
          state.counters["wall_ratio"] = wall->median;
          state.counters["target_ratio"] = contestant.target_ratio;
        });
  }

  void RunSide(benchmark::State& state, Comparison& comparison, bool measure_kvstate) {
    Match& match = Prepare(comparison);
    const size_t pairs_before = comparison.pairs().size();
    while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(comparison.slice_operations()))) {
      comparison.RunPair(
          match, measure_kvstate, [&state] { state.PauseTiming(); }, [&state] { state.ResumeTiming(); });
    }
    comparison.CheckWrites(match);
    if (!measure_kvstate) return;
    std::vector<double> cpu;
    std::vector<double> wall;
    for (size_t i = pairs_before; i < comparison.pairs().size(); ++i) {
      cpu.push_back(comparison.pairs()[i].cpu_ratio());
      wall.push_back(comparison.pairs()[i].wall_ratio());
    }
    state.counters["cpu_ratio"] = SpreadOf(std::move(cpu)).median;
    state.counters["wall_ratio"] = SpreadOf(std::move(wall)).median;
  }

  /// The data that the comparison works on, loaded unless it is there already.
  Match& Prepare(Comparison& comparison) {
    const Contestant* contestant = &comparison.contestant();
    const Shape shape = ShapeOf(comparison.operation());
    if (match_ == nullptr || contestant != contestant_ || shape != shape_ || comparison.value_bytes() != value_bytes_) {
      match_.reset();
      match_ = std::make_unique<Match>(*contestant, shape, comparison.value_bytes(), options_);
      contestant_ = contestant;
      shape_ = shape;
      value_bytes_ = comparison.value_bytes();
      last_ = nullptr;
    }
    if (last_ != &comparison) {
      if (last_ != nullptr && Writes(last_->operation())) match_->Settle();
      comparison.WarmUp(*match_);
      last_ = &comparison;
    }
    return *match_;
  }

  const ComparisonOptions options_;
  Comparisons comparisons_;
  std::unique_ptr<Match> match_;
  const Contestant* contestant_ = nullptr;
  Shape shape_ = Shape::kValue;
  size_t value_bytes_ = 0;
  const Comparison* last_ = nullptr;
  bool failed_ = false;
};

/// Of a repetition's rows shows the medians alone: the rest is in the file that --benchmark_out names.
class MedianReporter final : public benchmark::ConsoleReporter {
 public:
  MedianReporter() : ConsoleReporter(OO_None) {}
  void ReportRuns(const std::vector<Run>& runs) override {
    std::vector<Run> shown;
    for (const Run& run : runs) {
      const bool of_many = run.run_type == Run::RT_Iteration && run.repetitions > 1 && !run.error_occurred;
      const bool other_aggregate = run.run_type == Run::RT_Aggregate && run.aggregate_name != "median";
      if (!of_many && !other_aggregate) shown.push_back(run);
    }
    if (!shown.empty()) ConsoleReporter::ReportRuns(shown);
  }
};

int Main(int argc, char** argv) {
  // Ours go before the caller's, so that the caller's win.
  std::string repetitions = "--benchmark_repetitions=9";
  std::string min_time = "--benchmark_min_time=0.05";
  std::vector<char*> arguments(argv, argv + argc);
  arguments.insert(arguments.begin() + 1, {repetitions.data(), min_time.data()});
  bool own_display = true;
  for (const char* argument : arguments) {
    if (std::string_view(argument).starts_with("--benchmark_format=")) own_display = false;
  }
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  gflags::SetUsageMessage("what kvstate's interface costs over calling each engine directly");
  char** rest = arguments.data();
  gflags::ParseCommandLineFlags(&count, &rest, true);
  if (benchmark::ReportUnrecognizedArguments(count, rest)) return 2;

  const std::filesystem::path parent =
      FLAGS_directory.empty() ? std::filesystem::temp_directory_path() : std::filesystem::path(FLAGS_directory);
  const std::filesystem::path directory = parent / ("kvstate_interface_tax." + std::to_string(getpid()));
  std::filesystem::create_directories(directory);
  benchmark::AddCustomContext("keys", std::to_string(FLAGS_keys));
  benchmark::AddCustomContext("noise_floor", FLAGS_noise_floor ? "true" : "false");
  bool failed = false;
  {
    Program program({FLAGS_keys, directory.string(), FLAGS_noise_floor});
    program.Register();
    MedianReporter reporter;
    benchmark::RunSpecifiedBenchmarks(own_display ? &reporter : nullptr);
    benchmark::Shutdown();
    if (own_display) PrintSummary(program.comparisons(), std::cout);
    failed = program.failed();
  }
  std::filesystem::remove_all(directory);
  return failed ? 1 : 0;
}

}  // namespace

}  // namespace kvstate::interface_tax

int main(int argc, char** argv) {
  try {
    return kvstate::interface_tax::Main(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "interface_tax: " << e.what() << "\n";
    return 1;
  }
}
