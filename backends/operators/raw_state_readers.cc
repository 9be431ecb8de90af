#include <algorithm>
#include <string>
#include <utility>

#include "backends/checkpoint/checkpoint_handles.h"
#include "backends/checkpoint/part_file.h"
#include "backends/operators/redistribution.h"
#include "kvstate/raw_state_streams.h"

namespace kvstate {
inline namespace v1 {

namespace {

using backends::OwnerOf;
using backends::Part;
using backends::PartFileOwner;
using backends::PartFileReader;

/// Some streams of one file: those whose ids are first..last-1.
struct Segment {
  StoredFile file;
  PartFileOwner owner;
  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t streams = 0;  ///< In the whole file, as its handle says.
};

Status CheckFile(const std::vector<SnapshotFile>& files, const std::string& operator_name) {
  if (files.size() == 1) return Status();
  return DataLossError("a handle of raw state of operator '" + operator_name + "' has streams, and not one file");
}

class Reader final : public RawStreamReader {
 public:
  /// `numbered`: ids are counted on over segments, else they are those in the files.
  Reader(std::shared_ptr<CheckpointStorage> storage, std::vector<Segment> segments, bool numbered)
      : storage_(std::move(storage)), segments_(std::move(segments)), numbered_(numbered) {}

  Result<bool> NextStream(uint64_t* id) override {
    if (file_ != nullptr) {
      while (part_ < Parts().size() && Parts()[part_].id == current_) ++part_;
    }
    in_stream_ = false;
    while (file_ == nullptr || part_ == Parts().size() || Parts()[part_].id >= segments_[segment_].last) {
      if (file_ != nullptr) ++segment_;
      file_.reset();
      if (segment_ == segments_.size()) return false;
      KVSTATE_RETURN_IF_ERROR(OpenSegment());
    }
    current_ = Parts()[part_].id;
    *id = numbered_ ? given_ : current_;
    ++given_;
    in_stream_ = true;
    return true;
  }

  Result<bool> ReadPiece(ByteView* piece) override {
    while (in_stream_ && part_ < Parts().size() && Parts()[part_].id == current_) {
      KVSTATE_RETURN_IF_ERROR(file_->Read(Parts()[part_], &bytes_));
      ++part_;
      if (bytes_.empty()) continue;
      *piece = bytes_;
      return true;
    }
    return false;
  }

  Result<std::string> ReadAll() override {
    std::string all;
    ByteView piece;
    for (;;) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, ReadPiece(&piece));
      if (!more) return all;
      all.append(piece);
    }
  }

 private:
  const std::vector<Part>& Parts() const { return file_->parts(); }

  Status OpenSegment() {
    const Segment& segment = segments_[segment_];
    part_ = 0;
    KVSTATE_ASSIGN_OR_RETURN(auto opened, PartFileReader::Open(*storage_, segment.file, segment.owner));
    uint64_t streams = 0;
    for (size_t i = 0; i < opened->parts().size(); ++i) {
      if (i == 0 || opened->parts()[i].id != opened->parts()[i - 1].id) ++streams;
    }
    if (streams != segment.streams) {
      return opened->Damaged("it has " + std::to_string(streams) + " streams, not the " +
                             std::to_string(segment.streams) + " that were written");
    }
    file_ = std::move(opened);
    while (part_ < Parts().size() && Parts()[part_].id < segment.first) ++part_;
    return Status();
  }

  const std::shared_ptr<CheckpointStorage> storage_;
  const std::vector<Segment> segments_;
  const bool numbered_;
  size_t segment_ = 0;
  std::unique_ptr<PartFileReader> file_;  ///< Of that segment; null before it is opened.
  size_t part_ = 0;                       ///< The next to read.
  uint64_t current_ = 0;                  ///< The stream's id in its file.
  bool in_stream_ = false;
  uint64_t given_ = 0;
  std::string bytes_;
};

}  // namespace

