#ifndef KVSTATE_NAMESPACES_H_
#define KVSTATE_NAMESPACES_H_

#include <compare>
#include <cstdint>

namespace kvstate {
inline namespace v1 {

/// The namespace of state that has none: encoded as one 0x00 byte. A state over it needs no SetCurrentNamespace.
struct VoidNamespace {
  friend auto operator<=>(const VoidNamespace&, const VoidNamespace&) = default;
};

/// The namespace of windowed state: [start, end), milliseconds of event time; encoded as two big-endian int64.
struct TimeWindow {
  int64_t start = 0;
  int64_t end = 0;

  /// The largest timestamp that belongs to the window.
  int64_t max_timestamp() const { return end - 1; }
  bool Intersects(const TimeWindow& other) const { return start <= other.end && other.start <= end; }
  /// The smallest window that covers both.
  TimeWindow Cover(const TimeWindow& other) const {
    return {start < other.start ? start : other.start, end > other.end ? end : other.end};
  }
  friend auto operator<=>(const TimeWindow&, const TimeWindow&) = default;
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_NAMESPACES_H_
