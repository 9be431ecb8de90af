#include "backends/hashmap/state_visitor.h"

#include <optional>
#include <span>
#include <utility>

namespace kvstate::backends::hashmap {

Status EntryWalk::Removed() const {
  return FailedPreconditionError("the state of this walk was removed; start another one on a state that exists");
}

void EntryWalk::Fill(const StateCore& state) {
  const StateCore::Lock lock(state);
  const TableLayout& layout = state.layout();
  bytes_.clear();
  pairs_.clear();
  next_ = 0;
  while (pairs_.empty() && table_ < state.table_count()) {
    if (cursor_.AtEnd()) {
      cursor_ = TableCursor();
      ++table_;
      continue;
    }
    cursor_.Next(layout, state.table(table_), [&](const char* slot) {
      const ByteView key = layout.KeyOf(slot);
      const ByteView state_namespace = layout.NamespaceOf(slot);
      pairs_.push_back({bytes_.size(), key.size(), state_namespace.size()});
      bytes_.append(key).append(state_namespace);
    });
  }
}

Result<bool> EntryWalk::Next() {
  if (state() == nullptr) return Removed();
  if (next_ == pairs_.size()) Fill(*state());
  if (pairs_.empty()) return false;
  ++next_;
  return true;
}

namespace {

class HashMapKeyIterator final : public KeyIterator {
 public:
  HashMapKeyIterator(const StateCore& state, const ByteView* state_namespace) : walk_(state) {
    if (state_namespace != nullptr) only_.emplace(*state_namespace);
  }

  Result<bool> Next() override {
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, walk_.Next());
      if (!more || !only_.has_value() || walk_.state_namespace() == ByteView(*only_)) return more;
    }
  }
  ByteView key() const override { return walk_.key(); }
  ByteView state_namespace() const override { return walk_.state_namespace(); }

 private:
  EntryWalk walk_;
  std::optional<std::string> only_;
};

class HashMapStateVisitor final : public StateVisitor {
 public:
  explicit HashMapStateVisitor(const StateCore& state) : walk_(state) {}

  Result<std::span<const StateEntry>> NextBatch(size_t max_entries) override {
    entries_.clear();
    pieces_.clear();
    bytes_.clear();
    while (entries_.size() < max_entries) {
      if (!in_pair_) {
        KVSTATE_ASSIGN_OR_RETURN(in_pair_, walk_.Next());
        if (!in_pair_) break;
        after_.reset();
      }
      if (walk_.state() == nullptr) return walk_.Removed();
      ReadPair(*walk_.state(), max_entries);
    }
    SetViews();
    return std::span<const StateEntry>(entries_);
  }

  Status Remove(const StateEntry& entry) override {
    StateCore* state = walk_.state();
    if (state == nullptr) return walk_.Removed();
    const StateCore::Lock lock(*state);
    return state->VisitorRemove(entry.key, entry.state_namespace, entry.user_key) ? Status() : Gone(*state);
  }

  Status Update(const StateEntry& entry, const void* value) override {
    StateCore* state = walk_.state();
    if (state == nullptr) return walk_.Removed();
    if (value == nullptr && state->core_descriptor().kind != StateKind::kMap) {
      return InvalidArgumentError("state '" + state->core_descriptor().name +
                                  "': a visitor's Update takes no null; Remove removes");
    }
    const StateCore::Lock lock(*state);
    if (state->IsNothing(value)) {
      return state->VisitorRemove(entry.key, entry.state_namespace, entry.user_key) ? Status() : Gone(*state);
    }
    const void* payload = state->FindPayload(entry.key, entry.state_namespace);
    if (payload == nullptr || !state->VisitorUpdate(payload, entry.user_key, value)) return Gone(*state);
    return Status();
  }

 private:
  struct Piece {
    size_t offset;
    size_t key_size;
    size_t namespace_size;
    size_t user_key_size;
  };

  static Status Gone(const StateCore& state) {
    return NotFoundError("state '" + state.core_descriptor().name + "': the entry was removed since it was visited");
  }

  /// What the current pair has behind after_, as far as the batch has room.
  void ReadPair(StateCore& state, size_t max_entries) {
    const StateCore::Lock lock(state);
    const ByteView key = walk_.key();
    const ByteView state_namespace = walk_.state_namespace();
    const void* payload = state.FindPayload(key, state_namespace);
    in_pair_ = false;
    if (payload == nullptr) return;
    const std::optional<std::string> after = after_;
    const ByteView after_view = after.has_value() ? ByteView(*after) : ByteView();
    state.ForEachValue(payload, after.has_value() ? &after_view : nullptr, [&](ByteView user_key, const void* value) {
      if (entries_.size() == max_entries) {
        in_pair_ = true;
        return false;
      }
      pieces_.push_back({bytes_.size(), key.size(), state_namespace.size(), user_key.size()});
      bytes_.append(key).append(state_namespace).append(user_key);
      entries_.emplace_back().value = value;
      after_ = std::string(user_key);
      return true;
    });
  }

  /// Into bytes_, which has stopped growing.
  void SetViews() {
    const ByteView bytes(bytes_);
    for (size_t i = 0; i < entries_.size(); ++i) {
      const Piece& piece = pieces_[i];
      entries_[i].key = bytes.substr(piece.offset, piece.key_size);
      entries_[i].state_namespace = bytes.substr(piece.offset + piece.key_size, piece.namespace_size);
      entries_[i].user_key = bytes.substr(piece.offset + piece.key_size + piece.namespace_size, piece.user_key_size);
    }
  }

  EntryWalk walk_;
  bool in_pair_ = false;              ///< The walk's current pair may have entries left.
  std::optional<std::string> after_;  ///< The user key last given of the current pair.
  std::vector<StateEntry> entries_;
  std::vector<Piece> pieces_;
  std::string bytes_;
};

}  // namespace

std::unique_ptr<StateVisitor> MakeVisitor(const StateCore& state) {
  return std::make_unique<HashMapStateVisitor>(state);
}

std::unique_ptr<KeyIterator> MakeKeyIterator(const StateCore& state, const ByteView* state_namespace) {
  return std::make_unique<HashMapKeyIterator>(state, state_namespace);
}

}  // namespace kvstate::backends::hashmap
