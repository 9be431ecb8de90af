// savepoint_maker BACKEND DIRECTORY full|incremental|savepoint PARALLELISM VERSIONS KEYS [operators|expiring]
//
// Writes snapshots of known content, one after each version, into DIRECTORY/snapshots; savepoint_test.py and
// expiring_test.py say what is in them, in the same words.

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kvstate/kvstate.h"

namespace {

struct Bid {
  std::string bidder;
  int32_t cents = 0;
  std::vector<double> rates;
};

/// A type whose codec no other program has.
struct Celsius {
  int16_t tenths = 0;
};

}  // namespace

template <>
struct kvstate::StructTraits<Bid> {
  static constexpr std::string_view kName = "Bid";
  static constexpr auto kMembers =
      std::make_tuple(Member("bidder", &Bid::bidder), Member("cents", &Bid::cents), Member("rates", &Bid::rates));
};

template <>
struct kvstate::Codec<Celsius> {
  static constexpr size_t kEncodedSize = 2;
  static void Write(const Celsius& value, ByteWriter& out) { Codec<int16_t>::Write(value.tenths, out); }
  static Status Read(ByteReader& in, Celsius& value) { return Codec<int16_t>::Read(in, value.tenths); }
  static uint32_t KeyHash(ByteView) { return 0; }
  static SerializerSnapshot Snapshot() { return {"celsius", 1, ""}; }
};

namespace kvstate {
namespace {

using MeanState = std::pair<int64_t, int64_t>;

struct Mean {
  MeanState Create() const { return {}; }
  void Add(MeanState& state, const int64_t& input) const {
    state.first += input;
    ++state.second;
  }
  double Result(const MeanState& state) const {
    return static_cast<double>(state.first) / static_cast<double>(state.second);
  }
  void Merge(MeanState& into, const MeanState& from) const {
    into.first += from.first;
    into.second += from.second;
  }
};

class Instance {
 public:
  explicit Instance(std::unique_ptr<KeyedStateBackend> backend) : backend_(std::move(backend)) {}

  KeyedStateBackend& backend() { return backend_.backend(); }

  Status Open() {
    const auto sum = MakeReduceFunction<int64_t>([](int64_t& a, const int64_t& b) { a += b; }, /*thread_safe=*/true);
    const auto digits = MakeFoldFunction<int64_t, std::string>(
        [](std::string& text, const int64_t& digit) { text += std::to_string(digit); });
    KVSTATE_ASSIGN_OR_RETURN(total_, backend_.GetState(ValueStateDescriptor<uint64_t>("total")));
    KVSTATE_ASSIGN_OR_RETURN(bid_, backend_.GetState(ValueStateDescriptor<Bid>("bid")));
    KVSTATE_ASSIGN_OR_RETURN(opaque_, backend_.GetState(ValueStateDescriptor<Celsius>("opaque")));
    KVSTATE_ASSIGN_OR_RETURN(pages_, backend_.GetState<TimeWindow>(ListStateDescriptor<std::string>("pages")));
    KVSTATE_ASSIGN_OR_RETURN(days_, backend_.GetState(MapStateDescriptor<int32_t, std::optional<std::string>>("days")));
    KVSTATE_ASSIGN_OR_RETURN(count_, backend_.GetState(ReducingStateDescriptor<int64_t>("count", sum)));
    KVSTATE_ASSIGN_OR_RETURN(mean_, backend_.GetState(AggregatingStateDescriptor<int64_t, MeanState, double>(
                                        "mean", MakeAggregateFunction<int64_t, MeanState, double>(Mean{}))));
    KVSTATE_ASSIGN_OR_RETURN(digits_,
                             backend_.GetState(FoldingStateDescriptor<int64_t, std::string>("digits", "", digits)));
    return Status();
  }

