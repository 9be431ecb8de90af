#include "harness/savepoint/snapshot_listing.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "harness/savepoint/operator_listing.h"
#include "kvstate/stored_format.h"

namespace kvstate::harness {

namespace {

using Json = nlohmann::ordered_json;

/// "2026-01-31 23:59:59.123", UTC.
std::string TimeText(int64_t timestamp_millis) {
  auto seconds = static_cast<std::time_t>(timestamp_millis / 1000);
  auto millis = static_cast<int>(timestamp_millis % 1000);
  if (millis < 0) {
    millis += 1000;
    --seconds;
  }
  std::tm utc = {};
  char text[64] = "";
  if (gmtime_r(&seconds, &utc) == nullptr || std::strftime(text, sizeof(text), "%F %T", &utc) == 0) {
    return std::to_string(timestamp_millis) + " ms";
  }
  char with_millis[80];
  std::snprintf(with_millis, sizeof(with_millis), "%s.%03d", text, millis);
  return with_millis;
}

std::string HexText(uint64_t number) {
  char text[20];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(number));
  return text;
}

/// Names come from files: what of one is no UTF-8 is replaced.
std::string Dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

/// States by name: those of handles that are at different parallelism are the same ones.
std::vector<SavedState> StatesOf(const CheckpointMetadata& metadata) {
  std::vector<SavedState> states;
  std::set<std::string_view> names;
  for (const KeyedStateHandle& handle : metadata.handles) {
    for (const SavedState& state : handle.states) {
      if (names.insert(state.name).second) states.push_back(state);
    }
  }
  return states;
}

/// Which snapshots, other than the one given, refer to a file.
using Sharers = std::map<std::string, std::vector<std::string>>;

Sharers SharersOf(const CheckpointMetadata& metadata, const std::vector<CataloguedSnapshot>& catalog) {
  Sharers sharers;
  for (const CataloguedSnapshot& other : catalog) {
    if (!other.metadata.ok() || other.metadata->checkpoint_id == metadata.checkpoint_id) continue;
    for (const SnapshotFile& file : FilesOf(*other.metadata)) sharers[file.file.path].push_back(other.folder);
  }
  return sharers;
}

/// The time to live that a state's values had; none where they had none.
std::optional<int64_t> TtlMillisOf(const SavedState& state) {
  const StoredFormat value = StoredFormat::Of(state.value_serializer);
  const StoredFormat& timed = value.form == StoredFormat::Form::kList ? value.parts.front() : value;
  if (timed.form != StoredFormat::Form::kTimed) return std::nullopt;
  return timed.ttl_millis;
}

Json StateJson(const SavedState& state) {
  Json json{{"name", state.name},
            {"kind", StateKindName(state.kind)},
            {"namespace", StoredFormat::Of(state.namespace_serializer).ToString()},
            {"value", StoredFormat::Of(state.value_serializer).ToString()}};
  if (state.user_key_serializer.has_value()) {
    json["user_key"] = StoredFormat::Of(*state.user_key_serializer).ToString();
  }
  if (const std::optional<int64_t> ttl_millis = TtlMillisOf(state)) json["ttl_millis"] = *ttl_millis;
  return json;
}

Json HandleJson(const KeyedStateHandle& handle, const Sharers& sharers) {
  Json states = Json::array();
  for (const SavedState& state : handle.states) states.push_back(state.name);
  Json files = Json::array();
  for (const SnapshotFile& file : handle.files) {
    const auto with = sharers.find(file.file.path);
    files.push_back({{"name", file.name},
                     {"path", file.file.path},
                     {"bytes", file.file.bytes},
                     {"checksum", HexText(file.file.checksum)},
                     {"shared", file.shared},
                     {"also_in", with == sharers.end() ? std::vector<std::string>() : with->second}});
  }
  return {{"key_groups", {handle.key_groups.first, handle.key_groups.last}},
          {"backend", handle.backend},
          {"kind", SnapshotKindName(handle.kind)},
          {"format", handle.format},
          {"states", std::move(states)},
          {"files", std::move(files)}};
}

Json SummaryJson(const CheckpointMetadata& metadata) {
  const SnapshotSize size = SizeOf(metadata);
  return {{"id", metadata.checkpoint_id},
          {"folder", CheckpointFolder(metadata.kind, metadata.checkpoint_id)},
          {"kind", SnapshotKindName(metadata.kind)},
          {"time_utc", TimeText(metadata.timestamp_millis)},
          {"timestamp_millis", metadata.timestamp_millis},
          {"handles", metadata.handles.size()},
          {"states", StatesOf(metadata).size() + CountOperatorStates(metadata)},
          {"files", size.files},
          {"bytes", size.bytes},
          {"shared_bytes", size.shared_bytes}};
}

}  // namespace

SnapshotSize SizeOf(const CheckpointMetadata& metadata) {
  SnapshotSize size;
  for (const SnapshotFile& file : FilesOf(metadata)) {
    ++size.files;
    size.bytes += file.file.bytes;
    if (file.shared) size.shared_bytes += file.file.bytes;
  }
  return size;
}

