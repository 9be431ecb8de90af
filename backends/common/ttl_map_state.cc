#include <utility>

#include "backends/common/ttl_bytes.h"
#include "backends/common/ttl_core.h"

namespace kvstate::backends {

namespace {

/// Moves over the entries that are to be seen, and removes what else it meets. An entry is what it was when Next moved
/// to it, also if it expires before its value is asked for.
class TtlMapIterator final : public MapIterator {
 public:
  TtlMapIterator(TtlCore& state, const TtlSerializerPtr& serializer, std::unique_ptr<MapIterator> stored)
      : life_(state.life()), stored_(std::move(stored)), serializer_(serializer), input_(serializer) {}

  Result<bool> Next() override {
    KVSTATE_ASSIGN_OR_RETURN(TtlCore* const state, State());
    KVSTATE_RETURN_IF_ERROR(state->BeforeRead());
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, stored_->Next());
      if (!more || state->shows_expired()) return more;
      KVSTATE_ASSIGN_OR_RETURN(const void* const object, stored_->value());
      if (!state->IsOver(TtlSerializer::TimestampOf(object), state->Now())) return true;
      KVSTATE_RETURN_IF_ERROR(stored_->Remove());
      state->CountRemoved();
    }
  }

  ByteView user_key_bytes() const override { return stored_->user_key_bytes(); }
  Result<const void*> user_key() override {
    KVSTATE_RETURN_IF_ERROR(State().status());
    return stored_->user_key();
  }

  Result<const void*> value() override {
    KVSTATE_ASSIGN_OR_RETURN(TtlCore* const state, State());
    KVSTATE_ASSIGN_OR_RETURN(const void* const object, stored_->value());
    const void* value = serializer_->ValueOf(object);
    if (!state->refreshes()) return value;
    const int64_t timestamp = TtlSerializer::TimestampOf(object);
    const int64_t now = state->Now();
    if (timestamp != now && !state->IsOver(timestamp, now)) {
      KVSTATE_RETURN_IF_ERROR(stored_->SetValue(input_.Of(now, value)));
    }
    return value;
  }

  Status Remove() override {
    KVSTATE_ASSIGN_OR_RETURN(TtlCore* const state, State());
    return state->AfterWrite(stored_->Remove());
  }
  Status SetValue(const void* value) override {
    KVSTATE_ASSIGN_OR_RETURN(TtlCore* const state, State());
    return state->AfterWrite(stored_->SetValue(input_.Of(state->Now(), value)));
  }

 private:
  Result<TtlCore*> State() const {
    if (life_->state != nullptr) [[likely]]
      return life_->state;
    return FailedPreconditionError("the map state was removed under its iterator");
  }

  const std::shared_ptr<const TtlCore::Life> life_;
  const std::unique_ptr<MapIterator> stored_;
  const TtlSerializerPtr serializer_;
  TimedInput input_;
};

/// Each entry has its own time, null values too.
class TtlMapState final : public TtlStateOf<InternalMapState> {
 public:
  explicit TtlMapState(TtlStateParts parts)
      : TtlStateOf(std::move(parts)),
        serializer_(std::static_pointer_cast<const TtlSerializer>(stored_.descriptor().value_serializer)),
        input_(serializer_) {}

  Result<const void*> Get(const void* user_key) override {
    KVSTATE_ASSIGN_OR_RETURN(const void* const object, Find(user_key));
    return object == nullptr ? nullptr : serializer_->ValueOf(object);
  }
  Status Put(const void* user_key, const void* value) override {
    return AfterWrite(stored_.Put(user_key, input_.Of(Now(), value)));
  }
  Status Remove(const void* user_key) override { return AfterWrite(stored_.Remove(user_key)); }
  Result<bool> Contains(const void* user_key) override {
    KVSTATE_ASSIGN_OR_RETURN(const void* const object, Find(user_key));
    return object != nullptr;
  }

