#include "harness/replay/trace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "harness/replay/state_codec.h"

namespace kvstate::harness {

namespace {

/// For messages.
std::string At(uint64_t offset) { return " at offset " + std::to_string(offset); }

}  // namespace

Result<std::unique_ptr<TraceWriter>> TraceWriter::Create(const std::string& path, bool values_are_sizes) {
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<AtomicFile> file, AtomicFile::Create(path));
  return std::unique_ptr<TraceWriter>(new TraceWriter(std::move(file), values_are_sizes));
}

Status TraceWriter::Begin(const TraceHeader& header) {
  ByteWriter start;
  start.PutBytes(kTraceMagic);
  start.PutFixed32(kTraceVersion);
  KVSTATE_RETURN_IF_ERROR(file_->Write(start.view()));
  TraceHeader written = header;
  written.values_are_sizes = header.values_are_sizes || values_are_sizes_;
  values_are_sizes_ = written.values_are_sizes;
  if (values_are_sizes_) encoder_.WriteSizesOfValues();
  ByteWriter bytes;
  EncodeTraceHeader(written, bytes);
  KVSTATE_RETURN_IF_ERROR(WriteBlock(kHeaderBlock, bytes.view()));
  index_ = TraceIndex(file_->size());
  return Status();
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
  EncodeBlockHead(type, sequence_, stored, raw.size(), head);
  ++sequence_;
  KVSTATE_RETURN_IF_ERROR(file_->Write(head.view()));
  return file_->Write(stored);
}

Status TraceWriter::AddState(const TraceState& state) {
  KVSTATE_RETURN_IF_ERROR(WriteOperations());
  if (values_are_sizes_) KVSTATE_RETURN_IF_ERROR(made_.AddState(state));
  ByteWriter bytes;
  KVSTATE_RETURN_IF_ERROR(EncodeTraceState(state, bytes));
  ++totals_.states;
  const uint64_t before = file_->size();
  KVSTATE_RETURN_IF_ERROR(WriteBlock(kStateBlock, bytes.view()));
  index_.AddState(file_->size() - before);
  return Status();
}

Status TraceWriter::Append(const TraceOperation& operation) {
  if (values_are_sizes_ && !made_.CanMake(operation)) {
    return InvalidArgumentError("trace file: values as sizes: no value of " + std::to_string(operation.value.size()) +
                                " bytes can be made for state " + std::to_string(operation.state) +
                                "; record this trace with its values");
  }
  if (totals_.operations == 0) totals_.first_time_ms = clock_ms_ = operation.time_ms;
  totals_.last_time_ms = operation.time_ms;
  clock_ms_ = std::max(clock_ms_, operation.time_ms);
  if (encoder_.operations() == 0) block_clock_ms_ = clock_ms_;
  ++totals_.operations;
  encoder_.Append(operation);
  return encoder_.full() ? WriteOperations() : Status();
}

Status TraceWriter::WriteOperations() {
  if (encoder_.operations() == 0) return Status();
  ++totals_.blocks;
  const uint64_t before = file_->size();
  KVSTATE_RETURN_IF_ERROR(WriteBlock(kOperationBlock, encoder_.Finish()));
  index_.AddOperations(file_->size() - before, encoder_.operations(), block_clock_ms_);
  encoder_.StartNext();
  return Status();
}

Status TraceWriter::Finish() {
  KVSTATE_RETURN_IF_ERROR(WriteOperations());
  const TraceFooter footer{totals_, file_->size()};
  ByteWriter bytes;
  index_.Encode(bytes);
  KVSTATE_RETURN_IF_ERROR(WriteBlock(kIndexBlock, bytes.view()));
  bytes.Clear();
  EncodeFooter(footer, bytes);
  KVSTATE_RETURN_IF_ERROR(WriteBlock(kFooterBlock, bytes.view()));
  return file_->Commit();
}

TraceReader::~TraceReader() { close(fd_); }

Result<std::unique_ptr<TraceReader>> TraceReader::Open(const std::string& path) {
  // A pipe is refused, and not waited for.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
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
  return DataLossError("trace " + path_ + ": block " + std::to_string(sequence_) + At(offset) + ": " + what +
                       "; 'kvstate trace rewrite --salvage' saves what is whole");
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
  char start[kTraceStartBytes] = {};
  if (file_bytes_ > 0) {
    KVSTATE_RETURN_IF_ERROR(ReadAt(0, file_bytes_ < kTraceStartBytes ? file_bytes_ : kTraceStartBytes, start));
  }
  const ByteView view(start, file_bytes_ < kTraceStartBytes ? file_bytes_ : kTraceStartBytes);
  KVSTATE_ASSIGN_OR_RETURN(version_, VersionOfTrace(path_, view));
  offset_ = kTraceStartBytes;
  KVSTATE_ASSIGN_OR_RETURN(const Block block, ReadBlock());
  if (block.type != kHeaderBlock) return Damaged(block.offset, "not the header");
  auto header = DecodeTraceHeader(block.raw, version_);
  if (!header.ok()) return header.status().WithContext("trace " + path_ + ": header");
  header_ = *header;
  if (header_.values_are_sizes) made_ = std::make_unique<MadeValues>();
  first_block_offset_ = offset_;
  return Status();
}

/// Why a file does not end with its footer: the first block that is not whole, or what follows the footer.
Status TraceReader::WithoutFooter() {
  while (true) {
    KVSTATE_ASSIGN_OR_RETURN(const Block block, ReadBlock());
    if (block.type != kFooterBlock) continue;
    return Damaged(block.offset, offset_ == file_bytes_ ? "the footer counts other blocks than there are"
                                                        : "something follows the footer");
  }
}

