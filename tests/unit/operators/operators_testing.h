#ifndef KVSTATE_TESTS_UNIT_OPERATORS_OPERATORS_TESTING_H_
#define KVSTATE_TESTS_UNIT_OPERATORS_OPERATORS_TESTING_H_

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/checkpoint_store.h"
#include "kvstate/operator_state_views.h"
#include "kvstate/raw_state_streams.h"
#include "tests/support/must.h"
#include "tests/support/status_testing.h"

namespace kvstate::testing_support {

using Backend = std::unique_ptr<OperatorStateBackend>;
using Numbers = std::vector<int64_t>;

inline Backend MakeSubtask(uint32_t subtask = 0, uint32_t parallelism = 1, std::string operator_name = "op") {
  return Must(MakeOperatorStateBackend({std::move(operator_name), subtask, parallelism}));
}

inline std::vector<Backend> MakeSubtasks(uint32_t parallelism) {
  std::vector<Backend> subtasks;
  for (uint32_t i = 0; i < parallelism; ++i) subtasks.push_back(MakeSubtask(i, parallelism));
  return subtasks;
}

inline OperatorListState<int64_t> ListOf(OperatorStateBackend& backend, const std::string& name = "list",
                                         OperatorStateMode mode = OperatorStateMode::kSplit) {
  return Must(GetState(backend, OperatorListStateDescriptor<int64_t>(name, mode)));
}

inline BroadcastState<std::string, int64_t> RulesOf(OperatorStateBackend& backend, const std::string& name = "rules") {
  return Must(GetState(backend, BroadcastStateDescriptor<std::string, int64_t>(name)));
}

inline Result<OperatorStateHandle> TrySnapshot(OperatorStateBackend& backend, uint64_t id,
                                               const std::shared_ptr<CheckpointStorage>& storage) {
  KVSTATE_ASSIGN_OR_RETURN(const auto task, backend.Snapshot(id, storage, SnapshotKind::kFullCheckpoint));
  KVSTATE_ASSIGN_OR_RETURN(OperatorSnapshotResult result, task->Run());
  return std::move(result.handle);
}

inline std::vector<OperatorStateHandle> SnapshotAll(std::vector<Backend>& subtasks, uint64_t id,
                                                    const std::shared_ptr<CheckpointStorage>& storage) {
  std::vector<OperatorStateHandle> handles;
  for (Backend& subtask : subtasks) handles.push_back(Must(TrySnapshot(*subtask, id, storage)));
  return handles;
}

inline std::map<std::string, int64_t> EntriesIn(BroadcastState<std::string, int64_t> rules) {
  std::map<std::string, int64_t> entries;
  Must(rules.ForEach([&](const std::string& key, const int64_t& value) {
    entries[key] = value;
    return Status();
  }));
  return entries;
}

inline std::vector<std::string> PathsIn(CheckpointStorage& storage) {
  std::vector<std::string> paths;
  for (const StorageEntry& entry : Must(storage.List(""))) paths.push_back(entry.path);
  return paths;
}

/// The bytes of a file, and a file of other bytes in its place.
inline std::string BytesOf(CheckpointStorage& storage, const std::string& path) {
  const auto reader = Must(storage.Open(path));
  std::string bytes;
  Must(reader->Read(0, static_cast<size_t>(reader->size()), &bytes));
  return bytes;
}

}  // namespace kvstate::testing_support

#endif  // KVSTATE_TESTS_UNIT_OPERATORS_OPERATORS_TESTING_H_
