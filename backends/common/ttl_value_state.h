#ifndef KVSTATE_BACKENDS_COMMON_TTL_VALUE_STATE_H_
#define KVSTATE_BACKENDS_COMMON_TTL_VALUE_STATE_H_

#include <cstdint>
#include <utility>

#include "backends/common/ttl_core.h"

namespace kvstate::backends {

/// A value state with a time to live. It knows the class of the stored state, so that an access is one virtual call,
/// the program's: a time to live may cost little more than reading the clock.
///
/// `Stored` is a final InternalValueState of a TtlStoredDescriptor, with
///   Result<const void*> GetTimed(int64_t* timestamp)            the value beside its time; null when absent
///   Status UpdateTimed(int64_t timestamp, const void* value)    stores a copy; `value`, not null, may be what GetTimed
///                                                               gave, and stays where it is
template <class Stored>
class TtlValueState final : public TtlStateOf<InternalValueState> {
 public:
  explicit TtlValueState(TtlStateParts parts)
      : TtlStateOf(std::move(parts)), timed_(static_cast<Stored&>(stored_state())) {}

  Result<const void*> Get() override {
    KVSTATE_RETURN_IF_ERROR(BeforeRead());
    // Asked first: what SetCurrentKey began to load arrives meanwhile.
    const int64_t now = Now();
    int64_t timestamp = 0;
    Result<const void*> found = timed_.GetTimed(&timestamp);
    if (!found.ok()) [[unlikely]]
      return found;
    const void* const value = *found;
    if (value == nullptr) return Default();
    if (IsOver(timestamp, now)) [[unlikely]] {
      if (!shows_expired()) return Expired();
    } else if (refreshes() && timestamp != now) {
      KVSTATE_RETURN_IF_ERROR(timed_.UpdateTimed(now, value));
    }
    return value;
  }

  Status Update(const void* value) override {
    return AfterWrite(value == nullptr ? timed_.Update(nullptr) : timed_.UpdateTimed(Now(), value));
  }

  Result<bool> HasUnexpired() override {
    int64_t timestamp = 0;
    KVSTATE_ASSIGN_OR_RETURN(const void* const value, timed_.GetTimed(&timestamp));
    return value != nullptr && !IsOver(timestamp, Now());
  }

 private:
  [[gnu::noinline]] Result<const void*> Expired() {
    KVSTATE_RETURN_IF_ERROR(RemoveExpired());
    return Default();
  }
  /// A fresh copy each time: what a caller does to one must not show in the next.
  [[gnu::noinline]] Result<const void*> Default() {
    const TypedObject* initial = state_descriptor().default_value.get();
    if (initial == nullptr) return nullptr;
    if (!default_) default_ = TypedObject(initial->serializer());
    default_.serializer()->CopyAssign(default_.get(), initial->get());
    return default_.get();
  }

  Stored& timed_;
  TypedObject default_;  ///< What Get handed out.
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_TTL_VALUE_STATE_H_
