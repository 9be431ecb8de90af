#include <cassert>

#include "backends/embedded/embedded_map_state.h"

namespace kvstate::backends {

namespace {

/// Goes on over the engine's iterator as long as that shows the table as it is, but for what this iterator itself
/// removed or wrote at the entry it stands on; after any other write it seeks afresh, behind the entry last given.
class EmbeddedMapIterator final : public MapIterator {
 public:
  EmbeddedMapIterator(EmbeddedState& state, std::shared_ptr<MapIteratorScratch> scratch)
      : state_(state), table_(state.table()), scratch_(std::move(scratch)) {}

  Result<bool> Next() override {
    if (at_ == At::kEnd) return false;
    Status status = Advance();
    if (!status.ok()) [[unlikely]]
      return state_.InContext(status);
    user_key_decoded_ = value_decoded_ = overwritten_ = false;
    if (!entries_->Valid()) {
      at_ = At::kEnd;
      entries_.reset();
      return false;
    }
    at_ = At::kEntry;
    scratch_->current.assign(entries_->key());
    return true;
  }

  ByteView user_key_bytes() const override {
    assert(at_ == At::kEntry);
    return ByteView(scratch_->current).substr(scratch_->prefix.size());
  }

  Result<const void*> user_key() override {
    KVSTATE_RETURN_IF_ERROR(CheckOnEntry());
    void* object = scratch_->user_key.get();
    if (user_key_decoded_) return object;
    ByteReader in(user_key_bytes());
    Status status = scratch_->user_key.serializer()->Deserialize(in, object);
    if (status.ok() && !in.AtEnd()) status = in.Malformed("end of a user key");
    if (!status.ok()) return state_.InContext(status);
    user_key_decoded_ = true;
    return object;
  }

  Result<const void*> value() override {
    KVSTATE_RETURN_IF_ERROR(CheckOnEntry());
    if (!value_decoded_ || seen_writes_ != table_.writes()) {
      ByteView stored;
      KVSTATE_RETURN_IF_ERROR(ReadStored(&stored));
      Status status = state_.value_format().Decode(stored, scratch_->value.get(), &value_is_null_);
      if (!status.ok()) return state_.InContext(status);
      value_decoded_ = true;
    }
    return value_is_null_ ? nullptr : scratch_->value.get();
  }

  Status Remove() override {
    KVSTATE_RETURN_IF_ERROR(CheckOnEntry());
    const bool in_step = InStep();
    Status status = table_.Delete(scratch_->current);
    if (!status.ok()) return state_.InContext(status);
    KeepInStep(in_step);
    at_ = At::kRemoved;
    return Status();
  }

  Status SetValue(const void* value) override {
    KVSTATE_RETURN_IF_ERROR(CheckOnEntry());
    Status status = state_.value_format().Encode(value, scratch_->encoded);
    const bool in_step = InStep();
    if (status.ok()) status = table_.Put(scratch_->current, scratch_->encoded.view());
    if (!status.ok()) return state_.InContext(status);
    KeepInStep(in_step);
    value_decoded_ = false;
    overwritten_ = true;
    return Status();
  }

 private:
  enum class At { kStart, kEntry, kRemoved, kEnd };

  bool InStep() const { return seen_writes_ == table_.writes(); }
  /// After a write of this iterator's own at its current entry, which a surviving engine iterator steps off anyway.
  void KeepInStep(bool was_in_step) {
    if (was_in_step && table_.iterators_survive_writes()) seen_writes_ = table_.writes();
  }

  Status CheckOnEntry() const {
    if (at_ == At::kEntry) [[likely]]
      return Status();
    return state_.InContext(FailedPreconditionError(at_ == At::kRemoved
                                                        ? "the map's entry was removed; move to another with Next"
                                                        : "the map's iterator stands on no entry; call Next first"));
  }

  Status Advance() {
    if (at_ != At::kStart && InStep()) return entries_->Next();
    // The least key behind the current one is it with a zero byte.
    if (at_ != At::kStart) scratch_->current.push_back('\0');
    const ByteView from = at_ == At::kStart ? scratch_->prefix : scratch_->current;
    if (entries_ == nullptr || table_.iterators_survive_writes()) {
      KVSTATE_ASSIGN_OR_RETURN(entries_, table_.NewIterator(scratch_->prefix, scratch_->upper));
    }
    seen_writes_ = table_.writes();
    return entries_->Seek(from);
  }

  Status ReadStored(ByteView* stored) {
    if (!overwritten_ && InStep()) {
      *stored = entries_->value();
      return Status();
    }
    KVSTATE_ASSIGN_OR_RETURN(const bool found, table_.Get(scratch_->current, stored));
    return found
               ? Status()
               : state_.InContext(FailedPreconditionError("the map's entry was removed meanwhile; move on with Next"));
  }

  EmbeddedState& state_;
  StateTable& table_;
  std::shared_ptr<MapIteratorScratch> scratch_;
  std::unique_ptr<StoreIterator> entries_;
  uint64_t seen_writes_ = 0;  ///< StateTable::writes() that entries_ shows.
  At at_ = At::kStart;
  bool user_key_decoded_ = false;
  bool value_decoded_ = false;
  bool value_is_null_ = false;
  bool overwritten_ = false;  ///< The current entry, by this iterator.
};

}  // namespace

std::unique_ptr<MapIterator> MakeMapIterator(EmbeddedState& state, std::shared_ptr<MapIteratorScratch> scratch) {
  return std::make_unique<EmbeddedMapIterator>(state, std::move(scratch));
}

}  // namespace kvstate::backends
