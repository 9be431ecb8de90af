#ifndef KVSTATE_TIMERS_H_
#define KVSTATE_TIMERS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/export.h"
#include "kvstate/status.h"
#include "kvstate/type_serializer.h"

namespace kvstate {
inline namespace v1 {

/// A moment at which something is to be done for a key and namespace. Canonical bytes.
struct Timer {
  int64_t timestamp = 0;  ///< Milliseconds, of event time or processing time: its queue's user knows.
  ByteView key;
  ByteView state_namespace;
};

/// Timers of one kind: a set, ordered by timestamp, then by the bytes of key and namespace as they stand in a composite
/// key (docs/formats.md). Owner's thread. Views that it hands out are valid until its next call.
///
/// Timers are in every snapshot of their backend, and follow their keys when it is rescaled.
class KVSTATE_EXPORT TimerQueue {
 public:
  virtual ~TimerQueue();

  /// Adds a timer; one that is there already stays as it is. Whether the head, the first of all, changed.
  /// INVALID_ARGUMENT when the key's group is outside the backend's range, or the namespace is not one of the queue's.
  virtual Result<bool> Add(const Timer& timer) = 0;
  /// Removes a timer; none there is fine. Whether the head changed.
  virtual Result<bool> Remove(const Timer& timer) = 0;
  /// The head; false when there is none.
  virtual Result<bool> Peek(Timer* head) = 0;
  /// The same, and removes it.
  virtual Result<bool> Poll(Timer* head) = 0;
  virtual Result<uint64_t> Size() = 0;  ///< May scan.
  /// Calls `visit` for the timers of a key group in order. It must not change the queue; its first failure ends it.
  virtual Status ForEach(uint32_t key_group, const std::function<Status(const Timer& timer)>& visit) = 0;
};

/// Where the timers of a queue live. Both are the same to use, and a restore may change it.
enum class TimerStorage : uint8_t {
  kHeap,     ///< In memory, and whole in each checkpoint: the fastest.
  kBackend,  ///< Where the backend has its state: as many as fit there. On a backend in memory the same as kHeap.
};

/// Extension of a KeyedStateBackend: its queues of timers. Owner's thread.
class KVSTATE_EXPORT Timers {
 public:
  static constexpr std::string_view kExtensionId = "kvstate.timers.1";
  virtual ~Timers();

  /// The queue of that name (1 to 200 bytes), made if there is none, or restored. Lives as long as the backend. The
  /// same pointer for the same name; INVALID_ARGUMENT when it exists, or was restored, with a namespace serializer that
  /// writes something else, or exists with another storage.
  virtual Result<TimerQueue*> GetOrCreateQueue(std::string_view name, SerializerPtr namespace_serializer,
                                               TimerStorage storage) = 0;
  /// In the order in which they were made. Restored queues are among them once they are asked for; in snapshots they
  /// are before.
  virtual std::vector<std::string> QueueNames() const = 0;
  /// Whether the backend has a current key, which may be the empty one.
  virtual bool HasCurrentKey() const = 0;
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_TIMERS_H_
