#include "backends/embedded/embedded_map_state.h"

#include <vector>

#include "backends/embedded/embedded_states.h"

namespace kvstate::backends {

namespace {

// How much of a map's keys Clear reads before it removes them.
constexpr size_t kClearBatchBytes = size_t{64} << 10;

}  // namespace

EmbeddedMapState::EmbeddedMapState(StateParts parts)
    : EmbeddedStateOf(std::move(parts)), value_(state_descriptor().value_serializer) {}

Status EmbeddedMapState::PrepareEntry(const void* user_key) {
  if (user_key == nullptr) [[unlikely]]
    return NullError("a user key");
  KVSTATE_RETURN_IF_ERROR(PrepareAddress());
  address_.Truncate(address_size_);
  state_descriptor().user_key_serializer->Serialize(user_key, address_);
  return CheckUserKey(address_.size() - address_size_);
}

Status EmbeddedMapState::PrepareEntryBytes(ByteView user_key) {
  KVSTATE_RETURN_IF_ERROR(CheckUserKey(user_key.size()));
  KVSTATE_RETURN_IF_ERROR(PrepareAddress());
  address_.Truncate(address_size_);
  address_.PutBytes(user_key);
  return Status();
}

Result<const void*> EmbeddedMapState::Get(const void* user_key) {
  KVSTATE_RETURN_IF_ERROR(PrepareEntry(user_key));
  ByteView stored;
  KVSTATE_ASSIGN_OR_RETURN(const bool found, table_.Get(address_.view(), &stored));
  if (!found) return nullptr;
  bool is_null = false;
  Status status = value_format().Decode(stored, value_.get(), &is_null);
  if (!status.ok()) [[unlikely]]
    return InContext(status);
  return is_null ? nullptr : value_.get();
}

Status EmbeddedMapState::Put(const void* user_key, const void* value) {
  KVSTATE_RETURN_IF_ERROR(PrepareEntry(user_key));
  return WriteAt(address_.view(), value);
}

Status EmbeddedMapState::Remove(const void* user_key) {
  KVSTATE_RETURN_IF_ERROR(PrepareEntry(user_key));
  return table_.Delete(address_.view());
}

Result<bool> EmbeddedMapState::Contains(const void* user_key) {
  KVSTATE_RETURN_IF_ERROR(PrepareEntry(user_key));
  ByteView stored;
  return table_.Get(address_.view(), &stored);
}

Result<bool> EmbeddedMapState::IsEmpty() {
  KVSTATE_RETURN_IF_ERROR(PrepareAddress());
  UpperBoundOfPrefix(address(), &upper_);
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StoreIterator> entries, table_.NewIterator(address(), upper_));
  KVSTATE_RETURN_IF_ERROR(entries->Seek(address()));
  return !entries->Valid();
}

Result<std::unique_ptr<MapIterator>> EmbeddedMapState::Iterate() {
  KVSTATE_RETURN_IF_ERROR(PrepareAddress());
  // Held by another iterator still: that one keeps it.
  if (scratch_ == nullptr || scratch_.use_count() > 1) {
    scratch_ = std::make_shared<MapIteratorScratch>(state_descriptor());
  }
  scratch_->prefix.assign(address());
  UpperBoundOfPrefix(address(), &scratch_->upper);
  return MakeMapIterator(*this, scratch_);
}

Status EmbeddedMapState::Clear() {
  KVSTATE_RETURN_IF_ERROR(PrepareAddress());
  prefix_.assign(address());
  UpperBoundOfPrefix(address(), &upper_);
  while (true) {
    doomed_.clear();
    {
      KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StoreIterator> entries, table_.NewIterator(prefix_, upper_));
      KVSTATE_RETURN_IF_ERROR(entries->Seek(prefix_));
      for (; entries->Valid() && doomed_.size() < kClearBatchBytes;) {
        const ByteView composite = entries->key();
        const auto length = static_cast<uint32_t>(composite.size());
        doomed_.append(reinterpret_cast<const char*>(&length), sizeof(length)).append(composite);
        KVSTATE_RETURN_IF_ERROR(entries->Next());
      }
    }
    ByteView composite;
    for (size_t at = 0; at < doomed_.size(); at += composite.size()) {
      uint32_t length = 0;
      doomed_.copy(reinterpret_cast<char*>(&length), sizeof(length), at);
      at += sizeof(length);
      composite = ByteView(doomed_).substr(at, length);
      KVSTATE_RETURN_IF_ERROR(table_.Delete(composite));
    }
    if (doomed_.size() < kClearBatchBytes) return Status();
    // Behind what was removed, so that no engine steps over its own tombstones again.
    prefix_.assign(composite).push_back('\0');
  }
}

Result<bool> EmbeddedMapState::GetEntryBytes(ByteView user_key, ByteView* value, bool* is_null) {
  KVSTATE_RETURN_IF_ERROR(PrepareEntryBytes(user_key));
  ByteView stored;
  KVSTATE_ASSIGN_OR_RETURN(const bool found, table_.Get(address_.view(), &stored));
  if (!found) return false;
  Status status = value_format().Unwrap(stored, value, is_null);
  if (!status.ok()) return InContext(status);
  return true;
}

Status EmbeddedMapState::PutEntryBytes(ByteView user_key, ByteView value, bool is_null) {
  KVSTATE_RETURN_IF_ERROR(PrepareEntryBytes(user_key));
  KVSTATE_RETURN_IF_ERROR(value_format().Wrap(value, is_null, encoded_));
  return table_.Put(address_.view(), encoded_.view());
}

Status EmbeddedMapState::RemoveEntryBytes(ByteView user_key) {
  KVSTATE_RETURN_IF_ERROR(PrepareEntryBytes(user_key));
  return table_.Delete(address_.view());
}

Result<bool> EmbeddedMapState::ContainsEntryBytes(ByteView user_key) {
  KVSTATE_RETURN_IF_ERROR(PrepareEntryBytes(user_key));
  ByteView stored;
  return table_.Get(address_.view(), &stored);
}

std::unique_ptr<InternalKVState> MakeEmbeddedMapState(StateParts parts) {
  return std::make_unique<EmbeddedMapState>(std::move(parts));
}

}  // namespace kvstate::backends
