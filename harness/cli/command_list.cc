#include "harness/cli/command_list.h"

#include <nlohmann/json.hpp>

#include "harness/run/builtin_suites.h"
#include "harness/run/suite.h"
#include "workloads/workload.h"

namespace kvstate::cli {

namespace {

using Json = nlohmann::ordered_json;

Json Parameters(const std::vector<workloads::ParameterSpec>& specs) {
  Json list = Json::array();
  for (const workloads::ParameterSpec& spec : specs) {
    list.push_back({{"name", spec.name}, {"default", spec.default_value}, {"description", spec.description}});
  }
  return list;
}

/// Everything there is to list: what --json prints, and what the text is made of.
Result<Json> Everything(const BackendRegistry& registry) {
  Json all{{"backends", Json::array()}, {"workloads", Json::array()}, {"suites", Json::array()}};
  for (const std::string& name : registry.Names()) {
    KVSTATE_ASSIGN_OR_RETURN(const BackendFactory* factory, registry.Find(name));
    Json options = Json::array();
    for (const EngineOption& option : factory->options()) {
      options.push_back(
          {{"name", option.name}, {"default", option.default_value}, {"description", option.description}});
    }
    all["backends"].push_back(
        {{"name", name}, {"description", std::string(factory->description())}, {"options", options}});
  }
  for (const workloads::WorkloadSpec& spec : workloads::Workloads()) {
    all["workloads"].push_back({{"name", spec.name},
                                {"description", spec.description},
                                {"takes_any_events", spec.takes_any_events},
                                {"source", Parameters(spec.source_parameters)},
                                {"operator", Parameters(spec.operator_parameters)}});
  }
  for (const harness::BuiltinSuite& builtin : harness::BuiltinSuites()) {
    KVSTATE_ASSIGN_OR_RETURN(const harness::Suite suite,
                             harness::ParseSuite(builtin.yaml, std::string(builtin.name) + ".yaml"));
    Json entries = Json::array();
    for (const harness::SuiteWorkload& entry : suite.workloads) entries.push_back(entry.name);
    all["suites"].push_back({{"name", std::string(builtin.name)},
                             {"description", suite.description},
                             {"repetitions", suite.repetitions},
                             {"workloads", entries}});
  }
  return all;
}

void PrintItems(const Json& items, std::string_view prefix, std::ostream& out) {
  for (const Json& item : items) {
    out << "    " << prefix << item["name"].get<std::string>() << "=" << item["default"].get<std::string>() << "  "
        << item["description"].get<std::string>() << "\n";
  }
}

void PrintText(const Json& all, std::ostream& out) {
  out << "Backends (--backends=a,b; options: --engine_options=<backend>.<option>=<value>,…)\n";
  for (const Json& backend : all["backends"]) {
    const auto name = backend["name"].get<std::string>();
    out << "  " << name << "  " << backend["description"].get<std::string>() << "\n";
    PrintItems(backend["options"], name + ".", out);
  }
  out << "\nWorkloads (--workloads=glob; parameters: --set=<workload>.source.<parameter>=<value>,…)\n";
  for (const Json& workload : all["workloads"]) {
    out << "  " << workload["name"].get<std::string>() << "  " << workload["description"].get<std::string>() << "\n";
    PrintItems(workload["source"], "source.", out);
    PrintItems(workload["operator"], "operator.", out);
  }
  out << "\nSuites (kvstate run --suite=name)\n";
  for (const Json& suite : all["suites"]) {
    std::vector<std::string> entries;
    for (const Json& entry : suite["workloads"]) entries.push_back(entry.get<std::string>());
    out << "  " << suite["name"].get<std::string>() << "  " << suite["description"].get<std::string>() << "\n    "
        << harness::JoinList(entries) << "\n";
  }
}

}  // namespace

int ListCommand(const ListOptions& options, const Console& console) {
  const auto all = Everything(console.registry);
  if (!all.ok()) return console.Fail(all.status());
  if (options.json) {
    console.out << all->dump(2) << "\n";
  } else {
    PrintText(*all, console.out);
  }
  console.out.flush();
  return console.out ? kExitGood : kExitFailed;
}

}  // namespace kvstate::cli
