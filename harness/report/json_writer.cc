#include "harness/report/json_writer.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kvstate/version.h"

namespace kvstate::harness {

namespace {

using Json = nlohmann::ordered_json;

std::string LocalTime() {
  const std::time_t now = std::time(nullptr);
  std::tm parts = {};
  localtime_r(&now, &parts);
  std::array<char, 40> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S%z", &parts);
  std::string date(text.data());
  if (date.size() > 2) date.insert(date.size() - 2, ":");  // RFC 3339, as Google Benchmark writes it.
  return date;
}

std::string HostName() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

/// The value of a line of /proc/cpuinfo, of the first processor; empty where there is none.
std::string ProcessorInfo(std::string_view key) {
  std::ifstream info("/proc/cpuinfo");
  std::string line;
  while (std::getline(info, line)) {
    const size_t colon = line.find(": ");
    if (line.starts_with(key) && colon != std::string::npos) return line.substr(colon + 2);
  }
  return {};
}

Json Load() {
  Json load = Json::array();
  std::ifstream file("/proc/loadavg");
  double value = 0;
  for (int i = 0; i < 3 && file >> value; ++i) load.push_back(value);
  return load;
}

Json LoadDescription(const LoadRequest& request) {
  Json json = {{"pace", request.pace}, {"parallelism", request.parallelism}};
  if (request.speed > 0) json["speed"] = request.speed;
  if (request.rate > 0) json["rate"] = request.rate;
  if (!request.arrivals.empty()) json["arrivals"] = request.arrivals;
  if (request.arrivals == "poisson") json["seed"] = request.seed;
  if (request.latency_objective_ms > 0) {
    json["latency_objective_ms"] = request.latency_objective_ms;
    json["latency_quantile"] = request.latency_quantile;
  }
  return json;
}

Json WorkloadDescription(const WorkloadRun& run) {
  Json json;
  json["name"] = run.name;
  if (!run.workload.empty()) {
    json["workload"] = run.workload;
    json["source"] = run.source_parameters;
    json["operator"] = run.operator_parameters;
    json["seed"] = run.seed;
    json["events"] = run.events;
    json["output_rows"] = run.output_rows;
    json["output_digest"] = run.output_digest;
  }
  if (run.values_are_sizes) json["values_are_sizes"] = true;
  if (run.keys_are_hashed) json["keys_are_hashed"] = true;
  if (run.is_part) json["is_part"] = true;
  if (run.fill_operations > 0) {
    json["fill"] = {
        {"operations", run.fill_operations}, {"checkpoint", run.fill_checkpoint}, {"settled", run.fill_settled}};
  }
  json["operations"] = run.operations;
  json["hits"] = run.hits;
  json["entries"] = run.entries;
  json["state_digest"] = run.state_digest;
  json["read_digest"] = run.read_digest;
  json["harness_time_ns_per_operation"] = run.harness_ns_per_operation;
  if (run.has_noise_floor) json["noise_floor_ratio"] = run.noise_floor_ratio;
  if (run.checkpoint_request.has_value()) {
    const CheckpointRequest& request = *run.checkpoint_request;
    json["checkpoints"] = {{"kind", request.kind},
                           {"interval_" + request.interval_unit, request.interval},
                           {"retained", request.retained},
                           {"planned", request.planned},
                           {"bytes_changed", request.bytes_changed}};
  }
  if (run.ttl_request.has_value()) {
    const TtlRequest& request = *run.ttl_request;
    json["ttl"] = {{"cleanup", request.cleanup},
                   {"sweep_interval_ms", request.sweep_interval_ms},
                   {"sweep_entries", request.sweep_entries}};
    if (request.moments > 0) {
      json["ttl"]["moments"] = request.moments;
      json["ttl"]["resolution_ms"] = request.resolution_ms;
      json["ttl"]["values_expired"] = request.values_expired;
    }
  }
  if (run.load_request.has_value()) json["load"] = LoadDescription(*run.load_request);
  Json options = Json::object();
  for (const BackendRun& backend : run.backends) {
    if (!backend.engine_options.empty() && !backend.noise_twin) options[backend.backend] = backend.engine_options;
  }
  if (!options.empty()) json["engine_options"] = options;
  return json;
}

std::string RowName(const WorkloadRun& run, const BackendRun& backend) {
  return run.name + "/" + backend.backend + (backend.noise_twin ? "/again" : "") +
         (backend.with_checkpoints ? "/checkpoints" : "") +
         (backend.ttl_cleanup.empty() ? "" : "/ttl/" + backend.ttl_cleanup) +
         (backend.load.empty() ? "" : "/" + backend.load);
}

/// What every row of a backend starts with.
Json RowStart(const std::string& name, const std::string& run_name, size_t family, const BackendRun& backend) {
  Json row;
  row["name"] = name;
  row["family_index"] = family;
  row["per_family_instance_index"] = 0;
  row["run_name"] = run_name;
  row["run_type"] = "iteration";
  row["repetitions"] = backend.repetitions.size();
  return row;
}

void PutList(const char* name, const std::vector<Figures>& items, Json* row) {
  if (items.empty()) return;
  Json list = Json::array();
  for (const Figures& item : items) list.push_back(item);
  (*row)[name] = std::move(list);
}

Json RepetitionRow(const WorkloadRun& run, const BackendRun& backend, size_t family, size_t index) {
  const Repetition& repetition = backend.repetitions[index];
  Json row = RowStart(RowName(run, backend), RowName(run, backend), family, backend);
  row["repetition_index"] = index;
  row["threads"] = backend.threads;
  row["iterations"] = repetition.operations;
  const auto operations = static_cast<double>(repetition.operations);
  row["real_time"] = repetition.time_ns / operations;
  row["cpu_time"] = repetition.cpu_ns / operations;
  row["time_unit"] = "ns";
  for (const auto& [name, value] : repetition.figures) row[name] = value;
  PutList("checkpoints", repetition.checkpoints, &row);
  return row;
}

Json MedianRow(const WorkloadRun& run, const BackendRun& backend, size_t family) {
  const std::string run_name = RowName(run, backend);
  Json row = RowStart(run_name + "_median", run_name, family, backend);
  row["run_type"] = "aggregate";
  row["threads"] = backend.threads;
  row["aggregate_name"] = "median";
  row["aggregate_unit"] = "time";
  row["iterations"] = backend.repetitions.size();
  std::vector<double> real;
  std::vector<double> cpu;
  for (const Repetition& repetition : backend.repetitions) {
    real.push_back(repetition.time_ns / static_cast<double>(repetition.operations));
    cpu.push_back(repetition.cpu_ns / static_cast<double>(repetition.operations));
  }
  row["real_time"] = Median(real);
  row["cpu_time"] = Median(cpu);
  row["time_unit"] = "ns";
  row["operations_per_second_low"] = backend.operations_per_second.low;
  row["operations_per_second_high"] = backend.operations_per_second.high;
  row["operations_per_second_confidence_ratio"] = backend.operations_per_second.confidence;
  for (const auto& [name, value] : backend.medians) row[name] = value;
  for (const auto& [name, value] : backend.probed) row[name] = value;
  PutList("checkpoints", backend.checkpoints, &row);
  PutList("ttl_moments", backend.ttl_moments, &row);
  return row;
}

void AddFamily(const WorkloadRun& run, const BackendRun& backend, size_t family, Json* benchmarks) {
  for (size_t i = 0; i < backend.repetitions.size(); ++i) {
    benchmarks->push_back(RepetitionRow(run, backend, family, i));
  }
  benchmarks->push_back(MedianRow(run, backend, family));
}

}  // namespace

std::string ResultsAsJson(const RunResults& results) {
  Json context;
  context["date"] = LocalTime();
  context["host_name"] = HostName();
  context["executable"] = "kvstate";
  context["num_cpus"] = std::thread::hardware_concurrency();
  if (const std::string model = ProcessorInfo("model name"); !model.empty()) context["cpu_model"] = model;
  if (const std::string mhz = ProcessorInfo("cpu MHz"); !mhz.empty()) {
    context["mhz_per_cpu"] = std::strtod(mhz.c_str(), nullptr);
  }
  context["load_avg"] = Load();
#ifdef NDEBUG
  context["library_build_type"] = "release";
#else
  context["library_build_type"] = "debug";
#endif
  context["json_schema_version"] = 1;
  context["kvstate_version"] = LibraryVersionString();
  if (!results.suite.empty()) context["suite"] = results.suite;
  context["command"] = results.command;
  context["seed"] = results.seed;
  context["tick_source"] = results.tick_source;
  context["tick_drift_ratio"] = results.tick_drift_ratio;
  context["workloads"] = Json::array();
  Json benchmarks = Json::array();
  size_t family = 0;
  for (const WorkloadRun& run : results.workloads) {
    context["workloads"].push_back(WorkloadDescription(run));
    for (const std::vector<BackendRun>* backends :
         {&run.backends, &run.checkpoint_runs, &run.ttl_runs, &run.load_runs}) {
      for (const BackendRun& backend : *backends) AddFamily(run, backend, family++, &benchmarks);
    }
  }
  Json root;
  root["context"] = std::move(context);
  root["benchmarks"] = std::move(benchmarks);
  // Names may come from a user's file in any encoding; the results must be valid all the same.
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace kvstate::harness
