#ifndef KVSTATE_HARNESS_REPLAY_TRACE_LAYOUT_H_
#define KVSTATE_HARNESS_REPLAY_TRACE_LAYOUT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/replay/trace.h"
#include "harness/replay/trace_block.h"
#include "kvstate/bytes.h"
#include "kvstate/status.h"

/// How a trace file is put together, around what is in its blocks; docs/formats.md, "Trace files".
namespace kvstate::harness {

inline constexpr std::string_view kTraceMagic = "KVSTRACE";
inline constexpr size_t kTraceStartBytes = 12;  ///< The magic and the version.

inline constexpr char kHeaderBlock = 'H';
inline constexpr char kStateBlock = 'S';
inline constexpr char kOperationBlock = 'O';
inline constexpr char kIndexBlock = 'I';
inline constexpr char kFooterBlock = 'F';

/// The version of a trace file with these first bytes, as many of kTraceStartBytes as it has. INVALID_ARGUMENT when it
/// is no trace, or of a version that this program does not read; DATA_LOSS when it is cut short there.
Result<uint32_t> VersionOfTrace(std::string_view path, ByteView start);

/// What stands before a block's stored bytes.
struct BlockHead {
  char type = 0;
  uint32_t stored = 0;  ///< Bytes in the file.
  uint32_t raw = 0;     ///< Bytes once decompressed; as many where they are not compressed.
  uint64_t checksum = 0;
};
inline constexpr size_t kBlockHeadBytes = 17;
/// The largest value and what stands around it: what a damaged length can make a reader allocate.
inline constexpr uint64_t kMaxBlockBytes = kMaxValueBytes + 2 * kBlockBytes;

/// The head of a block whose number in the file, from 0, is `number`.
void EncodeBlockHead(char type, uint64_t number, ByteView stored, size_t raw, ByteWriter& out);
/// False for lengths that no block has. REQUIRES: kBlockHeadBytes bytes.
bool DecodeBlockHead(ByteView bytes, BlockHead* head);
/// Whether the block with this head and these stored bytes is whole and has that number. `head` as it is in the file.
bool BlockIsWhole(ByteView head, uint64_t number, ByteView stored);

/// The block's contents. False when the stored bytes, which are gone afterwards, do not decompress to `raw_bytes`.
bool DecompressBlock(std::string* stored, size_t raw_bytes, std::string* raw);

/// The last block of a file.
struct TraceFooter {
  TraceTotals totals;
  uint64_t index_offset = 0;  ///< Of the index; 0 in files of versions 1 and 2, which have none.
};
/// Of the whole block.
size_t FooterBytes(uint32_t version);
/// Its contents.
void EncodeFooter(const TraceFooter& footer, ByteWriter& out);
/// False when the bytes, FooterBytes() of them, are no footer.
bool DecodeFooter(ByteView block, uint32_t version, TraceFooter* footer);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_TRACE_LAYOUT_H_