  Result<bool> IsEmpty() override {
    KVSTATE_RETURN_IF_ERROR(BeforeRead());
    if (shows_expired()) return stored_.IsEmpty();
    KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<MapIterator> entries, stored_.Iterate());
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, entries->Next());
      if (!more) return true;
      KVSTATE_ASSIGN_OR_RETURN(const void* const object, entries->value());
      if (!IsOver(TtlSerializer::TimestampOf(object), Now())) return false;
      KVSTATE_RETURN_IF_ERROR(entries->Remove());
      CountRemoved();
    }
  }

  Result<std::unique_ptr<MapIterator>> Iterate() override {
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<MapIterator> entries, stored_.Iterate());
    return std::unique_ptr<MapIterator>(std::make_unique<TtlMapIterator>(*this, serializer_, std::move(entries)));
  }

  Result<bool> HasUnexpired() override {
    KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<MapIterator> entries, stored_.Iterate());
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, entries->Next());
      if (!more) return false;
      KVSTATE_ASSIGN_OR_RETURN(const void* const object, entries->value());
      if (!IsOver(TtlSerializer::TimestampOf(object), Now())) return true;
    }
  }

  // A map has no single value; the stored state says so.
  Result<bool> GetBytes(ByteView* value) override { return stored_bytes().GetBytes(value); }
  Status PutBytes(ByteView value) override { return stored_bytes().PutBytes(value); }

  Result<bool> GetEntryBytes(ByteView user_key, ByteView* value, bool* is_null) override {
    KVSTATE_RETURN_IF_ERROR(BeforeRead());
    ByteView stored;
    bool never = false;
    *value = {};
    *is_null = false;
    KVSTATE_ASSIGN_OR_RETURN(const bool found, stored_bytes().GetEntryBytes(user_key, &stored, &never));
    if (!found) return false;
    int64_t timestamp = 0;
    ByteView behind_time;
    Status status = SplitTime(stored, &timestamp, &behind_time);
    if (status.ok()) status = SplitNull(behind_time, value, is_null);
    if (!status.ok()) return InContext(status);
    const int64_t now = Now();
    if (IsOver(timestamp, now)) {
      if (shows_expired()) return true;
      *value = {};
      *is_null = false;
      KVSTATE_RETURN_IF_ERROR(stored_bytes().RemoveEntryBytes(user_key));
      CountRemoved();
      return false;
    }
    if (refreshes() && timestamp != now) {
      handed_out_.Clear();
      PutTimedOfMap(now, *value, *is_null, handed_out_);
      KVSTATE_RETURN_IF_ERROR(stored_bytes().PutEntryBytes(user_key, handed_out_.view(), /*is_null=*/false));
      *value = handed_out_.view().substr(handed_out_.size() - value->size());
    }
    return true;
  }
  Status PutEntryBytes(ByteView user_key, ByteView value, bool is_null) override {
    encoded_.Clear();
    PutTimedOfMap(Now(), value, is_null, encoded_);
    return AfterWrite(stored_bytes().PutEntryBytes(user_key, encoded_.view(), /*is_null=*/false));
  }
  Result<bool> ContainsEntryBytes(ByteView user_key) override {
    ByteView value;
    bool is_null = false;
    return GetEntryBytes(user_key, &value, &is_null);
  }

 private:
  /// The stored object of an entry that is to be seen, or null.
  Result<const void*> Find(const void* user_key) {
    KVSTATE_RETURN_IF_ERROR(BeforeRead());
    Result<const void*> found = stored_.Get(user_key);
    if (!found.ok() || *found == nullptr) return found;
    const void* const object = *found;
    const int64_t timestamp = TtlSerializer::TimestampOf(object);
    const int64_t now = Now();
    if (IsOver(timestamp, now)) [[unlikely]]
      return shows_expired() ? object : RemoveExpiredEntry(user_key);
    if (refreshes() && timestamp != now) {
      KVSTATE_RETURN_IF_ERROR(stored_.Put(user_key, input_.Of(now, serializer_->ValueOf(object))));
    }
    return object;
  }
  [[gnu::noinline]] Result<const void*> RemoveExpiredEntry(const void* user_key) {
    KVSTATE_RETURN_IF_ERROR(stored_.Remove(user_key));
    CountRemoved();
    return nullptr;
  }

  Result<bool> WithoutTimes(ByteView stored, int64_t now, ByteWriter& out) const override {
    bool any = false;
    ByteReader in(stored);
    while (!in.AtEnd()) {
      ByteView user_key;
      uint8_t never = 0;
      ByteView timed;
      const bool read = in.ReadLengthPrefixed(&user_key) && in.ReadByte(&never) && in.ReadLengthPrefixed(&timed);
      if (!read) return in.Malformed("an entry of a map with a time to live");
      int64_t timestamp = 0;
      ByteView value;
      bool is_null = false;
      KVSTATE_RETURN_IF_ERROR(SplitTime(timed, &timestamp, &value));
      KVSTATE_RETURN_IF_ERROR(SplitNull(value, &value, &is_null));
      if (IsOver(timestamp, now)) continue;
      any = true;
      out.PutLengthPrefixed(user_key);
      out.PutByte(is_null ? 1 : 0);
      if (!is_null) out.PutLengthPrefixed(value);
    }
    return any;
  }

  const TtlSerializerPtr serializer_;
  TimedInput input_;
};

}  // namespace

std::unique_ptr<InternalKVState> MakeTtlMapState(TtlStateParts parts) {
  return std::make_unique<TtlMapState>(std::move(parts));
}

}  // namespace kvstate::backends
