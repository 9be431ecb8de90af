#ifndef KVSTATE_BACKENDS_CHECKPOINT_STATE_STREAM_FILE_H_
#define KVSTATE_BACKENDS_CHECKPOINT_STATE_STREAM_FILE_H_

#include <zstd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends/checkpoint/state_stream_format.h"

namespace kvstate::backends {

/// An opened state stream, read block by block. Not thread-safe.
class StateStreamFile {
 public:
  static Result<std::unique_ptr<StateStreamFile>> Open(CheckpointStorage& storage, const StoredFile& file,
                                                       const CancelFlag* cancelled);

  const StreamHeader& header() const { return header_; }
  uint64_t entries() const { return footer_.entries; }
  /// "state stream '<path>' in <storage>"
  const std::string& name() const { return name_; }

  /// The runs of a key group, ascending by state.
  std::span<const StreamRun> RunsOf(uint32_t key_group) const;
  /// The run of one state in it; null when it has no entries.
  const StreamRun* RunOf(uint32_t key_group, uint32_t state) const;

  /// DATA_LOSS, naming this file, the block and its place.
  Status Damaged(uint64_t block, uint64_t offset, std::string_view what) const;

 private:
  friend class StreamRunReader;
  StateStreamFile() = default;

  Status ReadStart();
  Status ReadEnd();
  /// Reads and verifies a block. `stored_in_file` becomes its length with the head. The view is valid until the next
  /// call. No byte at or after `limit` is read.
  Result<ByteView> ReadBlock(StreamBlockType type, uint64_t number, uint64_t offset, uint64_t limit,
                             uint64_t* bytes_in_file);
  /// A view of the `n` bytes at `offset`, which are before `limit`.
  Result<ByteView> View(uint64_t offset, uint64_t n, uint64_t limit);

  struct FreeContext {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };

  std::string name_;
  const CancelFlag* cancelled_ = nullptr;
  std::unique_ptr<StorageReader> file_;
  StreamHeader header_;
  uint64_t first_run_offset_ = 0;
  std::vector<StreamRun> runs_;
  StreamFooter footer_;

  std::string window_;  ///< What was read last.
  uint64_t window_offset_ = 0;
  std::string raw_;  ///< A block that was compressed.
  std::unique_ptr<ZSTD_DCtx, FreeContext> decompressor_;
};

/// The entries of one run, one after another.
class StreamRunReader {
 public:
  /// No entries.
  StreamRunReader() : in_(ByteView()) {}
  StreamRunReader(StateStreamFile& file, const StreamRun& run);

  /// False at the end. Views are valid until the next call on any reader of the file.
  Result<bool> Next(StreamEntry* entry) {
    if (in_.AtEnd()) [[unlikely]] {
      if (blocks_left_ == 0) return false;
      KVSTATE_RETURN_IF_ERROR(NextBlock());
    }
    if (!ReadStreamEntry(in_, changes_, entry)) [[unlikely]]
      return NoEntry();
    return true;
  }

 private:
  Status NextBlock();
  Status NoEntry() const;

  StateStreamFile* file_ = nullptr;
  StreamRun run_;
  bool changes_ = false;
  uint64_t blocks_left_ = 0;
  uint64_t offset_ = 0;        ///< Of the next block.
  uint64_t block_offset_ = 0;  ///< Of the current one.
  ByteReader in_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_CHECKPOINT_STATE_STREAM_FILE_H_
