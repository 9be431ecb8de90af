#include <xxhash.h>

#include <string>
#include <utility>

#include "kvstate/checkpoint.h"

namespace kvstate {
inline namespace v1 {

namespace {

// docs/formats.md, "Checkpoints in storage".
constexpr ByteView kMagic = "KVSTMETA";
constexpr uint32_t kVersion = 2;
constexpr uint32_t kVersionOfKeyedStateAlone = 1;
constexpr size_t kVersionBytes = 4;
constexpr size_t kChecksumBytes = 8;

uint64_t ChecksumOf(ByteView bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

void WriteState(const SavedState& state, ByteWriter& out) {
  out.PutLengthPrefixed(state.name);
  out.PutByte(static_cast<uint8_t>(state.kind));
  state.namespace_serializer.Write(out);
  state.value_serializer.Write(out);
  out.PutByte(state.user_key_serializer.has_value() ? 1 : 0);
  if (state.user_key_serializer.has_value()) state.user_key_serializer->Write(out);
  out.PutLengthPrefixed(state.engine_data);
}

void WriteFile(const SnapshotFile& file, ByteWriter& out) {
  out.PutLengthPrefixed(file.name);
  out.PutByte(file.shared ? 1 : 0);
  out.PutLengthPrefixed(file.file.path);
  out.PutVarint(file.file.bytes);
  out.PutFixed64(file.file.checksum);
}

void WriteFiles(const std::vector<SnapshotFile>& files, ByteWriter& out) {
  out.PutVarint(files.size());
  for (const SnapshotFile& file : files) WriteFile(file, out);
}

void WriteHandle(const KeyedStateHandle& handle, ByteWriter& out) {
  out.PutByte(static_cast<uint8_t>(handle.kind));
  out.PutLengthPrefixed(handle.format);
  out.PutVarint(handle.checkpoint_id);
  out.PutLengthPrefixed(handle.backend);
  out.PutVarint(handle.max_parallelism);
  out.PutVarint(handle.key_groups.first);
  out.PutVarint(handle.key_groups.last);
  handle.key_serializer.Write(out);
  out.PutVarint(handle.states.size());
  for (const SavedState& state : handle.states) WriteState(state, out);
  WriteFiles(handle.files, out);
}

void WriteOperatorState(const SavedOperatorState& state, ByteWriter& out) {
  out.PutLengthPrefixed(state.name);
  out.PutByte(static_cast<uint8_t>(state.mode));
  state.value_serializer.Write(out);
  out.PutByte(state.key_serializer.has_value() ? 1 : 0);
  if (state.key_serializer.has_value()) state.key_serializer->Write(out);
  out.PutVarint(state.entries);
}

void WriteHandle(const OperatorStateHandle& handle, ByteWriter& out) {
  out.PutVarint(handle.checkpoint_id);
  out.PutLengthPrefixed(handle.operator_name);
  out.PutVarint(handle.subtask);
  out.PutVarint(handle.parallelism);
  out.PutVarint(handle.states.size());
  for (const SavedOperatorState& state : handle.states) WriteOperatorState(state, out);
  WriteFiles(handle.files, out);
}

void WriteHandle(const RawKeyedStateHandle& handle, ByteWriter& out) {
  out.PutVarint(handle.checkpoint_id);
  out.PutLengthPrefixed(handle.operator_name);
  out.PutVarint(handle.max_parallelism);
  out.PutVarint(handle.key_groups.first);
  out.PutVarint(handle.key_groups.last);
  out.PutVarint(handle.streams);
  out.PutVarint(handle.bytes);
  WriteFiles(handle.files, out);
}

void WriteHandle(const RawOperatorStateHandle& handle, ByteWriter& out) {
  out.PutVarint(handle.checkpoint_id);
  out.PutLengthPrefixed(handle.operator_name);
  out.PutVarint(handle.subtask);
  out.PutVarint(handle.parallelism);
  out.PutVarint(handle.partitions);
  out.PutVarint(handle.bytes);
  WriteFiles(handle.files, out);
}

template <class Handle>
void WriteHandles(const std::vector<Handle>& handles, ByteWriter& out) {
  out.PutVarint(handles.size());
  for (const Handle& handle : handles) WriteHandle(handle, out);
}

bool ReadString(ByteReader& in, std::string* out) {
  ByteView bytes;
  if (!in.ReadLengthPrefixed(&bytes)) return false;
  out->assign(bytes);
  return true;
}

bool ReadUint32(ByteReader& in, uint32_t* out) {
  uint64_t value = 0;
  if (!in.ReadVarint(&value) || value > UINT32_MAX) return false;
  *out = static_cast<uint32_t>(value);
  return true;
}

bool ReadFlag(ByteReader& in, bool* out) {
  uint8_t byte = 0;
  if (!in.ReadByte(&byte) || byte > 1) return false;
  *out = byte == 1;
  return true;
}

/// An enumeration whose numbers are 1 to `last`.
template <class Enum>
bool ReadEnum(ByteReader& in, Enum last, Enum* out) {
  uint8_t byte = 0;
  if (!in.ReadByte(&byte) || byte == 0 || byte > static_cast<uint8_t>(last)) return false;
  *out = static_cast<Enum>(byte);
  return true;
}

Status ReadState(ByteReader& in, SavedState* state) {
  if (!ReadString(in, &state->name)) return in.Malformed("name of a state");
  if (!ReadEnum(in, StateKind::kFolding, &state->kind)) return in.Malformed("kind of a state");
  KVSTATE_ASSIGN_OR_RETURN(state->namespace_serializer, SerializerSnapshot::Read(in));
  KVSTATE_ASSIGN_OR_RETURN(state->value_serializer, SerializerSnapshot::Read(in));
  bool has_user_key = false;
  if (!ReadFlag(in, &has_user_key)) return in.Malformed("whether a state has user keys");
  if (has_user_key) {
    KVSTATE_ASSIGN_OR_RETURN(state->user_key_serializer, SerializerSnapshot::Read(in));
  }
  if (!ReadString(in, &state->engine_data)) return in.Malformed("engine data of a state");
  return Status();
}

Status ReadFile(ByteReader& in, SnapshotFile* file) {
  if (!ReadString(in, &file->name)) return in.Malformed("name of a file");
  if (!ReadFlag(in, &file->shared)) return in.Malformed("whether a file is shared");
  if (!ReadString(in, &file->file.path)) return in.Malformed("path of a file");
  if (!in.ReadVarint(&file->file.bytes)) return in.Malformed("size of a file");
  if (!in.ReadFixed64(&file->file.checksum)) return in.Malformed("checksum of a file");
  return Status();
}

Status ReadFiles(ByteReader& in, std::vector<SnapshotFile>* files) {
  uint64_t count = 0;
  if (!in.ReadVarint(&count)) return in.Malformed("count of files");
  for (uint64_t i = 0; i < count; ++i) KVSTATE_RETURN_IF_ERROR(ReadFile(in, &files->emplace_back()));
  return Status();
}

Status ReadHandle(ByteReader& in, KeyedStateHandle* handle) {
  if (!ReadEnum(in, SnapshotKind::kSavepoint, &handle->kind)) return in.Malformed("kind of a handle");
  if (!ReadString(in, &handle->format)) return in.Malformed("format of a handle");
  if (!in.ReadVarint(&handle->checkpoint_id)) return in.Malformed("checkpoint id of a handle");
  if (!ReadString(in, &handle->backend)) return in.Malformed("backend of a handle");
  if (!ReadUint32(in, &handle->max_parallelism)) return in.Malformed("max parallelism of a handle");
  if (!ReadUint32(in, &handle->key_groups.first)) return in.Malformed("first key group of a handle");
  if (!ReadUint32(in, &handle->key_groups.last)) return in.Malformed("last key group of a handle");
  KVSTATE_ASSIGN_OR_RETURN(handle->key_serializer, SerializerSnapshot::Read(in));
  // Counts are not trusted with memory: each element is read before the next is made.
  uint64_t count = 0;
  if (!in.ReadVarint(&count)) return in.Malformed("count of states");
  for (uint64_t i = 0; i < count; ++i) KVSTATE_RETURN_IF_ERROR(ReadState(in, &handle->states.emplace_back()));
  return ReadFiles(in, &handle->files);
}

Status ReadOperatorState(ByteReader& in, SavedOperatorState* state) {
  if (!ReadString(in, &state->name)) return in.Malformed("name of an operator state");
  if (!ReadEnum(in, OperatorStateMode::kBroadcast, &state->mode)) return in.Malformed("mode of an operator state");
  KVSTATE_ASSIGN_OR_RETURN(state->value_serializer, SerializerSnapshot::Read(in));
  bool has_key = false;
  if (!ReadFlag(in, &has_key)) return in.Malformed("whether an operator state has keys");
  if (has_key) {
    KVSTATE_ASSIGN_OR_RETURN(state->key_serializer, SerializerSnapshot::Read(in));
  }
  if (has_key != (state->mode == OperatorStateMode::kBroadcast)) return in.Malformed("key serializer of that mode");
  if (!in.ReadVarint(&state->entries)) return in.Malformed("entries of an operator state");
  return Status();
}

/// The operator's name, and the subtask of how many.
Status ReadSubtask(ByteReader& in, std::string* operator_name, uint32_t* subtask, uint32_t* parallelism) {
  if (!ReadString(in, operator_name)) return in.Malformed("name of an operator");
  if (!ReadUint32(in, subtask)) return in.Malformed("subtask of a handle");
  if (!ReadUint32(in, parallelism)) return in.Malformed("parallelism of a handle");
  return Status();
}

Status ReadHandle(ByteReader& in, OperatorStateHandle* handle) {
  if (!in.ReadVarint(&handle->checkpoint_id)) return in.Malformed("checkpoint id of an operator handle");
  KVSTATE_RETURN_IF_ERROR(ReadSubtask(in, &handle->operator_name, &handle->subtask, &handle->parallelism));
  uint64_t count = 0;
  if (!in.ReadVarint(&count)) return in.Malformed("count of operator states");
  for (uint64_t i = 0; i < count; ++i) KVSTATE_RETURN_IF_ERROR(ReadOperatorState(in, &handle->states.emplace_back()));
  return ReadFiles(in, &handle->files);
}

Status ReadHandle(ByteReader& in, RawKeyedStateHandle* handle) {
  if (!in.ReadVarint(&handle->checkpoint_id)) return in.Malformed("checkpoint id of a handle of raw keyed state");
  if (!ReadString(in, &handle->operator_name)) return in.Malformed("name of an operator");
  if (!ReadUint32(in, &handle->max_parallelism)) return in.Malformed("max parallelism of a handle");
  if (!ReadUint32(in, &handle->key_groups.first)) return in.Malformed("first key group of a handle");
  if (!ReadUint32(in, &handle->key_groups.last)) return in.Malformed("last key group of a handle");
  if (!in.ReadVarint(&handle->streams)) return in.Malformed("count of streams");
  if (!in.ReadVarint(&handle->bytes)) return in.Malformed("bytes of streams");
  return ReadFiles(in, &handle->files);
}

Status ReadHandle(ByteReader& in, RawOperatorStateHandle* handle) {
  if (!in.ReadVarint(&handle->checkpoint_id)) return in.Malformed("checkpoint id of a handle of raw operator state");
  KVSTATE_RETURN_IF_ERROR(ReadSubtask(in, &handle->operator_name, &handle->subtask, &handle->parallelism));
  if (!in.ReadVarint(&handle->partitions)) return in.Malformed("count of partitions");
  if (!in.ReadVarint(&handle->bytes)) return in.Malformed("bytes of partitions");
  return ReadFiles(in, &handle->files);
}

// Counts are not trusted with memory: each element is read before the next is made.
template <class Handle>
Status ReadHandles(ByteReader& in, std::vector<Handle>* handles) {
  uint64_t count = 0;
  if (!in.ReadVarint(&count)) return in.Malformed("count of handles");
  for (uint64_t i = 0; i < count; ++i) KVSTATE_RETURN_IF_ERROR(ReadHandle(in, &handles->emplace_back()));
  return Status();
}

/// What is between the version and the checksum.
Result<CheckpointMetadata> ReadPayload(ByteView payload, uint32_t version) {
  ByteReader in(payload);
  CheckpointMetadata metadata;
  uint64_t timestamp = 0;
  if (!in.ReadVarint(&metadata.checkpoint_id)) return in.Malformed("checkpoint id");
  if (!ReadEnum(in, SnapshotKind::kSavepoint, &metadata.kind)) return in.Malformed("kind of the checkpoint");
  if (!in.ReadFixed64(&timestamp)) return in.Malformed("timestamp");
  metadata.timestamp_millis = static_cast<int64_t>(timestamp);
  KVSTATE_RETURN_IF_ERROR(ReadHandles(in, &metadata.handles));
  if (version > kVersionOfKeyedStateAlone) {
    KVSTATE_RETURN_IF_ERROR(ReadHandles(in, &metadata.operator_handles));
    KVSTATE_RETURN_IF_ERROR(ReadHandles(in, &metadata.raw_keyed_handles));
    KVSTATE_RETURN_IF_ERROR(ReadHandles(in, &metadata.raw_operator_handles));
  }
  if (!in.AtEnd()) return in.Malformed("end of the metadata");
  return metadata;
}

}  // namespace

std::string EncodeCheckpointMetadata(const CheckpointMetadata& metadata) {
  ByteWriter out;
  out.PutBytes(kMagic);
  out.PutFixed32(kVersion);
  out.PutVarint(metadata.checkpoint_id);
  out.PutByte(static_cast<uint8_t>(metadata.kind));
  out.PutFixed64(static_cast<uint64_t>(metadata.timestamp_millis));
  WriteHandles(metadata.handles, out);
  WriteHandles(metadata.operator_handles, out);
  WriteHandles(metadata.raw_keyed_handles, out);
  WriteHandles(metadata.raw_operator_handles, out);
  out.PutFixed64(ChecksumOf(out.view()));
  return std::string(out.view());
}

Result<CheckpointMetadata> DecodeCheckpointMetadata(ByteView bytes) {
  if (!bytes.starts_with(kMagic)) {
    return DataLossError("these are no checkpoint metadata: they do not begin with " + std::string(kMagic));
  }
  if (bytes.size() < kMagic.size() + kVersionBytes + kChecksumBytes) {
    return DataLossError("the metadata are cut short: " + std::to_string(bytes.size()) + " bytes");
  }
  // Every version ends with this checksum, so that a newer version is told from a damaged one.
  ByteReader tail(bytes.substr(bytes.size() - kChecksumBytes));
  uint64_t checksum = 0;
  if (!tail.ReadFixed64(&checksum)) return tail.Malformed("checksum");
  bytes.remove_suffix(kChecksumBytes);
  if (checksum != ChecksumOf(bytes)) {
    return DataLossError("the metadata are damaged or cut short: they do not fit their checksum");
  }
  ByteReader head(bytes.substr(kMagic.size()));
  uint32_t version = 0;
  if (!head.ReadFixed32(&version)) return head.Malformed("version");
  if (version > kVersion) {
    return UnimplementedError("the metadata have format version " + std::to_string(version) +
                              ", and this library reads versions up to " + std::to_string(kVersion) +
                              "; use the one that wrote them, or a newer one");
  }
  if (version == 0) return DataLossError("the metadata have format version 0, which there never was");
  return ReadPayload(head.rest(), version);
}

}  // namespace v1
}  // namespace kvstate
