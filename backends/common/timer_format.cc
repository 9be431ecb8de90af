#include "backends/common/timer_format.h"

#include <utility>

namespace kvstate::backends {

SavedState SavedTimers(std::string_view prefix, std::string_view queue,
                       const SerializerSnapshot& namespace_serializer) {
  SavedState saved;
  saved.name.append(prefix).append(queue);
  saved.kind = StateKind::kMap;
  saved.namespace_serializer = namespace_serializer;
  saved.value_serializer.type_id = "void_namespace";  // Of no consequence: every value is null.
  saved.user_key_serializer = SerializerSnapshot{.type_id = "timer", .version = 1, .parameters = {}};
  return saved;
}

void WriteStreamedTimer(const StoredTimer& timer, std::string* key) {
  key->assign(timer.address());
  char timestamp[kTimestampBytes];
  WriteTimestamp(timer.timestamp(), timestamp);
  key->append(timestamp, sizeof(timestamp));
}

Result<StoredTimer> ReadStreamedTimer(ByteView key) {
  if (key.size() < kTimestampBytes) {
    return DataLossError("a timer's key of " + std::to_string(key.size()) + " bytes is too short for a timestamp");
  }
  const ByteView address = key.substr(0, key.size() - kTimestampBytes);
  return StoredTimer(ReadTimestamp(key.data() + address.size()), address);
}

void AppendTableKey(ByteView streamed, std::string* key) {
  const size_t address_bytes = streamed.size() - kTimestampBytes;
  key->append(streamed.substr(address_bytes));
  key->append(streamed.substr(0, address_bytes));
}

void AppendStreamedKey(ByteView in_table, std::string* key) {
  key->append(in_table.substr(kTimestampBytes));
  key->append(in_table.substr(0, kTimestampBytes));
}

TimerFormat::TimerFormat(const KeyContext& keys, SerializerPtr namespace_serializer, std::string queue)
    : keys_(keys),
      namespace_(std::move(namespace_serializer)),
      queue_(std::move(queue)),
      namespace_bytes_(namespace_->info().encoded_size),
      composite_(keys.key_serializer(), namespace_, keys.max_parallelism()),
      parser_(composite_) {}

Status TimerFormat::Refuse(std::string_view what, size_t bytes, const TypeSerializer& serializer) const {
  std::string message = "timers '" + queue_ + "': a " + std::string(what) + " of " + std::to_string(bytes) + " bytes";
  if (serializer.info().encoded_size != kVariableSize) {
    message += ": its serializer '" + serializer.Snapshot().type_id + "' writes " +
               std::to_string(serializer.info().encoded_size);
  } else {
    message += " is over the limit of " + std::to_string(kMaxKeyBytes) + "; shorten it";
  }
  return InvalidArgumentError(message);
}

Status TimerFormat::FindGroup(ByteView key, uint32_t* key_group) const {
  const TypeSerializer& serializer = *keys_.key_serializer();
  const size_t size = serializer.info().encoded_size;
  if (size == kVariableSize ? key.size() > kMaxKeyBytes : key.size() != size) {
    return Refuse("key", key.size(), serializer);
  }
  *key_group = keys_.KeyGroupOfBytes(key);
  return Status();
}

Status TimerFormat::GroupIndex(uint32_t key_group, size_t* group) const {
  const KeyGroupRange range = keys_.range();
  if (!range.Contains(key_group)) {
    return InvalidArgumentError("timers '" + queue_ + "': key group " + std::to_string(key_group) +
                                " is outside this backend's range " + std::to_string(range.first) + ".." +
                                std::to_string(range.last) + "; ask the instance that owns the group");
  }
  *group = key_group - range.first;
  return Status();
}

Status TimerFormat::Store(const Timer& timer, size_t* group, StoredTimer* stored) {
  const ByteView state_namespace = timer.state_namespace;
  if (namespace_bytes_ == kVariableSize ? state_namespace.size() > kMaxKeyBytes
                                        : state_namespace.size() != namespace_bytes_) [[unlikely]] {
    return Refuse("namespace", state_namespace.size(), *namespace_);
  }
  uint32_t key_group = 0;
  // By where it is, mostly: what SetCurrentKey has just written is not read here.
  const ByteView current = keys_.bytes();
  const bool is_current =
      (timer.key.data() == current.data() && timer.key.size() == current.size()) || timer.key == current;
  if (keys_.IsSet() && is_current) [[likely]] {
    key_group = keys_.key_group();
  } else {
    KVSTATE_RETURN_IF_ERROR(FindGroup(timer.key, &key_group));
  }
  KVSTATE_RETURN_IF_ERROR(GroupIndex(key_group, group));
  if (composite_.is_usual()) [[likely]] {
    *stored = StoredTimer(timer.timestamp, timer.key.data(), state_namespace.front());
    return Status();
  }
  composite_.WritePrefix(key_group, timer.key, state_namespace, scratch_);
  *stored = StoredTimer(timer.timestamp, scratch_.view().substr(composite_.key_group_bytes()));
  return Status();
}

Status TimerFormat::Load(const StoredTimer& stored, Timer* timer) {
  const ByteView address = stored.address();
  if (composite_.is_usual() && address.size() == sizeof(uint64_t) + 1) [[likely]] {
    *timer = {stored.timestamp(), address.substr(0, sizeof(uint64_t)), address.substr(sizeof(uint64_t))};
    return Status();
  }
  Status status = parser_.ParseAfterKeyGroup(address);
  if (status.ok() && !parser_.user_key().empty()) status = DataLossError("something follows its namespace");
  if (!status.ok()) [[unlikely]]
    return status.WithContext("a timer of '" + queue_ + "'");
  timer->timestamp = stored.timestamp();
  timer->key = parser_.key();
  timer->state_namespace = parser_.state_namespace();
  return Status();
}

}  // namespace kvstate::backends
