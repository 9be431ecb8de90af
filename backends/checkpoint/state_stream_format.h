#ifndef KVSTATE_BACKENDS_CHECKPOINT_STATE_STREAM_FORMAT_H_
#define KVSTATE_BACKENDS_CHECKPOINT_STATE_STREAM_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "backends/checkpoint/state_stream.h"
#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// The bytes of a state stream: docs/formats.md, "State streams".
///
///   magic | version | header block | entry blocks | index block | footer block
///
/// Blocks are numbered from 0 in the order of the file, and the number is part of each one's checksum.

inline constexpr ByteView kStreamMagic = "KVSTREAM";
inline constexpr uint32_t kStreamVersion = 1;
inline constexpr size_t kStreamStartBytes = 12;      ///< Magic and version.
inline constexpr size_t kStreamBlockHeadBytes = 17;  ///< Type, stored length, raw length, checksum.
inline constexpr size_t kStreamFooterBytes = 24;
/// A block of entries is closed before an entry that would make it larger; a larger entry has a block of its own.
inline constexpr size_t kStreamBlockBytes = size_t{64} << 10;
/// The largest value and what stands around it: what a damaged length can make a reader allocate.
inline constexpr uint64_t kMaxStreamBlockBytes = kMaxValueBytes + (uint64_t{1} << 20);

enum class StreamBlockType : uint8_t { kHeader = 'H', kEntries = 'E', kIndex = 'I', kFooter = 'F' };

struct StreamBlockHead {
  StreamBlockType type = StreamBlockType::kEntries;
  uint64_t number = 0;  ///< Not stored, but checksummed.
  uint64_t stored_bytes = 0;
  uint64_t raw_bytes = 0;  ///< Equal to stored_bytes: not compressed.
  uint64_t checksum = 0;
};

/// The checksum of a block with this head, its own checksum aside.
uint64_t StreamBlockChecksum(const StreamBlockHead& head, ByteView stored);
/// Writes kStreamBlockHeadBytes, with the checksum of `stored`.
void WriteStreamBlockHead(const StreamBlockHead& head, ByteView stored, char* at);
/// Lengths beyond kMaxStreamBlockBytes, and raw ones that zstd cannot have made so small, are DATA_LOSS. `bytes` are
/// kStreamBlockHeadBytes.
Result<StreamBlockHead> ReadStreamBlockHead(ByteView bytes, StreamBlockType type, uint64_t number);

void WriteStreamHeader(const StreamHeader& header, ByteWriter& out);
Result<StreamHeader> ReadStreamHeader(ByteView bytes);

/// The blocks of one state in one key group.
struct StreamRun {
  uint32_t key_group = 0;
  uint32_t state = 0;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t first_block = 0;
  uint64_t blocks = 0;
};

struct StreamFooter {
  uint64_t entries = 0;
  uint64_t entry_blocks = 0;
  uint64_t index_offset = 0;
};

void WriteStreamIndex(const std::vector<StreamRun>& runs, const StreamHeader& header, ByteWriter& out);
/// DATA_LOSS unless the runs are ascending, within `header`, and fill what is between `first_offset` and the index.
Result<std::vector<StreamRun>> ReadStreamIndex(ByteView bytes, const StreamHeader& header, uint64_t first_offset,
                                               const StreamFooter& footer);

void WriteStreamFooter(const StreamFooter& footer, ByteWriter& out);
Result<StreamFooter> ReadStreamFooter(ByteView bytes);

/// Varints of one byte inline: lengths of keys and values are mostly that.
[[nodiscard]] inline bool ReadShortVarint(ByteReader& in, uint64_t* v) {
  const ByteView rest = in.rest();
  uint8_t byte = 0;
  if (rest.empty() || static_cast<uint8_t>(rest[0]) >= 0x80) return in.ReadVarint(v);
  static_cast<void>(in.ReadByte(&byte));
  *v = byte;
  return true;
}

inline void WriteStreamEntry(const StreamEntry& entry, ByteWriter& out) {
  out.PutLengthPrefixed(entry.key);
  if (entry.removed) {
    out.PutByte(0);
    return;
  }
  out.PutVarint(entry.value.size() + 1);
  out.PutBytes(entry.value);
}

/// False for bytes that are no entry.
[[nodiscard]] inline bool ReadStreamEntry(ByteReader& in, bool changes, StreamEntry* entry) {
  uint64_t length = 0;
  if (!ReadShortVarint(in, &length) || !in.ReadBytes(length, &entry->key)) return false;
  if (!ReadShortVarint(in, &length)) return false;
  entry->removed = length == 0;
  if (entry->removed) {
    entry->value = {};
    return changes;
  }
  return in.ReadBytes(length - 1, &entry->value);
}

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_CHECKPOINT_STATE_STREAM_FORMAT_H_
