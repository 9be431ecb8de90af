#include "harness/replay/trace_layout.h"

#include <xxhash.h>
#include <zstd.h>

#include "harness/replay/state_codec.h"

namespace kvstate::harness {

namespace {

constexpr size_t kChecksummedHeadBytes = 9;

uint64_t Checksum(ByteView checksummed_head, uint64_t number, ByteView stored) {
  ByteWriter prefix;
  prefix.PutFixed64(number);
  prefix.PutBytes(checksummed_head);
  return XXH3_64bits_withSeed(stored.data(), stored.size(), XXH3_64bits(prefix.view().data(), prefix.size()));
}

size_t FooterRawBytes(uint32_t version) { return version < 3 ? 40 : 56; }

/// Of a file that has the index, there is one block more.
uint64_t FooterNumber(const TraceTotals& totals, uint32_t version) {
  return totals.states + totals.blocks + (version < 3 ? 1 : 2);
}

}  // namespace

Result<uint32_t> VersionOfTrace(std::string_view path, ByteView start) {
  const std::string where = "trace " + std::string(path) + ": ";
  if (start.substr(0, kTraceMagic.size()) != kTraceMagic) {
    return InvalidArgumentError(where + "not a kvstate trace: it does not start with " + std::string(kTraceMagic) +
                                "; 'kvstate import' makes one of CSV, JSON lines and other programs' traces");
  }
  if (start.size() < kTraceStartBytes) {
    return DataLossError(where + "block 0 at offset 0: the file ends in its first bytes: the trace is cut short");
  }
  uint32_t version = 0;
  ByteReader in(start.substr(kTraceMagic.size()));
  if (!in.ReadFixed32(&version) || version == 0 || version > kTraceVersion) {
    return InvalidArgumentError(where + "format version " + std::to_string(version) +
                                "; this program reads versions 1 to " + std::to_string(kTraceVersion) +
                                ", a newer one may read it");
  }
  return version;
}

void EncodeBlockHead(char type, uint64_t number, ByteView stored, size_t raw, ByteWriter& out) {
  const size_t start = out.size();
  out.PutByte(static_cast<uint8_t>(type));
  out.PutFixed32(static_cast<uint32_t>(stored.size()));
  out.PutFixed32(static_cast<uint32_t>(raw));
  out.PutFixed64(Checksum(out.view().substr(start), number, stored));
}

bool DecodeBlockHead(ByteView bytes, BlockHead* head) {
  ByteReader in(bytes);
  uint8_t type = 0;
  if (!in.ReadByte(&type) || !in.ReadFixed32(&head->stored) || !in.ReadFixed32(&head->raw) ||
      !in.ReadFixed64(&head->checksum)) {
    return false;
  }
  head->type = static_cast<char>(type);
  return head->stored <= head->raw && head->raw <= kMaxBlockBytes;
}

bool BlockIsWhole(ByteView head, uint64_t number, ByteView stored) {
  BlockHead decoded;
  return DecodeBlockHead(head, &decoded) &&
         Checksum(head.substr(0, kChecksummedHeadBytes), number, stored) == decoded.checksum;
}

bool DecompressBlock(std::string* stored, size_t raw_bytes, std::string* raw) {
  if (stored->size() == raw_bytes) {
    raw->swap(*stored);
    return true;
  }
  raw->resize(raw_bytes);
  const size_t size = ZSTD_decompress(raw->data(), raw->size(), stored->data(), stored->size());
  return ZSTD_isError(size) == 0 && size == raw_bytes;
}

size_t FooterBytes(uint32_t version) { return kBlockHeadBytes + FooterRawBytes(version); }

void EncodeFooter(const TraceFooter& footer, ByteWriter& out) {
  const TraceTotals& totals = footer.totals;
  out.PutFixed64(totals.operations);
  out.PutFixed64(totals.blocks);
  out.PutFixed64(totals.states);
  out.PutFixed64(static_cast<uint64_t>(totals.first_time_ms));
  out.PutFixed64(static_cast<uint64_t>(totals.last_time_ms));
  out.PutFixed64(totals.fill_operations);
  out.PutFixed64(footer.index_offset);
}

bool DecodeFooter(ByteView block, uint32_t version, TraceFooter* footer) {
  BlockHead head;
  if (!DecodeBlockHead(block, &head) || head.type != kFooterBlock || head.stored != FooterRawBytes(version) ||
      head.raw != head.stored) {
    return false;
  }
  ByteReader in(block.substr(kBlockHeadBytes));
  TraceTotals& totals = footer->totals;
  uint64_t first = 0;
  uint64_t last = 0;
  if (!in.ReadFixed64(&totals.operations) || !in.ReadFixed64(&totals.blocks) || !in.ReadFixed64(&totals.states) ||
      !in.ReadFixed64(&first) || !in.ReadFixed64(&last)) {
    return false;
  }
  totals.first_time_ms = static_cast<int64_t>(first);
  totals.last_time_ms = static_cast<int64_t>(last);
  if (version >= 3 && (!in.ReadFixed64(&totals.fill_operations) || !in.ReadFixed64(&footer->index_offset) ||
                       totals.fill_operations > totals.operations)) {
    return false;
  }
  return BlockIsWhole(block.substr(0, kBlockHeadBytes), FooterNumber(totals, version), block.substr(kBlockHeadBytes));
}

}  // namespace kvstate::harness
