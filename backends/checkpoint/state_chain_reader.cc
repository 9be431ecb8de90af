#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <cstring>
#include <memory_resource>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backends/checkpoint/state_stream.h"
#include "backends/checkpoint/state_stream_file.h"

namespace kvstate::backends {

namespace {

constexpr size_t kArenaBytes = size_t{64} << 10;

struct Stream {
  std::unique_ptr<StateStreamFile> file;
  /// Of each state of the handle: its index in this stream; none when this stream has nothing of it that is still
  /// there.
  std::vector<std::optional<uint32_t>> state_here;
};

std::optional<uint32_t> Find(const std::vector<SavedState>& states, const std::string& name) {
  const auto at = std::find_if(states.begin(), states.end(), [&](const SavedState& s) { return s.name == name; });
  if (at == states.end()) return std::nullopt;
  return static_cast<uint32_t>(at - states.begin());
}

/// The newest changes of one state in one key group.
class ChangesOfState {
 public:
  struct Change {
    StreamEntry entry;
    bool met = false;  ///< In the whole stream: it took the place of what is there.
  };

  /// Unless there is a newer change of the same key.
  void AddOlder(const StreamEntry& entry, std::pmr::memory_resource& arena) {
    if (by_key_.contains(entry.key)) return;
    const StreamEntry kept{Keep(entry.key, arena), Keep(entry.value, arena), entry.removed};
    by_key_.emplace(kept.key, changes_.size());
    changes_.push_back({kept});
  }
  /// Null when the entry of that key is unchanged.
  const StreamEntry* Meet(ByteView key) {
    if (changes_.empty()) return nullptr;
    const auto at = by_key_.find(key);
    if (at == by_key_.end()) return nullptr;
    changes_[at->second].met = true;
    return &changes_[at->second].entry;
  }
  const std::vector<Change>& changes() const { return changes_; }
  void Clear() {
    by_key_.clear();
    changes_.clear();
  }

 private:
  static ByteView Keep(ByteView bytes, std::pmr::memory_resource& arena) {
    if (bytes.empty()) return {};
    char* at = static_cast<char*>(arena.allocate(bytes.size(), 1));
    std::memcpy(at, bytes.data(), bytes.size());
    return {at, bytes.size()};
  }

  absl::flat_hash_map<ByteView, size_t> by_key_;
  std::vector<Change> changes_;
};

}  // namespace

struct StateChainReader::Impl {
  Stream whole;
  std::vector<Stream> changes;  ///< Newest first.
  std::pmr::monotonic_buffer_resource arena{kArenaBytes};
  std::vector<ChangesOfState> changes_of;  ///< By the handle's states: of the current key group.

  // Where Next is.
  uint32_t key_group = 0;
  uint32_t state = 0;
  StreamRunReader run;     ///< What is left of the state in the whole stream.
  size_t next_change = 0;  ///< Then come the changes of keys that it has not.

  Status Seek(uint32_t to_key_group) {
    key_group = to_key_group;
    for (ChangesOfState& of_state : changes_of) of_state.Clear();
    arena.release();
    for (Stream& stream : changes) {
      for (uint32_t s = 0; s < changes_of.size(); ++s) {
        StreamRunReader entries = RunOf(stream, s);
        StreamEntry entry;
        for (;;) {
          KVSTATE_ASSIGN_OR_RETURN(const bool more, entries.Next(&entry));
          if (!more) break;
          changes_of[s].AddOlder(entry, arena);
        }
      }
    }
    BeginState(0);
    return Status();
  }

  Result<bool> Next(uint32_t* entry_state, StreamEntry* entry) {
    while (state < changes_of.size()) {
      *entry_state = state;
      ChangesOfState& changed = changes_of[state];
      for (;;) {
        KVSTATE_ASSIGN_OR_RETURN(const bool more, run.Next(entry));
        if (!more) break;
        const StreamEntry* newer = changed.Meet(entry->key);
        if (newer == nullptr) return true;
        if (newer->removed) continue;
        *entry = *newer;
        return true;
      }
      while (next_change < changed.changes().size()) {
        const auto& change = changed.changes()[next_change++];
        if (change.met || change.entry.removed) continue;
        *entry = change.entry;
        return true;
      }
      BeginState(state + 1);
    }
    return false;
  }

