#include "backends/checkpoint/state_stream_file.h"

#include <algorithm>
#include <utility>

namespace kvstate::backends {

namespace {

// Read at once: several blocks, so that those of small key groups do not cost a call each.
constexpr uint64_t kWindowBytes = uint64_t{512} << 10;
constexpr size_t kKeptBufferBytes = size_t{1} << 20;
constexpr size_t kStoredFooterBytes = kStreamBlockHeadBytes + kStreamFooterBytes;

bool IsBefore(const StreamRun& run, std::pair<uint32_t, uint32_t> place) {
  return std::pair(run.key_group, run.state) < place;
}

}  // namespace

Result<std::unique_ptr<StateStreamFile>> StateStreamFile::Open(CheckpointStorage& storage, const StoredFile& file,
                                                               const CancelFlag* cancelled) {
  std::unique_ptr<StateStreamFile> stream(new StateStreamFile());
  stream->name_ = "state stream '" + file.path + "' in " + std::string(storage.location());
  stream->cancelled_ = cancelled;
  KVSTATE_ASSIGN_OR_RETURN(stream->file_, OpenVerified(storage, file, cancelled));
  KVSTATE_RETURN_IF_ERROR(stream->ReadStart());
  KVSTATE_RETURN_IF_ERROR(stream->ReadEnd());
  return stream;
}

Status StateStreamFile::Damaged(uint64_t block, uint64_t offset, std::string_view what) const {
  return DataLossError(name_ + " is damaged: block " + std::to_string(block) + ", at byte " + std::to_string(offset) +
                       ": " + std::string(what));
}

Status StateStreamFile::ReadStart() {
  if (file_->size() < kStreamStartBytes + kStoredFooterBytes) {
    return DataLossError(name_ + " is cut short: it has " + std::to_string(file_->size()) + " bytes");
  }
  KVSTATE_ASSIGN_OR_RETURN(const ByteView start, View(0, kStreamStartBytes, file_->size()));
  ByteReader in(start);
  ByteView magic;
  uint32_t version = 0;
  if (!in.ReadBytes(kStreamMagic.size(), &magic) || magic != kStreamMagic || !in.ReadFixed32(&version)) {
    return DataLossError(name_ + " is no state stream: it does not begin with " + std::string(kStreamMagic));
  }
  if (version == 0) return DataLossError(name_ + " is damaged: it is of version 0, which there is not");
  if (version > kStreamVersion) {
    return UnimplementedError(name_ + " is of version " + std::to_string(version) + "; this library reads up to " +
                              std::to_string(kStreamVersion) + ": read it with the one that wrote it, or a newer one");
  }
  uint64_t bytes = 0;
  KVSTATE_ASSIGN_OR_RETURN(const ByteView header, ReadBlock(StreamBlockType::kHeader, 0, kStreamStartBytes,
                                                            file_->size() - kStoredFooterBytes, &bytes));
  Result<StreamHeader> read = ReadStreamHeader(header);
  if (!read.ok()) return Damaged(0, kStreamStartBytes, read.status().message());
  header_ = std::move(read).value();
  first_run_offset_ = kStreamStartBytes + bytes;
  return Status();
}

Status StateStreamFile::ReadEnd() {
  const uint64_t footer_offset = file_->size() - kStoredFooterBytes;
  // The footer's number is in it, and is checked with it.
  KVSTATE_ASSIGN_OR_RETURN(ByteView bytes, View(footer_offset, kStoredFooterBytes, file_->size()));
  KVSTATE_ASSIGN_OR_RETURN(footer_, ReadStreamFooter(bytes.substr(kStreamBlockHeadBytes)));
  const uint64_t index_block = footer_.entry_blocks + 1;
  uint64_t bytes_in_file = 0;
  KVSTATE_ASSIGN_OR_RETURN(
      bytes, ReadBlock(StreamBlockType::kFooter, index_block + 1, footer_offset, file_->size(), &bytes_in_file));
  if (bytes.size() != kStreamFooterBytes || footer_.index_offset < first_run_offset_ ||
      footer_.index_offset > footer_offset || footer_.entry_blocks > file_->size()) {
    return Damaged(index_block + 1, footer_offset, "the footer is none");
  }
  KVSTATE_ASSIGN_OR_RETURN(
      bytes, ReadBlock(StreamBlockType::kIndex, index_block, footer_.index_offset, footer_offset, &bytes_in_file));
  if (footer_.index_offset + bytes_in_file != footer_offset) {
    return Damaged(index_block, footer_.index_offset, "the footer does not follow the index");
  }
  Result<std::vector<StreamRun>> runs = ReadStreamIndex(bytes, header_, first_run_offset_, footer_);
  if (!runs.ok()) return Damaged(index_block, footer_.index_offset, runs.status().message());
  runs_ = std::move(runs).value();
  return Status();
}

Result<ByteView> StateStreamFile::View(uint64_t offset, uint64_t n, uint64_t limit) {
  const uint64_t have = window_offset_ + window_.size();
  if (offset < window_offset_ || offset > have || n > have - offset) {
    if (window_.capacity() > kWindowBytes + kKeptBufferBytes) window_ = std::string();
    const uint64_t size = std::max(n, std::min(kWindowBytes, limit - offset));
    window_offset_ = offset;
    const Status read = file_->Read(offset, size, &window_);
    if (!read.ok()) {
      window_.clear();
      return read;
    }
    if (window_.size() != size) return DataLossError(name_ + ": it became shorter while it was read");
  }
  return ByteView(window_).substr(offset - window_offset_, n);
}

Result<ByteView> StateStreamFile::ReadBlock(StreamBlockType type, uint64_t number, uint64_t offset, uint64_t limit,
                                            uint64_t* bytes_in_file) {
  KVSTATE_RETURN_IF_ERROR(CheckCancelled(cancelled_));
  if (offset > limit || limit - offset < kStreamBlockHeadBytes) return Damaged(number, offset, "no room for a block");
  KVSTATE_ASSIGN_OR_RETURN(const ByteView head_bytes, View(offset, kStreamBlockHeadBytes, limit));
  const Result<StreamBlockHead> head = ReadStreamBlockHead(head_bytes, type, number);
  if (!head.ok()) return Damaged(number, offset, head.status().message());
  if (head->stored_bytes > limit - offset - kStreamBlockHeadBytes) {
    return Damaged(number, offset, "it reaches beyond its place");
  }
  *bytes_in_file = kStreamBlockHeadBytes + head->stored_bytes;
  KVSTATE_ASSIGN_OR_RETURN(ByteView stored, View(offset, *bytes_in_file, limit));
  stored.remove_prefix(kStreamBlockHeadBytes);
  if (StreamBlockChecksum(*head, stored) != head->checksum) return Damaged(number, offset, "its checksum differs");
  if (head->stored_bytes == head->raw_bytes) return stored;

  if (decompressor_ == nullptr) decompressor_.reset(ZSTD_createDCtx());
  if (decompressor_ == nullptr) return ResourceExhaustedError(name_ + ": no memory for a decompressor");
  if (raw_.size() < head->raw_bytes || raw_.size() > kKeptBufferBytes) raw_ = std::string(head->raw_bytes, '\0');
  const size_t size =
      ZSTD_decompressDCtx(decompressor_.get(), raw_.data(), head->raw_bytes, stored.data(), stored.size());
  if (ZSTD_isError(size) != 0 || size != head->raw_bytes) return Damaged(number, offset, "it does not decompress");
  return ByteView(raw_.data(), size);
}

std::span<const StreamRun> StateStreamFile::RunsOf(uint32_t key_group) const {
  const auto first = std::lower_bound(runs_.begin(), runs_.end(), std::pair(key_group, 0U), IsBefore);
  auto last = first;
  while (last != runs_.end() && last->key_group == key_group) ++last;
  return {first, last};
}

const StreamRun* StateStreamFile::RunOf(uint32_t key_group, uint32_t state) const {
  const auto at = std::lower_bound(runs_.begin(), runs_.end(), std::pair(key_group, state), IsBefore);
  return at != runs_.end() && at->key_group == key_group && at->state == state ? &*at : nullptr;
}

StreamRunReader::StreamRunReader(StateStreamFile& file, const StreamRun& run)
    : file_(&file),
      run_(run),
      changes_(file.header().changes),
      blocks_left_(run.blocks),
      offset_(run.offset),
      in_(ByteView()) {}

Status StreamRunReader::NextBlock() {
  const uint64_t number = run_.first_block + run_.blocks - blocks_left_;
  uint64_t bytes_in_file = 0;
  KVSTATE_ASSIGN_OR_RETURN(const ByteView bytes, file_->ReadBlock(StreamBlockType::kEntries, number, offset_,
                                                                  run_.offset + run_.bytes, &bytes_in_file));
  block_offset_ = offset_;
  offset_ += bytes_in_file;
  --blocks_left_;
  in_ = ByteReader(bytes);
  uint64_t key_group = 0;
  uint64_t state = 0;
  if (!in_.ReadVarint(&key_group) || key_group != run_.key_group || !in_.ReadVarint(&state) || state != run_.state) {
    return file_->Damaged(number, block_offset_, "it is of another key group or state than the index says");
  }
  if (in_.AtEnd()) return file_->Damaged(number, block_offset_, "it has no entries");
  if (blocks_left_ == 0 && offset_ != run_.offset + run_.bytes) {
    return file_->Damaged(number, block_offset_, "what follows it is none of its key group's blocks");
  }
  return Status();
}

Status StreamRunReader::NoEntry() const {
  const uint64_t number = run_.first_block + run_.blocks - blocks_left_ - 1;
  return file_->Damaged(number, block_offset_, in_.Malformed("entry of a state").message());
}

}  // namespace kvstate::backends
