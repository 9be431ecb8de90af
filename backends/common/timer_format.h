#ifndef KVSTATE_BACKENDS_COMMON_TIMER_FORMAT_H_
#define KVSTATE_BACKENDS_COMMON_TIMER_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "backends/common/composite_key.h"
#include "backends/common/key_context.h"
#include "backends/common/stored_timer.h"
#include "kvstate/bytes.h"
#include "kvstate/checkpoint.h"
#include "kvstate/status.h"
#include "kvstate/timers.h"

namespace kvstate::backends {

/// What states that hold timers are called in snapshots and engines; programs cannot have such: docs/formats.md,
/// "Timers".
inline constexpr std::string_view kTimersPrefix = "kvstate.timers.";
inline constexpr std::string_view kHeapTimersPrefix = "kvstate.timers.heap.";
inline constexpr std::string_view kStoreTimersPrefix = "kvstate.timers.store.";
inline constexpr size_t kMaxQueueNameBytes = 200;

inline bool IsTimersState(std::string_view state_name) { return state_name.starts_with(kTimersPrefix); }
inline bool IsHeapTimersState(std::string_view state_name) { return state_name.starts_with(kHeapTimersPrefix); }
inline bool IsStoreTimersState(std::string_view state_name) { return state_name.starts_with(kStoreTimersPrefix); }

/// A queue as a snapshot has it: a map whose user keys are timestamps and whose values are null.
SavedState SavedTimers(std::string_view prefix, std::string_view queue, const SerializerSnapshot& namespace_serializer);

inline constexpr size_t kTimestampBytes = sizeof(uint64_t);
/// The value of each entry: a map's null.
inline constexpr ByteView kTimerValue = ByteView("\x01", 1);

/// Eight bytes in whose order timestamps ascend: big-endian, the sign bit inverted.
inline void WriteTimestamp(int64_t timestamp, char* at) {
  const uint64_t bits = ToBigEndian(static_cast<uint64_t>(timestamp) ^ (uint64_t{1} << 63));
  std::memcpy(at, &bits, sizeof(bits));
}
inline int64_t ReadTimestamp(const char* at) {
  uint64_t bits = 0;
  std::memcpy(&bits, at, sizeof(bits));
  return static_cast<int64_t>(ToBigEndian(bits) ^ (uint64_t{1} << 63));
}

/// Overwrites `key` with a timer's key in a state stream, without key group: address, then timestamp.
void WriteStreamedTimer(const StoredTimer& timer, std::string* key);
/// DATA_LOSS when `key` is none.
Result<StoredTimer> ReadStreamedTimer(ByteView key);
/// Turns a timer's key in a state stream into that in an engine's table, timestamp first, and back; both behind the
/// `key_group_bytes` that are appended to already. REQUIRES: at least kTimestampBytes.
void AppendTableKey(ByteView streamed, std::string* key);
void AppendStreamedKey(ByteView in_table, std::string* key);

/// Turns timers of one queue into what is stored, and back. Owner's thread.
class TimerFormat {
 public:
  /// `keys` outlives this.
  TimerFormat(const KeyContext& keys, SerializerPtr namespace_serializer, std::string queue);

  /// INVALID_ARGUMENT when the timer's key or namespace is not one of the backend's range or of the serializers. The
  /// group is counted from the first of the range.
  Status Store(const Timer& timer, size_t* group, StoredTimer* stored);
  /// The views point into `stored`.
  Status Load(const StoredTimer& stored, Timer* timer);

  const std::string& queue() const { return queue_; }
  const SerializerPtr& namespace_serializer() const { return namespace_; }
  const KeyContext& keys() const { return keys_; }
  /// The index of a key group; INVALID_ARGUMENT when it is outside the range.
  Status GroupIndex(uint32_t key_group, size_t* group) const;

 private:
  Status Refuse(std::string_view what, size_t bytes, const TypeSerializer& serializer) const;
  Status FindGroup(ByteView key, uint32_t* key_group) const;

  const KeyContext& keys_;
  const SerializerPtr namespace_;
  const std::string queue_;
  const size_t namespace_bytes_;
  const CompositeKeyFormat composite_;
  CompositeKeyParser parser_;
  ByteWriter scratch_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_TIMER_FORMAT_H_
