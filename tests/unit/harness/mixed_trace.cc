#include "tests/unit/harness/mixed_trace.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/replay/recording_backend.h"
#include "harness/run/backend_choice.h"
#include "kvstate/clock.h"
#include "kvstate/extension.h"
#include "kvstate/keyed_backend.h"
#include "kvstate/timers.h"
#include "workloads/sources/random.h"

namespace kvstate::harness {

namespace {

constexpr uint64_t kKeys = 97;

class MixedJob {
 public:
  MixedJob(KeyedBackend<int64_t>* backend, RecordingBackend* recording, ManualClock* clock)
      : backend_(*backend), recording_(*recording), clock_(*clock) {}

  Status Open() {
    ValueStateDescriptor<int64_t> expiring("expiring");
    expiring.ttl = TtlConfig{.ttl_millis = 40};
    const auto sum = MakeReduceFunction<int64_t>([](int64_t& a, const int64_t& b) { a += b; }, true);
    KVSTATE_ASSIGN_OR_RETURN(value_, backend_.GetState<TimeWindow>(ValueStateDescriptor<int64_t>("value")));
    KVSTATE_ASSIGN_OR_RETURN(list_, backend_.GetState<TimeWindow>(ListStateDescriptor<std::string>("list")));
    KVSTATE_ASSIGN_OR_RETURN(sum_, backend_.GetState(ReducingStateDescriptor<int64_t>("sum", sum)));
    KVSTATE_ASSIGN_OR_RETURN(map_, backend_.GetState(MapStateDescriptor<int64_t, std::string>("map")));
    KVSTATE_ASSIGN_OR_RETURN(expiring_, backend_.GetState(expiring));
    auto* timers = GetExtension<Timers>(backend_.backend());
    if (timers == nullptr) return InternalError("no timers");
    KVSTATE_ASSIGN_OR_RETURN(
        queue_, timers->GetOrCreateQueue("timers", SerializerFor<VoidNamespace>(), TimerStorage::kBackend));
    return Status();
  }

  Status Round(int64_t round) {
    const int64_t time_ms = round / 3;
    recording_.SetTime(time_ms);
    clock_.SetMillis(time_ms);
    const TimeWindow window{round % 5, round % 5 + 10};
    KVSTATE_RETURN_IF_ERROR(backend_.SetCurrentKey(Key()));
    // The namespace stays from key to key.
    if (round % 4 == 0) KVSTATE_RETURN_IF_ERROR(value_->SetCurrentNamespace(window));
    if (round == 0) KVSTATE_RETURN_IF_ERROR(list_->SetCurrentNamespace(window));
    KVSTATE_RETURN_IF_ERROR(value_->Update(round));
    KVSTATE_RETURN_IF_ERROR(list_->Add(std::to_string(round)));
    KVSTATE_RETURN_IF_ERROR(backend_.SetCurrentKey(Key()));
    KVSTATE_RETURN_IF_ERROR(sum_->Add(round));
    KVSTATE_RETURN_IF_ERROR(expiring_->Get().status());
    KVSTATE_RETURN_IF_ERROR(expiring_->Update(round));
    for (int64_t i = 0; i < 3; ++i) KVSTATE_RETURN_IF_ERROR(map_->Put(round % 7 + i, std::to_string(round)));
    KVSTATE_RETURN_IF_ERROR(Timer());
    if (round % 9 == 0) KVSTATE_RETURN_IF_ERROR(IterateAcrossKeys());
    if (round % 25 == 0) {
      const std::vector<TimeWindow> sources = {{1, 11}, {2, 12}};
      KVSTATE_RETURN_IF_ERROR(list_->SetCurrentNamespace(window));
      KVSTATE_RETURN_IF_ERROR(list_->MergeNamespaces({0, 10}, sources));
    }
    if (round % 200 == 150) KVSTATE_RETURN_IF_ERROR(WalkAll());
    if (round % 400 == 399) KVSTATE_RETURN_IF_ERROR(RemoveAndMakeAgain());
    return Status();
  }

 private:
  int64_t Key() { return static_cast<int64_t>(random_.Below(kKeys)); }

  Status Timer() {
    const std::string key = Encode(Key());
    KVSTATE_RETURN_IF_ERROR(
        queue_->Add({static_cast<int64_t>(random_.Below(50)), key, Encode(VoidNamespace{})}).status());
    kvstate::Timer head;
    KVSTATE_RETURN_IF_ERROR(queue_->Peek(&head).status());
    if (random_.Below(3) == 0) KVSTATE_RETURN_IF_ERROR(queue_->Poll(&head).status());
    if (random_.Below(10) != 0) return Status();
    return queue_->Remove({static_cast<int64_t>(random_.Below(50)), key, Encode(VoidNamespace{})}).status();
  }

  Status IterateAcrossKeys() {
    KVSTATE_ASSIGN_OR_RETURN(auto entries, map_->Entries());
    for (int i = 0; i < 4; ++i) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, entries.Next());
      if (!more) break;
      KVSTATE_RETURN_IF_ERROR(backend_.SetCurrentKey(Key()));
      KVSTATE_RETURN_IF_ERROR(i % 2 == 0 ? entries.Remove() : entries.SetValue("changed"));
      KVSTATE_RETURN_IF_ERROR(sum_->Add(i));
    }
    return Status();
  }

  Status WalkAll() {
    KVSTATE_ASSIGN_OR_RETURN(auto keys, backend_.backend().KeysAndNamespaces("list"));
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, keys->Next());
      if (!more) return Status();
    }
  }

  Status RemoveAndMakeAgain() {
    KVSTATE_RETURN_IF_ERROR(backend_.backend().RemoveState("value"));
    KVSTATE_ASSIGN_OR_RETURN(value_, backend_.GetState<TimeWindow>(ValueStateDescriptor<int64_t>("value")));
    return value_->SetCurrentNamespace(TimeWindow{0, 1});
  }

  KeyedBackend<int64_t>& backend_;
  RecordingBackend& recording_;
  ManualClock& clock_;
  workloads::Random random_{17};
  std::optional<ValueState<int64_t>> value_;
  std::optional<ListState<std::string>> list_;
  std::optional<ReducingState<int64_t>> sum_;
  std::optional<MapState<int64_t, std::string>> map_;
  std::optional<ValueState<int64_t>> expiring_;
  TimerQueue* queue_ = nullptr;
};

}  // namespace

Status RecordMixedTrace(const BackendRegistry& registry, WorkDirectory& directory, int64_t rounds, MemoryTrace* trace,
                        int64_t fill_rounds) {
  const auto clock = std::make_shared<ManualClock>();
  KVSTATE_ASSIGN_OR_RETURN(auto inner,
                           MakeBackend(registry, {"hashmap", {}}, SerializerFor<int64_t>(), 128, directory, clock));
  KVSTATE_ASSIGN_OR_RETURN(auto made, RecordingBackend::Create(std::move(inner), SerializerFor<int64_t>(), trace));
  RecordingBackend* recording = made.get();
  KeyedBackend<int64_t> backend(std::move(made));
  MixedJob job(&backend, recording, clock.get());
  KVSTATE_RETURN_IF_ERROR(job.Open());
  for (int64_t round = 0; round < rounds; ++round) {
    if (round > 0 && round == fill_rounds) KVSTATE_RETURN_IF_ERROR(recording->EndFill());
    KVSTATE_RETURN_IF_ERROR(job.Round(round));
  }
  return recording->FinishTrace();
}

}  // namespace kvstate::harness
