#include "kvstate/operator_state_files.h"

#include <string>
#include <utility>
#include <vector>

#include "backends/checkpoint/part_file.h"
#include "backends/checkpoint/snapshot_writer.h"

namespace kvstate {
inline namespace v1 {

namespace {

using backends::OwnerOf;
using backends::Part;
using backends::PartFileReader;
using backends::PartFileWriter;

/// Takes an entry of `state` off `in`; false for bytes that are none.
bool TakeEntry(ByteReader& in, OperatorStateMode mode, SavedOperatorEntry* entry) {
  if (mode == OperatorStateMode::kBroadcast && !in.ReadLengthPrefixed(&entry->key)) return false;
  return in.ReadLengthPrefixed(&entry->value);
}

/// `handle`, with another id, in `target`, and the parts of its file.
template <class Handle>
Status Copy(CheckpointStorage& source, Handle handle, const std::shared_ptr<CheckpointStorage>& target,
            const CheckpointMetadata& to, std::vector<Handle>* copied) {
  const auto from = OwnerOf(handle);
  handle.checkpoint_id = to.checkpoint_id;
  SnapshotOptions options;
  options.kind = to.kind;
  backends::SnapshotWriter paths(target, to.checkpoint_id, KeyGroupRange{from.first, from.second}, options);
  for (SnapshotFile& file : handle.files) {
    KVSTATE_ASSIGN_OR_RETURN(const auto reader, PartFileReader::Open(source, file.file, from));
    KVSTATE_ASSIGN_OR_RETURN(const auto writer,
                             PartFileWriter::Create(*target, paths.NewPath(false, "copy"), OwnerOf(handle)));
    std::string bytes;
    for (const Part& part : reader->parts()) {
      KVSTATE_RETURN_IF_ERROR(reader->Read(part, &bytes));
      KVSTATE_RETURN_IF_ERROR(writer->Add(part.id, part.entries, bytes));
    }
    KVSTATE_ASSIGN_OR_RETURN(file.file, writer->Finish());
    file.shared = false;
  }
  copied->push_back(std::move(handle));
  return Status();
}

}  // namespace

Status ForEachOperatorEntry(CheckpointStorage& storage, const OperatorStateHandle& handle,
                            const std::function<Status(const SavedOperatorEntry& entry)>& visit) {
  std::vector<uint64_t> entries(handle.states.size());
  for (const SnapshotFile& file : handle.files) {
    KVSTATE_ASSIGN_OR_RETURN(const auto reader, PartFileReader::Open(storage, file.file, OwnerOf(handle)));
    std::string bytes;
    for (const Part& part : reader->parts()) {
      if (part.id >= handle.states.size()) return reader->Damaged("it has a part of a state that its handle lacks");
      const SavedOperatorState& state = handle.states[part.id];
      KVSTATE_RETURN_IF_ERROR(reader->Read(part, &bytes));
      ByteReader in(bytes);
      uint64_t in_part = 0;
      for (SavedOperatorEntry entry{static_cast<uint32_t>(part.id), {}, {}}; !in.AtEnd(); ++in_part) {
        if (!TakeEntry(in, state.mode, &entry)) return reader->Damaged("a part of '" + state.name + "' has no entries");
        KVSTATE_RETURN_IF_ERROR(visit(entry));
      }
      if (in_part != part.entries) return reader->Damaged("a part of '" + state.name + "' has other entries");
      entries[part.id] += in_part;
    }
    for (size_t i = 0; i < entries.size(); ++i) {
      if (entries[i] == handle.states[i].entries) continue;
      return reader->Damaged("it has " + std::to_string(entries[i]) + " entries of '" + handle.states[i].name +
                             "', not the " + std::to_string(handle.states[i].entries) + " that were written");
    }
  }
  return Status();
}

Status CopyOperatorState(CheckpointStorage& source, const CheckpointMetadata& from,
                         const std::shared_ptr<CheckpointStorage>& target, CheckpointMetadata* to) {
  for (const auto& handle : from.operator_handles) {
    KVSTATE_RETURN_IF_ERROR(Copy(source, handle, target, *to, &to->operator_handles));
  }
  for (const auto& handle : from.raw_keyed_handles) {
    KVSTATE_RETURN_IF_ERROR(Copy(source, handle, target, *to, &to->raw_keyed_handles));
  }
  for (const auto& handle : from.raw_operator_handles) {
    KVSTATE_RETURN_IF_ERROR(Copy(source, handle, target, *to, &to->raw_operator_handles));
  }
  return Status();
}

}  // namespace v1
}  // namespace kvstate