Result<std::unique_ptr<RawStreamReader>> OpenRawKeyedState(std::shared_ptr<CheckpointStorage> storage,
                                                           std::span<const RawKeyedStateHandle> handles,
                                                           std::string_view operator_name, uint32_t max_parallelism,
                                                           KeyGroupRange range) {
  if (storage == nullptr) return InvalidArgumentError("raw streams need a storage; it is null");
  KVSTATE_RETURN_IF_ERROR(CheckKeyGroups(max_parallelism, range));
  const std::string named = "raw keyed state of operator '" + std::string(operator_name) + "': ";
  std::vector<const RawKeyedStateHandle*> own;
  for (const RawKeyedStateHandle& handle : handles) {
    if (handle.operator_name != operator_name || handle.key_groups.size() == 0) continue;
    if (handle.max_parallelism != max_parallelism) {
      return InvalidArgumentError(named + "it was written at max parallelism " +
                                  std::to_string(handle.max_parallelism) + ", and is read at " +
                                  std::to_string(max_parallelism) + ": it can never be changed");
    }
    own.push_back(&handle);
  }
  std::sort(own.begin(), own.end(),
            [](const auto* a, const auto* b) { return a->key_groups.first < b->key_groups.first; });
  std::vector<Segment> segments;
  uint64_t covered = range.first;  // The first key group that no handle has had so far.
  for (const RawKeyedStateHandle* handle : own) {
    const uint64_t first = std::max(handle->key_groups.first, range.first);
    const uint64_t end = uint64_t{std::min(handle->key_groups.last, range.last)} + 1;
    if (first >= end) continue;
    if (first != covered) {
      return InvalidArgumentError(named + "key group " + std::to_string(std::min(first, covered)) + " is in " +
                                  (first < covered ? "several" : "none") +
                                  " of the handles given; give all handles of one checkpoint");
    }
    covered = end;
    if (handle->streams == 0) continue;
    KVSTATE_RETURN_IF_ERROR(CheckFile(handle->files, handle->operator_name));
    segments.push_back({handle->files.front().file, OwnerOf(*handle), first, end, handle->streams});
  }
  if (covered != uint64_t{range.last} + 1 && range.size() != 0) {
    return InvalidArgumentError(named + "key group " + std::to_string(covered) +
                                " is in none of the handles given; give all handles of one checkpoint");
  }
  return std::unique_ptr<RawStreamReader>(std::make_unique<Reader>(std::move(storage), std::move(segments), false));
}

Result<std::unique_ptr<RawStreamReader>> OpenRawOperatorState(std::shared_ptr<CheckpointStorage> storage,
                                                              std::span<const RawOperatorStateHandle> handles,
                                                              std::string_view operator_name, uint32_t subtask,
                                                              uint32_t parallelism) {
  if (storage == nullptr) return InvalidArgumentError("raw streams need a storage; it is null");
  if (parallelism == 0 || subtask >= parallelism) {
    return InvalidArgumentError("raw streams: subtask " + std::to_string(subtask) + " of " +
                                std::to_string(parallelism) + "; subtasks count from 0");
  }
  std::vector<const RawOperatorStateHandle*> own;
  std::vector<backends::SubtaskOf> subtasks;
  for (const RawOperatorStateHandle& handle : handles) {
    if (handle.operator_name != operator_name) continue;
    own.push_back(&handle);
    subtasks.push_back({handle.operator_name, handle.subtask, handle.parallelism});
  }
  if (own.empty()) {
    return InvalidArgumentError("none of the " + std::to_string(handles.size()) + " handles is of operator '" +
                                std::string(operator_name) + "'; give those of a checkpoint that has it");
  }
  KVSTATE_RETURN_IF_ERROR(backends::CheckSubtasks(subtasks, "raw operator state"));
  std::sort(own.begin(), own.end(), [](const auto* a, const auto* b) { return a->subtask < b->subtask; });
  uint64_t total = 0;
  for (const RawOperatorStateHandle* handle : own) total += handle->partitions;
  const backends::ElementRange piece = backends::RoundRobinSplit(parallelism).Next(total, subtask);
  std::vector<Segment> segments;
  uint64_t before = 0;
  for (const RawOperatorStateHandle* handle : own) {
    const uint64_t size = handle->partitions;
    uint64_t first = std::clamp(piece.first, before, before + size) - before;
    uint64_t last = std::clamp(piece.last, before, before + size) - before;
    before += size;
    if (own.size() == parallelism) {
      first = 0;
      last = handle->subtask == subtask ? size : 0;
    }
    if (first >= last) continue;
    KVSTATE_RETURN_IF_ERROR(CheckFile(handle->files, handle->operator_name));
    segments.push_back({handle->files.front().file, OwnerOf(*handle), first, last, size});
  }
  return std::unique_ptr<RawStreamReader>(std::make_unique<Reader>(std::move(storage), std::move(segments), true));
}

}  // namespace v1
}  // namespace kvstate
