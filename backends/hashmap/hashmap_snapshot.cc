#include "backends/hashmap/hashmap_snapshot.h"

#include <optional>
#include <string>
#include <utility>

#include "backends/hashmap/view_writer.h"

namespace kvstate::backends::hashmap {

namespace {

Status WriteRaw(const RawState::Group& group, StreamPart& out) {
  return group.entries.ForEach(
      [&out](uint32_t, ByteView key, ByteView value) { return out.Add(key, value, /*removed=*/false); });
}

}  // namespace

HashMapSnapshot::HashMapSnapshot(KeyedStateHandle handle, SnapshotPlan plan, std::vector<State> states)
    : handle_(std::move(handle)), plan_(std::move(plan)), states_(std::move(states)) {}

HashMapSnapshot::~HashMapSnapshot() {
  for (const State& state : states_) {
    if (state.view != nullptr) state.view->End();
  }
}

uint64_t HashMapSnapshot::CountChanges(uint32_t base) const {
  uint64_t changes = 0;
  for (const State& state : states_) {
    if (state.view == nullptr) continue;
    ViewWriter counter(*state.tables, *state.view, base, {});
    for (size_t table = 0; table < state.tables->size(); ++table) changes += counter.CountChanges(table);
  }
  return changes;
}

/// From which epoch on changes are written; 0: everything is.
uint32_t HashMapSnapshot::ChooseBase(ChainStep* step) const {
  *step = ChainStep::kWhole;
  if (plan_.append_base == 0) return 0;
  if (plan_.appends) {
    *step = ChainStep::kAppend;
  } else {
    std::optional<uint64_t> fold_weight;
    if (plan_.fold_base != 0) fold_weight = CountChanges(plan_.fold_base);
    *step = plan_.chain->Choose(CountChanges(plan_.append_base), fold_weight);
  }
  if (*step == ChainStep::kWhole) return 0;
  return *step == ChainStep::kAppend ? plan_.append_base : plan_.fold_base;
}

Result<KeyedStateHandle> HashMapSnapshot::Write(SnapshotWriter& writer) {
  ChainStep step = ChainStep::kWhole;
  const uint32_t base = ChooseBase(&step);
  const bool shared = plan_.chain != nullptr;
  const std::string name(PendingChain::NameOf(step));
  KVSTATE_ASSIGN_OR_RETURN(
      std::unique_ptr<StateStreamWriter> out,
      StateStreamWriter::Create(writer.storage(), writer.NewPath(shared, name), StreamHeaderOf(handle_, base != 0),
                                writer.options().compress, &writer.cancelled()));
  KVSTATE_RETURN_IF_ERROR(WriteStates(base, *out, writer));
  const uint64_t entries = out->entries();
  KVSTATE_ASSIGN_OR_RETURN(const StoredFile file, out->Finish());
  writer.AddNew(file);
  writer.AddEntries(entries);
  if (!shared) {
    handle_.files = {{name, file, /*shared=*/false}};
    return std::move(handle_);
  }
  handle_.files = plan_.chain->Wrote(step, file, entries);
  for (size_t i = 0; i + 1 < handle_.files.size(); ++i) writer.AddReused(handle_.files[i].file);
  return std::move(handle_);
}

Status HashMapSnapshot::WriteStates(uint32_t base, StateStreamWriter& out, SnapshotWriter& writer) {
  std::vector<std::unique_ptr<ViewWriter>> views;
  for (const State& state : states_) {
    views.push_back(nullptr);
    if (state.view == nullptr) continue;
    views.back() = std::make_unique<ViewWriter>(*state.tables, *state.view, base, state.filter);
  }
  const KeyGroupRange range = handle_.key_groups;
  for (uint32_t group = range.first; group <= range.last; ++group) {
    if (writer.cancelled()) return CancelledError("the snapshot was cancelled");
    const size_t table = group - range.first;
    for (uint32_t i = 0; i < states_.size(); ++i) {
      StreamPart part(out, group, i);
      if (views[i] != nullptr) {
        KVSTATE_RETURN_IF_ERROR(views[i]->Write(table, part));
      } else if (base == 0) {
        KVSTATE_RETURN_IF_ERROR(WriteRaw((*states_[i].raw)[table], part));
      }
    }
  }
  return Status();
}

}  // namespace kvstate::backends::hashmap
