#include "tests/support/job.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "kvstate/extension.h"
#include "kvstate/namespaces.h"
#include "tests/support/must.h"

namespace kvstate::testing_support {

namespace {

/// Inputs become a part of an accumulator, in order.
struct Joiner {
  std::string Create() const { return "@"; }
  void Add(std::string& a, const std::string& in) const { a += in; }
  std::string Result(const std::string& a) const { return "<" + a + ">"; }
  void Merge(std::string& a, const std::string& b) const { a += b; }
};

std::shared_ptr<const ReduceFunction> Concatenate() {
  return MakeReduceFunction<std::string>([](std::string& a, const std::string& v) { a += v; });
}

uint64_t Below(std::mt19937_64& random, uint64_t limit) { return random() % limit; }

/// Mostly short, now and then one that fills a page.
std::string RandomText(std::mt19937_64& random) {
  std::string text(Below(random, 50) == 0 ? 3000 : Below(random, 40), '\0');
  for (char& c : text) c = static_cast<char>('a' + Below(random, 26));
  return text;
}

std::string RandomNamespace(std::mt19937_64& random, const TypeSerializer& serializer) {
  const uint64_t number = Below(random, 4);
  if (serializer.info().encoded_size == 1) return std::string(1, '\0');
  if (serializer.info().self_delimiting) {
    return Encode(TimeWindow{static_cast<int64_t>(number) * 10, static_cast<int64_t>(number) * 10 + 10});
  }
  return std::string(number, 'n');
}

void ChangeMap(std::mt19937_64& random, InternalMapState& map) {
  const std::string user_key = "u" + std::to_string(Below(random, 6));
  const std::string text = RandomText(random);
  switch (Below(random, 8)) {
    case 0:
      return Must(map.Remove(&user_key));
    case 1:
      return Must(map.Put(&user_key, nullptr));
    case 2:
      return Below(random, 4) == 0 ? Must(map.Clear()) : Must(map.Remove(&user_key));
    default:
      return Must(map.Put(&user_key, &text));
  }
}

void ChangeOther(std::mt19937_64& random, InternalKVState& state) {
  const std::string text = RandomText(random);
  if (Below(random, 6) == 0) return Must(state.Clear());
  if (state.descriptor().kind == StateKind::kValue) return Must(static_cast<InternalValueState&>(state).Update(&text));
  auto& appending = static_cast<InternalAppendingState&>(state);
  if (Below(random, 3) != 0) return Must(appending.Add(&text));
  const std::vector<std::string> list = {text, "second"};
  Must(appending.UpdateInternal(state.descriptor().kind == StateKind::kList ? static_cast<const void*>(&list) : &text));
}

}  // namespace

std::vector<JobState> StatesOfEveryKind() {
  const SerializerPtr raw = RawBytesSerializer();
  const SerializerPtr none = SerializerFor<VoidNamespace>();
  const SerializerPtr window = SerializerFor<TimeWindow>();
  const auto joiner = MakeAggregateFunction<std::string, std::string, std::string>(Joiner());
  const auto fold = MakeFoldFunction<std::string, std::string>([](std::string& a, const std::string& in) { a += in; });
  using Text = std::string;
  return {{ValueStateDescriptor<Text>("value"), none},
          {ValueStateDescriptor<Text>("value by raw", raw), raw},
          {ListStateDescriptor<Text>("list", raw), none},
          {ListStateDescriptor<Text>("list by window"), window},
          {MapStateDescriptor<Text, Text>("map"), none},
          {MapStateDescriptor<Text, Text>("map by raw", raw, raw), raw},
          {ReducingStateDescriptor<Text>("reducing", Concatenate(), raw), none},
          {ReducingStateDescriptor<Text>("reducing by window", Concatenate()), window},
          {AggregatingStateDescriptor<Text, Text, Text>("aggregating", joiner), none},
          {AggregatingStateDescriptor<Text, Text, Text>("aggregating by raw", joiner), raw},
          {FoldingStateDescriptor<Text, Text>("folding", "@", fold), none},
          {FoldingStateDescriptor<Text, Text>("folding by window", "@", fold), window}};
}

std::vector<JobState> TwoStates() {
  return {{ValueStateDescriptor<std::string>("value"), SerializerFor<VoidNamespace>()},
          {MapStateDescriptor<std::string, std::string>("map by window"), SerializerFor<TimeWindow>()}};
}

SnapshotOptions OfKind(SnapshotKind kind) {
  SnapshotOptions options;
  options.kind = kind;
  return options;
}

Job::Job(JobOptions options) : options_(std::move(options)) {
  for (uint32_t i = 0; i < options_.parallelism; ++i) {
    BackendOptions backend;
    backend.key_serializer = options_.key_serializer;
    backend.max_parallelism = options_.max_parallelism;
    backend.key_groups = KeyGroupRangeOf(options_.max_parallelism, options_.parallelism, i);
    backend.directory = options_.directory + "/" + std::to_string(i);
    backend.engine = options_.engine;
    Instance& instance = instances_.emplace_back();
    instance.backend = Must(options_.factory->Create(backend));
    instance.states.resize(options_.states.size());
  }
}

Snapshots& Job::snapshots(size_t instance) {
  auto* snapshots = GetExtension<Snapshots>(backend(instance));
  if (snapshots == nullptr) throw std::runtime_error("a backend without snapshots");
  return *snapshots;
}

InternalKVState& Job::StateAt(Instance& instance, size_t state) {
  if (instance.states[state] == nullptr) {
    const JobState& wanted = options_.states[state];
    instance.states[state] = Must(instance.backend->GetOrCreateState(wanted.namespace_serializer, wanted.descriptor));
  }
  return *instance.states[state];
}

void Job::MakeStates() {
  for (Instance& instance : instances_) {
    for (size_t i = 0; i < options_.states.size(); ++i) StateAt(instance, i);
  }
}

std::string Job::KeyOf(uint32_t number) const {
  const TypeInfo& info = options_.key_serializer->info();
  if (info.encoded_size == sizeof(int64_t)) return Encode(static_cast<int64_t>(number) - 20);
  const std::string text = number == 0 ? "" : "key" + std::to_string(number);
  return info.self_delimiting ? Encode(text) : text;
}

void Job::ChangeOnce(std::mt19937_64& random) {
  const std::string key = KeyOf(static_cast<uint32_t>(Below(random, options_.keys)));
  const uint32_t hash = options_.key_serializer->KeyHash(key);
  const uint32_t group = KeyGroupOf(hash, options_.max_parallelism);
  Instance& instance = instances_[SubtaskOf(options_.max_parallelism, options_.parallelism, group)];
  Must(instance.backend->SetCurrentKey({key, hash}));
  InternalKVState& state = StateAt(instance, Below(random, options_.states.size()));
  Must(state.SetCurrentNamespace(RandomNamespace(random, state.namespace_serializer())));
  if (state.descriptor().kind == StateKind::kMap) {
    ChangeMap(random, static_cast<InternalMapState&>(state));
  } else {
    ChangeOther(random, state);
  }
}

void Job::Change(uint64_t seed, int changes) {
  MakeStates();
  std::mt19937_64 random(seed);
  for (int i = 0; i < changes; ++i) ChangeOnce(random);
}

Content Job::Read() {
  Content content;
  for (Instance& instance : instances_) {
    size_t entries = 0;
    for (size_t i = 0; i < options_.states.size(); ++i) {
      InternalKVState& state = StateAt(instance, i);
      StateContent part = ContentOf(*instance.backend, state);
      entries += part.size();
      for (auto& [place, value] : part) {
        if (!content[state.descriptor().name].emplace(place, std::move(value)).second) {
          throw std::runtime_error("two instances have the same entry of '" + state.descriptor().name + "'");
        }
      }
    }
    const uint64_t counted = Must(instance.backend->NumEntries());
    if (counted != entries) {
      throw std::runtime_error("NumEntries is " + std::to_string(counted) + ", and visitors give " +
                               std::to_string(entries));
    }
  }
  return content;
}

void Job::Clear() {
  for (Instance& instance : instances_) {
    for (size_t i = 0; i < options_.states.size(); ++i) {
      Must(instance.backend->RemoveState(StateAt(instance, i).descriptor().name));
      instance.states[i] = nullptr;
    }
  }
  MakeStates();
}

Result<std::vector<KeyedStateHandle>> Job::Snapshot(uint64_t id, const std::shared_ptr<CheckpointStorage>& storage,
                                                    const SnapshotOptions& options) {
  std::vector<std::unique_ptr<SnapshotTask>> tasks;
  for (size_t i = 0; i < size(); ++i) {
    KVSTATE_ASSIGN_OR_RETURN(tasks.emplace_back(), snapshots(i).Snapshot(id, storage, options));
  }
  std::vector<KeyedStateHandle> handles;
  for (const auto& task : tasks) {
    KVSTATE_ASSIGN_OR_RETURN(SnapshotResult result, task->Run());
    handles.push_back(std::move(result.handle));
  }
  return handles;
}

Status Job::NotifyComplete(uint64_t id) {
  for (size_t i = 0; i < size(); ++i) KVSTATE_RETURN_IF_ERROR(snapshots(i).NotifyComplete(id));
  return Status();
}

Status Job::NotifyAborted(uint64_t id) {
  for (size_t i = 0; i < size(); ++i) KVSTATE_RETURN_IF_ERROR(snapshots(i).NotifyAborted(id));
  return Status();
}

Result<uint64_t> Job::Checkpoint(CheckpointStore& store, const SnapshotOptions& options) {
  const uint64_t id = store.Begin();
  auto handles = Snapshot(id, store.storage(), options);
  const Status done = handles.ok() ? store.Complete(id, options.kind, *handles) : handles.status();
  if (!done.ok()) {
    // What cannot be removed now is an orphan; the failure before it is the one to tell.
    store.Abort(id).IgnoreError();
    KVSTATE_RETURN_IF_ERROR(NotifyAborted(id));
    return done;
  }
  KVSTATE_RETURN_IF_ERROR(NotifyComplete(id));
  return id;
}

Status Job::Restore(std::span<const KeyedStateHandle> handles, const std::shared_ptr<CheckpointStorage>& storage,
                    bool claim) {
  RestoreOptions options;
  options.claim = claim;
  for (size_t i = 0; i < size(); ++i) {
    KVSTATE_RETURN_IF_ERROR(snapshots(i).Restore(handles, storage, options));
  }
  return Status();
}

}  // namespace kvstate::testing_support
