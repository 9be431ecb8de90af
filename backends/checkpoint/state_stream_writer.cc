#include <zstd.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backends/checkpoint/state_stream.h"
#include "backends/checkpoint/state_stream_format.h"

namespace kvstate::backends {

namespace {

constexpr int kZstdLevel = 1;
constexpr size_t kKeptBufferBytes = size_t{1} << 20;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

}  // namespace

struct StateStreamWriter::Impl {
  std::unique_ptr<StoredFileWriter> file;
  std::string path;
  StreamHeader header;
  const CancelFlag* cancelled = nullptr;
  std::unique_ptr<ZSTD_CCtx, FreeContext> compressor;  ///< Null: blocks are not compressed.

  std::optional<ByteWriter> block{std::in_place};  ///< Room for the head, then what is written; or nothing.
  std::string compressed;
  StreamRun run;  ///< The current one; without key group and state until Begin.
  bool began = false;
  std::vector<StreamRun> runs;
  StreamFooter footer;
  uint64_t next_block = 0;

  void StartBlock() {
    block->Clear();
    block->Extend(kStreamBlockHeadBytes);
  }

  /// Writes what stands in `block`, after a place for its head.
  Status WriteBlock(StreamBlockType type) {
    const ByteView raw = block->view().substr(kStreamBlockHeadBytes);
    StreamBlockHead head{.type = type, .number = next_block, .stored_bytes = raw.size(), .raw_bytes = raw.size()};
    ++next_block;
    if (raw.size() > kMaxStreamBlockBytes) {
      return InvalidArgumentError("state stream '" + path + "': a block of " + std::to_string(raw.size()) +
                                  " bytes; at most " + std::to_string(kMaxStreamBlockBytes));
    }
    if (compressor != nullptr && type == StreamBlockType::kEntries) {
      compressed.resize(kStreamBlockHeadBytes + ZSTD_compressBound(raw.size()));
      const size_t size =
          ZSTD_compressCCtx(compressor.get(), compressed.data() + kStreamBlockHeadBytes,
                            compressed.size() - kStreamBlockHeadBytes, raw.data(), raw.size(), kZstdLevel);
      if (ZSTD_isError(size) != 0) return InternalError("zstd: " + std::string(ZSTD_getErrorName(size)));
      if (size < raw.size()) {
        head.stored_bytes = size;
        const ByteView stored(compressed.data() + kStreamBlockHeadBytes, size);
        WriteStreamBlockHead(head, stored, compressed.data());
        return file->Append({compressed.data(), kStreamBlockHeadBytes + size});
      }
    }
    WriteStreamBlockHead(head, raw, const_cast<char*>(block->view().data()));
    return file->Append(block->view());
  }

  Status WriteHeader() {
    StartBlock();
    WriteStreamHeader(header, *block);
    KVSTATE_RETURN_IF_ERROR(WriteBlock(StreamBlockType::kHeader));
    block->Clear();
    return Status();
  }

  /// Closes the block of entries, if there is one.
  Status WriteEntries() {
    if (block->size() == 0) return Status();
    KVSTATE_RETURN_IF_ERROR(CheckCancelled(cancelled));
    const uint64_t before = file->bytes();
    KVSTATE_RETURN_IF_ERROR(WriteBlock(StreamBlockType::kEntries));
    run.bytes += file->bytes() - before;
    ++run.blocks;
    ++footer.entry_blocks;
    // One large value is no reason to hold as much memory until the end.
    if (block->size() > kKeptBufferBytes) {
      block.emplace();
      compressed = std::string();
    }
    block->Clear();
    return Status();
  }

  void EndRun() {
    if (run.blocks > 0) runs.push_back(run);
  }
};

StateStreamWriter::StateStreamWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

StateStreamWriter::~StateStreamWriter() = default;

Result<std::unique_ptr<StateStreamWriter>> StateStreamWriter::Create(CheckpointStorage& storage, std::string path,
                                                                     const StreamHeader& header, bool compress,
                                                                     const CancelFlag* cancelled) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->header = header;
  impl->cancelled = cancelled;
  if (compress) {
    impl->compressor.reset(ZSTD_createCCtx());
    if (impl->compressor == nullptr) return ResourceExhaustedError("zstd: no memory for a compressor");
  }
  KVSTATE_ASSIGN_OR_RETURN(impl->file, StoredFileWriter::Create(storage, std::move(path)));
  ByteWriter start;
  start.PutBytes(kStreamMagic);
  start.PutFixed32(kStreamVersion);
  KVSTATE_RETURN_IF_ERROR(impl->file->Append(start.view()));
  KVSTATE_RETURN_IF_ERROR(impl->WriteHeader());
  return std::unique_ptr<StateStreamWriter>(new StateStreamWriter(std::move(impl)));
}

Status StateStreamWriter::Begin(uint32_t key_group, uint32_t state) {
  Impl& impl = *impl_;
  if (!impl.header.key_groups.Contains(key_group) || state >= impl.header.states.size()) {
    return InvalidArgumentError("state stream '" + impl.path + "': key group " + std::to_string(key_group) +
                                " or state " + std::to_string(state) + " is none of its header's");
  }
  if (impl.began && (key_group < impl.run.key_group || (key_group == impl.run.key_group && state <= impl.run.state))) {
    return InvalidArgumentError("state stream '" + impl.path + "': key group " + std::to_string(key_group) +
                                ", state " + std::to_string(state) + " does not follow key group " +
                                std::to_string(impl.run.key_group) + ", state " + std::to_string(impl.run.state));
  }
  KVSTATE_RETURN_IF_ERROR(impl.WriteEntries());
  impl.EndRun();
  impl.began = true;
  impl.run = {.key_group = key_group, .state = state};
  return Status();
}

Status StateStreamWriter::Add(const StreamEntry& entry) {
  Impl& impl = *impl_;
  if (entry.removed && !impl.header.changes) {
    return InvalidArgumentError("state stream '" + impl.path + "': a removal in a stream that is whole");
  }
  // Two lengths take at most 8 bytes where the entry is no larger than a block.
  const size_t most = entry.key.size() + entry.value.size() + 8;
  if (most > kStreamBlockBytes || impl.block->size() + most > kStreamBlockBytes) [[unlikely]] {
    KVSTATE_RETURN_IF_ERROR(impl.WriteEntries());
  }
  if (impl.block->size() == 0) [[unlikely]] {
    if (!impl.began) return FailedPreconditionError("state stream '" + impl.path + "': Begin comes before Add");
    impl.StartBlock();
    impl.block->PutVarint(impl.run.key_group);
    impl.block->PutVarint(impl.run.state);
  }
  WriteStreamEntry(entry, *impl.block);
  ++impl.footer.entries;
  return Status();
}

uint64_t StateStreamWriter::entries() const { return impl_->footer.entries; }

Result<StoredFile> StateStreamWriter::Finish() {
  Impl& impl = *impl_;
  KVSTATE_RETURN_IF_ERROR(impl.WriteEntries());
  impl.EndRun();
  KVSTATE_RETURN_IF_ERROR(CheckCancelled(impl.cancelled));
  impl.footer.index_offset = impl.file->bytes();
  impl.StartBlock();
  WriteStreamIndex(impl.runs, impl.header, *impl.block);
  KVSTATE_RETURN_IF_ERROR(impl.WriteBlock(StreamBlockType::kIndex));
  impl.StartBlock();
  WriteStreamFooter(impl.footer, *impl.block);
  KVSTATE_RETURN_IF_ERROR(impl.WriteBlock(StreamBlockType::kFooter));
  return impl.file->Close();
}

}  // namespace kvstate::backends
