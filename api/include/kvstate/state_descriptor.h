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

/// How expired values leave storage besides being met by an access. None of it changes what a program reads under
/// TtlConfig::Visibility::kNeverReturnExpired. A member that is absent takes the backend's default: whatever keeps
/// expired bytes few at little cost there; docs/guide.md says what that is, and docs/metrics.md what it costs.
struct TtlCleanup {
  /// Leaves expired values out of what a snapshot writes as a state stream: savepoints of all backends, full
  /// checkpoints of those without files of an engine. The live state stays as it is. Increments are not filtered.
  bool in_full_snapshots = false;
  /// Entries looked at for each access to the state, on average: the work is done in batches, and no pass over the
  /// state begins earlier than it can find a good part of it expired. 0: none.
  std::optional<uint32_t> incremental_entries;
  bool incremental_per_record = false;  ///< As if SetCurrentKey were an access too: pointers live no longer than to it.
  /// Drops what is expired while the engine compacts, and rewrites files of which much is expired, so that cold state
  /// shrinks too. INVALID_ARGUMENT when it is true on an engine that has no such thing.
  std::optional<bool> compaction_filter;
  uint32_t compaction_filter_query_entries = 1000;            ///< Entries between two looks at the clock, at least 1.
  int64_t periodic_compaction_seconds = int64_t{30} * 86400;  ///< Real time; 0: never. With compaction_filter.
  friend bool operator==(const TtlCleanup&, const TtlCleanup&) = default;
};

/// Time to live of a state's values: of each element of a list, of each entry of a map. The terms are Flink's. A value
/// is expired when the time of its last update plus ttl_millis is not after the backend's clock; it counts as new when
/// the clock goes backwards, until the clock has caught up.
struct TtlConfig {
  /// What sets a value's time to now. kDisabled: the state has no time to live at all.
  enum class Update : uint8_t { kOnCreateAndWrite, kOnReadAndWrite, kDisabled };
  enum class Visibility : uint8_t { kNeverReturnExpired, kReturnExpiredIfNotCleanedUp };

  int64_t ttl_millis = 0;  ///< At least 1; the largest number means for ever.
  Update update = Update::kOnCreateAndWrite;
  Visibility visibility = Visibility::kNeverReturnExpired;
  TtlCleanup cleanup{};
  friend bool operator==(const TtlConfig&, const TtlConfig&) = default;
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

  /// Any kind may have one. A state that was restored without, with, or with another one takes this one over: what had
  /// no time counts as written when it is first asked for, and what has expired by then does not come back.
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
