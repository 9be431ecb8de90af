#include "harness/savepoint/operator_listing.h"

#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "harness/report/table.h"
#include "kvstate/stored_format.h"

namespace kvstate::harness {

namespace {

using Json = nlohmann::ordered_json;

/// A state over all subtasks of its operator.
struct OperatorStateRow {
  const OperatorStateHandle* handle = nullptr;  ///< The first that has it.
  const SavedOperatorState* state = nullptr;
  uint64_t subtasks = 0;
  uint64_t entries = 0;
};

std::vector<OperatorStateRow> RowsOf(const CheckpointMetadata& metadata) {
  std::vector<OperatorStateRow> rows;
  std::map<std::pair<std::string_view, std::string_view>, size_t> known;
  for (const OperatorStateHandle& handle : metadata.operator_handles) {
    for (const SavedOperatorState& state : handle.states) {
      const auto [at, is_new] = known.try_emplace({handle.operator_name, state.name}, rows.size());
      if (is_new) rows.push_back({&handle, &state, 0, 0});
      OperatorStateRow& row = rows[at->second];
      ++row.subtasks;
      row.entries += state.entries;
    }
  }
  return rows;
}

std::string TypeOf(const SerializerSnapshot& snapshot) { return StoredFormat::Of(snapshot).ToString(); }

std::string SubtaskText(uint32_t subtask, uint32_t parallelism) {
  return std::to_string(subtask) + " of " + std::to_string(parallelism);
}

/// Whose each file is, in words.
template <class Visit>
void ForEachFile(const CheckpointMetadata& metadata, const Visit& visit) {
  for (const OperatorStateHandle& handle : metadata.operator_handles) {
    for (const SnapshotFile& file : handle.files) {
      visit(handle.operator_name, "subtask " + SubtaskText(handle.subtask, handle.parallelism), file);
    }
  }
  for (const RawKeyedStateHandle& handle : metadata.raw_keyed_handles) {
    for (const SnapshotFile& file : handle.files) {
      visit(handle.operator_name,
            "key groups " + std::to_string(handle.key_groups.first) + "–" + std::to_string(handle.key_groups.last),
            file);
    }
  }
  for (const RawOperatorStateHandle& handle : metadata.raw_operator_handles) {
    for (const SnapshotFile& file : handle.files) {
      visit(handle.operator_name, "subtask " + SubtaskText(handle.subtask, handle.parallelism), file);
    }
  }
}

}  // namespace

size_t CountOperatorStates(const CheckpointMetadata& metadata) { return RowsOf(metadata).size(); }

std::string OperatorText(const CheckpointMetadata& metadata) {
  std::string text;
  if (!metadata.operator_handles.empty()) {
    Table states({"operator", "state", "mode", "key", "value", "subtasks", "entries"}, 5);
    for (const OperatorStateRow& row : RowsOf(metadata)) {
      states.AddRow({row.handle->operator_name, row.state->name, std::string(OperatorStateModeName(row.state->mode)),
                     row.state->key_serializer.has_value() ? TypeOf(*row.state->key_serializer) : "–",
                     TypeOf(row.state->value_serializer), std::to_string(row.subtasks), std::to_string(row.entries)});
    }
    text += "\noperator state\n" + states.ToText(0, false);
  }
  if (!metadata.raw_keyed_handles.empty()) {
    Table raw({"operator", "key groups", "streams", "bytes"}, 2);
    for (const RawKeyedStateHandle& handle : metadata.raw_keyed_handles) {
      raw.AddRow({handle.operator_name,
                  std::to_string(handle.key_groups.first) + "–" + std::to_string(handle.key_groups.last),
                  std::to_string(handle.streams), std::to_string(handle.bytes)});
    }
    text += "\nraw keyed streams\n" + raw.ToText(0, false);
  }
  if (!metadata.raw_operator_handles.empty()) {
    Table raw({"operator", "subtask", "partitions", "bytes"}, 2);
    for (const RawOperatorStateHandle& handle : metadata.raw_operator_handles) {
      raw.AddRow({handle.operator_name, SubtaskText(handle.subtask, handle.parallelism),
                  std::to_string(handle.partitions), std::to_string(handle.bytes)});
    }
    text += "\nraw operator streams\n" + raw.ToText(0, false);
  }
  Table files({"file", "name", "operator", "of", "bytes"}, 4);
  bool any = false;
  ForEachFile(metadata, [&](const std::string& name, const std::string& of, const SnapshotFile& file) {
    files.AddRow({file.file.path, file.name, name, of, std::to_string(file.file.bytes)});
    any = true;
  });
  return any ? text + "\n" + files.ToText(0, false) : text;
}

void AddOperatorJson(const CheckpointMetadata& metadata, Json* json) {
  Json states = Json::array();
  for (const OperatorStateRow& row : RowsOf(metadata)) {
    Json state{{"operator", row.handle->operator_name},
               {"name", row.state->name},
               {"mode", OperatorStateModeName(row.state->mode)},
               {"value", TypeOf(row.state->value_serializer)},
               {"subtasks", row.subtasks},
               {"entries", row.entries}};
    if (row.state->key_serializer.has_value()) state["key"] = TypeOf(*row.state->key_serializer);
    states.push_back(std::move(state));
  }
  (*json)["operator_states"] = std::move(states);
  Json keyed = Json::array();
  for (const RawKeyedStateHandle& handle : metadata.raw_keyed_handles) {
    keyed.push_back({{"operator", handle.operator_name},
                     {"key_groups", {handle.key_groups.first, handle.key_groups.last}},
                     {"max_parallelism", handle.max_parallelism},
                     {"streams", handle.streams},
                     {"bytes", handle.bytes}});
  }
  (*json)["raw_keyed_streams"] = std::move(keyed);
  Json partitions = Json::array();
  for (const RawOperatorStateHandle& handle : metadata.raw_operator_handles) {
    partitions.push_back({{"operator", handle.operator_name},
                          {"subtask", handle.subtask},
                          {"parallelism", handle.parallelism},
                          {"partitions", handle.partitions},
                          {"bytes", handle.bytes}});
  }
  (*json)["raw_operator_streams"] = std::move(partitions);
  Json files = Json::array();
  ForEachFile(metadata, [&](const std::string& name, const std::string& of, const SnapshotFile& file) {
    files.push_back(
        {{"name", file.name}, {"operator", name}, {"of", of}, {"path", file.file.path}, {"bytes", file.file.bytes}});
  });
  (*json)["operator_files"] = std::move(files);
}

}  // namespace kvstate::harness
