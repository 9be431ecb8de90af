#ifndef KVSTATE_BACKENDS_COMMON_TTL_FILTER_H_
#define KVSTATE_BACKENDS_COMMON_TTL_FILTER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "kvstate/bytes.h"
#include "kvstate/clock.h"
#include "kvstate/state_descriptor.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// Whether a value of time `timestamp` is expired: timestamp + ttl <= now, also where that sum is no 64-bit number; a
/// time to live of INT64_MAX is for ever, before 1970 too.
inline bool IsExpired(int64_t timestamp, int64_t ttl_millis, int64_t now) {
  int64_t expires = 0;
  return !__builtin_add_overflow(timestamp, ttl_millis, &expires) && expires <= now && ttl_millis != INT64_MAX;
}

/// Tells what of a stored value has expired, from its bytes alone (docs/formats.md, "Values with a time to live").
/// Knows no types, so that an engine can ask while it compacts. Immutable and thread-safe.
class TtlFilter {
 public:
  /// `element_bytes`: of a list, what an element with its time takes, or kVariableSize when each stands after its
  /// length.
  TtlFilter(StateKind kind, size_t element_bytes, int64_t ttl_millis)
      : kind_(kind), element_bytes_(element_bytes), ttl_millis_(ttl_millis) {}

  enum class Verdict { kKeep, kDrop, kReplace };
  /// `stored` is what an engine has of an entry, merge operands of a list included; `replacement` is overwritten by
  /// what is left of a list. DATA_LOSS, for bytes that no state with a time to live wrote; nothing is to be dropped
  /// then.
  Result<Verdict> Check(ByteView stored, int64_t now, std::string* replacement) const;
  /// When the last of it expires: from then on Check says kDrop. INT64_MAX for never. DATA_LOSS as Check's.
  Result<int64_t> ExpiresAt(ByteView stored) const;
  /// Calls `visit` with the time of each element, or of the one value, and the bytes that it takes. DATA_LOSS as
  /// Check's; some were visited then.
  Status ForEachTime(ByteView stored, const std::function<void(int64_t timestamp, size_t bytes)>& visit) const;

  /// When it was last updated. DATA_LOSS as Check's. REQUIRES: kind() is not kList.
  Result<int64_t> TimeOf(ByteView stored) const;

  StateKind kind() const { return kind_; }
  int64_t ttl_millis() const { return ttl_millis_; }

 private:
  Result<Verdict> CheckList(ByteView stored, int64_t now, std::string* replacement) const;

  const StateKind kind_;
  const size_t element_bytes_;
  const int64_t ttl_millis_;
};

/// What an engine needs to drop expired values by itself.
struct TableTtl {
  TtlFilter filter;
  std::shared_ptr<const Clock> clock;
  TtlCleanup cleanup;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_TTL_FILTER_H_
