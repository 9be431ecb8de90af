#ifndef KVSTATE_BACKENDS_EMBEDDED_STORED_VALUE_H_
#define KVSTATE_BACKENDS_EMBEDDED_STORED_VALUE_H_

#include "kvstate/bytes.h"
#include "kvstate/status.h"
#include "kvstate/type_serializer.h"

namespace kvstate::backends {

/// What an embedded backend stores as the value of one entry: of a map, a byte that is 1 for a null value and else 0,
/// and, unless null, the encoding; of every other kind, the encoding alone. The one place that knows what stands
/// around an encoding.
///
/// Immutable and thread-safe.
class StoredValueFormat {
 public:
  StoredValueFormat(SerializerPtr serializer, bool nullable)
      : serializer_(std::move(serializer)), nullable_(nullable) {}

  /// Overwrites `out`. `value` may be null where nullable. INVALID_ARGUMENT when it is over kMaxValueBytes.
  Status Encode(const void* value, ByteWriter& out) const {
    out.Clear();
    if (nullable_) out.PutByte(value == nullptr ? 1 : 0);
    if (value != nullptr) serializer_->Serialize(value, out);
    return CheckSize(out.size());
  }
  /// The same for a value that is encoded already.
  Status Wrap(ByteView encoded, bool is_null, ByteWriter& out) const {
    KVSTATE_RETURN_IF_ERROR(CheckSize(encoded.size()));
    out.Clear();
    if (nullable_) out.PutByte(is_null ? 1 : 0);
    if (!is_null) out.PutBytes(encoded);
    return Status();
  }

  /// Takes what stands around the encoding off. DATA_LOSS when `stored` is nothing that Encode wrote.
  Status Unwrap(ByteView stored, ByteView* encoded, bool* is_null) const {
    *is_null = false;
    *encoded = stored;
    if (!nullable_) return Status();
    if (stored.empty() || (stored[0] != 0 && (stored[0] != 1 || stored.size() > 1))) return BadNullFlag(stored);
    *is_null = stored[0] == 1;
    encoded->remove_prefix(1);
    return Status();
  }
  /// Decodes into the live object `object`; a null value leaves it and sets `is_null`.
  Status Decode(ByteView stored, void* object, bool* is_null) const {
    ByteView encoded;
    KVSTATE_RETURN_IF_ERROR(Unwrap(stored, &encoded, is_null));
    if (*is_null) return Status();
    ByteReader in(encoded);
    KVSTATE_RETURN_IF_ERROR(serializer_->Deserialize(in, object));
    return in.AtEnd() ? Status() : in.Malformed("end of a stored value");
  }

  const SerializerPtr& serializer() const { return serializer_; }
  bool nullable() const { return nullable_; }

  static Status CheckSize(size_t bytes) { return bytes <= kMaxValueBytes ? Status() : TooLarge(bytes); }

 private:
  static Status TooLarge(size_t bytes);
  static Status BadNullFlag(ByteView stored);

  const SerializerPtr serializer_;
  const bool nullable_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_STORED_VALUE_H_
