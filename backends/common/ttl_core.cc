#include "backends/common/ttl_core.h"

#include <utility>

#include "backends/common/ttl_bytes.h"

namespace kvstate::backends {

TtlCore::TtlCore(TtlStateParts parts)
    : stored_state_(*parts.stored),
      stored_bytes_(*static_cast<SerializedAccess*>(parts.stored->GetExtension(SerializedAccess::kExtensionId))),
      descriptor_(std::move(parts.descriptor)),
      keys_(*parts.keys),
      clock_(std::move(parts.clock)),
      cleaner_(*parts.cleaner),
      ttl_millis_(descriptor_.ttl->ttl_millis),
      refreshes_(descriptor_.ttl->update == TtlConfig::Update::kOnReadAndWrite),
      shows_expired_(descriptor_.ttl->visibility == TtlConfig::Visibility::kReturnExpiredIfNotCleanedUp),
      own_life_(std::make_shared<Life>(Life{this})),
      life_(own_life_) {}

TtlCore::~TtlCore() { own_life_->state = nullptr; }

Status TtlCore::InContext(const Status& status) const { return status.WithContext("state '" + descriptor_.name + "'"); }

// --- Namespaces and keys ---

Status TtlCore::SetNamespace(ByteView encoded) {
  KVSTATE_RETURN_IF_ERROR(stored_state_.SetCurrentNamespace(encoded));
  namespace_is_set_ = true;
  return Status();
}

void TtlCore::ClearNamespace() {
  stored_state_.ClearCurrentNamespace();
  namespace_is_set_ = false;
}

Result<bool> TtlCore::HasUnexpiredUnder(ByteView key, ByteView state_namespace) {
  const KeyContext::Saved saved = keys_.Save();
  const std::string saved_namespace(stored_state_.current_namespace());
  Status status = keys_.Set({key, keys_.key_serializer()->KeyHash(key)});
  if (status.ok()) status = stored_state_.SetCurrentNamespace(state_namespace);
  Result<bool> has = status.ok() ? HasUnexpired() : Result<bool>(status);
  keys_.Restore(saved);
  stored_state_.ClearCurrentNamespace();
  if (namespace_is_set_) KVSTATE_RETURN_IF_ERROR(stored_state_.SetCurrentNamespace(saved_namespace));
  return has;
}

Status TtlCore::RemoveExpired() {
  KVSTATE_RETURN_IF_ERROR(stored_state_.Clear());
  CountRemoved();
  return Status();
}

// --- Bytes ---

Result<bool> TtlCore::GetBytes(ByteView* value) {
  KVSTATE_RETURN_IF_ERROR(BeforeRead());
  ByteView stored;
  KVSTATE_ASSIGN_OR_RETURN(const bool found, stored_bytes_.GetBytes(&stored));
  *value = {};
  if (!found) return false;
  int64_t timestamp = 0;
  ByteView plain;
  Status status = SplitTime(stored, &timestamp, &plain);
  if (!status.ok()) return InContext(status);
  const int64_t now = Now();
  if (IsOver(timestamp, now)) {
    if (!shows_expired_) {
      KVSTATE_RETURN_IF_ERROR(RemoveExpired());
      return false;
    }
  } else if (refreshes_ && timestamp != now) {
    handed_out_.Clear();
    PutTimed(now, plain, handed_out_);
    KVSTATE_RETURN_IF_ERROR(stored_bytes_.PutBytes(handed_out_.view()));
    plain = handed_out_.view().substr(sizeof(int64_t));
  }
  *value = plain;
  return true;
}

Status TtlCore::PutBytes(ByteView value) {
  encoded_.Clear();
  PutTimed(Now(), value, encoded_);
  return AfterWrite(stored_bytes_.PutBytes(encoded_.view()));
}

Status TtlCore::AddBytes(ByteView input) { return AfterWrite(stored_bytes_.AddBytes(input)); }

Result<bool> TtlCore::GetEntryBytes(ByteView user_key, ByteView* value, bool* is_null) {
  return stored_bytes_.GetEntryBytes(user_key, value, is_null);
}
Status TtlCore::PutEntryBytes(ByteView user_key, ByteView value, bool is_null) {
  return stored_bytes_.PutEntryBytes(user_key, value, is_null);
}
Status TtlCore::RemoveEntryBytes(ByteView user_key) { return AfterWrite(stored_bytes_.RemoveEntryBytes(user_key)); }
Result<bool> TtlCore::ContainsEntryBytes(ByteView user_key) { return stored_bytes_.ContainsEntryBytes(user_key); }

Result<bool> TtlCore::GetSerializedAnywhere(ByteView key, ByteView state_namespace, std::string* out) const {
  std::string stored;
  out->clear();
  KVSTATE_ASSIGN_OR_RETURN(const bool found, stored_state_.GetSerialized(key, state_namespace, &stored));
  if (!found) return false;
  ByteWriter plain;
  const Result<bool> left = WithoutTimes(stored, TimestampOfClock(clock_.clock()), plain);
  if (!left.ok()) return InContext(left.status());
  if (*left) out->assign(plain.view());
  return *left;
}

Result<bool> TtlCore::WithoutTimes(ByteView stored, int64_t now, ByteWriter& out) const {
  int64_t timestamp = 0;
  ByteView plain;
  KVSTATE_RETURN_IF_ERROR(SplitTime(stored, &timestamp, &plain));
  if (IsOver(timestamp, now)) return false;
  out.PutBytes(plain);
  return true;
}

}  // namespace kvstate::backends
