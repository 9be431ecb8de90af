// The examples of docs/guide.md, as they stand there, run on the backend named on the command line.
#include <kvstate/engine_statistics.h>
#include <kvstate/extension.h>
#include <kvstate/kvstate.h>
#include <kvstate/serialized_access.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

using namespace kvstate;

struct Bid {
  std::string bidder;
  int64_t cents = 0;
  std::optional<std::string> channel;
};

template <>
struct kvstate::StructTraits<Bid> {
  static constexpr std::string_view kName = "Bid";  // Stored: never change it.
  static constexpr auto kMembers =
      std::make_tuple(Member("bidder", &Bid::bidder), Member("cents", &Bid::cents), Member("channel", &Bid::channel));
};

struct MeanState {
  int64_t sum = 0;
  int64_t count = 0;
};

template <>
struct kvstate::StructTraits<MeanState> {
  static constexpr std::string_view kName = "MeanState";
  static constexpr auto kMembers = std::make_tuple(Member("sum", &MeanState::sum), Member("count", &MeanState::count));
};

struct Mean {
  MeanState Create() const { return {}; }
  void Add(MeanState& state, const int64_t& cents) const {
    state.sum += cents;
    ++state.count;
  }
  double Result(const MeanState& state) const { return static_cast<double>(state.sum) / double(state.count); }
  void Merge(MeanState& into, const MeanState& from) const {
    into.sum += from.sum;
    into.count += from.count;
  }
};

namespace {

void Expect(bool holds, const char* what) {
  if (holds) return;
  std::cerr << "does not hold: " << what << "\n";
  std::exit(1);
}
#define EXPECT(condition) Expect(condition, #condition)

Result<std::unique_ptr<KeyedStateBackend>> Open(const std::string& name, const std::string& directory) {
  BackendRegistry registry;
  KVSTATE_RETURN_IF_ERROR(RegisterBuiltinBackends(registry));

  BackendOptions options;
  options.key_serializer = SerializerFor<int64_t>();
  options.max_parallelism = 128;
  options.key_groups = KeyGroupRangeOf(128, /*parallelism=*/1, /*index=*/0);
  options.directory = directory;
  return registry.Create(name, options);
}

Status ListEngineOptions(std::ostream& out) {
  BackendRegistry registry;
  KVSTATE_RETURN_IF_ERROR(RegisterBuiltinBackends(registry));
  KVSTATE_ASSIGN_OR_RETURN(const BackendFactory* factory, registry.Find("rocksdb"));
  for (const EngineOption& option : factory->options()) {
    out << option.name << " (" << option.default_value << "): " << option.description << "\n";
  }
  return Status();
}

Status Values(KeyedBackend<int64_t>& backend) {
  KVSTATE_ASSIGN_OR_RETURN(auto total, backend.GetState(ValueStateDescriptor<int64_t>("total")));
  KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(42));
  KVSTATE_ASSIGN_OR_RETURN(const int64_t* value, total.Get());  // Null: nothing stored, no default declared.
  KVSTATE_RETURN_IF_ERROR(total.Update(value == nullptr ? 1 : *value + 1));

  KVSTATE_ASSIGN_OR_RETURN(value, total.Get());
  EXPECT(*value == 1);
  return total.Clear();
}

Status Maps(KeyedBackend<int64_t>& backend) {
  KVSTATE_ASSIGN_OR_RETURN(auto bids, backend.GetState(MapStateDescriptor<std::string, Bid>("bids")));
  KVSTATE_RETURN_IF_ERROR(bids.Put("lamp", {"ann", 500, std::nullopt}));
  KVSTATE_RETURN_IF_ERROR(bids.Put("vase", {"bob", 900, "web"}));

  KVSTATE_ASSIGN_OR_RETURN(auto entries, bids.Entries());
  while (true) {
    KVSTATE_ASSIGN_OR_RETURN(const bool more, entries.Next());
    if (!more) break;
    KVSTATE_ASSIGN_OR_RETURN(const Bid* bid, entries.Value());
    if (bid->cents < 600) KVSTATE_RETURN_IF_ERROR(entries.Remove());  // While iterating: fine.
  }

  KVSTATE_ASSIGN_OR_RETURN(const bool lamp, bids.Contains("lamp"));
  KVSTATE_ASSIGN_OR_RETURN(const bool vase, bids.Contains("vase"));
  EXPECT(!lamp && vase);
  return Status();
}

