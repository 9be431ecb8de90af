#ifndef KVSTATE_HARNESS_REPLAY_TRACE_FILE_H_
#define KVSTATE_HARNESS_REPLAY_TRACE_FILE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/replay/made_values.h"
#include "harness/replay/trace.h"
#include "harness/replay/trace_block.h"
#include "harness/replay/trace_index.h"
#include "harness/replay/trace_layout.h"
#include "harness/report/atomic_file.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Writes a trace file; docs/formats.md gives the format. Nothing is at the path before Finish has succeeded, and
/// nothing is left when it does not. Memory: one block, and 32 bytes for each that was written.
class TraceWriter final : public TraceSink {
 public:
  /// Fails as AtomicFile::Create does.
  /// `values_are_sizes`: of states' values only the sizes are written, whatever the header of Begin says.
  static Result<std::unique_ptr<TraceWriter>> Create(const std::string& path, bool values_are_sizes = false);

  Status Begin(const TraceHeader& header) override;
  /// UNIMPLEMENTED for a state that a file can not hold: EncodeTraceState, and MadeValues where values are sizes.
  Status AddState(const TraceState& state) override;
  Status Append(const TraceOperation& operation) override;
  Status EndFill() override { return MarkEndOfFill(&totals_); }
  Status Finish() override;
  const TraceTotals& totals() const { return totals_; }
  uint64_t bytes() const { return file_->size(); }

 private:
  TraceWriter(std::unique_ptr<AtomicFile> file, bool values_are_sizes)
      : file_(std::move(file)), values_are_sizes_(values_are_sizes) {}
  Status WriteBlock(char type, ByteView raw);
  Status WriteOperations();

  std::unique_ptr<AtomicFile> file_;
  bool values_are_sizes_;
  MadeValues made_;  ///< Tells which values can be made again.
  BlockEncoder encoder_;
  TraceTotals totals_;
  TraceIndex index_{0};
  int64_t clock_ms_ = 0;
  int64_t block_clock_ms_ = 0;
  uint64_t sequence_ = 0;
  std::string compressed_;
};

/// Reads a trace file. What a file holds is checked before it is used: a file that is none, of a newer version, cut
/// short or damaged is an error that names the file, the block and its offset. Memory: one block.
class TraceReader final : public TraceSource {
 public:
  /// Reads header and footer. NOT_FOUND or PERMISSION_DENIED when the file can not be opened; INVALID_ARGUMENT when it
  /// is no trace or of a newer version; DATA_LOSS when it is cut short or damaged.
  static Result<std::unique_ptr<TraceReader>> Open(const std::string& path);
  ~TraceReader() override;

  const TraceHeader& header() const override { return header_; }
  const std::vector<TraceState>& states() const override { return states_; }
  Result<const std::vector<TraceOperation>*> NextChunk() override;
  Status Rewind() override;
  uint64_t operations() const override { return totals_.operations; }
  uint64_t fill_operations() const override { return totals_.fill_operations; }
  std::string_view name() const override { return path_; }
  const TraceTotals& totals() const { return totals_; }
  uint32_t version() const { return version_; }
  uint64_t file_bytes() const { return file_bytes_; }

  /// The next chunk is the one that holds the operation of that number, from 0, and states() has those that were added
  /// before it. At or beyond the end there is none. A file without an index, of version 1 or 2, starts from its
  /// beginning.
  Status SeekToOperation(uint64_t number);
  /// The next chunk is one in which, or after which, the trace's clock (the latest time until then) first reaches `ms`.
  Status SeekToTime(int64_t ms);
  /// How many operations come before the next chunk.
  uint64_t next_operation() const { return seen_.operations; }

 private:
  struct Block {
    char type = 0;
    uint64_t offset = 0;
    ByteView raw;
  };

  TraceReader(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  Status ReadStart();
  Status ReadFooter();
  Status WithoutFooter();
  Status ReadAt(uint64_t offset, size_t bytes, char* to) const;
  Result<Block> ReadBlock();
  Status TakeState(const Block& block);
  Status LoadIndex();
  Status SeekToBlock(size_t number);
  Status CheckEnd(const Block& block) const;
  /// DATA_LOSS about the block at `offset`.
  Status Damaged(uint64_t offset, const std::string& what) const;

  const std::string path_;
  const int fd_;
  uint64_t file_bytes_ = 0;
  uint64_t offset_ = 0;
  uint64_t first_block_offset_ = 0;
  uint64_t sequence_ = 0;
  uint32_t version_ = 0;
  TraceHeader header_;
  std::vector<TraceState> states_;
  size_t states_seen_ = 0;
  TraceTotals totals_;
  TraceTotals seen_;
  uint64_t index_offset_ = 0;
  std::optional<TraceIndex> index_;
  std::unique_ptr<MadeValues> made_;  ///< Of a trace whose values are sizes.
  bool at_end_ = false;
  std::string stored_;
  std::string raw_;
  std::vector<TraceOperation> operations_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_TRACE_FILE_H_
