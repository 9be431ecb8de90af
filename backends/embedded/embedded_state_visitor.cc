#include <algorithm>
#include <string>
#include <vector>

#include "backends/embedded/embedded_state.h"
#include "backends/embedded/embedded_walks.h"

namespace kvstate::backends {

namespace {

constexpr size_t kBatchBytes = size_t{4} << 20;

class EmbeddedStateVisitor final : public StateVisitor {
 public:
  explicit EmbeddedStateVisitor(EmbeddedState& state) : state_(state), parser_(state.key_format()) {}

  Result<std::span<const StateEntry>> NextBatch(size_t max_entries) override {
    entries_.clear();
    if (at_end_ || max_entries == 0) return std::span<const StateEntry>();
    Status status = ReadBatch(max_entries);
    if (!status.ok()) return state_.InContext(status);
    return std::span<const StateEntry>(entries_);
  }

  Status Remove(const StateEntry& entry) override {
    KVSTATE_RETURN_IF_ERROR(Find(entry));
    return state_.table().Delete(composite_.view());
  }

  Status Update(const StateEntry& entry, const void* value) override {
    if (value == nullptr && !state_.is_map()) {
      return state_.InContext(InvalidArgumentError("a visitor's Update takes no null; Remove removes"));
    }
    KVSTATE_RETURN_IF_ERROR(Find(entry));
    KVSTATE_RETURN_IF_ERROR(state_.value_format().Encode(value, encoded_));
    return state_.table().Put(composite_.view(), encoded_.view());
  }

 private:
  Status ReadBatch(size_t max_entries) {
    arena_.clear();
    ends_.clear();
    KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StoreIterator> stored, state_.table().NewIterator(from_, {}));
    KVSTATE_RETURN_IF_ERROR(stored->Seek(from_));
    size_t bytes = 0;
    while (stored->Valid() && entries_.size() < max_entries && bytes < kBatchBytes) {
      const size_t index = entries_.size();
      if (index == values_.size()) values_.emplace_back(state_.value_format().serializer());
      bool is_null = false;
      KVSTATE_RETURN_IF_ERROR(state_.value_format().Decode(stored->value(), values_[index].get(), &is_null));
      StateEntry& entry = entries_.emplace_back();
      entry.value = is_null ? nullptr : values_[index].get();
      bytes += stored->key().size() + stored->value().size();
      arena_.append(stored->key());
      ends_.push_back(arena_.size());
      KVSTATE_RETURN_IF_ERROR(stored->Next());
    }
    at_end_ = !stored->Valid();
    return SetViews();
  }

  /// Into arena_, which has stopped growing.
  Status SetViews() {
    size_t start = 0;
    for (size_t i = 0; i < entries_.size(); ++i) {
      const ByteView composite = ByteView(arena_).substr(start, ends_[i] - start);
      KVSTATE_RETURN_IF_ERROR(parser_.Parse(composite));
      entries_[i].key = parser_.key();
      entries_[i].state_namespace = parser_.state_namespace();
      entries_[i].user_key = parser_.user_key();
      if (i + 1 == entries_.size()) from_.assign(composite).push_back('\0');
      start = ends_[i];
    }
    return Status();
  }

  /// Sets composite_ to the entry's; NOT_FOUND when it is gone.
  Status Find(const StateEntry& entry) {
    state_.key_format().WritePrefix(state_.keys().KeyGroupOfBytes(entry.key), entry.key, entry.state_namespace,
                                    composite_);
    composite_.PutBytes(entry.user_key);
    ByteView stored;
    KVSTATE_ASSIGN_OR_RETURN(const bool found, state_.table().Get(composite_.view(), &stored));
    return found ? Status() : state_.InContext(NotFoundError("the entry was removed since it was visited"));
  }

  EmbeddedState& state_;
  CompositeKeyParser parser_;
  std::string from_;  ///< Where the next batch starts.
  std::string arena_;
  std::vector<size_t> ends_;
  std::vector<StateEntry> entries_;
  std::vector<TypedObject> values_;
  ByteWriter composite_;
  ByteWriter encoded_;
  bool at_end_ = false;
};

}  // namespace

std::unique_ptr<StateVisitor> MakeStateVisitor(EmbeddedState& state) {
  return std::make_unique<EmbeddedStateVisitor>(state);
}

}  // namespace kvstate::backends
