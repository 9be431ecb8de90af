#include "backends/checkpoint/state_stream_format.h"

#include <xxhash.h>

#include <string>
#include <utility>

namespace kvstate::backends {

namespace {

constexpr size_t kChecksummedHeadBytes = 9;
// What zstd makes of zeros: 128 KiB of them take 4 bytes.
constexpr uint64_t kMostZstdRatio = uint64_t{1} << 15;

void WriteUncheckedHead(const StreamBlockHead& head, char* at) {
  const uint32_t lengths[2] = {ToBigEndian(static_cast<uint32_t>(head.stored_bytes)),
                               ToBigEndian(static_cast<uint32_t>(head.raw_bytes))};
  at[0] = static_cast<char>(head.type);
  std::memcpy(at + 1, lengths, sizeof(lengths));
}

Status ReadSavedState(ByteReader& in, SavedState* state) {
  ByteView name;
  uint8_t kind = 0;
  if (!in.ReadLengthPrefixed(&name) || name.empty()) return in.Malformed("name of a state");
  if (!in.ReadByte(&kind) || kind < static_cast<uint8_t>(StateKind::kValue) ||
      kind > static_cast<uint8_t>(StateKind::kFolding)) {
    return in.Malformed("kind of a state");
  }
  state->name = std::string(name);
  state->kind = static_cast<StateKind>(kind);
  KVSTATE_ASSIGN_OR_RETURN(state->namespace_serializer, SerializerSnapshot::Read(in));
  KVSTATE_ASSIGN_OR_RETURN(state->value_serializer, SerializerSnapshot::Read(in));
  if (state->kind != StateKind::kMap) return Status();
  KVSTATE_ASSIGN_OR_RETURN(state->user_key_serializer, SerializerSnapshot::Read(in));
  return Status();
}

}  // namespace

StreamHeader StreamHeaderOf(const KeyedStateHandle& handle, bool changes) {
  StreamHeader header;
  header.changes = changes;
  header.max_parallelism = handle.max_parallelism;
  header.key_groups = handle.key_groups;
  header.key_serializer = handle.key_serializer;
  header.states = handle.states;
  for (SavedState& state : header.states) state.engine_data.clear();
  return header;
}

uint64_t StreamBlockChecksum(const StreamBlockHead& head, ByteView stored) {
  char prefix[sizeof(uint64_t) + kChecksummedHeadBytes];
  const uint64_t number = ToBigEndian(head.number);
  std::memcpy(prefix, &number, sizeof(number));
  WriteUncheckedHead(head, prefix + sizeof(number));
  return XXH3_64bits_withSeed(stored.data(), stored.size(), XXH3_64bits(prefix, sizeof(prefix)));
}

void WriteStreamBlockHead(const StreamBlockHead& head, ByteView stored, char* at) {
  WriteUncheckedHead(head, at);
  const uint64_t checksum = ToBigEndian(StreamBlockChecksum(head, stored));
  std::memcpy(at + kChecksummedHeadBytes, &checksum, sizeof(checksum));
}

Result<StreamBlockHead> ReadStreamBlockHead(ByteView bytes, StreamBlockType type, uint64_t number) {
  ByteReader in(bytes);
  uint8_t type_byte = 0;
  uint32_t stored = 0;
  uint32_t raw = 0;
  StreamBlockHead head{.type = type, .number = number};
  if (!in.ReadByte(&type_byte) || type_byte != static_cast<uint8_t>(type)) return in.Malformed("type of the block");
  if (!in.ReadFixed32(&stored) || stored > kMaxStreamBlockBytes) return in.Malformed("stored length of the block");
  if (!in.ReadFixed32(&raw) || raw > kMaxStreamBlockBytes || raw < stored || raw / kMostZstdRatio > stored) {
    return in.Malformed("raw length of the block");
  }
  if (!in.ReadFixed64(&head.checksum)) return in.Malformed("checksum of the block");
  head.stored_bytes = stored;
  head.raw_bytes = raw;
  return head;
}

void WriteStreamHeader(const StreamHeader& header, ByteWriter& out) {
  out.PutByte(header.changes ? 1 : 0);
  out.PutVarint(header.max_parallelism);
  out.PutVarint(header.key_groups.first);
  out.PutVarint(header.key_groups.last);
  header.key_serializer.Write(out);
  out.PutVarint(header.states.size());
  for (const SavedState& state : header.states) {
    out.PutLengthPrefixed(state.name);
    out.PutByte(static_cast<uint8_t>(state.kind));
    state.namespace_serializer.Write(out);
    state.value_serializer.Write(out);
    if (state.kind == StateKind::kMap) state.user_key_serializer.value_or(SerializerSnapshot()).Write(out);
  }
}

Result<StreamHeader> ReadStreamHeader(ByteView bytes) {
  ByteReader in(bytes);
  StreamHeader header;
  uint8_t changes = 0;
  uint64_t max_parallelism = 0;
  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t states = 0;
  if (!in.ReadByte(&changes) || changes > 1) return in.Malformed("kind of stream");
  if (!in.ReadVarint(&max_parallelism) || max_parallelism > kMaxMaxParallelism) {
    return in.Malformed("max parallelism");
  }
  if (!in.ReadVarint(&first) || !in.ReadVarint(&last) || first > last || last >= max_parallelism) {
    return in.Malformed("key groups");
  }
  header.changes = changes == 1;
  header.max_parallelism = static_cast<uint32_t>(max_parallelism);
  header.key_groups = {static_cast<uint32_t>(first), static_cast<uint32_t>(last)};
  KVSTATE_ASSIGN_OR_RETURN(header.key_serializer, SerializerSnapshot::Read(in));
  // No state is encoded in fewer bytes than a few: no allocation beyond what the bytes can hold.
  if (!in.ReadVarint(&states) || states > in.remaining() / 8) return in.Malformed("number of states");
  header.states.resize(states);
  for (SavedState& state : header.states) KVSTATE_RETURN_IF_ERROR(ReadSavedState(in, &state));
  if (!in.AtEnd()) return in.Malformed("end of the header");
  return header;
}

void WriteStreamIndex(const std::vector<StreamRun>& runs, const StreamHeader& header, ByteWriter& out) {
  out.PutVarint(runs.size());
  uint32_t last = header.key_groups.first;
  for (const StreamRun& run : runs) {
    out.PutVarint(run.key_group - last);
    out.PutVarint(run.state);
    out.PutVarint(run.blocks);
    out.PutVarint(run.bytes);
    last = run.key_group;
  }
}

Result<std::vector<StreamRun>> ReadStreamIndex(ByteView bytes, const StreamHeader& header, uint64_t first_offset,
                                               const StreamFooter& footer) {
  ByteReader in(bytes);
  uint64_t count = 0;
  if (!in.ReadVarint(&count) || count > in.remaining() / 4) return in.Malformed("number of runs");
  std::vector<StreamRun> runs;
  runs.reserve(count);
  StreamRun next{.key_group = header.key_groups.first, .offset = first_offset, .first_block = 1};
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t step = 0;
    uint64_t state = 0;
    if (!in.ReadVarint(&step) || step > header.key_groups.last - next.key_group) return in.Malformed("key group");
    if (!in.ReadVarint(&state) || state >= header.states.size()) return in.Malformed("state number");
    if (i > 0 && step == 0 && state <= next.state) return in.Malformed("order of states");
    if (!in.ReadVarint(&next.blocks) || next.blocks == 0 || next.blocks > footer.entry_blocks + 1 - next.first_block) {
      return in.Malformed("number of blocks");
    }
    if (!in.ReadVarint(&next.bytes) || next.bytes > footer.index_offset - next.offset) {
      return in.Malformed("bytes of blocks");
    }
    next.key_group += static_cast<uint32_t>(step);
    next.state = static_cast<uint32_t>(state);
    runs.push_back(next);
    next.offset += next.bytes;
    next.first_block += next.blocks;
  }
  if (!in.AtEnd() || next.offset != footer.index_offset || next.first_block != footer.entry_blocks + 1) {
    return in.Malformed("end of the index");
  }
  return runs;
}

void WriteStreamFooter(const StreamFooter& footer, ByteWriter& out) {
  out.PutFixed64(footer.entries);
  out.PutFixed64(footer.entry_blocks);
  out.PutFixed64(footer.index_offset);
}

Result<StreamFooter> ReadStreamFooter(ByteView bytes) {
  StreamFooter footer;
  ByteReader in(bytes);
  if (!in.ReadFixed64(&footer.entries) || !in.ReadFixed64(&footer.entry_blocks) ||
      !in.ReadFixed64(&footer.index_offset) || !in.AtEnd()) {
    return in.Malformed("footer");
  }
  return footer;
}

}  // namespace kvstate::backends
