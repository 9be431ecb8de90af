#ifndef KVSTATE_HARNESS_REPLAY_TRACE_H_
#define KVSTATE_HARNESS_REPLAY_TRACE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/state_descriptor.h"
#include "kvstate/status.h"
#include "kvstate/timers.h"
#include "kvstate/type_serializer.h"

namespace kvstate::harness {

/// What a trace holds: accesses to keyed state, in order. The numbers are stored and never change.
enum class Operation : uint8_t {
  kGet = 1,             ///< Value, list, reducing, aggregating, folding.
  kUpdate = 2,          ///< Value, list: overwrite by `value`; a null value clears.
  kAdd = 3,             ///< One element or input: `value`.
  kAddAll = 4,          ///< List: `value` is a list.
  kGetInternal = 5,     ///< Appending states: the raw accumulator.
  kUpdateInternal = 6,  ///< Appending states: `value` is an accumulator; null clears.
  kMerge = 7,           ///< `user_key` is the target namespace, `value` the sources, each after its length (varint).
  kClear = 8,
  kMapGet = 9,
  kMapPut = 10,
  kMapRemove = 11,
  kMapContains = 12,
  kMapIsEmpty = 13,
  kMapScan = 14,           ///< A whole pass by one iterator with nothing in between: open, `count` steps, close.
  kIteratorOpen = 15,      ///< Opens iterator `iterator` on the map under the current key and namespace.
  kIteratorAdvance = 16,   ///< `count` steps.
  kIteratorRemove = 17,    ///< Removes the entry that the last step moved to.
  kIteratorSetValue = 18,  ///< Writes that entry's value.
  kIteratorClose = 19,
  kClearNamespace = 20,  ///< Back to no current namespace.
  kKeys = 21,            ///< Walks up to `count` keys of the state under namespace `user_key`.
  kKeysAndNamespaces = 22,
  kRemoveState = 23,  ///< Drops all the state holds; a later access makes it anew.
  kTimerAdd = 24,     ///< Of a queue of timers: one at `timestamp` for key `user_key` and namespace `value`.
  kTimerRemove = 25,  ///< The same.
  kTimerPeek = 26,    ///< Looks at the first timer.
  kTimerPoll = 27,    ///< The same, and removes it.
};
inline constexpr size_t kOperationLimit = 28;

/// Such as "map_put".
std::string_view OperationName(Operation operation);

/// One access. Views live as the producer says.
struct TraceOperation {
  Operation operation = Operation::kGet;
  uint32_t state = 0;           ///< Index of the state in the trace.
  bool sets_key = false;        ///< The current key is set to `key` first.
  bool sets_namespace = false;  ///< The state's current namespace is set to `state_namespace` first.
  bool null_value = false;      ///< Update, UpdateInternal, map put, iterator set value: the value is null.
  bool reads_keys = false;      ///< Scan and advance: each step reads the user key,
  bool reads_values = false;    ///< the value.
  int64_t time_ms = 0;          ///< Event time of the stream at this access.
  ByteView key = {};
  ByteView state_namespace = {};
  ByteView user_key = {};
  ByteView value = {};
  uint32_t iterator = 0;  ///< Iterators that are open at once have different numbers.
  uint64_t count = 0;     ///< Steps, the one that finds the end included.
  int64_t timestamp = 0;  ///< Of a timer, ms.
};

/// One state of a trace, or one queue of timers, of which the descriptor has the name alone.
struct TraceState {
  SerializerPtr namespace_serializer;
  StateDescriptor descriptor;
  std::optional<TimerStorage> timers = {};  ///< Of a queue.
};

struct TraceHeader {
  SerializerPtr key_serializer;
  uint32_t max_parallelism = 128;
  /// The trace's file holds sizes in place of states' values; a reader makes values of these sizes (MadeValues).
  bool values_are_sizes = false;
  bool keys_are_hashed = false;  ///< Keys stand for others, that only who has a secret can tell.
  bool is_part = false;          ///< Of another trace: what was done before, or between, is missing.
};

/// What a trace holds in all.
struct TraceTotals {
  uint64_t operations = 0;
  uint64_t blocks = 0;  ///< Of operations.
  uint64_t states = 0;
  int64_t first_time_ms = 0;
  int64_t last_time_ms = 0;
  uint64_t fill_operations = 0;  ///< The first so many fill state before what is to be measured begins; 0: none do.
};

/// Marks the end of filling in `totals`, as TraceSink::EndFill says.
Status MarkEndOfFill(TraceTotals* totals);

/// Takes a trace, piece by piece. Not thread-safe.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual Status Begin(const TraceHeader& header) = 0;
  /// Gives the next state its index: 0, 1, 2, …
  virtual Status AddState(const TraceState& state) = 0;
  /// Copies what the views hold.
  virtual Status Append(const TraceOperation& operation) = 0;
  /// What was appended until here fills state; what follows is to be measured. FAILED_PRECONDITION the second time.
  virtual Status EndFill() = 0;
  /// Ends the trace; nothing follows.
  virtual Status Finish() = 0;
};

/// Gives a trace, a chunk at a time. Not thread-safe.
class TraceSource {
 public:
  virtual ~TraceSource() = default;
  virtual const TraceHeader& header() const = 0;
  /// States that operations given so far may name; grows as the trace is read.
  virtual const std::vector<TraceState>& states() const = 0;
  /// The next operations, in order; empty at the end. Views live until the next call.
  virtual Result<const std::vector<TraceOperation>*> NextChunk() = 0;
  /// Back to the first operation. The states stay known.
  virtual Status Rewind() = 0;
  /// Operations in all, where known before the end; 0 where not.
  virtual uint64_t operations() const = 0;
  /// How many of them, the first, fill state before what is to be measured begins; 0 where none do.
  virtual uint64_t fill_operations() const = 0;
  /// What to call it in messages: a file's name, or "memory".
  virtual std::string_view name() const = 0;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_TRACE_H_
