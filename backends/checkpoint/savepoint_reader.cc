#include "kvstate/savepoint_reader.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/checkpoint/state_stream.h"
#include "backends/common/composite_key.h"

namespace kvstate::backends {

namespace {

/// Takes the entries of one state apart.
class EntryParser {
 public:
  EntryParser(SerializerPtr key, SerializerPtr state_namespace, uint32_t max_parallelism, bool is_map)
      : format_(std::move(key), std::move(state_namespace), max_parallelism), parser_(format_), is_map_(is_map) {}
  EntryParser(const EntryParser&) = delete;
  EntryParser& operator=(const EntryParser&) = delete;

  Status Parse(const StreamEntry& stored, SavedEntry* entry) {
    KVSTATE_RETURN_IF_ERROR(parser_.ParseAfterKeyGroup(stored.key));
    entry->key = parser_.key();
    entry->state_namespace = parser_.state_namespace();
    entry->user_key = parser_.user_key();
    entry->value = stored.value;
    entry->is_null = false;
    if (!is_map_) {
      return entry->user_key.empty() ? Status() : DataLossError("its key goes on after the namespace");
    }
    ByteReader in(stored.value);
    uint8_t null_value = 0;
    if (!in.ReadByte(&null_value) || null_value > 1 || (null_value == 1 && !in.AtEnd())) {
      return in.Malformed("value of a map's entry");
    }
    entry->is_null = null_value == 1;
    entry->value = in.rest();
    return Status();
  }

 private:
  const CompositeKeyFormat format_;
  CompositeKeyParser parser_;
  const bool is_map_;
};

class StreamSavepointReader final : public SavepointReader {
 public:
  StreamSavepointReader(std::shared_ptr<CheckpointStorage> storage, const KeyedStateHandle& handle, KeyGroupRange range)
      : storage_(std::move(storage)),
        handle_(handle),
        next_key_group_(std::max(range.first, handle.key_groups.first)),
        end_key_group_(std::min(range.last, handle.key_groups.last) + 1) {}

  Status Open(const SerializerOf& serializer_of) {
    KVSTATE_ASSIGN_OR_RETURN(chain_, StateChainReader::Open(*storage_, handle_, nullptr));
    KVSTATE_ASSIGN_OR_RETURN(const SerializerPtr key, serializer_of(handle_.key_serializer));
    for (const SavedState& state : handle_.states) {
      Result<SerializerPtr> of_namespace = serializer_of(state.namespace_serializer);
      if (!of_namespace.ok()) return of_namespace.status().WithContext("state '" + state.name + "'");
      parsers_.push_back(std::make_unique<EntryParser>(key, std::move(of_namespace).value(), handle_.max_parallelism,
                                                       state.kind == StateKind::kMap));
    }
    return Status();
  }

  Result<bool> Next(SavedEntry* entry) override {
    StreamEntry stored;
    for (;;) {
      if (in_key_group_) {
        KVSTATE_ASSIGN_OR_RETURN(in_key_group_, chain_->Next(&entry->state, &stored));
        if (in_key_group_) break;
      }
      if (next_key_group_ >= end_key_group_) return false;
      key_group_ = next_key_group_++;
      KVSTATE_RETURN_IF_ERROR(chain_->Seek(key_group_));
      in_key_group_ = true;
    }
    entry->key_group = key_group_;
    const Status status = parsers_[entry->state]->Parse(stored, entry);
    if (!status.ok()) return status.WithContext(NameOf(*entry));
    return true;
  }

 private:
  std::string NameOf(const SavedEntry& entry) const {
    std::string name = "'" + handle_.files.front().file.path + "'";
    if (handle_.files.size() > 1) name += " and its streams of changes";
    return name + " in " + std::string(storage_->location()) + ": an entry of state '" +
           handle_.states[entry.state].name + "' in key group " + std::to_string(entry.key_group);
  }

  const std::shared_ptr<CheckpointStorage> storage_;
  const KeyedStateHandle handle_;
  std::unique_ptr<StateChainReader> chain_;
  std::vector<std::unique_ptr<EntryParser>> parsers_;  ///< By state.
  uint32_t next_key_group_;
  const uint32_t end_key_group_;
  uint32_t key_group_ = 0;
  bool in_key_group_ = false;
};

}  // namespace

}  // namespace kvstate::backends

namespace kvstate {
inline namespace v1 {

Result<std::unique_ptr<SavepointReader>> OpenSavepoint(std::shared_ptr<CheckpointStorage> storage,
                                                       const KeyedStateHandle& handle, KeyGroupRange range,
                                                       const SerializerOf& serializer_of) {
  if (storage == nullptr) return InvalidArgumentError("a savepoint is read from a storage; it is null");
  if (!serializer_of)
    return InvalidArgumentError("a savepoint is read with serializers; there is nothing to give them");
  auto reader = std::make_unique<backends::StreamSavepointReader>(std::move(storage), handle, range);
  KVSTATE_RETURN_IF_ERROR(reader->Open(serializer_of));
  return std::unique_ptr<SavepointReader>(std::move(reader));
}

}  // namespace v1
}  // namespace kvstate