 private:
  void BeginState(uint32_t s) {
    state = s;
    next_change = 0;
    if (s < changes_of.size()) run = RunOf(whole, s);
  }

  StreamRunReader RunOf(const Stream& stream, uint32_t s) const {
    if (!stream.state_here[s].has_value()) return StreamRunReader();
    const StreamRun* found = stream.file->RunOf(key_group, *stream.state_here[s]);
    return found == nullptr ? StreamRunReader() : StreamRunReader(*stream.file, *found);
  }
};

namespace {

Status CheckOfHandle(const StateStreamFile& file, const KeyedStateHandle& handle, bool first) {
  const StreamHeader& header = file.header();
  std::string_view differs;
  if (header.changes == first) differs = first ? "holds changes, but comes first" : "is whole, but does not come first";
  if (header.max_parallelism != handle.max_parallelism) differs = "has another max parallelism";
  if (header.key_serializer != handle.key_serializer) differs = "has another key serializer";
  if (header.key_groups.first > handle.key_groups.first || header.key_groups.last < handle.key_groups.last) {
    differs = "has other key groups";
  }
  if (differs.empty()) return Status();
  return DataLossError(file.name() + " " + std::string(differs) + ": it is none of checkpoint " +
                       std::to_string(handle.checkpoint_id));
}

}  // namespace

StateChainReader::StateChainReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

StateChainReader::~StateChainReader() = default;

Result<std::unique_ptr<StateChainReader>> StateChainReader::Open(CheckpointStorage& storage,
                                                                 const KeyedStateHandle& handle,
                                                                 const CancelFlag* cancelled) {
  const std::string which = "checkpoint " + std::to_string(handle.checkpoint_id);
  if (handle.format != kStateStreamFormat) {
    return InvalidArgumentError(which + " is of format '" + handle.format + "', not '" +
                                std::string(kStateStreamFormat) + "': backend '" + handle.backend +
                                "' alone reads it; restore it there and take a savepoint");
  }
  if (handle.files.empty()) return DataLossError(which + ": a handle of backend '" + handle.backend + "' has no files");
  // What of the handle's states is still there, going from the newest stream to the oldest.
  std::vector<bool> there(handle.states.size(), true);
  auto impl = std::make_unique<Impl>();
  impl->changes_of.resize(handle.states.size());
  for (size_t i = handle.files.size(); i-- > 0;) {
    Stream stream;
    KVSTATE_ASSIGN_OR_RETURN(stream.file, StateStreamFile::Open(storage, handle.files[i].file, cancelled));
    KVSTATE_RETURN_IF_ERROR(CheckOfHandle(*stream.file, handle, i == 0));
    for (size_t s = 0; s < handle.states.size(); ++s) {
      const std::optional<uint32_t> here = Find(stream.file->header().states, handle.states[s].name);
      stream.state_here.push_back(there[s] ? here : std::nullopt);
      if (!here.has_value()) there[s] = false;
    }
    if (i == 0) {
      impl->whole = std::move(stream);
    } else {
      impl->changes.push_back(std::move(stream));
    }
  }
  return std::unique_ptr<StateChainReader>(new StateChainReader(std::move(impl)));
}

Status StateChainReader::Seek(uint32_t key_group) { return impl_->Seek(key_group); }

Result<bool> StateChainReader::Next(uint32_t* state, StreamEntry* entry) { return impl_->Next(state, entry); }

Status StateChainReader::ForEach(uint32_t key_group,
                                 const std::function<Status(uint32_t state, const StreamEntry& entry)>& visit) {
  KVSTATE_RETURN_IF_ERROR(impl_->Seek(key_group));
  uint32_t state = 0;
  StreamEntry entry;
  for (;;) {
    KVSTATE_ASSIGN_OR_RETURN(const bool more, impl_->Next(&state, &entry));
    if (!more) return Status();
    KVSTATE_RETURN_IF_ERROR(visit(state, entry));
  }
}

}  // namespace kvstate::backends
