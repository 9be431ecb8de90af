#include "backends/embedded/stream_snapshot.h"

#include <algorithm>
#include <string>
#include <utility>

#include "backends/checkpoint/state_stream.h"
#include "backends/common/timer_format.h"
#include "backends/embedded/key_group_bounds.h"

namespace kvstate::backends {

namespace {

/// Keys of one table, sorted, each once.
std::vector<ByteView> SortedKeys(const std::vector<std::shared_ptr<const KeySet>>& sets) {
  std::vector<ByteView> keys;
  size_t most = 0;
  for (const auto& set : sets) most += set->size();
  keys.reserve(most);
  for (const auto& set : sets) {
    set->ForEach([&](ByteView key) { keys.push_back(key); });
  }
  std::sort(keys.begin(), keys.end());
  if (sets.size() > 1) keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

class StreamWork final : public SnapshotWork {
 public:
  StreamWork(KeyedStateHandle handle, std::unique_ptr<StoreView> view, std::vector<SnapshotFilter> filters,
             size_t key_group_bytes, std::shared_ptr<StreamChainPlan> plan)
      : handle_(std::move(handle)),
        view_(std::move(view)),
        filters_(std::move(filters)),
        key_group_bytes_(key_group_bytes),
        plan_(std::move(plan)) {
    for (const SavedState& state : handle_.states) is_timers_.push_back(IsStoreTimersState(state.name));
  }

  Result<KeyedStateHandle> Write(SnapshotWriter& writer) override {
    const ChainStep step = ChooseStep();
    const bool in_chain = plan_ != nullptr;
    const std::string_view name = in_chain ? PendingChain::NameOf(step) : "state.stream";
    const bool changes = step != ChainStep::kWhole;
    KVSTATE_ASSIGN_OR_RETURN(
        const std::unique_ptr<StateStreamWriter> stream,
        StateStreamWriter::Create(writer.storage(), writer.NewPath(/*shared=*/in_chain, name),
                                  StreamHeaderOf(handle_, changes), writer.options().compress, &writer.cancelled()));
    KVSTATE_RETURN_IF_ERROR(changes ? WriteChanges(*stream, writer.cancelled()) : WriteAll(*stream));
    const uint64_t entries = stream->entries();
    KVSTATE_ASSIGN_OR_RETURN(const StoredFile stored, stream->Finish());
    writer.AddNew(stored);
    writer.AddEntries(entries);
    if (in_chain) {
      handle_.files = plan_->chain->Wrote(step, stored, entries);
      for (size_t i = 0; i + 1 < handle_.files.size(); ++i) writer.AddReused(handle_.files[i].file);
    } else {
      handle_.files.push_back({std::string(name), stored, /*shared=*/false});
    }
    return std::move(handle_);
  }

 private:
  /// Sets changed_, unless the stream is to be whole.
  ChainStep ChooseStep() {
    if (plan_ == nullptr || !plan_->since_confirmed.has_value()) return ChainStep::kWhole;
    const PendingChain& chain = *plan_->chain;
    ChainStep step = chain.Choose(plan_->since_confirmed->MostChanges(), {});
    if (step == ChainStep::kAppend) TakeChanges(*plan_->since_confirmed);
    if (step != ChainStep::kWhole || !plan_->since_whole.has_value()) return step;
    const uint64_t distinct = TakeChanges(*plan_->since_whole);
    step = chain.Choose(plan_->since_confirmed->MostChanges(), distinct);
    if (step == ChainStep::kFold) KeepFolded();
    return step;
  }

  uint64_t TakeChanges(const ChangeSpan& span) {
    uint64_t changes = 0;
    changed_.clear();
    for (const auto& sets : span.of_states) changes += changed_.emplace_back(SortedKeys(sets)).size();
    return changes;
  }

  void KeepFolded() {
    plan_->states = handle_.states;
    for (const std::vector<ByteView>& keys : changed_) {
      auto set = std::make_shared<KeySet>();
      for (const ByteView key : keys) set->Insert(key);
      plan_->folded.push_back(std::move(set));
    }
    plan_->is_folded.store(true, std::memory_order_release);
  }

  /// What a stream has of a table's key. Of timers, which an engine has in the order of time, it is another one.
  ByteView StreamedKey(size_t state, ByteView key, std::string* rearranged) const {
    const ByteView rest = key.substr(key_group_bytes_);
    if (!is_timers_[state] || rest.size() < kTimestampBytes) return rest;
    rearranged->clear();
    AppendStreamedKey(rest, rearranged);
    return *rearranged;
  }

  Status WriteAll(StateStreamWriter& stream) {
    // A table's order is that of key groups first: one walk over each serves all of them.
    std::vector<std::unique_ptr<StoreIterator>> walks(handle_.states.size());
    for (size_t i = 0; i < walks.size(); ++i) {
      KVSTATE_ASSIGN_OR_RETURN(walks[i], view_->NewIterator(i, {}, {}));
      KVSTATE_RETURN_IF_ERROR(walks[i]->Seek({}));
    }
    std::string rearranged;
    for (uint32_t key_group = handle_.key_groups.first; key_group <= handle_.key_groups.last; ++key_group) {
      for (uint32_t i = 0; i < walks.size(); ++i) {
        StoreIterator& walk = *walks[i];
        if (!walk.Valid() || KeyGroupOfTableKey(walk.key(), key_group_bytes_) != key_group) continue;
        bool has_begun = false;
        do {
          ByteView value = walk.value();
          KVSTATE_ASSIGN_OR_RETURN(const bool is_written, filters_[i].Admit(&value));
          if (is_written) {
            if (!has_begun) KVSTATE_RETURN_IF_ERROR(stream.Begin(key_group, i));
            has_begun = true;
            KVSTATE_RETURN_IF_ERROR(stream.Add({StreamedKey(i, walk.key(), &rearranged), value, false}));
          }
          KVSTATE_RETURN_IF_ERROR(walk.Next());
        } while (walk.Valid() && KeyGroupOfTableKey(walk.key(), key_group_bytes_) == key_group);
      }
    }
    return Status();
  }

  Status WriteChanges(StateStreamWriter& stream, const CancelFlag& cancelled) const {
    std::vector<size_t> next(changed_.size(), 0);
    std::string value;
    std::string rearranged;
    for (uint32_t key_group = handle_.key_groups.first; key_group <= handle_.key_groups.last; ++key_group) {
      KVSTATE_RETURN_IF_ERROR(CheckCancelled(&cancelled));
      for (uint32_t i = 0; i < changed_.size(); ++i) {
        const std::vector<ByteView>& keys = changed_[i];
        const auto here = [&] {
          return next[i] < keys.size() && KeyGroupOfTableKey(keys[next[i]], key_group_bytes_) == key_group;
        };
        if (!here()) continue;
        KVSTATE_RETURN_IF_ERROR(stream.Begin(key_group, i));
        for (; here(); ++next[i]) {
          const ByteView key = keys[next[i]];
          KVSTATE_ASSIGN_OR_RETURN(const bool found, view_->Get(i, key, &value));
          const ByteView stored = found ? ByteView(value) : ByteView();
          KVSTATE_RETURN_IF_ERROR(stream.Add({StreamedKey(i, key, &rearranged), stored, !found}));
        }
      }
    }
    return Status();
  }

  KeyedStateHandle handle_;
  const std::unique_ptr<StoreView> view_;
  std::vector<SnapshotFilter> filters_;
  const size_t key_group_bytes_;
  const std::shared_ptr<StreamChainPlan> plan_;
  std::vector<bool> is_timers_;                 ///< For each state.
  std::vector<std::vector<ByteView>> changed_;  ///< For each state; in sets of plan_.
};

}  // namespace

std::unique_ptr<SnapshotWork> MakeStreamWork(KeyedStateHandle handle, std::unique_ptr<StoreView> view,
                                             std::vector<SnapshotFilter> filters, size_t key_group_bytes,
                                             std::shared_ptr<StreamChainPlan> plan) {
  return std::make_unique<StreamWork>(std::move(handle), std::move(view), std::move(filters), key_group_bytes,
                                      std::move(plan));
}

}  // namespace kvstate::backends
