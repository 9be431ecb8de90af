#include "backends/hashmap/snapshot_history.h"

#include <algorithm>
#include <set>
#include <utility>

namespace kvstate::backends::hashmap {

SnapshotPlan SnapshotHistory::Begin(const SnapshotWriter& writer, const KeyedStateHandle& handle) {
  SnapshotPlan plan;
  plan.epoch = ++clock_.epoch;
  plan.sets_from = plan.epoch;
  if (handle.kind == SnapshotKind::kSavepoint) return plan;
  // The next may be an increment, and this one confirmed by then.
  clock_.tracking = true;
  plan.chain = chains_.Begin(writer.checkpoint_id(), writer.storage().location());
  marks_[writer.checkpoint_id()] = {plan.epoch, clock_.changes, plan.chain};
  if (handle.kind == SnapshotKind::kIncrementalCheckpoint) PlanIncrement(plan, handle);
  ForgetUnneeded();
  return plan;
}

void SnapshotHistory::PlanIncrement(SnapshotPlan& plan, const KeyedStateHandle& handle) const {
  const DeltaChain& chain = plan.chain->built_on();
  const auto base = marks_.find(chain.checkpoint_id);
  if (chain.files.empty() || base == marks_.end() || HasNewStateOfOldName(handle, base->second.epoch)) return;
  plan.append_base = plan.sets_from = base->second.epoch;
  // More than there are: an entry that was changed in several epochs counts in each, as one that came and went does.
  const uint64_t changes = clock_.changes - base->second.changes;
  plan.appends = plan.chain->Choose(changes, std::nullopt) == ChainStep::kAppend;
  if (plan.appends) return;
  const auto whole = marks_.find(chain.whole_id);
  if (whole == marks_.end() || HasNewStateOfOldName(handle, whole->second.epoch)) return;
  plan.fold_base = whole->second.epoch;
  plan.sets_from = std::min(plan.sets_from, plan.fold_base);
}

bool SnapshotHistory::HasNewStateOfOldName(const KeyedStateHandle& handle, uint32_t since) const {
  return std::any_of(handle.states.begin(), handle.states.end(), [&](const SavedState& state) {
    const auto dropped = dropped_.find(state.name);
    return dropped != dropped_.end() && dropped->second >= since;
  });
}

void SnapshotHistory::Confirm(uint64_t checkpoint_id) {
  chains_.Confirm(checkpoint_id);
  const auto mark = marks_.find(checkpoint_id);
  if (mark != marks_.end()) mark->second.chain.reset();
  ForgetUnneeded();
}

void SnapshotHistory::Abort(uint64_t checkpoint_id) {
  chains_.Abort(checkpoint_id);
  const auto mark = marks_.find(checkpoint_id);
  if (mark != marks_.end()) mark->second.chain.reset();
  ForgetUnneeded();
}

void SnapshotHistory::Claim(DeltaChain chain, uint64_t entries) {
  clock_.tracking = true;
  chain.whole_weight = entries;
  marks_[chain.checkpoint_id] = {clock_.epoch, clock_.changes, nullptr};
  chains_.Claim(std::move(chain));
}

void SnapshotHistory::ForgetUnneeded() {
  std::set<uint64_t> needed = {chains_.confirmed().checkpoint_id, chains_.confirmed().whole_id};
  for (const auto& [id, mark] : marks_) {
    if (mark.chain == nullptr) continue;
    needed.insert({id, mark.chain->built_on().whole_id});
  }
  std::erase_if(marks_, [&needed](const auto& mark) { return !needed.contains(mark.first); });
  clock_.floor = clock_.epoch;
  for (const auto& [id, mark] : marks_) clock_.floor = std::min(clock_.floor, mark.epoch);
}

}  // namespace kvstate::backends::hashmap
