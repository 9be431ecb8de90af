#include "harness/rewrite/trace_salvage.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "harness/replay/state_codec.h"
#include "harness/replay/trace_layout.h"
#include "harness/report/atomic_file.h"

namespace kvstate::harness {

namespace {

/// How many blocks may be gone without a trace, as where a part was cut out of the file.
constexpr uint64_t kMostMissing = 1024;

bool IsBlockType(char type) {
  return type == kStateBlock || type == kOperationBlock || type == kIndexBlock || type == kFooterBlock;
}

/// Whether the bytes may be a block's: what is compressed begins as a frame of zstd that says how much it becomes. Of
/// bytes that only look like a head hardly any pass, which else would be hashed for each number that a block might
/// have.
bool MayBeStored(const BlockHead& head, ByteView stored) {
  return head.stored == head.raw || ZSTD_getFrameContentSize(stored.data(), stored.size()) == head.raw;
}

}  // namespace

Result<std::unique_ptr<TraceSalvage>> TraceSalvage::Open(const std::string& path) {
  // A pipe is refused, and not waited for.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return SystemError("cannot read trace " + path, errno);
  std::unique_ptr<TraceSalvage> salvage(new TraceSalvage(path, fd));
  KVSTATE_RETURN_IF_ERROR(salvage->Map());
  KVSTATE_RETURN_IF_ERROR(salvage->ReadStart());
  KVSTATE_RETURN_IF_ERROR(salvage->Survey());
  KVSTATE_RETURN_IF_ERROR(salvage->CountOperations());
  return salvage;
}

TraceSalvage::~TraceSalvage() {
  if (!file_.empty()) munmap(const_cast<char*>(file_.data()), file_.size());
  close(fd_);
}

Status TraceSalvage::Map() {
  struct stat status = {};
  if (fstat(fd_, &status) != 0) return SystemError("cannot read trace " + path_, errno);
  if (!S_ISREG(status.st_mode))
    return InvalidArgumentError("cannot read trace " + path_ + ": it is not a regular file");
  const auto size = static_cast<size_t>(status.st_size);
  if (size == 0) return Status();
  void* const at = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd_, 0);
  if (at == MAP_FAILED) return SystemError("cannot read trace " + path_, errno);
  file_ = ByteView(static_cast<const char*>(at), size);
  return Status();
}

Status TraceSalvage::ReadStart() {
  KVSTATE_ASSIGN_OR_RETURN(version_, VersionOfTrace(path_, file_.substr(0, kTraceStartBytes)));
  if (!WholeAt(kTraceStartBytes, 0) || file_[kTraceStartBytes] != kHeaderBlock) {
    return DataLossError("trace " + path_ + ": block 0 at offset " + std::to_string(kTraceStartBytes) +
                         ": the header is damaged, without which nothing else has a meaning");
  }
  const Block block{kHeaderBlock, false, 0, kTraceStartBytes};
  KVSTATE_ASSIGN_OR_RETURN(const ByteView raw, Contents(block));
  auto header = DecodeTraceHeader(raw, version_);
  if (!header.ok()) return Damaged(block, header.status());
  header_ = std::move(header).value();
  return Status();
}

uint64_t TraceSalvage::LengthAt(uint64_t offset) const {
  BlockHead head;
  DecodeBlockHead(file_.substr(offset, kBlockHeadBytes), &head);
  return kBlockHeadBytes + head.stored;
}

bool TraceSalvage::WholeAt(uint64_t offset, uint64_t number) const {
  if (offset > file_.size() || file_.size() - offset < kBlockHeadBytes) return false;
  const ByteView head_bytes = file_.substr(offset, kBlockHeadBytes);
  BlockHead head;
  if (!DecodeBlockHead(head_bytes, &head) || head.stored > file_.size() - offset - kBlockHeadBytes) return false;
  return BlockIsWhole(head_bytes, number, file_.substr(offset + kBlockHeadBytes, head.stored));
}

bool TraceSalvage::FindWhole(uint64_t offset, uint64_t number, Block* found) const {
  for (uint64_t at = offset; at + kBlockHeadBytes <= file_.size(); ++at) {
    if (!IsBlockType(file_[at])) continue;
    BlockHead head;
    if (!DecodeBlockHead(file_.substr(at, kBlockHeadBytes), &head) ||
        head.stored > file_.size() - at - kBlockHeadBytes ||
        !MayBeStored(head, file_.substr(at + kBlockHeadBytes, head.stored))) {
      continue;
    }
    const uint64_t most = number + (at - offset) / kBlockHeadBytes + kMostMissing;
    for (uint64_t n = number; n <= most; ++n) {
      if (!WholeAt(at, n)) continue;
      *found = {file_[at], true, n, at};
      return true;
    }
  }
  return false;
}

