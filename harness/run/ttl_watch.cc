#include "harness/run/ttl_watch.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "harness/probes/state_image.h"
#include "harness/run/ttl_cleanup.h"
#include "kvstate/engine_statistics.h"
#include "kvstate/extension.h"
#include "kvstate/ttl_sweep.h"

namespace kvstate::harness {

namespace {

int64_t ExpiryOf(int64_t timestamp, int64_t ttl_ms) {
  int64_t expires = 0;
  return __builtin_add_overflow(timestamp, ttl_ms, &expires) ? INT64_MAX : expires;
}

}  // namespace

TtlWatch::TtlWatch(KeyedStateBackend* backend, ManualClock* clock, const TraceSource* trace,
                   const TraceSource* replayed, Plan plan)
    : backend_(*backend), clock_(*clock), trace_(*trace), replayed_(*replayed), plan_(std::move(plan)) {
  Await();
}

void TtlWatch::Await() {
  uint64_t next = UINT64_MAX;
  if (plan_.moments != nullptr && stored_.size() < plan_.moments->size()) {
    next = (*plan_.moments)[stored_.size()].operations;
  }
  if (next_sweep_ < plan_.sweeps.size()) next = std::min(next, plan_.sweeps[next_sweep_]);
  WaitFor(next);
}

Status TtlWatch::Between(const ReplayMoment& moment) {
  for (; next_sweep_ < plan_.sweeps.size() && plan_.sweeps[next_sweep_] <= moment.operations; ++next_sweep_) {
    auto* sweep = GetExtension<TtlSweep>(backend_);
    if (sweep != nullptr) KVSTATE_RETURN_IF_ERROR(sweep->Sweep(plan_.sweep_entries).status());
  }
  while (plan_.moments != nullptr && stored_.size() < plan_.moments->size() &&
         (*plan_.moments)[stored_.size()].operations <= moment.operations) {
    KVSTATE_RETURN_IF_ERROR(Look());
  }
  Await();
  return Status();
}

Status TtlWatch::Finish() {
  while (plan_.moments != nullptr && stored_.size() < plan_.moments->size()) KVSTATE_RETURN_IF_ERROR(Look());
  return Status();
}

Status TtlWatch::Look() {
  const TtlMoment& moment = (*plan_.moments)[stored_.size()];
  // Between the time of the last operation and that of the next.
  clock_.SetMillis(moment.time_ms);
  StoredAtMoment stored;
  for (size_t i = 0; i < trace_.states().size(); ++i) {
    if (!Expires(trace_.states()[i].descriptor)) continue;
    const TraceState& state = replayed_.states()[i];
    KVSTATE_RETURN_IF_ERROR(Expires(state.descriptor) ? WalkTimed(state, &stored) : WalkUntimed(state, &stored));
  }
  if (!stored.expired_of_moment.has_value()) {
    // Nothing expires here: of what is stored, what must be live is, and the rest should have gone.
    const uint64_t all_values = stored.live_values;
    const uint64_t all_bytes = stored.live_bytes;
    stored.live_values = std::min(all_values, moment.live_values);
    stored.live_bytes = std::min(all_bytes, moment.live_bytes);
    stored.expired_values = all_values - stored.live_values;
    stored.expired_bytes = all_bytes - stored.live_bytes;
  }
  if (auto* engine = GetExtension<EngineStatistics>(backend_)) {
    KVSTATE_ASSIGN_OR_RETURN(const EngineCounters counters, engine->Collect());
    stored.disk_bytes = counters.disk_bytes;
  }
  stored_.push_back(std::move(stored));
  return Status();
}

Status TtlWatch::WalkTimed(const TraceState& state, StoredAtMoment* stored) {
  auto* sweep = GetExtension<TtlSweep>(backend_);
  if (sweep == nullptr) return UnimplementedError("backend '" + std::string(backend_.name()) + "' has no TtlSweep");
  const std::vector<TtlMoment>& moments = *plan_.moments;
  const size_t at = stored_.size();
  const int64_t now_ms = moments[at].time_ms;
  if (!stored->expired_of_moment.has_value()) stored->expired_of_moment.emplace(at + 1, 0);
  std::vector<uint64_t>& of_moment = *stored->expired_of_moment;

  std::string key;  // Of the entry whose values are given: a list gives several.
  uint64_t key_bytes = 0;
  bool any_live = false;
  const auto end_entry = [&] { (any_live ? stored->live_bytes : stored->expired_bytes) += key_bytes; };
  ByteWriter name;
  KVSTATE_RETURN_IF_ERROR(sweep->VisitStored(state.descriptor.name, [&](const TimedValue& value) {
    name.Clear();
    name.PutLengthPrefixed(value.key);
    name.PutLengthPrefixed(value.state_namespace);
    name.PutBytes(value.user_key);
    if (name.view() != key) {
      end_entry();
      key.assign(name.view());
      key_bytes = CompositeKeyBytes(backend_.key_serializer(), *state.namespace_serializer, backend_.max_parallelism(),
                                    value.key, value.state_namespace, value.user_key);
      any_live = false;
    }
    const int64_t expires_ms = ExpiryOf(value.timestamp, state.descriptor.ttl->ttl_millis);
    if (expires_ms > now_ms) {
      any_live = true;
      ++stored->live_values;
      stored->live_bytes += value.bytes;
      return Status();
    }
    ++stored->expired_values;
    stored->expired_bytes += value.bytes;
    const auto moment = std::lower_bound(moments.begin(), moments.begin() + static_cast<std::ptrdiff_t>(at), expires_ms,
                                         [](const TtlMoment& m, int64_t time_ms) { return m.time_ms < time_ms; });
    ++of_moment[static_cast<size_t>(moment - moments.begin())];
    return Status();
  }));
  end_entry();
  return Status();
}

Status TtlWatch::WalkUntimed(const TraceState& state, StoredAtMoment* stored) {
  constexpr size_t kBatchEntries = 1024;
  const StateDescriptor& descriptor = state.descriptor;
  KVSTATE_ASSIGN_OR_RETURN(InternalKVState * made, backend_.GetOrCreateState(state.namespace_serializer, descriptor));
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StateVisitor> visitor, made->Visit());
  ByteWriter bytes;
  while (true) {
    KVSTATE_ASSIGN_OR_RETURN(const std::span<const StateEntry> batch, visitor->NextBatch(kBatchEntries));
    if (batch.empty()) return Status();
    for (const StateEntry& entry : batch) {
      bytes.Clear();
      if (descriptor.kind == StateKind::kMap) bytes.PutByte(entry.value == nullptr ? 1 : 0);
      if (entry.value != nullptr) descriptor.value_serializer->Serialize(entry.value, bytes);
      stored->live_values += descriptor.kind == StateKind::kList
                                 ? static_cast<const ListSerializer&>(*descriptor.value_serializer).Size(entry.value)
                                 : 1;
      stored->live_bytes += bytes.size() + CompositeKeyBytes(backend_.key_serializer(), *state.namespace_serializer,
                                                             backend_.max_parallelism(), entry.key,
                                                             entry.state_namespace, entry.user_key);
    }
  }
}

}  // namespace kvstate::harness