/// The footer is looked at first, so that a file that was cut short is known before a run is spent on it.
Status TraceReader::ReadFooter() {
  const size_t footer_bytes = FooterBytes(version_);
  if (file_bytes_ < first_block_offset_ + footer_bytes) return WithoutFooter();
  std::string bytes(footer_bytes, '\0');
  const uint64_t at = file_bytes_ - footer_bytes;
  KVSTATE_RETURN_IF_ERROR(ReadAt(at, footer_bytes, bytes.data()));
  TraceFooter footer;
  if (!DecodeFooter(bytes, version_, &footer)) return WithoutFooter();
  totals_ = footer.totals;
  index_offset_ = footer.index_offset;
  return Status();
}

Result<TraceReader::Block> TraceReader::ReadBlock() {
  char head_bytes[kBlockHeadBytes];
  const uint64_t at = offset_;
  if (at >= file_bytes_) return Damaged(at, "it is missing: the trace is cut short");
  KVSTATE_RETURN_IF_ERROR(ReadAt(at, kBlockHeadBytes, head_bytes));
  const ByteView head_view(head_bytes, kBlockHeadBytes);
  BlockHead head;
  if (!DecodeBlockHead(head_view, &head)) return Damaged(at, "it is damaged: impossible lengths");
  if (head.stored > file_bytes_ - at - kBlockHeadBytes) {
    return Damaged(at, "it needs " + std::to_string(head.stored) + " bytes and the file has " +
                           std::to_string(file_bytes_ - at - kBlockHeadBytes) + ": cut short or damaged");
  }
  stored_.resize(head.stored);
  KVSTATE_RETURN_IF_ERROR(ReadAt(at + kBlockHeadBytes, head.stored, stored_.data()));
  if (!BlockIsWhole(head_view, sequence_, stored_)) {
    return Damaged(at, "it is damaged: its checksum does not match");
  }
  if (!DecompressBlock(&stored_, head.raw, &raw_)) return Damaged(at, "it does not decompress");
  offset_ = at + kBlockHeadBytes + head.stored;
  ++sequence_;
  return Block{head.type, at, ByteView(raw_)};
}

Status TraceReader::TakeState(const Block& block) {
  ++states_seen_;
  if (states_seen_ <= states_.size()) return Status();  // Known since before a Rewind.
  auto state = DecodeTraceState(block.raw, version_);
  if (!state.ok()) {
    return state.status().WithContext("trace " + path_ + ": block " + std::to_string(sequence_ - 1) + At(block.offset));
  }
  if (made_ != nullptr) {
    const Status makes = made_->AddState(*state);
    if (!makes.ok())
      return DataLossError("trace " + path_ + ": block " + std::to_string(sequence_ - 1) + At(block.offset) + ": " +
                           std::string(makes.message()));
  }
  states_.push_back(std::move(state).value());
  return Status();
}

Status TraceReader::LoadIndex() {
  if (index_.has_value()) return Status();
  offset_ = index_offset_;
  sequence_ = totals_.states + totals_.blocks + 1;
  KVSTATE_ASSIGN_OR_RETURN(const Block block, ReadBlock());
  if (block.type != kIndexBlock) return Damaged(block.offset, "not the index, which the footer says it is");
  auto index = TraceIndex::Decode(block.raw, first_block_offset_, index_offset_, totals_);
  if (!index.ok())
    return index.status().WithContext("trace " + path_ + ": block " + std::to_string(sequence_ - 1) + At(block.offset));
  index_ = std::move(index).value();
  return Status();
}

/// `number` counts the blocks of the index.
Status TraceReader::SeekToBlock(size_t number) {
  KVSTATE_RETURN_IF_ERROR(Rewind());
  const std::vector<TraceIndex::Block>& blocks = index_->blocks();
  for (size_t i = 0; i < number; ++i) {
    if (blocks[i].holds_operations) {
      ++seen_.blocks;
      continue;
    }
    offset_ = blocks[i].offset;
    sequence_ = i + 1;
    if (states_seen_ < states_.size()) {
      ++states_seen_;
      continue;
    }
    KVSTATE_ASSIGN_OR_RETURN(const Block block, ReadBlock());
    if (block.type != kStateBlock) return Damaged(block.offset, "not the state that the index says it is");
    KVSTATE_RETURN_IF_ERROR(TakeState(block));
  }
  offset_ = number < blocks.size() ? blocks[number].offset : index_offset_;
  sequence_ = number + 1;
  seen_.operations = number < blocks.size() ? blocks[number].first_operation : totals_.operations;
  return Status();
}

Status TraceReader::SeekToOperation(uint64_t number) {
  if (version_ < 3) return Rewind();
  KVSTATE_RETURN_IF_ERROR(LoadIndex());
  return SeekToBlock(index_->BlockOfOperation(number));
}

Status TraceReader::SeekToTime(int64_t ms) {
  if (version_ < 3) return Rewind();
  KVSTATE_RETURN_IF_ERROR(LoadIndex());
  return SeekToBlock(index_->BlockOfTime(ms));
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
      const Status decoded = DecodeBlock(block.raw, states_seen_, &operations_, made_.get());
      if (!decoded.ok()) {
        return decoded.WithContext("trace " + path_ + ": block " + std::to_string(sequence_ - 1) + At(block.offset));
      }
      seen_.operations += operations_.size();
      ++seen_.blocks;
      return &std::as_const(operations_);
    } else if (block.type == kIndexBlock && version_ >= 3 && block.offset == index_offset_) {
      continue;  // Whole; what it says is looked at when something is sought.
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
