#include "backends/checkpoint/checkpoint_handles.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "backends/checkpoint/checkpoint_layout.h"

namespace kvstate::backends {

namespace {

std::string ToString(KeyGroupRange range) { return std::to_string(range.first) + ".." + std::to_string(range.last); }

/// What can be seen of one handle of any kind alone.
template <class Handle>
Status CheckHandle(const CheckpointMetadata& checkpoint, const Handle& handle) {
  if (handle.checkpoint_id != checkpoint.checkpoint_id) {
    return InvalidArgumentError("a handle is of checkpoint " + std::to_string(handle.checkpoint_id));
  }
  for (const SnapshotFile& file : handle.files) {
    if (ParseCheckpointPath(file.file.path).has_value()) continue;
    return InvalidArgumentError("file '" + file.file.path + "' of a handle is not where files of checkpoints are: " +
                                "in its own folder, or under shared/");
  }
  return Status();
}

Status CheckDisjoint(std::vector<KeyGroupRange> ranges) {
  std::erase_if(ranges, [](KeyGroupRange range) { return range.size() == 0; });
  std::sort(ranges.begin(), ranges.end(), [](KeyGroupRange a, KeyGroupRange b) { return a.first < b.first; });
  for (size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i - 1].last < ranges[i].first) continue;
    return InvalidArgumentError("its handles overlap: key groups " + ToString(ranges[i - 1]) + " and " +
                                ToString(ranges[i]));
  }
  return Status();
}

Status DifferInMaxParallelism(uint32_t a, uint32_t b) {
  return InvalidArgumentError("its handles have max parallelism " + std::to_string(a) + " and " + std::to_string(b) +
                              "; they are not of one job");
}

Status CheckKeyed(const CheckpointMetadata& checkpoint) {
  const SnapshotKind kind = checkpoint.kind;
  std::vector<KeyGroupRange> ranges;
  for (const KeyedStateHandle& handle : checkpoint.handles) {
    KVSTATE_RETURN_IF_ERROR(CheckHandle(checkpoint, handle));
    if ((handle.kind == SnapshotKind::kSavepoint) != (kind == SnapshotKind::kSavepoint)) {
      return InvalidArgumentError("a handle is of kind '" + std::string(SnapshotKindName(handle.kind)) +
                                  "', the checkpoint of kind '" + std::string(SnapshotKindName(kind)) + "'");
    }
    KVSTATE_RETURN_IF_ERROR(CheckKeyGroups(handle.max_parallelism, handle.key_groups));
    ranges.push_back(handle.key_groups);
  }
  for (const KeyedStateHandle& handle : checkpoint.handles) {
    const KeyedStateHandle& first = checkpoint.handles.front();
    if (handle.max_parallelism != first.max_parallelism) {
      return DifferInMaxParallelism(first.max_parallelism, handle.max_parallelism);
    }
    if (handle.key_serializer != first.key_serializer) {
      return InvalidArgumentError("its handles have keys of serializer '" + first.key_serializer.type_id + "' and '" +
                                  handle.key_serializer.type_id +
                                  "', or with other parameters; they are not of one job");
    }
  }
  return CheckDisjoint(std::move(ranges));
}

Status CheckRawKeyed(const CheckpointMetadata& checkpoint) {
  std::map<std::string, std::vector<const RawKeyedStateHandle*>> by_operator;
  for (const RawKeyedStateHandle& handle : checkpoint.raw_keyed_handles) {
    KVSTATE_RETURN_IF_ERROR(CheckHandle(checkpoint, handle));
    KVSTATE_RETURN_IF_ERROR(CheckKeyGroups(handle.max_parallelism, handle.key_groups));
    by_operator[handle.operator_name].push_back(&handle);
  }
  for (const auto& [name, handles] : by_operator) {
    std::vector<KeyGroupRange> ranges;
    for (const RawKeyedStateHandle* handle : handles) {
      if (handle->max_parallelism != handles.front()->max_parallelism) {
        return DifferInMaxParallelism(handles.front()->max_parallelism, handle->max_parallelism)
            .WithContext("raw keyed state of operator '" + name + "'");
      }
      ranges.push_back(handle->key_groups);
    }
    const Status disjoint = CheckDisjoint(std::move(ranges));
    if (!disjoint.ok()) return disjoint.WithContext("raw keyed state of operator '" + name + "'");
  }
  return Status();
}

template <class Handle>
Status CheckOfSubtasks(const CheckpointMetadata& checkpoint, const std::vector<Handle>& handles,
                       std::string_view what) {
  std::vector<SubtaskOf> subtasks;
  for (const Handle& handle : handles) {
    KVSTATE_RETURN_IF_ERROR(CheckHandle(checkpoint, handle));
    subtasks.push_back({handle.operator_name, handle.subtask, handle.parallelism});
  }
  return CheckSubtasks(subtasks, what);
}

}  // namespace

Status CheckSubtasks(const std::vector<SubtaskOf>& handles, std::string_view what) {
  struct Operator {
    uint32_t parallelism = 1;
    std::set<uint32_t> subtasks;
  };
  std::map<std::string_view, Operator> operators;
  for (const SubtaskOf& handle : handles) {
    const auto refuse = [&](const std::string& why) {
      return InvalidArgumentError(
          std::string(what).append(" of operator '").append(handle.operator_name).append("': ").append(why));
    };
    Operator& known = operators.try_emplace(handle.operator_name, Operator{handle.parallelism, {}}).first->second;
    if (handle.parallelism != known.parallelism) {
      return refuse("its handles have parallelism " + std::to_string(known.parallelism) + " and " +
                    std::to_string(handle.parallelism) + "; they are not of one checkpoint");
    }
    if (handle.subtask >= handle.parallelism) {
      return refuse("a handle is of subtask " + std::to_string(handle.subtask) + " of " +
                    std::to_string(handle.parallelism) + "; they count from 0");
    }
    if (!known.subtasks.insert(handle.subtask).second) {
      return refuse("two handles are of subtask " + std::to_string(handle.subtask));
    }
  }
  for (const auto& [name, known] : operators) {
    if (known.subtasks.size() == known.parallelism) continue;
    return InvalidArgumentError(std::string(what).append(" of operator '").append(name) + "': there are handles of " +
                                std::to_string(known.subtasks.size()) + " of its " + std::to_string(known.parallelism) +
                                " subtasks; give one of each");
  }
  return Status();
}

Status CheckHandles(const CheckpointMetadata& checkpoint) {
  KVSTATE_RETURN_IF_ERROR(CheckKeyed(checkpoint));
  KVSTATE_RETURN_IF_ERROR(CheckOfSubtasks(checkpoint, checkpoint.operator_handles, "operator state"));
  KVSTATE_RETURN_IF_ERROR(CheckRawKeyed(checkpoint));
  return CheckOfSubtasks(checkpoint, checkpoint.raw_operator_handles, "raw operator state");
}

}  // namespace kvstate::backends
