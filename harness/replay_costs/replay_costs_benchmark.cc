// What a replay costs beyond the backend it runs on, over a backend that keeps nothing. Cases, for traces of a value
// read and written, of map entries by name, and of windows that merge:
//
//   direct/value               the calls themselves, in a loop that was written for them
//   replay/<source>/<trace>    counted_ns: nanoseconds an operation of the time that a result counts: the calls alone,
//                              since operands are prepared before. The rate is of all, reading and preparing included:
//                              what can be fed
//   prepare/<source>/<trace>   reading and preparing alone
//   read/<source>/<trace>      reading alone
//
// Sources: memory; file; sizes, a file with sizes in place of values. All is by processor time; files are in the page
// cache. --benchmark_filter chooses. Files go under TMPDIR.

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/replay/memory_trace.h"
#include "harness/replay/null_backend.h"
#include "harness/replay/prepared_chunk.h"
#include "harness/replay/replayer.h"
#include "harness/replay/trace_file.h"
#include "harness/run/record_workload.h"
#include "harness/run/suite.h"
#include "harness/run/work_directory.h"
#include "kvstate/backends.h"
#include "kvstate/descriptors.h"

namespace kvstate::harness {
namespace {

constexpr int kTurns = 5;

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

struct TraceSpec {
  std::string name;
  std::string workload;
  workloads::Parameters source;
};

const std::vector<TraceSpec>& Traces() {
  static const std::vector<TraceSpec> kTraces = {
      {"value", "value_rmw", {{"events", "500000"}, {"keys", "100000"}, {"key_bytes", "16"}}},
      {"map", "map_point", {{"events", "500000"}, {"keys", "10000"}, {"key_bytes", "16"}}},
      {"sessions", "session_windows", {{"events", "250000"}, {"keys", "10000"}, {"key_bytes", "16"}}}};
  return kTraces;
}

/// Passes a trace on to several.
class Tee final : public TraceSink {
 public:
  explicit Tee(std::vector<TraceSink*> sinks) : sinks_(std::move(sinks)) {}
  Status Begin(const TraceHeader& header) override {
    return All([&](TraceSink& sink) { return sink.Begin(header); });
  }
  Status AddState(const TraceState& state) override {
    return All([&](TraceSink& sink) { return sink.AddState(state); });
  }
  Status Append(const TraceOperation& operation) override {
    return All([&](TraceSink& sink) { return sink.Append(operation); });
  }
  Status EndFill() override {
    return All([](TraceSink& sink) { return sink.EndFill(); });
  }
  Status Finish() override {
    return All([](TraceSink& sink) { return sink.Finish(); });
  }

 private:
  Status All(const std::function<Status(TraceSink& sink)>& call) {
    for (TraceSink* sink : sinks_) KVSTATE_RETURN_IF_ERROR(call(*sink));
    return Status();
  }
  const std::vector<TraceSink*> sinks_;
};

/// One trace in each form.
struct Recorded {
  MemoryTrace memory;
  std::unique_ptr<TraceReader> file;
  std::unique_ptr<TraceReader> sizes;
};

class Benchmarks {
 public:
  Benchmarks() {
    const char* temporary = std::getenv("TMPDIR");
    directory_ = Take(WorkDirectory::Create(temporary == nullptr ? "/tmp" : temporary));
    Check(RegisterBuiltinBackends(registry_));
  }

  Recorded& TraceOf(const TraceSpec& spec) {
    Recorded& recorded = recorded_[spec.name];
    if (recorded.file != nullptr) return recorded;
    const std::string path = directory_->path() + "/" + spec.name;
    auto file = Take(TraceWriter::Create(path + ".full"));
    auto sizes = Take(TraceWriter::Create(path + ".sizes", true));
    Tee tee({&recorded.memory, file.get(), sizes.get()});
    SuiteWorkload entry;
    entry.name = entry.base = spec.name;
    entry.workload = spec.workload;
    entry.source = spec.source;
    Take(RecordEntry(
        entry, registry_, *directory_, &tee, [] { return false; }, [](uint64_t, uint64_t) {}));
    recorded.file = Take(TraceReader::Open(path + ".full"));
    recorded.sizes = Take(TraceReader::Open(path + ".sizes"));
    return recorded;
  }

  TraceSource& SourceOf(const TraceSpec& spec, const std::string& source) {
    Recorded& recorded = TraceOf(spec);
    if (source == "file") return *recorded.file;
    if (source == "sizes") return *recorded.sizes;
    return recorded.memory;
  }

