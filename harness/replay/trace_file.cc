#include "harness/replay/trace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "harness/replay/state_codec.h"

namespace kvstate::harness {

namespace {

constexpr std::string_view kMagic = "KVSTRACE";
constexpr size_t kStartBytes = 12;

// A block: type, bytes stored, bytes raw, checksum; then the stored bytes.
constexpr size_t kBlockHeadBytes = 17;
constexpr size_t kChecksummedHeadBytes = 9;
/// Version 3 has the end of filling, too.
constexpr size_t FooterRawBytes(uint32_t version) { return version < 3 ? 40 : 48; }
constexpr char kHeaderBlock = 'H';
constexpr char kStateBlock = 'S';
constexpr char kOperationBlock = 'O';
constexpr char kFooterBlock = 'F';
// The largest value and what stands around it; what a damaged length can make a reader allocate.
constexpr uint64_t kMaxBlockBytes = kMaxValueBytes + 2 * kBlockBytes;

uint64_t Checksum(ByteView head, uint64_t sequence, ByteView stored) {
  ByteWriter prefix;
  prefix.PutFixed64(sequence);
  prefix.PutBytes(head);
  return XXH3_64bits_withSeed(stored.data(), stored.size(), XXH3_64bits(prefix.view().data(), prefix.size()));
}

}  // namespace

Result<std::unique_ptr<TraceWriter>> TraceWriter::Create(const std::string& path) {
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<AtomicFile> file, AtomicFile::Create(path));
  return std::unique_ptr<TraceWriter>(new TraceWriter(std::move(file)));
}

Status TraceWriter::Begin(const TraceHeader& header) {
  ByteWriter start;
  start.PutBytes(kMagic);
  start.PutFixed32(kTraceVersion);
  KVSTATE_RETURN_IF_ERROR(file_->Write(start.view()));
  ByteWriter bytes;
  EncodeTraceHeader(header, bytes);
  return WriteBlock(kHeaderBlock, bytes.view());
}

Status TraceWriter::WriteBlock(char type, ByteView raw) {
  if (raw.size() > kMaxBlockBytes) {
    return InvalidArgumentError("trace file: a block of " + std::to_string(raw.size()) + " bytes is over the limit");
  }
  ByteView stored = raw;
  if (type != kFooterBlock) {
    compressed_.resize(ZSTD_compressBound(raw.size()));
    const size_t size = ZSTD_compress(compressed_.data(), compressed_.size(), raw.data(), raw.size(), 1);
    if (ZSTD_isError(size) != 0) return InternalError(std::string("zstd: ") + ZSTD_getErrorName(size));
    // Equal sizes mean "as it is".
    if (size < raw.size()) stored = ByteView(compressed_.data(), size);
  }
  ByteWriter head;
  head.PutByte(static_cast<uint8_t>(type));
  head.PutFixed32(static_cast<uint32_t>(stored.size()));
  head.PutFixed32(static_cast<uint32_t>(raw.size()));
  head.PutFixed64(Checksum(head.view(), sequence_, stored));
  ++sequence_;
  KVSTATE_RETURN_IF_ERROR(file_->Write(head.view()));
  return file_->Write(stored);
}

Status TraceWriter::AddState(const TraceState& state) {
  KVSTATE_RETURN_IF_ERROR(WriteOperations());
  ByteWriter bytes;
  KVSTATE_RETURN_IF_ERROR(EncodeTraceState(state, bytes));
  ++totals_.states;
  return WriteBlock(kStateBlock, bytes.view());
}

Status TraceWriter::Append(const TraceOperation& operation) {
  if (totals_.operations == 0) totals_.first_time_ms = operation.time_ms;
  totals_.last_time_ms = operation.time_ms;
  ++totals_.operations;
  encoder_.Append(operation);
  return encoder_.full() ? WriteOperations() : Status();
}

Status TraceWriter::WriteOperations() {
  if (encoder_.operations() == 0) return Status();
  ++totals_.blocks;
  KVSTATE_RETURN_IF_ERROR(WriteBlock(kOperationBlock, encoder_.Finish()));
  encoder_.StartNext();
  return Status();
}

Status TraceWriter::Finish() {
  KVSTATE_RETURN_IF_ERROR(WriteOperations());
  ByteWriter footer;
  footer.PutFixed64(totals_.operations);
  footer.PutFixed64(totals_.blocks);
  footer.PutFixed64(totals_.states);
  footer.PutFixed64(static_cast<uint64_t>(totals_.first_time_ms));
  footer.PutFixed64(static_cast<uint64_t>(totals_.last_time_ms));
  footer.PutFixed64(totals_.fill_operations);
  KVSTATE_RETURN_IF_ERROR(WriteBlock(kFooterBlock, footer.view()));
  return file_->Commit();
}

