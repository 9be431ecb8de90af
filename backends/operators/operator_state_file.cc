#include "backends/operators/operator_state_file.h"

#include <algorithm>
#include <utility>

#include "backends/checkpoint/part_file.h"
#include "backends/operators/redistribution.h"

namespace kvstate::backends {

namespace {

class RestoredEntries final : public EntrySource {
 public:
  explicit RestoredEntries(RestoredState state) : state_(std::move(state)) {}
  Status ForEach(const std::function<Status(ByteView entry)>& write) const override {
    ByteReader in(*state_.bytes);
    ByteView entry;
    while (!in.AtEnd()) {
      if (!ReadEntry(in, state_.saved.mode, &entry)) return in.Malformed("entry of '" + state_.saved.name + "'");
      KVSTATE_RETURN_IF_ERROR(write(entry));
    }
    return Status();
  }

 private:
  const RestoredState state_;
};

/// Writes a state's parts.
Status WriteParts(uint64_t number, const EntrySource& entries, CancelFlag& cancelled, PartFileWriter& file,
                  uint64_t* count) {
  std::string part;
  uint64_t in_part = 0;
  const auto flush = [&] {
    Status status = file.Add(number, in_part, part);
    part.clear();
    in_part = 0;
    return status;
  };
  const Status written = entries.ForEach([&](ByteView entry) {
    part.append(entry);
    ++in_part;
    ++*count;
    if (part.size() < kPartBytes) return Status();
    KVSTATE_RETURN_IF_ERROR(CheckCancelled(&cancelled));
    return flush();
  });
  return !written.ok() || in_part == 0 ? written : flush();
}

/// Which entries of a state are taken from which handle.
struct Share {
  size_t handle = 0;
  uint64_t state = 0;  ///< Its number there.
  ElementRange entries;
};

struct Joined {
  SavedOperatorState saved;
  std::vector<Share> holders;  ///< All there is.
  std::vector<Share> shares;   ///< What this subtask gets.
};

Result<std::vector<Joined>> JoinStates(const std::vector<const OperatorStateHandle*>& handles) {
  std::vector<Joined> joined;
  for (size_t i = 0; i < handles.size(); ++i) {
    for (size_t number = 0; number < handles[i]->states.size(); ++number) {
      const SavedOperatorState& state = handles[i]->states[number];
      auto same =
          std::find_if(joined.begin(), joined.end(), [&](const Joined& j) { return j.saved.name == state.name; });
      if (same == joined.end()) same = joined.insert(joined.end(), {state, {}, {}});
      SavedOperatorState comparable = state;
      comparable.entries = same->saved.entries;
      if (comparable != same->saved) {
        return InvalidArgumentError("operator state '" + state.name +
                                    "' has another mode or other serializers in one " +
                                    "handle of the checkpoint than in another; they are not of one job");
      }
      if (!same->holders.empty() && same->holders.back().handle == i) {
        return DataLossError("operator state '" + state.name + "' is in one handle twice");
      }
      same->holders.push_back({i, number, {0, state.entries}});
    }
  }
  return joined;
}

/// The shares in elements first..last-1 of all holders' lists, one after another.
std::vector<Share> Cut(const std::vector<Share>& holders, ElementRange range) {
  std::vector<Share> shares;
  uint64_t before = 0;
  for (const Share& holder : holders) {
    const uint64_t size = holder.entries.last;
    const uint64_t first = std::clamp(range.first, before, before + size) - before;
    const uint64_t last = std::clamp(range.last, before, before + size) - before;
    if (first < last) shares.push_back({holder.handle, holder.state, {first, last}});
    before += size;
  }
  return shares;
}

void Redistribute(const OperatorStateOptions& options, size_t old_parallelism, std::vector<Joined>* states) {
  RoundRobinSplit split(options.parallelism);
  for (Joined& state : *states) {
    uint64_t total = 0;
    for (const Share& holder : state.holders) total += holder.entries.last;
    switch (state.saved.mode) {
      case OperatorStateMode::kUnion:
        state.shares = state.holders;
        break;
      case OperatorStateMode::kBroadcast:
        state.shares = {state.holders[options.subtask % state.holders.size()]};
        break;
      case OperatorStateMode::kSplit: {
        const ElementRange piece = split.Next(total, options.subtask);
        if (old_parallelism != options.parallelism) {
          state.shares = Cut(state.holders, piece);
          break;
        }
        for (const Share& holder : state.holders) {
          if (holder.handle == options.subtask) state.shares = {holder};
        }
        break;
      }
    }
  }
}

/// Appends the entries of `share` to `out`, reading the parts alone that have some.
Status ReadShare(const Share& share, const SavedOperatorState& state, PartFileReader& file, std::string* out) {
  uint64_t at = 0;
  std::string bytes;
  for (const Part& part : file.parts()) {
    if (part.id != share.state) continue;
    const uint64_t first = at;
    if (part.entries > UINT64_MAX - at) return file.Damaged("parts with more entries than there can be");
    at += part.entries;
    if (at <= share.entries.first || first >= share.entries.last) continue;
    KVSTATE_RETURN_IF_ERROR(file.Read(part, &bytes));
    ByteReader in(bytes);
    ByteView entry;
    for (uint64_t i = first; i < at; ++i) {
      if (!ReadEntry(in, state.mode, &entry)) return file.Damaged("a part of '" + state.name + "' lacks entries");
      if (i >= share.entries.first && i < share.entries.last) out->append(entry);
    }
    if (!in.AtEnd()) return file.Damaged("a part of '" + state.name + "' has more than its entries");
  }
  if (at >= share.entries.last) return Status();
  return file.Damaged("it has " + std::to_string(at) + " entries of '" + state.name + "', fewer than were written");
}

}  // namespace

bool ReadEntry(ByteReader& in, OperatorStateMode mode, ByteView* entry) {
  const ByteView rest = in.rest();
  const size_t before = in.position();
  ByteView ignored;
  if (!in.ReadLengthPrefixed(&ignored)) return false;
  if (mode == OperatorStateMode::kBroadcast && !in.ReadLengthPrefixed(&ignored)) return false;
  *entry = rest.substr(0, in.position() - before);
  return true;
}

std::shared_ptr<const EntrySource> EntriesOf(const RestoredState& state) {
  return std::make_shared<RestoredEntries>(state);
}

Result<OperatorStateHandle> WriteOperatorState(SnapshotWriter& writer, const OperatorStateOptions& options,
                                               const std::vector<StateSnapshot>& states) {
  OperatorStateHandle handle;
  handle.checkpoint_id = writer.checkpoint_id();
  handle.operator_name = options.operator_name;
  handle.subtask = options.subtask;
  handle.parallelism = options.parallelism;
  if (states.empty()) return handle;
  KVSTATE_ASSIGN_OR_RETURN(
      const auto file, PartFileWriter::Create(writer.storage(), writer.NewPath(false, "operator"), OwnerOf(handle)));
  uint64_t all = 0;
  for (const StateSnapshot& state : states) {
    KVSTATE_RETURN_IF_ERROR(CheckCancelled(&writer.cancelled()));
    SavedOperatorState& saved = handle.states.emplace_back(state.saved);
    saved.entries = 0;
    KVSTATE_RETURN_IF_ERROR(
        WriteParts(handle.states.size() - 1, *state.entries, writer.cancelled(), *file, &saved.entries));
    all += saved.entries;
  }
  KVSTATE_ASSIGN_OR_RETURN(StoredFile stored, file->Finish());
  writer.AddNew(stored);
  writer.AddEntries(all);
  handle.files.push_back({"operator_state", std::move(stored), false});
  return handle;
}

Result<std::vector<RestoredState>> ReadOperatorState(const std::vector<const OperatorStateHandle*>& handles,
                                                     const OperatorStateOptions& options, CheckpointStorage& storage) {
  KVSTATE_ASSIGN_OR_RETURN(std::vector<Joined> states, JoinStates(handles));
  Redistribute(options, handles.size(), &states);
  std::vector<std::string> bytes(states.size());
  // One file after another: of a union there may be many.
  for (size_t i = 0; i < handles.size(); ++i) {
    std::unique_ptr<PartFileReader> file;
    for (size_t number = 0; number < states.size(); ++number) {
      for (const Share& share : states[number].shares) {
        if (share.handle != i || share.entries.first == share.entries.last) continue;
        if (file == nullptr) {
          if (handles[i]->files.size() != 1) {
            return DataLossError("the handle of subtask " + std::to_string(i) + " of operator '" +
                                 options.operator_name + "' has entries, and not one file");
          }
          KVSTATE_ASSIGN_OR_RETURN(file,
                                   PartFileReader::Open(storage, handles[i]->files.front().file, OwnerOf(*handles[i])));
        }
        KVSTATE_RETURN_IF_ERROR(ReadShare(share, states[number].saved, *file, &bytes[number]));
      }
    }
  }
  std::vector<RestoredState> restored;
  for (size_t number = 0; number < states.size(); ++number) {
    RestoredState& state = restored.emplace_back();
    state.saved = std::move(states[number].saved);
    state.saved.entries = 0;
    for (const Share& share : states[number].shares) state.saved.entries += share.entries.last - share.entries.first;
    state.bytes = std::make_shared<const std::string>(std::move(bytes[number]));
  }
  return restored;
}

}  // namespace kvstate::backends
