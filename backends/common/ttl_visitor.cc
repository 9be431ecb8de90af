#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "backends/common/ttl_core.h"

namespace kvstate::backends {

namespace {

/// Gives what a visitor of the stored state gives, without times and without what has expired; removes nothing itself.
class TtlVisitor final : public StateVisitor {
 public:
  TtlVisitor(TtlCore& state, std::unique_ptr<StateVisitor> stored)
      : life_(state.life()),
        kind_(state.state_descriptor().kind),
        stored_(std::move(stored)),
        list_(std::dynamic_pointer_cast<const TtlListSerializer>(state.stored_state().descriptor().value_serializer)),
        value_(std::dynamic_pointer_cast<const TtlSerializer>(state.stored_state().descriptor().value_serializer)) {
    if (value_ != nullptr) input_.emplace(value_);
  }

  Result<std::span<const StateEntry>> NextBatch(size_t max_entries) override {
    entries_.clear();
    while (entries_.empty()) {
      KVSTATE_RETURN_IF_ERROR(CheckAlive());
      KVSTATE_ASSIGN_OR_RETURN(const std::span<const StateEntry> stored, stored_->NextBatch(max_entries));
      if (stored.empty()) break;
      const int64_t now = life_->state->Now();
      lists_used_ = 0;
      for (StateEntry entry : stored) {
        const bool left = list_ != nullptr ? TakeList(now, &entry) : TakeValue(now, &entry);
        if (left) entries_.push_back(entry);
      }
    }
    return std::span<const StateEntry>(entries_);
  }

  Status Remove(const StateEntry& entry) override {
    KVSTATE_RETURN_IF_ERROR(CheckAlive());
    return stored_->Remove(entry);
  }

  Status Update(const StateEntry& entry, const void* value) override {
    KVSTATE_RETURN_IF_ERROR(CheckAlive());
    // The stored state refuses it.
    if (value == nullptr && kind_ != StateKind::kMap) return stored_->Update(entry, nullptr);
    const int64_t now = life_->state->Now();
    if (list_ == nullptr) return stored_->Update(entry, input_->Of(now, value));
    if (list_->inner()->Size(value) == 0) return stored_->Remove(entry);
    const BorrowedObject list{.timestamp = now, .value = value};
    return stored_->Update(entry, &list);
  }

 private:
  Status CheckAlive() const {
    if (life_->state != nullptr) [[likely]]
      return Status();
    return FailedPreconditionError("the state of this walk was removed; start another one on a state that exists");
  }

  bool TakeValue(int64_t now, StateEntry* entry) const {
    if (life_->state->IsOver(TtlSerializer::TimestampOf(entry->value), now)) return false;
    entry->value = value_->ValueOf(entry->value);
    return true;
  }

  bool TakeList(int64_t now, StateEntry* entry) {
    const TtlCore& state = *life_->state;
    const void* list = entry->value;
    entry->value = list_->InnerOf(list);
    if (!state.IsOver(list_->OldestOf(list), now)) return list_->Size(list) > 0;
    const ListSerializer& inner = *list_->inner();
    if (lists_used_ == lists_.size()) lists_.emplace_back(list_->inner());
    void* part = lists_[lists_used_].get();
    inner.Clear(part);
    const size_t size = list_->Size(list);
    for (size_t i = 0; i < size; ++i) {
      if (!state.IsOver(list_->TimeAt(list, i), now)) inner.Append(part, inner.At(entry->value, i));
    }
    if (inner.Size(part) == 0) return false;
    entry->value = part;
    ++lists_used_;
    return true;
  }

  const std::shared_ptr<const TtlCore::Life> life_;
  const StateKind kind_;
  const std::unique_ptr<StateVisitor> stored_;
  const TtlListSerializerPtr list_;  ///< Of a list state, else null.
  const TtlSerializerPtr value_;     ///< Of others.
  std::optional<TimedInput> input_;
  std::vector<StateEntry> entries_;
  std::deque<TypedObject> lists_;  ///< What is left of lists of which some has expired; their memory is used again.
  size_t lists_used_ = 0;
};

}  // namespace

std::unique_ptr<StateVisitor> MakeTtlVisitor(TtlCore& state, std::unique_ptr<StateVisitor> stored) {
  return std::make_unique<TtlVisitor>(state, std::move(stored));
}

}  // namespace kvstate::backends
