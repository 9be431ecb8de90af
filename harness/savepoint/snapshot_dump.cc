#include "harness/savepoint/snapshot_dump.h"

#include <algorithm>
#include <charconv>
#include <ostream>
#include <set>
#include <utility>
#include <vector>

#include "harness/replay/snapshot_serializers.h"
#include "harness/run/suite.h"
#include "harness/savepoint/value_json.h"
#include "harness/savepoint/watched_storage.h"
#include "kvstate/operator_state_files.h"
#include "kvstate/savepoint_reader.h"
#include "kvstate/stored_format.h"

namespace kvstate::harness {

namespace {

constexpr size_t kBufferBytes = size_t{64} << 10;

/// The states of one handle as lines need them.
struct StateColumns {
  bool wanted = false;
  std::string start;  ///< The line up to the number of the key group.
  StoredFormat of_namespace;
  StoredFormat user_key;
  StoredFormat value;
  bool is_map = false;
};

/// The same of a state of an operator.
struct OperatorColumns {
  bool wanted = false;
  std::string start;  ///< The line up to the number of the subtask.
  bool is_broadcast = false;
  StoredFormat key;
  StoredFormat value;
};

class Dumper {
 public:
  Dumper(const DumpOptions& options, std::vector<std::string> wanted, std::ostream& out)
      : options_(options), wanted_(std::move(wanted)), out_(out) {}

  bool enough() const { return options_.limit != 0 && written_ >= options_.limit; }

  Status DumpHandle(const std::shared_ptr<CheckpointStorage>& storage, const KeyedStateHandle& handle,
                    KeyGroupRange range) {
    KVSTATE_ASSIGN_OR_RETURN(const auto reader, OpenSavepoint(storage, handle, range, SerializerFromSnapshot));
    const StoredFormat key = StoredFormat::Of(handle.key_serializer);
    std::vector<StateColumns> states;
    for (const SavedState& state : handle.states) states.push_back(ColumnsOf(state));
    SavedEntry entry;
    while (!enough()) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, reader->Next(&entry));
      if (!more) break;
      if (!states[entry.state].wanted) continue;
      AppendLine(key, states[entry.state], entry);
      ++written_;
      if (buffer_.size() >= kBufferBytes) KVSTATE_RETURN_IF_ERROR(Flush());
    }
    return Flush();
  }

  /// Elements and entries of operator state. Raw streams are nobody's to read but their operator's.
  Status DumpOperator(CheckpointStorage& storage, const OperatorStateHandle& handle) {
    std::vector<OperatorColumns> states;
    for (const SavedOperatorState& state : handle.states) states.push_back(ColumnsOf(handle, state));
    const auto none = [](const OperatorColumns& state) { return !state.wanted; };
    if (std::all_of(states.begin(), states.end(), none)) return Status();
    Status status = ForEachOperatorEntry(storage, handle, [&](const SavedOperatorEntry& entry) {
      const OperatorColumns& state = states[entry.state];
      if (!state.wanted) return Status();
      if (enough()) return CancelledError("there are enough entries");
      buffer_ += state.start;
      if (state.is_broadcast) {
        buffer_ += ", \"key\": ";
        AppendJsonValue(state.key, entry.key, &buffer_);
      }
      buffer_ += ", \"value\": ";
      AppendJsonValue(state.value, entry.value, &buffer_);
      buffer_ += "}\n";
      ++written_;
      return buffer_.size() >= kBufferBytes ? Flush() : Status();
    });
    if (!status.ok() && !enough()) return status;
    return Flush();
  }

 private:
  OperatorColumns ColumnsOf(const OperatorStateHandle& handle, const SavedOperatorState& state) const {
    OperatorColumns columns;
    columns.wanted = std::find(wanted_.begin(), wanted_.end(), state.name) != wanted_.end();
    StoredFormat text;
    text.form = StoredFormat::Form::kRawBytes;
    columns.start = "{\"operator\": ";
    AppendJsonValue(text, handle.operator_name, &columns.start);
    columns.start += ", \"state\": ";
    AppendJsonValue(text, state.name, &columns.start);
    columns.start += ", \"subtask\": " + std::to_string(handle.subtask);
    columns.value = StoredFormat::Of(state.value_serializer);
    columns.is_broadcast = state.key_serializer.has_value();
    if (columns.is_broadcast) columns.key = StoredFormat::Of(*state.key_serializer);
    return columns;
  }

  StateColumns ColumnsOf(const SavedState& state) const {
    StateColumns columns;
    columns.wanted = std::find(wanted_.begin(), wanted_.end(), state.name) != wanted_.end();
    StoredFormat text;
    text.form = StoredFormat::Form::kRawBytes;
    columns.start = "{\"state\": ";
    AppendJsonValue(text, state.name, &columns.start);
    columns.start += ", \"key_group\": ";
    columns.of_namespace = StoredFormat::Of(state.namespace_serializer);
    columns.value = StoredFormat::Of(state.value_serializer);
    columns.is_map = state.user_key_serializer.has_value();
    if (columns.is_map) columns.user_key = StoredFormat::Of(*state.user_key_serializer);
    return columns;
  }

