#ifndef KVSTATE_BACKENDS_COMMON_TTL_CORE_H_
#define KVSTATE_BACKENDS_COMMON_TTL_CORE_H_

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "backends/common/access_clock.h"
#include "backends/common/ttl_filter.h"
#include "backends/common/ttl_serializer.h"
#include "backends/common/ttl_state.h"
#include "kvstate/internal_kv_state.h"
#include "kvstate/serialized_access.h"

namespace kvstate::backends {

/// Makes what a stored state is given to write of a value and a time, without a copy where it can.
class TimedInput {
 public:
  explicit TimedInput(TtlSerializerPtr serializer)
      : serializer_(std::move(serializer)),
        copies_(serializer_->info().trivially_copyable),
        value_bytes_(serializer_->inner()->info().size),
        copy_(copies_ ? TypedObject(serializer_) : TypedObject()) {}

  /// Valid until the next call; `value` must live as long. Null is a map's null value.
  const void* Of(int64_t timestamp, const void* value) {
    borrowed_.timestamp = timestamp;
    borrowed_.value = value;
    return copies_ ? Copy() : &borrowed_;
  }

 private:
  const void* Copy() {
    void* object = copy_.get();
    if (borrowed_.value == nullptr || serializer_->nullable()) {
      serializer_->CopyAssign(object, &borrowed_);
    } else {
      TtlSerializer::SetTimestamp(object, borrowed_.timestamp);
      std::memcpy(serializer_->SlotOf(object), borrowed_.value, value_bytes_);
    }
    return object;
  }

  const TtlSerializerPtr serializer_;
  const bool copies_;
  const size_t value_bytes_;
  TypedObject copy_;
  BorrowedObject borrowed_;
};

/// What states with a time to live of all kinds share. TtlStateOf joins it to the interface of a kind.
///
/// A pointer that a read of the stored state gave is used after a write to the same entry, which no stored state moves
/// it by; and handed out then.
class TtlCore : public SerializedAccess {
 public:
  /// Lets what hangs on a state tell that it was removed. Owner's thread.
  struct Life {
    TtlCore* state;  ///< Null when it is gone.
  };

  const StateDescriptor& state_descriptor() const { return descriptor_; }
  InternalKVState& stored_state() { return stored_state_; }
  const std::shared_ptr<const Life>& life() const { return life_; }
  Status InContext(const Status& status) const;
  Status RemovedError() const;

  int64_t Now() { return clock_.Now(); }
  bool IsOver(int64_t timestamp, int64_t now) const { return IsExpired(timestamp, ttl_millis_, now); }
  /// Whether reads set times to now, and whether they give what has expired.
  bool refreshes() const { return refreshes_; }
  bool shows_expired() const { return shows_expired_; }
  /// To be called before a read of the stored state.
  Status BeforeRead() { return cleaner_.OnAccess(); }
  /// To be called with the outcome of a write to it.
  Status AfterWrite(Status status) { return status.ok() ? cleaner_.OnAccess() : status; }
  void CountRemoved() { cleaner_.CountRemoved(); }

  /// Whether something is there under the current key and namespace that has not expired, whatever the visibility.
  /// Changes nothing.
  virtual Result<bool> HasUnexpired() = 0;
  /// The same under any key and namespace. What is current stays.
  Result<bool> HasUnexpiredUnder(ByteView key, ByteView state_namespace);

  // SerializedAccess of a kind with one value; a call that no kind overrides is the stored state's to refuse.
  Result<bool> GetBytes(ByteView* value) override;
  Status PutBytes(ByteView value) override;
  Status AddBytes(ByteView input) override;
  Result<bool> GetEntryBytes(ByteView user_key, ByteView* value, bool* is_null) override;
  Status PutEntryBytes(ByteView user_key, ByteView value, bool is_null) override;
  Status RemoveEntryBytes(ByteView user_key) override;
  Result<bool> ContainsEntryBytes(ByteView user_key) override;

 protected:
  explicit TtlCore(TtlStateParts parts);
  ~TtlCore() override;

  SerializedAccess& stored_bytes() { return stored_bytes_; }
  Status SetNamespace(ByteView encoded);
  void ClearNamespace();
  Result<bool> GetSerializedAnywhere(ByteView key, ByteView state_namespace, std::string* out) const;
  /// Appends what GetSerialized gives of what the stored state's gives; false when nothing is left. Any thread.
  virtual Result<bool> WithoutTimes(ByteView stored, int64_t now, ByteWriter& out) const;
  /// Removes what is under the current key and namespace, of which a read met that it has expired.
  Status RemoveExpired();

  ByteWriter handed_out_;  ///< Bytes that GetBytes gave.
  ByteWriter encoded_;     ///< Bytes about to be stored.

 private:
  InternalKVState& stored_state_;
  SerializedAccess& stored_bytes_;
  const StateDescriptor descriptor_;
  KeyContext& keys_;
  AccessClock clock_;
  TtlCleaner& cleaner_;
  const int64_t ttl_millis_;
  const bool refreshes_;
  const bool shows_expired_;
  bool namespace_is_set_ = false;  ///< By the program, to something else than what the stored state begins with.
  const std::shared_ptr<Life> own_life_;
  const std::shared_ptr<const Life> life_;
};

/// Walks what has not expired of a state.
std::unique_ptr<StateVisitor> MakeTtlVisitor(TtlCore& state, std::unique_ptr<StateVisitor> stored);

/// TtlCore as an InternalKVState of the kind whose interface is `Interface`.
template <class Interface>
class TtlStateOf : public Interface, public TtlCore {
 public:
  const StateDescriptor& descriptor() const final { return state_descriptor(); }
  const TypeSerializer& key_serializer() const final { return stored_.key_serializer(); }
  const TypeSerializer& namespace_serializer() const final { return stored_.namespace_serializer(); }
  Status SetCurrentNamespace(ByteView encoded) final { return SetNamespace(encoded); }
  ByteView current_namespace() const final { return stored_.current_namespace(); }
  void ClearCurrentNamespace() final { ClearNamespace(); }
  Status Clear() final { return AfterWrite(stored_.Clear()); }
  Result<bool> GetSerialized(ByteView key, ByteView state_namespace, std::string* out) final {
    return GetSerializedAnywhere(key, state_namespace, out);
  }
  Result<std::unique_ptr<StateVisitor>> Visit() final {
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<StateVisitor> stored, stored_.Visit());
    return MakeTtlVisitor(*this, std::move(stored));
  }
  void* GetExtension(std::string_view id) final {
    if (id == SerializedAccess::kExtensionId) return static_cast<SerializedAccess*>(this);
    return stored_.GetExtension(id);
  }

 protected:
  explicit TtlStateOf(TtlStateParts parts)
      : TtlCore(std::move(parts)), stored_(static_cast<Interface&>(stored_state())) {}

  Interface& stored_;
};

/// One maker a kind; of values see ttl_value_state.h.
std::unique_ptr<InternalKVState> MakeTtlListState(TtlStateParts parts);
std::unique_ptr<InternalKVState> MakeTtlMapState(TtlStateParts parts);
std::unique_ptr<InternalKVState> MakeTtlReducingState(TtlStateParts parts);
std::unique_ptr<InternalKVState> MakeTtlAggregatingState(TtlStateParts parts);
std::unique_ptr<InternalKVState> MakeTtlFoldingState(TtlStateParts parts);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_TTL_CORE_H_
