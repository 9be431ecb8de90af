#ifndef KVSTATE_HARNESS_REWRITE_TRACE_SALVAGE_H_
#define KVSTATE_HARNESS_REWRITE_TRACE_SALVAGE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/replay/made_values.h"
#include "harness/replay/trace.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Gives what is whole of a trace file that is damaged or cut short: all blocks whose checksums match. Behind damage
/// the next whole block is looked for; its checksum tells how many blocks were lost before it, so that nothing is taken
/// for what it is not. A state that is lost would leave the operations behind it without meaning: those are given only
/// where the footer shows that all states are there. The file must not change meanwhile. Memory: one block, and 32
/// bytes for each.
class TraceSalvage final : public TraceSource {
 public:
  struct Gap {
    uint64_t offset = 0;  ///< From where on the file could not be read,
    uint64_t end = 0;     ///< and to where: the file's end, or a block that is whole.
    uint64_t block = 0;   ///< Number of the first block that is lost.
    uint64_t blocks = 0;  ///< How many are; 0 where bytes are there that are of no block, and where the file ends
                          ///< without its footer, so that nobody knows.
  };

  /// Looks through the whole file. As TraceReader::Open; but damage behind the header is no error.
  static Result<std::unique_ptr<TraceSalvage>> Open(const std::string& path);
  ~TraceSalvage() override;

  const TraceHeader& header() const override { return header_; }
  const std::vector<TraceState>& states() const override { return states_; }
  Result<const std::vector<TraceOperation>*> NextChunk() override;
  Status Rewind() override;
  uint64_t operations() const override { return kept_; }
  uint64_t fill_operations() const override { return fill_operations_; }
  std::string_view name() const override { return path_; }

  /// Whether operations are missing right before the chunk that was given last.
  bool gap_before() const { return gap_before_; }
  const std::vector<Gap>& gaps() const { return gaps_; }
  bool is_whole() const { return gaps_.empty(); }
  /// Operations that are not given, where the footer tells how many there were.
  std::optional<uint64_t> lost() const;
  /// Operations in whole blocks behind damage that are not given, since a state may be missing.
  uint64_t without_states() const { return without_states_; }

 private:
  struct Block {
    char type = 0;
    bool after_gap = false;
    uint64_t number = 0;
    uint64_t offset = 0;
  };

  TraceSalvage(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  Status Map();
  Status ReadStart();
  Status Survey();
  Status CountOperations();
  /// Whether a whole block with that number is at the offset.
  bool WholeAt(uint64_t offset, uint64_t number) const;
  uint64_t LengthAt(uint64_t offset) const;
  /// The next whole block from `offset` on, of that number or one above; false where there is none.
  bool FindWhole(uint64_t offset, uint64_t number, Block* found) const;
  /// Contents, which live until the next call.
  Result<ByteView> Contents(const Block& block);
  Status Damaged(const Block& block, const Status& why) const;

  const std::string path_;
  const int fd_;
  ByteView file_;
  uint32_t version_ = 0;
  TraceHeader header_;
  std::vector<Block> blocks_;  ///< States and operations.
  std::vector<Gap> gaps_;
  std::optional<TraceTotals> totals_;  ///< Of the footer.
  uint64_t kept_ = 0;
  uint64_t without_states_ = 0;
  uint64_t fill_operations_ = 0;
  size_t next_ = 0;
  size_t states_seen_ = 0;
  bool gap_before_ = false;
  std::vector<TraceState> states_;
  std::unique_ptr<MadeValues> made_;
  std::string stored_;
  std::string raw_;
  std::vector<TraceOperation> operations_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REWRITE_TRACE_SALVAGE_H_
