#include "backends/common/ttl_filter.h"

#include <algorithm>
#include <string_view>

#include "kvstate/type_serializer.h"

namespace kvstate::backends {

namespace {

constexpr size_t kTimeBytes = 8;

/// REQUIRES: kTimeBytes at `at`.
int64_t TimeAt(const char* at) {
  uint64_t bits = 0;
  std::memcpy(&bits, at, sizeof(bits));
  return static_cast<int64_t>(ToBigEndian(bits));
}

/// Of a value with its time, INT64_MAX for never.
int64_t ExpiryOf(int64_t timestamp, int64_t ttl_millis) {
  int64_t expires = 0;
  const bool never = __builtin_add_overflow(timestamp, ttl_millis, &expires) || ttl_millis == INT64_MAX;
  return never ? INT64_MAX : expires;
}

/// What follows is out of line: it is met once in a lifetime, and by readers that must not pay for it.
[[gnu::noinline]] Status NotTimed(ByteView stored, size_t at, std::string_view what) {
  return DataLossError("a stored value of " + std::to_string(stored.size()) + " bytes has no " + std::string(what) +
                       " at byte " + std::to_string(at) +
                       ": a state with a time to live did not write it; restore another checkpoint");
}

/// Where the time of a map's entry stands: behind the byte by which an engine tells null values, which is 0, since the
/// value is an object with a time even where the program's is null.
Status CheckMapEntry(ByteView stored) {
  if (stored.size() < 1 + kTimeBytes + 1 || stored[0] != 0) return NotTimed(stored, 0, "time of a map's entry");
  const char is_null = stored[1 + kTimeBytes];
  if (is_null != 0 && (is_null != 1 || stored.size() != 1 + kTimeBytes + 1)) {
    return NotTimed(stored, 1 + kTimeBytes, "null byte of a map's entry");
  }
  return Status();
}

/// Calls `visit(start, time, end)` for each element. Not for the empty list, which is nowhere stored.
template <class F>
Status ForEachElement(ByteView list, size_t element_bytes, F visit) {
  if (list.empty()) return NotTimed(list, 0, "element of a list");
  const char* at = list.data();
  const char* const end = at + list.size();
  while (at != end) {
    const char* time = at;
    uint64_t bytes = element_bytes;
    if (element_bytes == kVariableSize) {
      // Mostly one byte; ReadVarint is a call.
      const auto first = static_cast<uint8_t>(*at);
      if (first < 0x80) [[likely]] {
        bytes = first;
        ++time;
      } else {
        ByteReader in(ByteView(at, static_cast<size_t>(end - at)));
        if (!in.ReadVarint(&bytes)) {
          return NotTimed(list, static_cast<size_t>(at - list.data()), "length of a list's element");
        }
        time += in.position();
      }
    }
    if (bytes < kTimeBytes || bytes > static_cast<size_t>(end - time)) {
      return NotTimed(list, static_cast<size_t>(at - list.data()), "whole element of a list");
    }
    const char* const next = time + bytes;
    visit(at, TimeAt(time), next);
    at = next;
  }
  return Status();
}

}  // namespace

Result<int64_t> TtlFilter::TimeOf(ByteView stored) const {
  if (kind_ == StateKind::kMap) {
    KVSTATE_RETURN_IF_ERROR(CheckMapEntry(stored));
    return TimeAt(stored.data() + 1);
  }
  if (stored.size() < kTimeBytes) return NotTimed(stored, 0, "time");
  return TimeAt(stored.data());
}

Result<TtlFilter::Verdict> TtlFilter::Check(ByteView stored, int64_t now, std::string* replacement) const {
  if (kind_ == StateKind::kList) return CheckList(stored, now, replacement);
  KVSTATE_ASSIGN_OR_RETURN(const int64_t timestamp, TimeOf(stored));
  return IsExpired(timestamp, ttl_millis_, now) ? Verdict::kDrop : Verdict::kKeep;
}

Result<TtlFilter::Verdict> TtlFilter::CheckList(ByteView stored, int64_t now, std::string* replacement) const {
  // Twice over the list only where it is to be rewritten, and nothing is allocated where it is not.
  size_t elements = 0;
  size_t expired = 0;
  size_t expired_bytes = 0;
  KVSTATE_RETURN_IF_ERROR(
      ForEachElement(stored, element_bytes_, [&](const char* start, int64_t timestamp, const char* end) {
        ++elements;
        if (!IsExpired(timestamp, ttl_millis_, now)) return;
        ++expired;
        expired_bytes += static_cast<size_t>(end - start);
      }));
  if (expired == 0) return Verdict::kKeep;
  if (expired == elements) return Verdict::kDrop;
  replacement->clear();
  replacement->reserve(stored.size() - expired_bytes);
  KVSTATE_RETURN_IF_ERROR(
      ForEachElement(stored, element_bytes_, [&](const char* start, int64_t timestamp, const char* end) {
        if (IsExpired(timestamp, ttl_millis_, now)) return;
        replacement->append(start, static_cast<size_t>(end - start));
      }));
  return Verdict::kReplace;
}

Result<int64_t> TtlFilter::ExpiresAt(ByteView stored) const {
  if (kind_ != StateKind::kList) {
    KVSTATE_ASSIGN_OR_RETURN(const int64_t timestamp, TimeOf(stored));
    return ExpiryOf(timestamp, ttl_millis_);
  }
  int64_t latest = INT64_MIN;
  KVSTATE_RETURN_IF_ERROR(ForEachElement(stored, element_bytes_, [&](const char*, int64_t timestamp, const char*) {
    latest = std::max(latest, timestamp);
  }));
  return ExpiryOf(latest, ttl_millis_);
}

Status TtlFilter::ForEachTime(ByteView stored,
                              const std::function<void(int64_t timestamp, size_t bytes)>& visit) const {
  if (kind_ == StateKind::kList) {
    return ForEachElement(stored, element_bytes_, [&](const char* start, int64_t timestamp, const char* end) {
      visit(timestamp, static_cast<size_t>(end - start));
    });
  }
  KVSTATE_ASSIGN_OR_RETURN(const int64_t timestamp, TimeOf(stored));
  visit(timestamp, stored.size());
  return Status();
}

}  // namespace kvstate::backends
