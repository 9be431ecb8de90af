// Resident memory of the HashMap backend, in all: what the process grew by, divided by the entries that were put. It
// counts tables, their empty slots, the allocator's overhead and what growing left behind. Each case makes a backend,
// puts its entries and, before it lets go of them, reads the resident size: `rss_bytes_per_entry`, and where the
// backend tells (EngineStatistics) `table_bytes_per_entry`. Time is the load's.

#include <benchmark/benchmark.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "kvstate/backends.h"
#include "kvstate/engine_statistics.h"
#include "kvstate/extension.h"
#include "kvstate/keyed_backend.h"

namespace kvstate {
namespace {

void Check(const Status& status) {
  if (status.ok()) return;
  std::cerr << "hashmap_memory: " << status.ToString() << "\n";
  std::exit(1);
}

template <class T>
T Take(Result<T> result) {
  Check(result.status());
  return std::move(result).value();
}

/// Resident bytes of this process.
uint64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t size_pages = 0;
  uint64_t resident_pages = 0;
  statm >> size_pages >> resident_pages;
  return resident_pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

/// Bijective, so that keys come in no order and none twice.
uint64_t Scatter(uint64_t i) {
  i = (i ^ (i >> 31)) * 0x7fb5d329728ea185ull;
  i = (i ^ (i >> 27)) * 0x81dadef4bc2dd44dull;
  return i ^ (i >> 33);
}

template <class K>
KeyedBackend<K> Open() {
  BackendRegistry registry;
  Check(RegisterBuiltinBackends(registry));
  BackendOptions options;
  options.key_serializer = SerializerFor<K>();
  options.max_parallelism = 128;
  return KeyedBackend<K>(Take(registry.Create("hashmap", options)));
}

/// `load` fills the backend with `entries` entries.
template <class K, class Load>
void Measure(benchmark::State& state, const Load& load) {
  const auto entries = static_cast<uint64_t>(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    malloc_trim(0);
    const uint64_t before = ResidentBytes();
    KeyedBackend<K> backend = Open<K>();
    state.ResumeTiming();
    load(backend, entries);
    state.PauseTiming();
    const auto per_entry = [entries](uint64_t bytes) {
      return static_cast<double>(bytes) / static_cast<double>(entries);
    };
    state.counters["rss_bytes_per_entry"] = per_entry(ResidentBytes() - before);
    const EngineCounters counters = Take(GetExtension<EngineStatistics>(backend.backend())->Collect());
    if (counters.memory_bytes.has_value()) state.counters["table_bytes_per_entry"] = per_entry(*counters.memory_bytes);
    if (Take(backend.backend().NumEntries()) != entries) Check(InternalError("entries are missing"));
    Check(backend.backend().Dispose());
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void ValueOfNumber(benchmark::State& state) {
  Measure<uint64_t>(state, [](KeyedBackend<uint64_t>& backend, uint64_t entries) {
    auto values = Take(backend.GetState(ValueStateDescriptor<uint64_t>("value")));
    for (uint64_t i = 0; i < entries; ++i) {
      Check(backend.SetCurrentKey(Scatter(i)));
      Check(values.Update(i));
    }
  });
}

void ValueOfNumberByWindow(benchmark::State& state) {
  Measure<uint64_t>(state, [](KeyedBackend<uint64_t>& backend, uint64_t entries) {
    auto values = Take(backend.GetState<TimeWindow>(ValueStateDescriptor<uint64_t>("value")));
    for (uint64_t i = 0; i < entries; ++i) {
      Check(backend.SetCurrentKey(Scatter(i / 4)));
      Check(values.SetCurrentNamespace(TimeWindow{static_cast<int64_t>(i % 4), static_cast<int64_t>(i % 4 + 1)}));
      Check(values.Update(i));
    }
  });
}

void ValueOfNumberByText(benchmark::State& state) {
  Measure<std::string>(state, [](KeyedBackend<std::string>& backend, uint64_t entries) {
    auto values = Take(backend.GetState(ValueStateDescriptor<uint64_t>("value")));
    for (uint64_t i = 0; i < entries; ++i) {
      Check(backend.SetCurrentKey("user-" + std::to_string(Scatter(i))));
      Check(values.Update(i));
    }
  });
}

/// Ten entries a map; an entry is a user key of eight bytes and a value of eight.
void MapOfNumbers(benchmark::State& state) {
  Measure<uint64_t>(state, [](KeyedBackend<uint64_t>& backend, uint64_t entries) {
    auto maps = Take(backend.GetState(MapStateDescriptor<uint64_t, uint64_t>("map")));
    for (uint64_t i = 0; i < entries; ++i) {
      Check(backend.SetCurrentKey(Scatter(i / 10)));
      Check(maps.Put(i % 10, i));
    }
  });
}

// From one million to ten: tables double in between, so a size alone could be a lucky one.
void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(1000000)->Arg(3000000)->Arg(10000000)->Iterations(1)->Unit(benchmark::kMillisecond);
}
BENCHMARK(ValueOfNumber)->Apply(Sizes);
BENCHMARK(ValueOfNumberByWindow)->Apply(Sizes);
BENCHMARK(ValueOfNumberByText)->Apply(Sizes);
BENCHMARK(MapOfNumbers)->Apply(Sizes);

}  // namespace
}  // namespace kvstate

BENCHMARK_MAIN();