std::string CatalogText(const std::vector<CataloguedSnapshot>& catalog, const TableStyle& style) {
  Table table({"folder", "kind", "when (UTC)", "id", "handles", "states", "files", "bytes"}, 3);
  std::string damaged;
  for (const CataloguedSnapshot& snapshot : catalog) {
    if (!snapshot.metadata.ok()) {
      damaged += snapshot.folder + " cannot be read: " + std::string(snapshot.metadata.status().message()) + "\n";
      continue;
    }
    const CheckpointMetadata& metadata = *snapshot.metadata;
    const SnapshotSize size = SizeOf(metadata);
    table.AddRow({snapshot.folder, std::string(SnapshotKindName(metadata.kind)), TimeText(metadata.timestamp_millis),
                  std::to_string(metadata.checkpoint_id), std::to_string(metadata.handles.size()),
                  std::to_string(StatesOf(metadata).size() + CountOperatorStates(metadata)), std::to_string(size.files),
                  ShortBytes(static_cast<double>(size.bytes))});
  }
  return table.ToText(style.width, style.colour) + damaged;
}

std::string CatalogJson(const std::vector<CataloguedSnapshot>& catalog) {
  Json list = Json::array();
  for (const CataloguedSnapshot& snapshot : catalog) {
    if (snapshot.metadata.ok()) {
      list.push_back(SummaryJson(*snapshot.metadata));
    } else {
      list.push_back({{"folder", snapshot.folder}, {"error", std::string(snapshot.metadata.status().message())}});
    }
  }
  return Dump(list);
}

std::string SnapshotJson(const CheckpointMetadata& metadata, const std::vector<CataloguedSnapshot>& catalog) {
  Json json = SummaryJson(metadata);
  const Sharers sharers = SharersOf(metadata, catalog);
  if (!metadata.handles.empty()) {
    json["max_parallelism"] = metadata.handles.front().max_parallelism;
    json["key"] = StoredFormat::Of(metadata.handles.front().key_serializer).ToString();
  }
  json["states"] = Json::array();
  for (const SavedState& state : StatesOf(metadata)) json["states"].push_back(StateJson(state));
  json["handles"] = Json::array();
  for (const KeyedStateHandle& handle : metadata.handles) json["handles"].push_back(HandleJson(handle, sharers));
  AddOperatorJson(metadata, &json);
  return Dump(json);
}

std::string SnapshotText(const CheckpointMetadata& metadata, const std::vector<CataloguedSnapshot>& catalog) {
  const SnapshotSize size = SizeOf(metadata);
  const auto bytes = [](uint64_t n) { return ShortBytes(static_cast<double>(n)); };
  std::string text = CheckpointFolder(metadata.kind, metadata.checkpoint_id) + ": " +
                     std::string(SnapshotKindName(metadata.kind)) + ", " + TimeText(metadata.timestamp_millis) +
                     " UTC, " + std::to_string(size.files) + " files, " + bytes(size.bytes);
  if (size.shared_bytes > 0) text += ", of that " + bytes(size.shared_bytes) + " under shared/";
  text += "\n";
  if (metadata.handles.empty()) {
    const std::string of_operators = OperatorText(metadata);
    return text + (of_operators.empty() ? "no handles: it holds nothing\n" : "no keyed state\n" + of_operators);
  }
  text += "max parallelism " + std::to_string(metadata.handles.front().max_parallelism) + ", keys of type " +
          StoredFormat::Of(metadata.handles.front().key_serializer).ToString() + "\n\n";

  Table states({"state", "kind", "namespace", "user key", "value"}, 5);
  for (const SavedState& state : StatesOf(metadata)) {
    states.AddRow(
        {state.name, std::string(StateKindName(state.kind)), StoredFormat::Of(state.namespace_serializer).ToString(),
         state.user_key_serializer.has_value() ? StoredFormat::Of(*state.user_key_serializer).ToString() : "–",
         StoredFormat::Of(state.value_serializer).ToString()});
  }
  text += states.ToText(0, false);

  const Sharers sharers = SharersOf(metadata, catalog);
  for (const KeyedStateHandle& handle : metadata.handles) {
    text += "\nkey groups " + std::to_string(handle.key_groups.first) + "–" + std::to_string(handle.key_groups.last) +
            ": by " + handle.backend + ", " + std::string(SnapshotKindName(handle.kind)) + ", format " + handle.format +
            "\n";
    Table files({"file", "name", "also in", "bytes"}, 3);
    for (const SnapshotFile& file : handle.files) {
      std::string with;
      if (const auto others = sharers.find(file.file.path); others != sharers.end()) {
        for (const std::string& folder : others->second) with += (with.empty() ? "" : ", ") + folder;
      }
      files.AddRow({file.file.path, file.name, with.empty() ? "–" : with, std::to_string(file.file.bytes)});
    }
    text += files.ToText(0, false);
  }
  return text + OperatorText(metadata);
}

}  // namespace kvstate::harness