Status Windows(KeyedBackend<int64_t>& backend) {
  KVSTATE_ASSIGN_OR_RETURN(auto session, backend.GetState<TimeWindow>(ListStateDescriptor<std::string>("session")));
  KVSTATE_RETURN_IF_ERROR(session.SetCurrentNamespace(TimeWindow{0, 5000}));
  KVSTATE_RETURN_IF_ERROR(session.Add("start"));
  KVSTATE_RETURN_IF_ERROR(session.SetCurrentNamespace(TimeWindow{4000, 9000}));
  KVSTATE_RETURN_IF_ERROR(session.Add("help"));

  // The two windows overlap: they become one, in this order, and the sources are gone.
  const TimeWindow merged = TimeWindow{0, 5000}.Cover(TimeWindow{4000, 9000});
  KVSTATE_RETURN_IF_ERROR(
      session.MergeNamespaces(merged, std::vector<TimeWindow>{TimeWindow{0, 5000}, TimeWindow{4000, 9000}}));
  KVSTATE_RETURN_IF_ERROR(session.SetCurrentNamespace(merged));
  KVSTATE_ASSIGN_OR_RETURN(const std::vector<std::string>* pages, session.Get());
  EXPECT(pages->size() == 2 && pages->front() == "start");
  return Status();
}

Status Folds(KeyedBackend<int64_t>& backend) {
  // Thread-safe: an engine may put the work off and do it while it compacts.
  auto larger = MakeReduceFunction<int64_t>([](int64_t& a, const int64_t& b) { a = std::max(a, b); }, true);
  KVSTATE_ASSIGN_OR_RETURN(auto highest, backend.GetState(ReducingStateDescriptor<int64_t>("highest", larger)));
  KVSTATE_RETURN_IF_ERROR(highest.Add(500));
  KVSTATE_RETURN_IF_ERROR(highest.Add(900));

  auto function = MakeAggregateFunction<int64_t, MeanState, double>(Mean{});
  KVSTATE_ASSIGN_OR_RETURN(auto mean,
                           backend.GetState(AggregatingStateDescriptor<int64_t, MeanState, double>("mean", function)));
  KVSTATE_RETURN_IF_ERROR(mean.Add(500));
  KVSTATE_RETURN_IF_ERROR(mean.Add(900));

  KVSTATE_ASSIGN_OR_RETURN(const int64_t* high, highest.Get());
  KVSTATE_ASSIGN_OR_RETURN(const double* average, mean.Get());
  EXPECT(*high == 900 && *average == 700.0);
  return Status();
}

Status AllKeys(KeyedBackend<int64_t>& backend) {
  KVSTATE_ASSIGN_OR_RETURN(auto total, backend.GetState(ValueStateDescriptor<int64_t>("total")));
  for (int64_t key = 0; key < 10; ++key) {
    KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(key));
    KVSTATE_RETURN_IF_ERROR(total.Update(key));
  }

  uint64_t cleared = 0;
  KVSTATE_RETURN_IF_ERROR(backend.backend().ApplyToAllKeys(
      "total", Encode(VoidNamespace{}), [&](ByteView key, InternalKVState& state) -> Status {
        KVSTATE_ASSIGN_OR_RETURN(const int64_t number, Decode<int64_t>(key));
        if (number % 2 != 0) return Status();
        ++cleared;
        return state.Clear();
      }));
  EXPECT(cleared == 5);
  return Status();
}

Status OtherThreads(KeyedBackend<int64_t>& backend) {
  ValueStateDescriptor<int64_t> descriptor("visible");
  descriptor.queryable_name = "visible";  // Reads by other threads cost a lock: only states that ask for them pay.
  KVSTATE_ASSIGN_OR_RETURN(auto visible, backend.GetState(descriptor));
  KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(7));
  KVSTATE_RETURN_IF_ERROR(visible.Update(70));

  Status outcome;
  std::thread reader([&outcome, state = visible.internal()] {
    std::string bytes;
    const auto found = state->GetSerialized(Encode(int64_t{7}), Encode(VoidNamespace{}), &bytes);
    const auto value = Decode<int64_t>(bytes);
    if (!found.ok() || !value.ok() || *value != 70) outcome = InternalError("the reader saw something else");
  });
  reader.join();
  return outcome;
}

