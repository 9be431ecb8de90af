// A program outside the tree, as a user of the installed library writes one: counts, averages and groups page views on
// each backend named on the command line, in the directory named first, and checks what comes out.
#include <kvstate/kvstate.h>

#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

struct View {
  std::string page;
  int64_t time_ms = 0;
  int32_t millis = 0;
};

struct Mean {
  int64_t sum = 0;
  int64_t count = 0;
};

}  // namespace

template <>
struct kvstate::StructTraits<View> {
  static constexpr std::string_view kName = "View";
  static constexpr auto kMembers =
      std::make_tuple(Member("page", &View::page), Member("time_ms", &View::time_ms), Member("millis", &View::millis));
};

template <>
struct kvstate::StructTraits<Mean> {
  static constexpr std::string_view kName = "Mean";
  static constexpr auto kMembers = std::make_tuple(Member("sum", &Mean::sum), Member("count", &Mean::count));
};

namespace {

using kvstate::KeyedBackend;
using kvstate::Result;
using kvstate::Status;
using kvstate::TimeWindow;

struct MeanOfMillis {
  Mean Create() const { return {}; }
  void Add(Mean& mean, const int32_t& millis) const {
    mean.sum += millis;
    ++mean.count;
  }
  double Result(const Mean& mean) const { return static_cast<double>(mean.sum) / static_cast<double>(mean.count); }
  void Merge(Mean& into, const Mean& from) const {
    into.sum += from.sum;
    into.count += from.count;
  }
};

/// The state of one user's page views.
struct States {
  kvstate::ValueState<int64_t> views;
  kvstate::MapState<std::string, int64_t> views_of_page;
  kvstate::ReducingState<int32_t> slowest;
  kvstate::AggregatingState<int32_t, Mean, double> mean;
  kvstate::ListState<View> window;

  static Result<States> Open(KeyedBackend<std::string>& backend) {
    States states;
    KVSTATE_ASSIGN_OR_RETURN(states.views,
                             backend.GetState(kvstate::ValueStateDescriptor<int64_t>("views").WithDefault(0)));
    KVSTATE_ASSIGN_OR_RETURN(states.views_of_page,
                             backend.GetState(kvstate::MapStateDescriptor<std::string, int64_t>("views-of-page")));
    auto slower = kvstate::MakeReduceFunction<int32_t>([](int32_t& slowest, const int32_t& millis) {
      if (millis > slowest) slowest = millis;
    });
    KVSTATE_ASSIGN_OR_RETURN(states.slowest,
                             backend.GetState(kvstate::ReducingStateDescriptor<int32_t>("slowest", slower)));
    auto mean = kvstate::MakeAggregateFunction<int32_t, Mean, double>(MeanOfMillis{});
    KVSTATE_ASSIGN_OR_RETURN(
        states.mean, backend.GetState(kvstate::AggregatingStateDescriptor<int32_t, Mean, double>("mean", mean)));
    KVSTATE_ASSIGN_OR_RETURN(states.window, backend.GetState<TimeWindow>(kvstate::ListStateDescriptor<View>("window")));
    return states;
  }

  Status Process(const View& view) {
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* count, views.Get());
    KVSTATE_RETURN_IF_ERROR(views.Update(*count + 1));
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* of_page, views_of_page.Get(view.page));
    KVSTATE_RETURN_IF_ERROR(views_of_page.Put(view.page, of_page == nullptr ? 1 : *of_page + 1));
    KVSTATE_RETURN_IF_ERROR(slowest.Add(view.millis));
    KVSTATE_RETURN_IF_ERROR(mean.Add(view.millis));
    const int64_t start = view.time_ms / 1000 * 1000;
    KVSTATE_RETURN_IF_ERROR(window.SetCurrentNamespace(TimeWindow{start, start + 1000}));
    return window.Add(view);
  }
};

/// What one user has, as text.
Result<std::string> Describe(States& states) {
  KVSTATE_ASSIGN_OR_RETURN(const int64_t* views, states.views.Get());
  KVSTATE_ASSIGN_OR_RETURN(const int32_t* slowest, states.slowest.Get());
  KVSTATE_ASSIGN_OR_RETURN(const double* mean, states.mean.Get());
  std::string text = "views " + std::to_string(*views) + ", slowest " + std::to_string(*slowest) + " ms, mean " +
                     std::to_string(*mean) + " ms, pages";
  KVSTATE_ASSIGN_OR_RETURN(auto entries, states.views_of_page.Entries());
  while (true) {
    KVSTATE_ASSIGN_OR_RETURN(const bool more, entries.Next());
    if (!more) break;
    KVSTATE_ASSIGN_OR_RETURN(const std::string* page, entries.Key());
    text += " " + *page;
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* count, entries.Value());
    text += "=" + std::to_string(*count);
  }
  KVSTATE_RETURN_IF_ERROR(
      states.window.MergeNamespaces(TimeWindow{0, 2000}, std::vector<TimeWindow>{{1000, 2000}, {0, 1000}}));
  KVSTATE_RETURN_IF_ERROR(states.window.SetCurrentNamespace(TimeWindow{0, 2000}));
  KVSTATE_ASSIGN_OR_RETURN(const std::vector<View>* window, states.window.Get());
  return text + ", window of " + std::to_string(window == nullptr ? 0 : window->size());
}

Status RunOn(const kvstate::BackendRegistry& registry, const std::string& name, const std::string& directory) {
  kvstate::BackendOptions options;
  options.key_serializer = kvstate::SerializerFor<std::string>();
  options.directory = directory;
  KVSTATE_ASSIGN_OR_RETURN(auto made, registry.Create(name, options));
  KeyedBackend<std::string> backend(std::move(made));
  KVSTATE_ASSIGN_OR_RETURN(States states, States::Open(backend));

  const std::vector<std::pair<std::string, View>> stream = {{"ann", {"/start", 100, 30}},
                                                            {"bob", {"/start", 200, 10}},
                                                            {"ann", {"/help", 300, 50}},
                                                            {"ann", {"/start", 1400, 10}}};
  for (const auto& [user, view] : stream) {
    KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(user));
    KVSTATE_RETURN_IF_ERROR(states.Process(view));
  }
  KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey("ann"));
  KVSTATE_ASSIGN_OR_RETURN(const std::string text, Describe(states));
  std::cout << name << ": " << text << "\n";
  if (text != "views 3, slowest 50 ms, mean 30.000000 ms, pages /help=1 /start=2, window of 3") {
    return kvstate::InternalError("backend '" + name + "' gives something else");
  }
  return backend.backend().Dispose();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: example <directory> <backend>…\n";
    return 2;
  }
  if (kvstate::LibraryVersion() != KVSTATE_VERSION) {
    std::cerr << "compiled with another version than " << kvstate::LibraryVersionString() << "\n";
    return 1;
  }
  kvstate::BackendRegistry registry;
  Status status = kvstate::RegisterBuiltinBackends(registry);
  for (int i = 2; i < argc && status.ok(); ++i) {
    status = RunOn(registry, argv[i], (std::filesystem::path(argv[1]) / argv[i]).string());
  }
  if (!status.ok()) std::cerr << status.ToString() << "\n";
  return status.ok() ? 0 : 1;
}
