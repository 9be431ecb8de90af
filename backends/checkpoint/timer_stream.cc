#include "backends/checkpoint/timer_stream.h"

#include <algorithm>
#include <string>
#include <utility>

#include "backends/checkpoint/state_stream.h"
#include "backends/common/timer_format.h"

namespace kvstate::backends {

namespace {

class TimersWork final : public SnapshotWork {
 public:
  TimersWork(std::unique_ptr<SnapshotWork> work, KeyedStateHandle handle, std::vector<TimersToWrite> queues)
      : work_(std::move(work)), handle_(std::move(handle)), queues_(std::move(queues)) {}

  Result<KeyedStateHandle> Write(SnapshotWriter& writer) override {
    // First, since the owner has more to note the longer a view lives; and what a chain may build on is not written
    // then, when this fails.
    KVSTATE_ASSIGN_OR_RETURN(const StoredFile file, WriteTimers(writer));
    KVSTATE_ASSIGN_OR_RETURN(KeyedStateHandle handle, work_->Write(writer));
    handle.files.push_back({std::string(kTimersFile), file, /*shared=*/false});
    for (const TimersToWrite& queue : queues_) handle.states.push_back(queue.state);
    return handle;
  }

 private:
  Result<StoredFile> WriteTimers(SnapshotWriter& writer) {
    for (SavedState& state : handle_.states) state.engine_data.clear();
    const auto first = static_cast<uint32_t>(handle_.states.size());
    for (const TimersToWrite& queue : queues_) handle_.states.push_back(queue.state);
    KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StateStreamWriter> stream,
                             StateStreamWriter::Create(writer.storage(), writer.NewPath(/*shared=*/false, kTimersFile),
                                                       StreamHeaderOf(handle_, /*changes=*/true),
                                                       writer.options().compress, &writer.cancelled()));
    std::string key;
    for (uint32_t key_group = handle_.key_groups.first; key_group <= handle_.key_groups.last; ++key_group) {
      KVSTATE_RETURN_IF_ERROR(CheckCancelled(&writer.cancelled()));
      for (size_t i = 0; i < queues_.size(); ++i) {
        bool begun = false;
        const auto add = [&](const StoredTimer& timer) -> Status {
          if (!begun) KVSTATE_RETURN_IF_ERROR(stream->Begin(key_group, first + static_cast<uint32_t>(i)));
          begun = true;
          WriteStreamedTimer(timer, &key);
          return stream->Add({key, kTimerValue, false});
        };
        KVSTATE_RETURN_IF_ERROR(queues_[i].view->ForEach(key_group - handle_.key_groups.first, add));
      }
    }
    for (TimersToWrite& queue : queues_) queue.view.reset();
    writer.AddEntries(stream->entries());
    KVSTATE_ASSIGN_OR_RETURN(StoredFile file, stream->Finish());
    writer.AddNew(file);
    return file;
  }

  const std::unique_ptr<SnapshotWork> work_;
  KeyedStateHandle handle_;
  std::vector<TimersToWrite> queues_;
};

}  // namespace

std::unique_ptr<SnapshotWork> WithTimers(std::unique_ptr<SnapshotWork> work, KeyedStateHandle handle,
                                         std::vector<TimersToWrite> queues) {
  return std::make_unique<TimersWork>(std::move(work), std::move(handle), std::move(queues));
}

Result<KeyedStateHandle> TakeTimersOff(KeyedStateHandle* handle) {
  const auto is_timers = [](const SavedState& state) { return IsHeapTimersState(state.name); };
  KeyedStateHandle timers = *handle;
  std::erase_if(timers.states, [&](const SavedState& state) { return !is_timers(state); });
  std::erase_if(handle->states, is_timers);
  timers.files.clear();
  const bool has_file = !handle->files.empty() && handle->files.back().name == kTimersFile;
  if (has_file == timers.states.empty()) {
    return DataLossError("checkpoint " + std::to_string(handle->checkpoint_id) + ": a handle has " +
                         (has_file ? "a file of timers, but no queue of them" : "timers, but no file of them"));
  }
  if (!has_file) return timers;
  timers.files.push_back(handle->files.back());
  handle->files.pop_back();
  return timers;
}

Status ReadTimers(CheckpointStorage& storage, const KeyedStateHandle& timers, KeyGroupRange range,
                  const std::function<void(size_t queue, uint32_t key_group, StoredTimer timer)>& visit) {
  if (timers.files.empty()) return Status();
  const StoredFile& file = timers.files.front().file;
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StateStreamReader> stream,
                           StateStreamReader::Open(storage, file, nullptr));
  const std::string where = "timers '" + file.path + "' in " + std::string(storage.location());
  const StreamHeader& header = stream->header();
  if (header.max_parallelism != timers.max_parallelism || header.key_groups != timers.key_groups ||
      header.key_serializer != timers.key_serializer) {
    return DataLossError(where + ": it is none of checkpoint " + std::to_string(timers.checkpoint_id));
  }
  std::vector<size_t> queue_of(header.states.size(), timers.states.size());
  for (size_t i = 0; i < queue_of.size(); ++i) {
    const auto same =
        std::find_if(timers.states.begin(), timers.states.end(), [&](const auto& s) { return s == header.states[i]; });
    queue_of[i] = static_cast<size_t>(same - timers.states.begin());
  }
  const uint32_t last = std::min(range.last, timers.key_groups.last);
  for (uint32_t key_group = std::max(range.first, timers.key_groups.first); key_group <= last; ++key_group) {
    KVSTATE_RETURN_IF_ERROR(stream->ForEach(key_group, [&](uint32_t state, const StreamEntry& entry) -> Status {
      if (queue_of[state] == timers.states.size()) return DataLossError(where + ": it holds entries of no queue");
      auto timer = ReadStreamedTimer(entry.key);
      if (!timer.ok()) return timer.status().WithContext(where);
      visit(queue_of[state], key_group, std::move(timer).value());
      return Status();
    }));
  }
  return Status();
}

}  // namespace kvstate::backends
