#ifndef KVSTATE_WORKLOADS_OPERATORS_EVENT_TIMERS_H_
#define KVSTATE_WORKLOADS_OPERATORS_EVENT_TIMERS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>

#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::workloads {

/// What an operator must fire, in memory: a set of (time, key), fired in order of time, then of key bytes. Its memory
/// grows with the windows that are open, and it is no part of the state. Registering costs a search among the distinct
/// times and one in a hash table; keys of one time are sorted once, when they fire.
class EventTimers {
 public:
  using FireFunction = std::function<Status(int64_t time_ms, ByteView key)>;

  /// A timer that is there already stays one.
  void Register(int64_t time_ms, ByteView key);
  /// Nothing there is fine.
  void Delete(int64_t time_ms, ByteView key);
  bool HasDue(int64_t watermark_ms) const { return !timers_.empty() && timers_.begin()->first <= watermark_ms; }
  /// Removes every timer at or before the watermark, each just before it is fired. `fire` must not call this object.
  /// Stops at the first failure.
  Status FireUpTo(int64_t watermark_ms, const FireFunction& fire);
  size_t size() const;

 private:
  struct KeyHash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };
  using Keys = std::unordered_set<std::string, KeyHash, std::equal_to<>>;

  std::map<int64_t, Keys> timers_;
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_EVENT_TIMERS_H_
