#ifndef KVSTATE_SERIALIZED_ACCESS_H_
#define KVSTATE_SERIALIZED_ACCESS_H_

#include <memory>
#include <string_view>

#include "kvstate/bytes.h"
#include "kvstate/export.h"
#include "kvstate/internal_kv_state.h"
#include "kvstate/status.h"

namespace kvstate {
inline namespace v1 {

/// State access for callers that hold serialized bytes already: a foreign runtime, a replayer of traces. An extension
/// of every InternalKVState, under the same current key and namespace. A backend of bytes passes them to its engine
/// without decoding; a backend of objects decodes and encodes here, with DATA_LOSS when bytes do not decode.
///
/// Bytes are encodings of the descriptor's serializers. Views are valid until the next call on the state. A call that
/// the state's kind does not have fails with FAILED_PRECONDITION.
class KVSTATE_EXPORT SerializedAccess {
 public:
  static constexpr std::string_view kExtensionId = "kvstate.serialized_access.1";
  virtual ~SerializedAccess();

  /// All kinds but map: what is stored (the list, the accumulator). False when absent; defaults are not applied.
  virtual Result<bool> GetBytes(ByteView* value) = 0;
  /// All kinds but map: overwrites what is stored. An empty list clears.
  virtual Status PutBytes(ByteView value) = 0;
  /// List, reducing, aggregating, folding: one element or input, as the descriptor's element or input serializer (for
  /// reducing, the value serializer) writes it.
  virtual Status AddBytes(ByteView input) = 0;

  /// Map. `is_null` tells a stored null value, whose `value` is empty. False when there is no such entry.
  virtual Result<bool> GetEntryBytes(ByteView user_key, ByteView* value, bool* is_null) = 0;
  virtual Status PutEntryBytes(ByteView user_key, ByteView value, bool is_null) = 0;
  virtual Status RemoveEntryBytes(ByteView user_key) = 0;
  virtual Result<bool> ContainsEntryBytes(ByteView user_key) = 0;
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_SERIALIZED_ACCESS_H_