  /// What `version` changes of key `i`.
  Status Write(int64_t i, int32_t version) {
    KVSTATE_RETURN_IF_ERROR(backend_.SetCurrentKey("key-" + std::to_string(i)));
    const uint64_t large = uint64_t{1} << 63;
    if (version == 2 && i % 10 == 0) {
      KVSTATE_RETURN_IF_ERROR(total_.Clear());
    } else {
      KVSTATE_RETURN_IF_ERROR(total_.Update(large + static_cast<uint64_t>(1000 * i + version)));
    }
    Bid bid{"b" + std::to_string(i), static_cast<int32_t>(-i - version), {version / 2.0}};
    if (i == 0) bid.rates.push_back(std::numeric_limits<double>::quiet_NaN());
    KVSTATE_RETURN_IF_ERROR(bid_.Update(bid));
    KVSTATE_RETURN_IF_ERROR(opaque_.Update(Celsius{static_cast<int16_t>(256 + version)}));
    KVSTATE_RETURN_IF_ERROR(pages_.SetCurrentNamespace(TimeWindow{version * 1000 - 1005, version * 1000 - 5}));
    KVSTATE_RETURN_IF_ERROR(pages_.Add("p" + std::to_string(i)));
    if (i == 0) KVSTATE_RETURN_IF_ERROR(pages_.Add("\xff"));
    KVSTATE_RETURN_IF_ERROR(days_.Put(version, "day " + std::to_string(version)));
    KVSTATE_RETURN_IF_ERROR(days_.Put(-version, std::nullopt));
    KVSTATE_RETURN_IF_ERROR(days_.PutNull(100));
    if (version > 1) KVSTATE_RETURN_IF_ERROR(days_.Remove(version - 1));
    KVSTATE_RETURN_IF_ERROR(count_.Add(i));
    KVSTATE_RETURN_IF_ERROR(count_.Add(version));
    KVSTATE_RETURN_IF_ERROR(mean_.Add(i));
    return digits_.Add(version);
  }