Status TraceSalvage::Survey() {
  uint64_t at = kTraceStartBytes + LengthAt(kTraceStartBytes);
  uint64_t number = 1;
  bool after_gap = false;
  while (!totals_.has_value()) {
    if (!WholeAt(at, number) || !IsBlockType(file_[at])) {
      Block next;
      if (at >= file_.size() || !FindWhole(at, number, &next)) {
        gaps_.push_back({at, file_.size(), number, 0});
        return Status();
      }
      gaps_.push_back({at, next.offset, number, next.number - number});
      after_gap = after_gap || next.number > number;
      at = next.offset;
      number = next.number;
    }
    const char type = file_[at];
    const uint64_t length = LengthAt(at);
    if (type == kStateBlock || type == kOperationBlock) {
      blocks_.push_back({type, after_gap, number, at});
      after_gap = false;
    }
    TraceFooter footer;
    if (type == kFooterBlock && length == FooterBytes(version_) &&
        DecodeFooter(file_.substr(at, length), version_, &footer)) {
      totals_ = footer.totals;
    }
    at += length;
    ++number;
  }
  if (at < file_.size()) gaps_.push_back({at, file_.size(), number, 0});
  return Status();
}

/// Counts what can be given, and leaves out what may be without its state.
Status TraceSalvage::CountOperations() {
  const auto states = static_cast<uint64_t>(
      std::count_if(blocks_.begin(), blocks_.end(), [](const Block& block) { return block.type == kStateBlock; }));
  const bool has_all_states = gaps_.empty() || (totals_.has_value() && totals_->states == states);
  uint64_t before_gap = 0;
  bool is_before_gap = true;
  size_t given = 0;
  for (const Block& block : blocks_) {
    is_before_gap = is_before_gap && !block.after_gap;
    if (is_before_gap || has_all_states) ++given;
    if (block.type != kOperationBlock) continue;
    KVSTATE_ASSIGN_OR_RETURN(const ByteView raw, Contents(block));
    ByteReader in(raw);
    uint64_t operations = 0;
    if (!in.ReadVarint(&operations)) return Damaged(block, in.Malformed("number of operations"));
    if (is_before_gap) before_gap += operations;
    (is_before_gap || has_all_states ? kept_ : without_states_) += operations;
  }
  blocks_.resize(given);
  // Where something of the filling is lost, nobody knows how much: the mark goes.
  if (totals_.has_value() && (gaps_.empty() || totals_->fill_operations <= before_gap)) {
    fill_operations_ = totals_->fill_operations;
  }
  return Status();
}

Result<ByteView> TraceSalvage::Contents(const Block& block) {
  BlockHead head;
  DecodeBlockHead(file_.substr(block.offset, kBlockHeadBytes), &head);
  stored_.assign(file_.substr(block.offset + kBlockHeadBytes, head.stored));
  if (!DecompressBlock(&stored_, head.raw, &raw_)) return Damaged(block, DataLossError("it does not decompress"));
  return ByteView(raw_);
}

Status TraceSalvage::Damaged(const Block& block, const Status& why) const {
  return why.WithContext("trace " + path_ + ": block " + std::to_string(block.number) + " at offset " +
                         std::to_string(block.offset));
}

std::optional<uint64_t> TraceSalvage::lost() const {
  if (!totals_.has_value() || totals_->operations < kept_) return std::nullopt;
  return totals_->operations - kept_;
}

Status TraceSalvage::Rewind() {
  next_ = 0;
  states_seen_ = 0;
  return Status();
}

Result<const std::vector<TraceOperation>*> TraceSalvage::NextChunk() {
  operations_.clear();
  gap_before_ = false;
  while (next_ < blocks_.size() && operations_.empty()) {
    const Block& block = blocks_[next_++];
    gap_before_ = gap_before_ || block.after_gap;
    KVSTATE_ASSIGN_OR_RETURN(const ByteView raw, Contents(block));
    if (block.type == kOperationBlock) {
      const Status decoded = DecodeBlock(raw, states_seen_, &operations_, made_.get());
      if (!decoded.ok()) return Damaged(block, decoded);
      continue;
    }
    if (++states_seen_ <= states_.size()) continue;
    auto state = DecodeTraceState(raw, version_);
    if (!state.ok()) return Damaged(block, state.status());
    if (header_.values_are_sizes) {
      if (made_ == nullptr) made_ = std::make_unique<MadeValues>();
      const Status makes = made_->AddState(*state);
      if (!makes.ok()) return Damaged(block, makes);
    }
    states_.push_back(std::move(state).value());
  }
  return &std::as_const(operations_);
}

}  // namespace kvstate::harness
