// What a time to live costs a value state of which nothing ever expires, on every backend, by the public interface
// alone:
//
//   <get|update|mixed>/<backend>/<value>    operations a second with a time to live ÷ without
//   bytes/<backend>/<value>                 bytes that the time adds to an entry, in files or memory where the backend
//                                           says; encoded, it is 8
//
// Keys are 8 bytes, drawn evenly; a value is an int64 or a string of 100 bytes. Four backends take turns: without,
// with a time to live that is not cleaned up, with the backend's default cleanup, and without but with values that are
// 8 bytes longer: longer_ratio is what the bytes of the time alone cost. A ratio is of the owner's processor time,
// which leaves out what else the machine does; wall_ratio is of time. Median and quartiles over the turns.
//
// --benchmark_filter chooses. Files go under TMPDIR.

#include <benchmark/benchmark.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kvstate/backends.h"
#include "kvstate/engine_statistics.h"
#include "kvstate/extension.h"
#include "kvstate/keyed_backend.h"

namespace kvstate::ttl_costs {
namespace {

constexpr int64_t kKeys = 200'000;
constexpr int kOperations = 50'000;  ///< Of a turn.
constexpr int kTurns = 31;
constexpr int64_t kDayMillis = int64_t{24} * 3600 * 1000;

void Check(const Status& status) {
  if (status.ok()) return;
  std::cerr << "ttl_costs: " << status.ToString() << "\n";
  std::exit(1);
}
template <class T>
T Take(Result<T> result) {
  Check(result.status());
  return std::move(result).value();
}

enum class Contestant { kPlain, kUncleaned, kDefault, kLonger };
constexpr std::array kContestants = {Contestant::kPlain, Contestant::kUncleaned, Contestant::kDefault,
                                     Contestant::kLonger};

enum class Operation { kGet, kUpdate, kMixed };

/// Numbers that are the same for all contestants.
class Draw {
 public:
  explicit Draw(uint64_t seed) : at_(seed) {}
  uint64_t Next() {
    at_ += 0x9e3779b97f4a7c15u;
    uint64_t z = (at_ ^ (at_ >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

 private:
  uint64_t at_;
};

/// `extra` bytes longer where that is not a matter of the type.
template <class V>
V ValueOf(uint64_t number, size_t extra);
template <>
int64_t ValueOf(uint64_t number, size_t /*extra*/) {
  return static_cast<int64_t>(number);
}
using LongerInteger = std::pair<int64_t, int64_t>;
template <>
LongerInteger ValueOf(uint64_t number, size_t /*extra*/) {
  return {static_cast<int64_t>(number), static_cast<int64_t>(number)};
}
template <>
std::string ValueOf(uint64_t number, size_t extra) {
  Draw draw(number);
  std::string value(100 + extra, '\0');
  for (char& byte : value) byte = static_cast<char>(draw.Next());
  return value;
}
/// What a value and 8 bytes more are.
template <class V>
using LongerOf = std::conditional_t<std::is_same_v<V, int64_t>, LongerInteger, V>;

struct Nanoseconds {
  double wall = 0;
  double cpu = 0;
};

double ThreadNanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// A backend with one state under all keys.
class Job {
 public:
  Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  virtual ~Job() = default;
  virtual Nanoseconds Run(Operation operation, const std::vector<uint64_t>& draws) = 0;
  virtual EngineStatistics& statistics() = 0;
};

template <class V>
class ValueJob final : public Job {
 public:
  ValueJob(const BackendRegistry& registry, const std::string& name, Contestant contestant)
      : extra_(contestant == Contestant::kLonger ? 8 : 0) {
    std::string path = (std::filesystem::temp_directory_path() / "ttl_costs_XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) Check(InternalError("no directory " + path));
    directory_ = path;
    BackendOptions options;
    options.key_serializer = SerializerFor<int64_t>();
    options.directory = directory_ / "task";
    backend_ = std::make_unique<KeyedBackend<int64_t>>(Take(registry.Create(name, options)));
    ValueStateDescriptor<V> descriptor("v");
    if (contestant == Contestant::kUncleaned || contestant == Contestant::kDefault) {
      descriptor.ttl = TtlConfig{.ttl_millis = kDayMillis};
      if (contestant == Contestant::kUncleaned) {
        descriptor.ttl->cleanup.incremental_entries = 0;
        descriptor.ttl->cleanup.compaction_filter = false;
      }
    }
    state_ = Take(backend_->GetState(descriptor));
    for (int64_t key = 0; key < kKeys; ++key) {
      Check(backend_->SetCurrentKey(key));
      Check(state_.Update(ValueOf<V>(static_cast<uint64_t>(key), extra_)));
    }
    Check(statistics().Flush(/*compact=*/true));
  }
  ~ValueJob() override {
    backend_.reset();
    std::filesystem::remove_all(directory_);
  }

  Nanoseconds Run(Operation operation, const std::vector<uint64_t>& draws) override {
    const auto begin = std::chrono::steady_clock::now();
    const double cpu = ThreadNanoseconds();
    for (const uint64_t draw : draws) {
      Check(backend_->SetCurrentKey(static_cast<int64_t>(draw % static_cast<uint64_t>(kKeys))));
      if (operation == Operation::kGet || (operation == Operation::kMixed && (draw >> 40) % 2 == 0)) {
        const V* value = Take(state_.Get());
        benchmark::DoNotOptimize(*value);
      } else {
        Check(state_.Update(value_));
      }
    }
    const std::chrono::duration<double, std::nano> wall = std::chrono::steady_clock::now() - begin;
    return {wall.count(), ThreadNanoseconds() - cpu};
  }

  EngineStatistics& statistics() override { return *GetExtension<EngineStatistics>(backend_->backend()); }

 private:
  const size_t extra_;
  std::filesystem::path directory_;
  std::unique_ptr<KeyedBackend<int64_t>> backend_;
  ValueState<V> state_;
  const V value_ = ValueOf<V>(12345, extra_);
};

double Quantile(std::vector<double> numbers, double quantile) {
  std::sort(numbers.begin(), numbers.end());
  return numbers[static_cast<size_t>(quantile * static_cast<double>(numbers.size() - 1))];
}

void Report(benchmark::State& state, const std::string& name, const std::vector<double>& ratios) {
  state.counters[name + "_p50"] = Quantile(ratios, 0.5);
  state.counters[name + "_p25"] = Quantile(ratios, 0.25);
  state.counters[name + "_p75"] = Quantile(ratios, 0.75);
}

template <class V>
std::vector<std::unique_ptr<Job>> JobsOn(const BackendRegistry& registry, const std::string& backend) {
  std::vector<std::unique_ptr<Job>> jobs;
  for (const Contestant contestant : kContestants) {
    if (contestant == Contestant::kLonger) {
      jobs.push_back(std::make_unique<ValueJob<LongerOf<V>>>(registry, backend, contestant));
    } else {
      jobs.push_back(std::make_unique<ValueJob<V>>(registry, backend, contestant));
    }
  }
  return jobs;
}

template <class V>
void Throughput(benchmark::State& state, const BackendRegistry& registry, const std::string& backend,
                Operation operation) {
  auto jobs = JobsOn<V>(registry, backend);
  Draw draw(1);
  std::vector<double> plain_ns;
  std::vector<double> cpu_ratios[kContestants.size()];
  std::vector<double> wall_ratios[kContestants.size()];
  for (auto _ : state) {
    for (int turn = 0; turn < kTurns; ++turn) {
      std::vector<uint64_t> draws(kOperations);
      for (uint64_t& drawn : draws) drawn = draw.Next();
      Nanoseconds took[kContestants.size()];
      // Each begins as often as the others.
      for (size_t i = 0; i < jobs.size(); ++i) {
        const size_t next = (i + static_cast<size_t>(turn)) % jobs.size();
        took[next] = jobs[next]->Run(operation, draws);
      }
      plain_ns.push_back(took[0].cpu / kOperations);
      for (size_t i = 1; i < jobs.size(); ++i) {
        cpu_ratios[i].push_back(took[0].cpu / took[i].cpu);
        wall_ratios[i].push_back(took[0].wall / took[i].wall);
      }
    }
    state.SetIterationTime(Quantile(plain_ns, 0.5) * kOperations / 1e9);
  }
  state.counters["plain_ns"] = Quantile(plain_ns, 0.5);
  Report(state, "ratio", cpu_ratios[1]);
  state.counters["wall_ratio_p50"] = Quantile(wall_ratios[1], 0.5);
  Report(state, "default_ratio", cpu_ratios[2]);
  state.counters["default_wall_ratio_p50"] = Quantile(wall_ratios[2], 0.5);
  Report(state, "longer_ratio", cpu_ratios[3]);
}

template <class V>
void Bytes(benchmark::State& state, const BackendRegistry& registry, const std::string& backend) {
  std::vector<double> bytes;
  for (auto _ : state) {
    for (const auto& job : JobsOn<V>(registry, backend)) {
      const EngineCounters counters = Take(job->statistics().Collect());
      const auto known = counters.disk_bytes.has_value() ? counters.disk_bytes : counters.memory_bytes;
      if (!known.has_value()) {
        state.SkipWithError("the backend does not say what this takes");
        return;
      }
      bytes.push_back(static_cast<double>(*known) / static_cast<double>(kKeys));
    }
    state.SetIterationTime(1e-3);
  }
  state.counters["bytes_per_entry"] = bytes[0];
  state.counters["bytes_added"] = bytes[1] - bytes[0];
}

/// What a case measures, of one backend.
using Measure = void (*)(benchmark::State& state, const BackendRegistry& registry, const std::string& backend);

void Register(const BackendRegistry& registry, const std::string& name, const std::string& value, Measure measure) {
  for (const std::string& backend : registry.Names()) {
    const std::string full_name = name + "/" + backend + "/" + value;
    const auto run = [&registry, backend, measure](benchmark::State& state) { measure(state, registry, backend); };
    benchmark::RegisterBenchmark(full_name.c_str(), run)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);
  }
}

template <class V>
void RegisterFor(const BackendRegistry& registry, const std::string& value) {
  using State = benchmark::State;
  using Registry = const BackendRegistry&;
  using Name = const std::string&;
  Register(registry, "get", value, [](State& s, Registry r, Name b) { Throughput<V>(s, r, b, Operation::kGet); });
  Register(registry, "update", value, [](State& s, Registry r, Name b) { Throughput<V>(s, r, b, Operation::kUpdate); });
  Register(registry, "mixed", value, [](State& s, Registry r, Name b) { Throughput<V>(s, r, b, Operation::kMixed); });
  Register(registry, "bytes", value, Bytes<V>);
}

}  // namespace
}  // namespace kvstate::ttl_costs

int main(int argc, char** argv) {
  using namespace kvstate;
  BackendRegistry registry;
  ttl_costs::Check(RegisterBuiltinBackends(registry));
  ttl_costs::RegisterFor<int64_t>(registry, "int64");
  ttl_costs::RegisterFor<std::string>(registry, "string100");
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