Status Bytes(KeyedBackend<int64_t>& backend) {
  KVSTATE_ASSIGN_OR_RETURN(auto total, backend.GetState(ValueStateDescriptor<int64_t>("total")));
  auto* bytes = GetExtension<SerializedAccess>(*total.internal());
  KVSTATE_RETURN_IF_ERROR(bytes->PutBytes(Encode(int64_t{5})));
  ByteView stored;
  KVSTATE_ASSIGN_OR_RETURN(const bool found, bytes->GetBytes(&stored));
  EXPECT(found && stored == Encode(int64_t{5}));

  if (auto* statistics = GetExtension<EngineStatistics>(backend.backend())) {
    KVSTATE_RETURN_IF_ERROR(statistics->Flush(/*compact=*/true));
    KVSTATE_ASSIGN_OR_RETURN(const EngineCounters counters, statistics->Collect());
    if (counters.disk_bytes.has_value()) std::cout << *counters.disk_bytes << " bytes of files\n";
  }
  return Status();
}

Status FireTimers(KeyedBackend<int64_t>& backend) {
  KVSTATE_ASSIGN_OR_RETURN(const auto timers,
                           TimerService::Create(backend.backend(), "sessions", SerializerFor<VoidNamespace>(),
                                                TimerStorage::kBackend, /*clock=*/nullptr));
  const std::string none = Encode(VoidNamespace());
  for (const int64_t user : {7, 8}) {
    KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(user));
    KVSTATE_RETURN_IF_ERROR(timers->RegisterEventTimeTimer(none, user * 1000));
  }

  int fired = 0;
  const auto on_timer = [&](const Timer& timer) {  // Under the timer's key.
    ++fired;
    return timers->RegisterEventTimeTimer(timer.state_namespace, timer.timestamp + 3000);
  };
  KVSTATE_RETURN_IF_ERROR(timers->AdvanceWatermark(7500, on_timer));
  EXPECT(fired == 1);
  KVSTATE_RETURN_IF_ERROR(timers->AdvanceWatermark(10'000, on_timer));
  EXPECT(fired == 3);  // That of user 8, and the second of user 7.
  return Status();
}

Result<std::unique_ptr<KeyedStateBackend>> OpenOn(std::shared_ptr<const Clock> clock, const std::string& name,
                                                  const std::string& directory) {
  BackendRegistry registry;
  KVSTATE_RETURN_IF_ERROR(RegisterBuiltinBackends(registry));
  BackendOptions options;
  options.key_serializer = SerializerFor<int64_t>();
  options.directory = directory;
  options.clock = std::move(clock);
  return registry.Create(name, options);
}

Status TimeToLive(const std::string& name, const std::string& directory) {
  const auto clock = std::make_shared<ManualClock>();  // Without one, the machine's.
  KVSTATE_ASSIGN_OR_RETURN(auto opened, OpenOn(clock, name, directory));
  KeyedBackend<int64_t> backend(std::move(opened));
  ListStateDescriptor<std::string> visits("visits");
  visits.ttl = TtlConfig{.ttl_millis = 60'000};
  KVSTATE_ASSIGN_OR_RETURN(auto recent, backend.GetState(visits));

  KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(7));
  KVSTATE_RETURN_IF_ERROR(recent.Add("home"));
  clock->AdvanceMillis(40'000);
  KVSTATE_RETURN_IF_ERROR(recent.Add("cart"));
  clock->AdvanceMillis(20'000);  // "home" expires at the millisecond in which it is 60 seconds old.
  KVSTATE_ASSIGN_OR_RETURN(const std::vector<std::string>* pages, recent.Get());
  EXPECT(pages->size() == 1 && pages->front() == "cart");
  return backend.backend().Dispose();
}

Status RunAll(const std::string& name, const std::string& directory) {
  KVSTATE_ASSIGN_OR_RETURN(auto opened, Open(name, directory));
  KeyedBackend<int64_t> backend(std::move(opened));
  KVSTATE_RETURN_IF_ERROR(ListEngineOptions(std::cout));
  KVSTATE_RETURN_IF_ERROR(Values(backend));
  KVSTATE_RETURN_IF_ERROR(Maps(backend));
  KVSTATE_RETURN_IF_ERROR(Windows(backend));
  KVSTATE_RETURN_IF_ERROR(Folds(backend));
  KVSTATE_RETURN_IF_ERROR(AllKeys(backend));
  KVSTATE_RETURN_IF_ERROR(FireTimers(backend));
  KVSTATE_RETURN_IF_ERROR(OtherThreads(backend));
  KVSTATE_RETURN_IF_ERROR(Bytes(backend));
  KVSTATE_RETURN_IF_ERROR(backend.backend().Dispose());
  return TimeToLive(name, directory + "-ttl");
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const Status status = RunAll(argv[i], std::string("guide-state-of-") + argv[i]);
    if (!status.ok()) {
      std::cerr << argv[i] << ": " << status.ToString() << "\n";
      return 1;
    }
  }
  return 0;
}
