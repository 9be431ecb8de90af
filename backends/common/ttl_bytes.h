#ifndef KVSTATE_BACKENDS_COMMON_TTL_BYTES_H_
#define KVSTATE_BACKENDS_COMMON_TTL_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "backends/common/ttl_serializer.h"
#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// Of a stored value: its time, and what stands behind, which is the encoding (a map's value has its null byte before).
/// DATA_LOSS when there is no time.
Status SplitTime(ByteView stored, int64_t* timestamp, ByteView* value);

/// Appends a value with its time; of a map's, `is_null` says what the null byte is.
void PutTimed(int64_t timestamp, ByteView value, ByteWriter& out);
void PutTimedOfMap(int64_t timestamp, ByteView value, bool is_null, ByteWriter& out);
/// What stands behind the time of a map's value. DATA_LOSS when the null byte is none.
Status SplitNull(ByteView behind_time, ByteView* value, bool* is_null);

/// Lists as bytes, with times and without: takes them apart into elements and puts them together. Decodes nothing but
/// elements of plain lists whose end only their serializer finds. Immutable and thread-safe.
class ListBytes {
 public:
  explicit ListBytes(const TtlListSerializer& timed);

  /// Calls `visit(timestamp, element)` for each element of a stored list, in order. DATA_LOSS when it is none.
  Status ForEachTimed(ByteView list, const std::function<void(int64_t timestamp, ByteView element)>& visit) const;
  /// The same for a list without times.
  Status ForEachPlain(ByteView list, const std::function<void(ByteView element)>& visit) const;

  void AppendTimed(int64_t timestamp, ByteView element, ByteWriter& list) const;
  void AppendPlain(ByteView element, ByteWriter& list) const;

 private:
  const SerializerPtr element_;
  const size_t element_bytes_;  ///< Of each element, or kVariableSize.
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_TTL_BYTES_H_