  void AppendLine(const StoredFormat& key, const StateColumns& state, const SavedEntry& entry) {
    buffer_ += state.start;
    buffer_ += std::to_string(entry.key_group);
    buffer_ += ", \"key\": ";
    AppendJsonValue(key, entry.key, &buffer_);
    buffer_ += ", \"namespace\": ";
    AppendJsonValue(state.of_namespace, entry.state_namespace, &buffer_);
    if (state.is_map) {
      buffer_ += ", \"user_key\": ";
      AppendJsonValue(state.user_key, entry.user_key, &buffer_);
    }
    buffer_ += ", \"value\": ";
    if (entry.is_null) {
      buffer_ += "null";
    } else {
      AppendJsonValue(state.value, entry.value, &buffer_);
    }
    buffer_ += "}\n";
  }

  Status Flush() {
    out_ << buffer_ << std::flush;
    buffer_.clear();
    return out_ ? Status() : UnavailableError("standard output takes no more");
  }

  const DumpOptions& options_;
  const std::vector<std::string> wanted_;  ///< Names of states.
  std::ostream& out_;
  std::string buffer_;
  uint64_t written_ = 0;
};

Result<std::vector<std::string>> WantedStates(const CheckpointMetadata& metadata, const std::string& globs) {
  std::set<std::string> names;
  for (const KeyedStateHandle& handle : metadata.handles) {
    for (const SavedState& state : handle.states) names.insert(state.name);
  }
  for (const OperatorStateHandle& handle : metadata.operator_handles) {
    for (const SavedOperatorState& state : handle.states) names.insert(state.name);
  }
  std::vector<std::string> all(names.begin(), names.end());
  if (globs.empty()) return all;
  std::vector<std::string> wanted;
  for (const std::string& glob : SplitList(globs)) {
    const size_t before = wanted.size();
    for (const std::string& name : all) {
      if (GlobMatches(glob, name)) wanted.push_back(name);
    }
    if (wanted.size() == before) {
      return InvalidArgumentError("--states: no state is named '" + glob + "'; there are " + JoinList(all));
    }
  }
  return wanted;
}

}  // namespace

Result<KeyGroupRange> ParseKeyGroups(std::string_view text) {
  KeyGroupRange range;
  const char* const end = text.data() + text.size();
  auto read = std::from_chars(text.data(), end, range.first);
  range.last = range.first;
  if (read.ec == std::errc() && read.ptr != end && *read.ptr == '-') {
    read = std::from_chars(read.ptr + 1, end, range.last);
  }
  if (read.ec != std::errc() || read.ptr != end || range.last < range.first) {
    return InvalidArgumentError("--key_groups: '" + std::string(text) + "' is not <first>-<last>, as in 0-31");
  }
  return range;
}

Status DumpSnapshot(SnapshotConverter* converter, const SnapshotLocation& location, const CheckpointMetadata& metadata,
                    const DumpOptions& options, const std::function<bool()>& stopped, std::ostream& out) {
  KVSTATE_ASSIGN_OR_RETURN(std::vector<std::string> states, WantedStates(metadata, options.states));
  Dumper dumper(options, std::move(states), out);
  const std::shared_ptr<CheckpointStorage> watched =
      WatchStorage(location.storage, {.stopped = stopped, .transferred = {}});
  const uint32_t max_parallelism =
      metadata.handles.empty() ? kMaxMaxParallelism : metadata.handles.front().max_parallelism;
  const KeyGroupRange wanted = options.key_groups.value_or(KeyGroupRange{0, max_parallelism - 1});
  if (wanted.last >= max_parallelism) {
    return InvalidArgumentError("--key_groups: there are key groups 0-" + std::to_string(max_parallelism - 1));
  }
  for (const KeyedStateHandle& handle : metadata.handles) {
    const KeyGroupRange range{std::max(wanted.first, handle.key_groups.first),
                              std::min(wanted.last, handle.key_groups.last)};
    if (range.size() == 0 || dumper.enough()) continue;
    if (handle.format == kStateStreamFormat) {
      KVSTATE_RETURN_IF_ERROR(dumper.DumpHandle(watched, handle, range));
      continue;
    }
    std::shared_ptr<CheckpointStorage> between;
    KVSTATE_ASSIGN_OR_RETURN(const KeyedStateHandle savepoint, converter->ToTemporarySavepoint(range, &between));
    KVSTATE_RETURN_IF_ERROR(dumper.DumpHandle(between, savepoint, range));
    for (const SnapshotFile& file : savepoint.files) KVSTATE_RETURN_IF_ERROR(between->Remove(file.file.path));
  }
  if (options.key_groups.has_value()) return Status();  // What belongs to no key was not asked for.
  for (const OperatorStateHandle& handle : metadata.operator_handles) {
    if (!dumper.enough()) KVSTATE_RETURN_IF_ERROR(dumper.DumpOperator(*watched, handle));
  }
  return Status();
}

}  // namespace kvstate::harness
