#ifndef KVSTATE_STATE_DESCRIPTOR_H_
#define KVSTATE_STATE_DESCRIPTOR_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kvstate/export.h"
#include "kvstate/functions.h"
#include "kvstate/status.h"
#include "kvstate/type_serializer.h"

namespace kvstate {
inline namespace v1 {

/// The six kinds of keyed state. The numbers are stored and never change.
enum class StateKind : uint8_t {
  kValue = 1,
  kList = 2,
  kMap = 3,
  kReducing = 4,
  kAggregating = 5,
  kFolding = 6,
};

/// "value", "list", "map", "reducing", "aggregating" or "folding".
KVSTATE_EXPORT std::string_view StateKindName(StateKind kind);

/// Time to live of a state's values (of each element of a list, each entry of a map). The terms are Flink's.
/// A backend that cannot honour it refuses the state with UNIMPLEMENTED, rather than keep values for ever.
struct TtlConfig {
  enum class Update : uint8_t { kOnCreateAndWrite, kOnReadAndWrite, kDisabled };
  enum class Visibility : uint8_t { kNeverReturnExpired, kReturnExpiredIfNotCleanedUp };

  int64_t ttl_millis = 0;
  Update update = Update::kOnCreateAndWrite;
  Visibility visibility = Visibility::kNeverReturnExpired;
};

/// Names a state and says what it holds. Plain data without types; the makers in kvstate/descriptors.h fill it in from
/// C++ types. A backend keeps a copy.
struct StateDescriptor {
  std::string name;  ///< Unique in a backend, 1 to 255 bytes.
  StateKind kind = StateKind::kValue;

  /// What is stored under (key, namespace): the value; the list (a ListSerializer); the value of a map's entry; the
  /// accumulator of a reducing, aggregating or folding state.
  SerializerPtr value_serializer;
  SerializerPtr user_key_serializer;  ///< Map alone.
  SerializerPtr input_serializer;     ///< Aggregating and folding: what Add takes.
  SerializerPtr output_serializer;    ///< Aggregating: what Get gives.

  /// Value: what Get gives where there is no value, copied at each read. Folding: the initial accumulator.
  std::shared_ptr<const TypedObject> default_value;

  std::shared_ptr<const ReduceFunction> reduce;        ///< Reducing alone.
  std::shared_ptr<const AggregateFunction> aggregate;  ///< Aggregating alone.
  std::shared_ptr<const FoldFunction> fold;            ///< Folding alone.

  std::optional<TtlConfig> ttl;
  /// Not empty: other threads may read this state (InternalKVState::GetSerialized), which costs each access a lock on
  /// backends whose structures are not safe to read beside a writer.
  std::string queryable_name;

  /// INVALID_ARGUMENT, naming the member, unless the kind has all it needs and nothing of another kind.
  KVSTATE_EXPORT Status Validate() const;
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_STATE_DESCRIPTOR_H_
