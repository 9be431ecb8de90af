#include "backends/embedded/embedded_restore.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "backends/checkpoint/state_stream.h"
#include "backends/checkpoint/stored_file.h"
#include "backends/common/file_error.h"
#include "backends/common/timer_format.h"
#include "backends/embedded/transfers.h"

namespace kvstate::backends {

namespace {

void WriteKeyGroup(uint32_t key_group, size_t key_group_bytes, std::string* key) {
  key->clear();
  for (size_t i = key_group_bytes; i-- > 0;) key->push_back(static_cast<char>(key_group >> (8 * i)));
}

/// How the states of one kind append, whatever their function is.
AppendKind AppendKindOf(StateKind kind) {
  if (kind == StateKind::kList) return AppendKind::kConcat;
  return kind == StateKind::kReducing ? AppendKind::kReduce : AppendKind::kNone;
}

}  // namespace

Result<std::unique_ptr<StoreTable>> CreateRestoredTable(OrderedStore& store, const SavedState& state,
                                                        size_t key_group_bytes) {
  TableOptions options;
  options.name = state.name;
  options.append = AppendKindOf(state.kind);
  options.key_prefix_bytes = key_group_bytes;
  options.may_expire = true;
  auto table = store.CreateTable(options);
  if (!table.ok()) return table.status().WithContext("cannot make state '" + state.name + "'");
  return table;
}

Result<uint64_t> RestoreStreams(const RestorePlan& plan, const KeyedStateHandle& handle, KeyGroupRange range,
                                size_t key_group_bytes, const std::vector<std::unique_ptr<StoreTable>>& tables) {
  std::vector<StoreTable*> table_of;
  std::vector<bool> is_timers;
  for (const SavedState& state : handle.states) {
    is_timers.push_back(IsStoreTimersState(state.name));
    const auto same =
        std::find_if(plan.states.begin(), plan.states.end(), [&](const auto& s) { return s.name == state.name; });
    table_of.push_back(tables[static_cast<size_t>(same - plan.states.begin())].get());
  }
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StateChainReader> reader,
                           StateChainReader::Open(*plan.storage, handle, nullptr));
  uint64_t entries = 0;
  std::string key;
  const uint32_t first = std::max(range.first, handle.key_groups.first);
  const uint32_t last = std::min(range.last, handle.key_groups.last);
  for (uint32_t key_group = first; key_group <= last; ++key_group) {
    WriteKeyGroup(key_group, key_group_bytes, &key);
    KVSTATE_RETURN_IF_ERROR(reader->Seek(key_group));
    for (;; ++entries) {
      uint32_t state = 0;
      StreamEntry entry;
      KVSTATE_ASSIGN_OR_RETURN(const bool more, reader->Next(&state, &entry));
      if (!more) break;
      key.resize(key_group_bytes);
      if (!is_timers[state]) {
        key.append(entry.key);
      } else if (entry.key.size() >= kTimestampBytes) {
        AppendTableKey(entry.key, &key);
      } else {
        return DataLossError("'" + handle.files.front().file.path + "': state '" + handle.states[state].name +
                             "' has a key of " + std::to_string(entry.key.size()) + " bytes, too short for a timer's");
      }
      KVSTATE_RETURN_IF_ERROR(table_of[state]->Put(key, entry.value));
    }
  }
  return entries;
}

Result<std::vector<FetchedFiles>> FetchFiles(const RestorePlan& plan, std::string_view format,
                                             const std::string& directory) {
  struct Transfer {
    const StoredFile* file;
    std::string local_path;
  };
  std::vector<FetchedFiles> parts;
  std::vector<Transfer> transfers;
  for (const KeyedStateHandle& handle : plan.handles) {
    if (handle.format != format) continue;
    FetchedFiles& part = parts.emplace_back();
    part.directory = directory + "/fetched." + std::to_string(parts.size());
    part.key_groups = handle.key_groups;
    part.states = handle.states;
    std::error_code error;
    std::filesystem::create_directory(part.directory, error);
    if (error) return FileError("cannot create directory", part.directory, error.value());
    for (const SnapshotFile& file : handle.files) {
      // What is read from a storage must not lead out of the directory.
      if (file.name.empty() || file.name.find('/') != std::string::npos || file.name == "." || file.name == "..") {
        return DataLossError("checkpoint " + std::to_string(handle.checkpoint_id) + " has a file named '" + file.name +
                             "', which is no name of a file");
      }
      transfers.push_back({&file.file, part.directory + "/" + file.name});
    }
  }
  KVSTATE_RETURN_IF_ERROR(RunTransfers(transfers.size(), plan.options.transfer_threads, [&](size_t i) {
    return FetchVerified(*plan.storage, *transfers[i].file, transfers[i].local_path, nullptr);
  }));
  return parts;
}

}  // namespace kvstate::backends