TraceReader::~TraceReader() { close(fd_); }

Result<std::unique_ptr<TraceReader>> TraceReader::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return SystemError("cannot read trace " + path, errno);
  std::unique_ptr<TraceReader> reader(new TraceReader(path, fd));
  struct stat status = {};
  if (fstat(fd, &status) != 0) return SystemError("cannot read trace " + path, errno);
  if (!S_ISREG(status.st_mode)) return InvalidArgumentError("cannot read trace " + path + ": it is not a regular file");
  reader->file_bytes_ = static_cast<uint64_t>(status.st_size);
  KVSTATE_RETURN_IF_ERROR(reader->ReadStart());
  KVSTATE_RETURN_IF_ERROR(reader->ReadFooter());
  return reader;
}

Status TraceReader::Damaged(uint64_t offset, const std::string& what) const {
  return DataLossError("trace " + path_ + ": block " + std::to_string(sequence_) + " at offset " +
                       std::to_string(offset) + ": " + what);
}

Status TraceReader::ReadAt(uint64_t offset, size_t bytes, char* to) const {
  size_t done = 0;
  while (done < bytes) {
    const ssize_t n = pread(fd_, to + done, bytes - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError("reading trace " + path_, errno);
    if (n == 0) return Damaged(offset, "the file ends in the middle of it: the trace is cut short");
    done += static_cast<size_t>(n);
  }
  return Status();
}

Status TraceReader::ReadStart() {
  char start[kStartBytes] = {};
  if (file_bytes_ > 0) {
    KVSTATE_RETURN_IF_ERROR(ReadAt(0, file_bytes_ < kStartBytes ? file_bytes_ : kStartBytes, start));
  }
  const ByteView view(start, file_bytes_ < kStartBytes ? file_bytes_ : kStartBytes);
  if (view.substr(0, kMagic.size()) != kMagic) {
    return InvalidArgumentError("trace " + path_ + ": not a kvstate trace: it does not start with " +
                                std::string(kMagic) + "; 'kvstate import' makes one of a CSV file");
  }
  if (view.size() < kStartBytes) return Damaged(0, "the file ends in its first bytes: the trace is cut short");
  ByteReader in(view.substr(kMagic.size()));
  if (!in.ReadFixed32(&version_) || version_ == 0 || version_ > kTraceVersion) {
    return InvalidArgumentError("trace " + path_ + ": format version " + std::to_string(version_) +
                                "; this program reads versions 1 to " + std::to_string(kTraceVersion) +
                                ", a newer one may read it");
  }
  offset_ = kStartBytes;
  KVSTATE_ASSIGN_OR_RETURN(const Block block, ReadBlock());
  if (block.type != kHeaderBlock) return Damaged(block.offset, "not the header");
  auto header = DecodeTraceHeader(block.raw);
  if (!header.ok()) return header.status().WithContext("trace " + path_ + ": header");
  header_ = *header;
  first_block_offset_ = offset_;
  return Status();
}

/// The footer is looked at first, so that a file that was cut short is known before a run is spent on it.
Status TraceReader::ReadFooter() {
  const size_t footer_bytes = kBlockHeadBytes + FooterRawBytes(version_);
  if (file_bytes_ < first_block_offset_ + footer_bytes) {
    return Damaged(file_bytes_, "the footer is missing: the trace is cut short");
  }
  std::string footer(footer_bytes, '\0');
  const uint64_t at = file_bytes_ - footer_bytes;
  KVSTATE_RETURN_IF_ERROR(ReadAt(at, footer_bytes, footer.data()));
  if (!TakeFooter(footer)) {
    return DataLossError("trace " + path_ + ": no footer at offset " + std::to_string(at) +
                         ": the trace is cut short, damaged, or something follows it");
  }
  return Status();
}

/// Its checksum holds its number, which is known when reading has come to it; here, its form.
bool TraceReader::TakeFooter(ByteView footer) {
  const size_t raw_bytes = FooterRawBytes(version_);
  ByteReader in(footer);
  uint8_t type = 0;
  uint32_t stored = 0;
  uint32_t raw = 0;
  uint64_t checksum = 0;
  if (!in.ReadByte(&type) || type != kFooterBlock || !in.ReadFixed32(&stored) || stored != raw_bytes ||
      !in.ReadFixed32(&raw) || raw != raw_bytes || !in.ReadFixed64(&checksum)) {
    return false;
  }
  uint64_t first = 0;
  uint64_t last = 0;
  if (!in.ReadFixed64(&totals_.operations) || !in.ReadFixed64(&totals_.blocks) || !in.ReadFixed64(&totals_.states) ||
      !in.ReadFixed64(&first) || !in.ReadFixed64(&last)) {
    return false;
  }
  totals_.first_time_ms = static_cast<int64_t>(first);
  totals_.last_time_ms = static_cast<int64_t>(last);
  return version_ < 3 || (in.ReadFixed64(&totals_.fill_operations) && totals_.fill_operations <= totals_.operations);
}

Result<TraceReader::Block> TraceReader::ReadBlock() {
  char head_bytes[kBlockHeadBytes];
  const uint64_t at = offset_;
  if (at >= file_bytes_) return Damaged(at, "it is missing: the trace is cut short");
  KVSTATE_RETURN_IF_ERROR(ReadAt(at, kBlockHeadBytes, head_bytes));
  const ByteView head(head_bytes, kBlockHeadBytes);
  ByteReader in(head);
  uint8_t type = 0;
  uint32_t stored = 0;
  uint32_t raw = 0;
  uint64_t checksum = 0;
  if (!in.ReadByte(&type) || !in.ReadFixed32(&stored) || !in.ReadFixed32(&raw) || !in.ReadFixed64(&checksum)) {
    return Damaged(at, "its head does not decode");
  }
  if (stored > raw || raw > kMaxBlockBytes) return Damaged(at, "it is damaged: impossible lengths");
  if (stored > file_bytes_ - at - kBlockHeadBytes) {
    return Damaged(at, "it needs " + std::to_string(stored) + " bytes and the file has " +
                           std::to_string(file_bytes_ - at - kBlockHeadBytes) + ": cut short or damaged");
  }
  stored_.resize(stored);
  KVSTATE_RETURN_IF_ERROR(ReadAt(at + kBlockHeadBytes, stored, stored_.data()));
  if (Checksum(head.substr(0, kChecksummedHeadBytes), sequence_, stored_) != checksum) {
    return Damaged(at, "it is damaged: its checksum does not match");
  }
  if (stored == raw) {
    raw_.swap(stored_);
  } else {
    raw_.resize(raw);
    const size_t size = ZSTD_decompress(raw_.data(), raw_.size(), stored_.data(), stored_.size());
    if (ZSTD_isError(size) != 0 || size != raw) return Damaged(at, "it does not decompress");
  }
  offset_ = at + kBlockHeadBytes + stored;
  ++sequence_;
  return Block{static_cast<char>(type), at, ByteView(raw_)};
}

Status TraceReader::TakeState(const Block& block) {
  ++states_seen_;
  if (states_seen_ <= states_.size()) return Status();  // Known since before a Rewind.
  auto state = DecodeTraceState(block.raw, version_);
  if (!state.ok()) {
    return state.status().WithContext("trace " + path_ + ": block at offset " + std::to_string(block.offset));
  }
  states_.push_back(std::move(state).value());
  return Status();
}

Status TraceReader::CheckEnd(const Block& block) const {
  if (offset_ != file_bytes_) return Damaged(block.offset, "something follows the footer");
  if (seen_.operations != totals_.operations || seen_.blocks != totals_.blocks || states_seen_ != totals_.states) {
    return Damaged(block.offset, "the footer counts " + std::to_string(totals_.operations) + " operations in " +
                                     std::to_string(totals_.blocks) + " blocks; there were " +
                                     std::to_string(seen_.operations) + " in " + std::to_string(seen_.blocks));
  }
  return Status();
}

Result<const std::vector<TraceOperation>*> TraceReader::NextChunk() {
  operations_.clear();
  while (!at_end_) {
    KVSTATE_ASSIGN_OR_RETURN(const Block block, ReadBlock());
    if (block.type == kStateBlock) {
      KVSTATE_RETURN_IF_ERROR(TakeState(block));
    } else if (block.type == kFooterBlock) {
      KVSTATE_RETURN_IF_ERROR(CheckEnd(block));
      at_end_ = true;
    } else if (block.type == kOperationBlock) {
      const Status decoded = DecodeBlock(block.raw, states_seen_, &operations_);
      if (!decoded.ok()) {
        return decoded.WithContext("trace " + path_ + ": block at offset " + std::to_string(block.offset));
      }
      seen_.operations += operations_.size();
      ++seen_.blocks;
      return &std::as_const(operations_);
    } else {
      return Damaged(block.offset, "a block of an unknown type");
    }
  }
  return &std::as_const(operations_);
}

Status TraceReader::Rewind() {
  offset_ = first_block_offset_;
  sequence_ = 1;
  states_seen_ = 0;
  seen_ = TraceTotals();
  at_end_ = false;
  operations_.clear();
  return Status();
}

}  // namespace kvstate::harness