 private:
  BackendRegistry registry_;
  std::unique_ptr<WorkDirectory> directory_;
  std::map<std::string, Recorded> recorded_;
};

void SetRate(benchmark::State& state, uint64_t operations) {
  state.SetItemsProcessed(static_cast<int64_t>(operations));
}

void RunReplay(benchmark::State& state, TraceSource& trace) {
  uint64_t operations = 0;
  uint64_t counted_cpu_ns = 0;
  while (state.KeepRunning()) {
    const auto backend = MakeNullBackend(trace.header().key_serializer, trace.header().max_parallelism);
    const ReplayResult result = Take(Replay(trace, *backend, {}));
    operations += result.operations;
    counted_cpu_ns += result.cpu_ns;
  }
  SetRate(state, operations);
  state.counters["counted_ns"] = static_cast<double>(counted_cpu_ns) / static_cast<double>(operations);
}

void RunPrepare(benchmark::State& state, TraceSource& trace, bool prepares) {
  uint64_t operations = 0;
  while (state.KeepRunning()) {
    Check(trace.Rewind());
    ChunkPreparer preparer(trace.header().key_serializer);
    while (true) {
      const std::vector<TraceOperation>* chunk = Take(trace.NextChunk());
      if (chunk->empty()) break;
      operations += chunk->size();
      if (prepares) benchmark::DoNotOptimize(Take(preparer.Prepare(*chunk, trace.states())).data());
    }
  }
  SetRate(state, operations);
}

/// The same calls as a replay of the trace "value" makes: the keys are encoded and hashed, the values are objects.
void RunDirect(benchmark::State& state, TraceSource& trace) {
  const auto backend = MakeNullBackend(trace.header().key_serializer, trace.header().max_parallelism);
  Check(trace.Rewind());
  std::vector<std::pair<std::string, uint32_t>> keys;
  while (true) {
    const std::vector<TraceOperation>* chunk = Take(trace.NextChunk());
    if (chunk->empty()) break;
    for (const TraceOperation& operation : *chunk) {
      if (operation.sets_key && operation.operation == Operation::kGet) {
        keys.emplace_back(operation.key, trace.header().key_serializer->KeyHash(operation.key));
      }
    }
  }
  auto* value = static_cast<InternalValueState*>(
      Take(backend->GetOrCreateState(SerializerFor<VoidNamespace>(), ValueStateDescriptor<int64_t>("v"))));
  const int64_t written = 7;
  uint64_t operations = 0;
  while (state.KeepRunning()) {
    for (const auto& [key, hash] : keys) {
      Check(backend->SetCurrentKey({key, hash}));
      benchmark::DoNotOptimize(Take(value->Get()));
      Check(value->Update(&written));
    }
    operations += 2 * keys.size();
  }
  SetRate(state, operations);
}

void Register(Benchmarks& benchmarks) {
  const auto add = [](const std::string& name, const std::function<void(benchmark::State&)>& body) {
    benchmark::RegisterBenchmark(name.c_str(), body)
        ->Unit(benchmark::kMillisecond)
        ->Repetitions(kTurns)
        ->DisplayAggregatesOnly();
  };
  for (const TraceSpec& spec : Traces()) {
    if (spec.name == "value") {
      add("direct/" + spec.name,
          [&](benchmark::State& state) { RunDirect(state, benchmarks.SourceOf(spec, "memory")); });
    }
    for (const std::string source : {"memory", "file", "sizes"}) {
      const auto of_trace = [&](const char* kind) { return std::string(kind) + "/" + source + "/" + spec.name; };
      add(of_trace("replay"), [&benchmarks, &spec, source](benchmark::State& state) {
        RunReplay(state, benchmarks.SourceOf(spec, source));
      });
      add(of_trace("prepare"), [&benchmarks, &spec, source](benchmark::State& state) {
        RunPrepare(state, benchmarks.SourceOf(spec, source), true);
      });
      add(of_trace("read"), [&benchmarks, &spec, source](benchmark::State& state) {
        RunPrepare(state, benchmarks.SourceOf(spec, source), false);
      });
    }
  }
}

int Main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  Benchmarks benchmarks;
  Register(benchmarks);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::ClearRegisteredBenchmarks();
  return 0;
}

}  // namespace
}  // namespace kvstate::harness

int main(int argc, char** argv) { return kvstate::harness::Main(argc, argv); }