 private:
  KeyedBackend<std::string> backend_;
  ValueState<uint64_t> total_;
  ValueState<Bid> bid_;
  ValueState<Celsius> opaque_;
  ListState<std::string> pages_;
  MapState<int32_t, std::optional<std::string>> days_;
  ReducingState<int64_t> count_;
  AggregatingState<int64_t, MeanState, double> mean_;
  FoldingState<int64_t, std::string> digits_;
};

/// States with a time to live, and timers, besides; written at 1970-01-01 00:00:05.
Status AddExpiring(KeyedStateBackend& backend, int64_t keys) {
  const SerializerPtr none = SerializerFor<VoidNamespace>();
  const auto with_ttl = [](StateDescriptor descriptor) {
    descriptor.ttl = TtlConfig{.ttl_millis = int64_t{86'400'000}};
    return descriptor;
  };
  KVSTATE_ASSIGN_OR_RETURN(auto* seen, backend.GetOrCreateState(none, with_ttl(ValueStateDescriptor<int64_t>("seen"))));
  KVSTATE_ASSIGN_OR_RETURN(auto* events,
                           backend.GetOrCreateState(none, with_ttl(ListStateDescriptor<std::string>("events"))));
  KVSTATE_ASSIGN_OR_RETURN(auto* marks,
                           backend.GetOrCreateState(none, with_ttl(MapStateDescriptor<std::string, int32_t>("marks"))));
  auto* timers = GetExtension<Timers>(backend);
  KVSTATE_ASSIGN_OR_RETURN(auto* alarms, timers->GetOrCreateQueue("alarms", none, TimerStorage::kHeap));
  KVSTATE_ASSIGN_OR_RETURN(auto* ends,
                           timers->GetOrCreateQueue("ends", SerializerFor<TimeWindow>(), TimerStorage::kBackend));
  const ByteView no_namespace("\0", 1);
  const std::string window = Encode(TimeWindow{0, 10});
  for (int64_t i = 0; i < keys; ++i) {
    const std::string key = Encode("key-" + std::to_string(i));
    const uint32_t hash = Codec<std::string>::KeyHash(key);
    if (!backend.key_group_range().Contains(KeyGroupOf(hash, kDefaultMaxParallelism))) continue;
    KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey({key, hash}));
    for (InternalKVState* state : {seen, events, marks}) {
      KVSTATE_RETURN_IF_ERROR(state->SetCurrentNamespace(no_namespace));
    }
    KVSTATE_RETURN_IF_ERROR(static_cast<InternalValueState*>(seen)->Update(&i));
    const std::vector<std::string> two = {"a" + std::to_string(i), "b"};
    KVSTATE_RETURN_IF_ERROR(static_cast<InternalListState*>(events)->AddAll(&two));
    const std::string mark = "m";
    KVSTATE_RETURN_IF_ERROR(static_cast<InternalMapState*>(marks)->Put(&mark, nullptr));
    KVSTATE_RETURN_IF_ERROR(alarms->Add({1000 + i, key, no_namespace}).status());
    KVSTATE_RETURN_IF_ERROR(ends->Add({10, key, window}).status());
  }
  return Status();
}

/// What subtask `i` of an operator has besides keyed state.
Status AddOperator(uint32_t i, uint32_t parallelism, const std::shared_ptr<CheckpointStorage>& storage,
                   CheckpointMetadata* checkpoint) {
  const uint64_t id = checkpoint->checkpoint_id;
  const SnapshotKind kind = checkpoint->kind;
  KVSTATE_ASSIGN_OR_RETURN(const auto backend, MakeOperatorStateBackend({"source", i, parallelism}));
  KVSTATE_ASSIGN_OR_RETURN(auto offsets, GetState(*backend, OperatorListStateDescriptor<int64_t>("offsets")));
  KVSTATE_RETURN_IF_ERROR(offsets.AddAll({10 * int64_t{i}, 10 * int64_t{i} + 1}));
  KVSTATE_ASSIGN_OR_RETURN(auto rules, GetState(*backend, BroadcastStateDescriptor<std::string, double>("rules")));
  KVSTATE_RETURN_IF_ERROR(rules.Put("limit", 2.5));
  KVSTATE_ASSIGN_OR_RETURN(const auto task, backend->Snapshot(id, storage, kind));
  KVSTATE_ASSIGN_OR_RETURN(OperatorSnapshotResult result, task->Run());
  checkpoint->operator_handles.push_back(std::move(result.handle));
  KVSTATE_ASSIGN_OR_RETURN(const auto keyed,
                           RawKeyedStateWriter::Create({storage, id, kind, "window"}, kDefaultMaxParallelism,
                                                       KeyGroupRangeOf(kDefaultMaxParallelism, parallelism, i)));
  KVSTATE_RETURN_IF_ERROR(keyed->StartKeyGroup(KeyGroupRangeOf(kDefaultMaxParallelism, parallelism, i).last));
  KVSTATE_RETURN_IF_ERROR(keyed->Append("raw keyed"));
  KVSTATE_ASSIGN_OR_RETURN(RawKeyedStateHandle keyed_handle, keyed->Finish());
  checkpoint->raw_keyed_handles.push_back(std::move(keyed_handle));
  KVSTATE_ASSIGN_OR_RETURN(const auto raw, RawOperatorStateWriter::Create({storage, id, kind, "sink"}, i, parallelism));
  KVSTATE_RETURN_IF_ERROR(raw->StartPartition());
  KVSTATE_RETURN_IF_ERROR(raw->Append("raw"));
  KVSTATE_ASSIGN_OR_RETURN(RawOperatorStateHandle raw_handle, raw->Finish());
  checkpoint->raw_operator_handles.push_back(std::move(raw_handle));
  return Status();
}

Status TakeSnapshot(std::vector<std::unique_ptr<Instance>>& instances, CheckpointStore& store, SnapshotKind kind,
                    bool operators) {
  const uint64_t id = store.Begin();
  CheckpointMetadata checkpoint{id, kind, 0, {}};
  for (auto& instance : instances) {
    auto* snapshots = GetExtension<Snapshots>(instance->backend());
    KVSTATE_ASSIGN_OR_RETURN(const auto task, snapshots->Snapshot(id, store.storage(), {.kind = kind}));
    KVSTATE_ASSIGN_OR_RETURN(SnapshotResult result, task->Run());
    checkpoint.handles.push_back(std::move(result.handle));
  }
  const auto parallelism = static_cast<uint32_t>(instances.size());
  for (uint32_t i = 0; operators && i < parallelism; ++i) {
    KVSTATE_RETURN_IF_ERROR(AddOperator(i, parallelism, store.storage(), &checkpoint));
  }
  KVSTATE_RETURN_IF_ERROR(store.Complete(std::move(checkpoint)));
  for (auto& instance : instances) {
    KVSTATE_RETURN_IF_ERROR(GetExtension<Snapshots>(instance->backend())->NotifyComplete(id));
  }
  return Status();
}

Status Make(const std::string& backend, const std::string& directory, SnapshotKind kind, uint32_t parallelism,
            int32_t versions, int64_t keys, std::string_view more) {
  BackendRegistry registry;
  KVSTATE_RETURN_IF_ERROR(RegisterBuiltinBackends(registry));
  KVSTATE_ASSIGN_OR_RETURN(auto storage, OpenFileSystemStorage(directory + "/snapshots"));
  CheckpointStoreOptions store_options;
  store_options.retained = 100;
  KVSTATE_ASSIGN_OR_RETURN(const auto store, CheckpointStore::Open(std::move(storage), store_options));
  std::vector<std::unique_ptr<Instance>> instances;
  for (uint32_t i = 0; i < parallelism; ++i) {
    BackendOptions options;
    options.key_serializer = SerializerFor<std::string>();
    options.key_groups = KeyGroupRangeOf(options.max_parallelism, parallelism, i);
    options.directory = directory + "/backend-" + std::to_string(i);
    if (more == "expiring") options.clock = std::make_shared<ManualClock>(5000);
    KVSTATE_ASSIGN_OR_RETURN(auto made, registry.Create(backend, options));
    instances.push_back(std::make_unique<Instance>(std::move(made)));
    KVSTATE_RETURN_IF_ERROR(instances.back()->Open());
    if (more == "expiring") KVSTATE_RETURN_IF_ERROR(AddExpiring(instances.back()->backend(), keys));
  }
  for (int32_t version = 1; version <= versions; ++version) {
    for (int64_t i = 0; i < keys; i += version) {
      const std::string key = Encode("key-" + std::to_string(i));
      const uint32_t key_group = KeyGroupOf(Codec<std::string>::KeyHash(key), kDefaultMaxParallelism);
      const uint32_t owner = SubtaskOf(kDefaultMaxParallelism, parallelism, key_group);
      KVSTATE_RETURN_IF_ERROR(instances[owner]->Write(i, version));
    }
    KVSTATE_RETURN_IF_ERROR(TakeSnapshot(instances, *store, kind, more == "operators"));
  }
  return Status();
}

}  // namespace
}  // namespace kvstate

int main(int argc, char** argv) {
  using kvstate::SnapshotKind;
  if (argc != 7 && argc != 8) {
    std::cerr << "usage: savepoint_maker BACKEND DIRECTORY full|incremental|savepoint PARALLELISM VERSIONS KEYS "
                 "[operators|expiring]\n";
    return 2;
  }
  SnapshotKind kind = SnapshotKind::kFullCheckpoint;
  for (const SnapshotKind known : {SnapshotKind::kIncrementalCheckpoint, SnapshotKind::kSavepoint}) {
    if (SnapshotKindName(known) == argv[3]) kind = known;
  }
  const kvstate::Status status =
      kvstate::Make(argv[1], argv[2], kind, static_cast<uint32_t>(std::atoi(argv[4])),
                    static_cast<int32_t>(std::atoi(argv[5])), std::atoll(argv[6]), argc == 8 ? argv[7] : "");
  if (status.ok()) return 0;
  std::cerr << status.ToString() << "\n";
  return 1;
}
