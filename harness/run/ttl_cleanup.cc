#include "harness/run/ttl_cleanup.h"

#include <algorithm>
#include <array>
#include <utility>

#include "harness/run/suite.h"
#include "kvstate/descriptors.h"
#include "kvstate/namespaces.h"

namespace kvstate::harness {

namespace {

struct NamedStrategy {
  TtlStrategy strategy;
  std::string_view name;
};

constexpr std::array<NamedStrategy, 7> kStrategies = {{{TtlStrategy::kNoTtl, "no_ttl"},
                                                       {TtlStrategy::kNoCleanup, "no_cleanup"},
                                                       {TtlStrategy::kFullSnapshot, "full_snapshot"},
                                                       {TtlStrategy::kIncremental, "incremental"},
                                                       {TtlStrategy::kCompactionFilter, "compaction_filter"},
                                                       {TtlStrategy::kSweep, "sweep"},
                                                       {TtlStrategy::kDefault, "default"}}};

TtlCleanup CleanupOf(TtlStrategy strategy) {
  constexpr uint32_t kEntriesPerAccess = 5;
  TtlCleanup cleanup;
  if (strategy == TtlStrategy::kDefault) return cleanup;
  cleanup.in_full_snapshots = strategy == TtlStrategy::kFullSnapshot;
  cleanup.incremental_entries = strategy == TtlStrategy::kIncremental ? kEntriesPerAccess : 0;
  if (strategy == TtlStrategy::kCompactionFilter) {
    cleanup.compaction_filter = true;
  } else if (strategy != TtlStrategy::kSweep) {
    cleanup.compaction_filter = false;
  }
  return cleanup;
}

}  // namespace

std::string_view TtlStrategyName(TtlStrategy strategy) {
  for (const NamedStrategy& named : kStrategies) {
    if (named.strategy == strategy) return named.name;
  }
  return {};
}

Result<std::vector<TtlStrategy>> ParseTtlStrategies(std::string_view names) {
  std::vector<std::string> allowed;
  for (const NamedStrategy& named : kStrategies) allowed.emplace_back(named.name);
  std::vector<TtlStrategy> strategies;
  for (const std::string& name : SplitList(names == "all" ? JoinList(allowed, ",") : names)) {
    const auto found =
        std::find_if(kStrategies.begin(), kStrategies.end(), [&](const NamedStrategy& n) { return n.name == name; });
    if (found == kStrategies.end()) {
      return InvalidArgumentError("no way of cleanup is named '" + name + "'; there are " + JoinList(allowed) +
                                  ", and all");
    }
    if (std::find(strategies.begin(), strategies.end(), found->strategy) != strategies.end()) {
      return InvalidArgumentError("'" + name + "' stands twice");
    }
    strategies.push_back(found->strategy);
  }
  if (strategies.empty()) return InvalidArgumentError("give at least one of " + JoinList(allowed) + ", or all");
  return strategies;
}

bool Expires(const StateDescriptor& descriptor) {
  return descriptor.ttl.has_value() && descriptor.ttl->update != TtlConfig::Update::kDisabled;
}

bool ReadsDependOnCleanup(const std::vector<TraceState>& states) {
  return std::any_of(states.begin(), states.end(), [](const TraceState& state) {
    return Expires(state.descriptor) &&
           state.descriptor.ttl->visibility == TtlConfig::Visibility::kReturnExpiredIfNotCleanedUp;
  });
}

StateDescriptor WithStrategy(StateDescriptor descriptor, TtlStrategy strategy) {
  if (!Expires(descriptor)) return descriptor;
  if (strategy == TtlStrategy::kNoTtl) {
    descriptor.ttl.reset();
  } else {
    descriptor.ttl->cleanup = CleanupOf(strategy);
  }
  return descriptor;
}

Result<bool> Supports(KeyedStateBackend& backend, TtlStrategy strategy) {
  ValueStateDescriptor<int64_t> descriptor("kvstate.probe");
  descriptor.ttl.emplace().ttl_millis = 1;
  const auto made = backend.GetOrCreateState(SerializerFor<VoidNamespace>(), WithStrategy(descriptor, strategy));
  if (!made.ok()) {
    if (made.status().code() == StatusCode::kInvalidArgument) return false;
    return made.status();
  }
  KVSTATE_RETURN_IF_ERROR(backend.RemoveState(descriptor.name));
  return true;
}

void StrategyTrace::TakeStates() {
  for (size_t i = states_.size(); i < trace_.states().size(); ++i) {
    const TraceState& state = trace_.states()[i];
    states_.push_back({state.namespace_serializer, WithStrategy(state.descriptor, strategy_), state.timers});
  }
}

Result<const std::vector<TraceOperation>*> StrategyTrace::NextChunk() {
  auto chunk = trace_.NextChunk();
  TakeStates();
  return chunk;
}

}  // namespace kvstate::harness
