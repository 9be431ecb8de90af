#include "backends/checkpoint/checkpoint_layout.h"

#include <charconv>

namespace kvstate::backends {

namespace {

// Far beyond what is ever given, so that one more is an id too.
constexpr uint64_t kMaxId = uint64_t{1} << 62;

/// Takes an id and `end` off the front of `rest`. The digits are those that a number has, so that each id has one name.
bool TakeId(std::string_view* rest, char end, uint64_t* id) {
  const size_t length = rest->find(end);
  if (length == 0 || length == std::string_view::npos || rest->front() == '0') return false;
  const char* const digits = rest->data();
  const auto parsed = std::from_chars(digits, digits + length, *id);
  if (parsed.ec != std::errc() || parsed.ptr != digits + length || *id > kMaxId) return false;
  rest->remove_prefix(length + 1);
  return !rest->empty();
}

bool Take(std::string_view* rest, std::string_view prefix) {
  if (!rest->starts_with(prefix)) return false;
  rest->remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::optional<CheckpointPath> ParseCheckpointPath(std::string_view path) {
  CheckpointPath parsed;
  if (Take(&path, "shared/")) {
    parsed.shared = true;
    if (!TakeId(&path, '-', &parsed.checkpoint_id)) return std::nullopt;
    return parsed;
  }
  parsed.is_savepoint = Take(&path, "savepoint-");
  if (!parsed.is_savepoint && !Take(&path, "chk-")) return std::nullopt;
  if (!TakeId(&path, '/', &parsed.checkpoint_id)) return std::nullopt;
  parsed.is_metadata = path == kMetadataName;
  return parsed;
}

std::string MetadataPath(SnapshotKind kind, uint64_t checkpoint_id) {
  return CheckpointFolder(kind, checkpoint_id).append("/").append(kMetadataName);
}

}  // namespace kvstate::backends
