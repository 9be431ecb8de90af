#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backends/common/ttl_filter.h"
#include "kvstate/type_serializer.h"
#include "tests/fuzz/fuzz_target.h"

namespace kvstate::backends {
namespace {

using Elements = std::vector<std::pair<int64_t, ByteView>>;  // Time, and all bytes of the element.

int64_t TimeIn(ByteView bytes) {
  uint64_t bits = 0;
  for (int i = 0; i < 8; ++i) bits = bits << 8 | static_cast<uint8_t>(bytes[static_cast<size_t>(i)]);
  return static_cast<int64_t>(bits);
}

/// Plainly, as docs/formats.md has it; none for bytes that no state with a time to live wrote.
std::optional<Elements> ElementsOf(StateKind kind, size_t element_bytes, ByteView stored) {
  if (kind == StateKind::kMap) {
    if (stored.size() < 10 || stored[0] != 0 || static_cast<uint8_t>(stored[9]) > 1) return std::nullopt;
    if (stored[9] == 1 && stored.size() != 10) return std::nullopt;
    return Elements{{TimeIn(stored.substr(1)), stored}};
  }
  if (kind != StateKind::kList) {
    if (stored.size() < 8) return std::nullopt;
    return Elements{{TimeIn(stored), stored}};
  }
  Elements elements;
  ByteReader in(stored);
  while (!in.AtEnd()) {
    const size_t start = in.position();
    uint64_t bytes = element_bytes;
    if (element_bytes == kVariableSize && !in.ReadVarint(&bytes)) return std::nullopt;
    ByteView element;
    if (bytes < 8 || bytes > stored.size() || !in.ReadBytes(static_cast<size_t>(bytes), &element)) return std::nullopt;
    elements.emplace_back(TimeIn(element), stored.substr(start, in.position() - start));
  }
  if (elements.empty()) return std::nullopt;
  return elements;
}

bool Expires(int64_t time, int64_t ttl, int64_t now) {
  return ttl != INT64_MAX && static_cast<__int128>(time) + ttl <= now;
}

/// What is malformed is never dropped, and what is not loses exactly what has expired.
void CheckOne(StateKind kind, size_t element_bytes, int64_t ttl, int64_t now, ByteView stored) {
  const TtlFilter filter(kind, element_bytes, ttl);
  std::string replacement;
  const auto verdict = filter.Check(stored, now, &replacement);
  const auto expires_at = filter.ExpiresAt(stored);
  const std::optional<Elements> elements = ElementsOf(kind, element_bytes, stored);
  if (!elements.has_value()) {
    FUZZ_CHECK(verdict.status().code() == StatusCode::kDataLoss);
    FUZZ_CHECK(expires_at.status().code() == StatusCode::kDataLoss);
    return;
  }
  FUZZ_CHECK(verdict.ok() && expires_at.ok());
  std::string left;
  size_t living = 0;
  for (const auto& [time, bytes] : *elements) {
    if (Expires(time, ttl, now)) continue;
    ++living;
    left.append(bytes);
  }
  const auto expected = living == 0                  ? TtlFilter::Verdict::kDrop
                        : living == elements->size() ? TtlFilter::Verdict::kKeep
                                                     : TtlFilter::Verdict::kReplace;
  FUZZ_CHECK(*verdict == expected);
  if (*verdict == TtlFilter::Verdict::kReplace) FUZZ_CHECK(replacement == left);
  if (now != INT64_MAX) FUZZ_CHECK((*expires_at <= now) == (*verdict == TtlFilter::Verdict::kDrop));
}

int64_t TakeNumber(ByteView* bytes) {
  char taken[8] = {};
  bytes->remove_prefix(bytes->copy(taken, sizeof(taken)));
  return TimeIn(ByteView(taken, sizeof(taken)));
}

}  // namespace
}  // namespace kvstate::backends

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using kvstate::StateKind;
  kvstate::ByteView bytes = kvstate::fuzz::BytesOf(data, size);
  const int64_t now = kvstate::backends::TakeNumber(&bytes);
  const int64_t ttl = std::max<int64_t>(1, kvstate::backends::TakeNumber(&bytes));
  for (const int64_t millis : {ttl, int64_t{100}, INT64_MAX}) {
    for (const StateKind kind : {StateKind::kValue, StateKind::kMap, StateKind::kFolding}) {
      kvstate::backends::CheckOne(kind, kvstate::kVariableSize, millis, now, bytes);
    }
    for (const size_t element : {kvstate::kVariableSize, size_t{8}, size_t{12}, size_t{16}}) {
      kvstate::backends::CheckOne(StateKind::kList, element, millis, now, bytes);
    }
  }
  return 0;
}
