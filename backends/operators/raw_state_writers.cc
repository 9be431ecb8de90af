#include <string>
#include <utility>

#include "backends/checkpoint/part_file.h"
#include "backends/checkpoint/snapshot_writer.h"
#include "kvstate/raw_state_streams.h"

namespace kvstate {
inline namespace v1 {

namespace {

using backends::kPartBytes;
using backends::OwnerOf;
using backends::PartFileOwner;
using backends::PartFileWriter;
using backends::SnapshotWriter;

constexpr size_t kMaxNameBytes = 255;

Status CheckTarget(const RawStreamTarget& target) {
  if (target.storage == nullptr) return InvalidArgumentError("raw streams need a storage; it is null");
  if (target.checkpoint_id == 0) return InvalidArgumentError("raw streams need a checkpoint's id; it is 0");
  if (target.operator_name.empty() || target.operator_name.size() > kMaxNameBytes) {
    return InvalidArgumentError("raw streams: operator_name must have 1 to 255 bytes");
  }
  return Status();
}

/// Streams into a part file, which is made with the first.
class StreamsFile {
 public:
  StreamsFile(const RawStreamTarget& target, KeyGroupRange in_name)
      : storage_(target.storage), path_(PathOf(target, in_name)) {}

  Status Start(const PartFileOwner& owner, uint64_t id) {
    if (file_ == nullptr) {
      KVSTATE_ASSIGN_OR_RETURN(file_, PartFileWriter::Create(*storage_, path_, owner));
    } else {
      KVSTATE_RETURN_IF_ERROR(EndStream());
    }
    id_ = id;
    stream_has_part_ = false;
    ++streams_;
    return Status();
  }

  Status Append(ByteView bytes) {
    if (streams_ == 0) return FailedPreconditionError("raw streams: nothing is started that these bytes would be of");
    bytes_ += bytes.size();
    // Large pieces are split, so that a reader holds little in memory.
    while (!bytes.empty()) {
      const ByteView piece = bytes.substr(0, kPartBytes - part_.size());
      part_.append(piece);
      bytes.remove_prefix(piece.size());
      if (part_.size() == kPartBytes) KVSTATE_RETURN_IF_ERROR(Flush());
    }
    return Status();
  }

  Status Finish(std::vector<SnapshotFile>* files, uint64_t* streams, uint64_t* bytes, std::string name) {
    *streams = streams_;
    *bytes = bytes_;
    if (file_ == nullptr) return Status();
    KVSTATE_RETURN_IF_ERROR(EndStream());
    KVSTATE_ASSIGN_OR_RETURN(StoredFile stored, file_->Finish());
    files->push_back({std::move(name), std::move(stored), false});
    return Status();
  }

 private:
  static std::string PathOf(const RawStreamTarget& target, KeyGroupRange in_name) {
    SnapshotOptions options;
    options.kind = target.kind;
    return SnapshotWriter(target.storage, target.checkpoint_id, in_name, options).NewPath(false, "raw");
  }
  /// A stream without bytes has a part without bytes.
  Status EndStream() { return stream_has_part_ && part_.empty() ? Status() : Flush(); }
  Status Flush() {
    KVSTATE_RETURN_IF_ERROR(file_->Add(id_, 0, part_));
    part_.clear();
    stream_has_part_ = true;
    return Status();
  }

  const std::shared_ptr<CheckpointStorage> storage_;
  const std::string path_;
  std::unique_ptr<PartFileWriter> file_;
  uint64_t id_ = 0;
  bool stream_has_part_ = false;
  std::string part_;
  uint64_t streams_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace

struct RawKeyedStateWriter::Impl {
  StreamsFile file;
  RawKeyedStateHandle handle;
  uint64_t next_key_group = 0;
};

RawKeyedStateWriter::RawKeyedStateWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RawKeyedStateWriter::~RawKeyedStateWriter() = default;

Result<std::unique_ptr<RawKeyedStateWriter>> RawKeyedStateWriter::Create(const RawStreamTarget& target,
                                                                         uint32_t max_parallelism,
                                                                         KeyGroupRange key_groups) {
  KVSTATE_RETURN_IF_ERROR(CheckTarget(target));
  KVSTATE_RETURN_IF_ERROR(CheckKeyGroups(max_parallelism, key_groups));
  RawKeyedStateHandle handle;
  handle.checkpoint_id = target.checkpoint_id;
  handle.operator_name = target.operator_name;
  handle.max_parallelism = max_parallelism;
  handle.key_groups = key_groups;
  auto impl = std::make_unique<Impl>(Impl{StreamsFile(target, key_groups), std::move(handle), key_groups.first});
  return std::unique_ptr<RawKeyedStateWriter>(new RawKeyedStateWriter(std::move(impl)));
}

Status RawKeyedStateWriter::StartKeyGroup(uint32_t key_group) {
  const KeyGroupRange range = impl_->handle.key_groups;
  if (!range.Contains(key_group)) {
    return InvalidArgumentError("key group " + std::to_string(key_group) + " is not one of this writer's " +
                                std::to_string(range.first) + ".." + std::to_string(range.last));
  }
  if (key_group < impl_->next_key_group) {
    return InvalidArgumentError("key group " + std::to_string(key_group) + " follows " +
                                std::to_string(impl_->next_key_group - 1) +
                                "; each is written at most once, ascending");
  }
  impl_->next_key_group = uint64_t{key_group} + 1;
  return impl_->file.Start(OwnerOf(impl_->handle), key_group);
}

Status RawKeyedStateWriter::Append(ByteView bytes) { return impl_->file.Append(bytes); }

Result<RawKeyedStateHandle> RawKeyedStateWriter::Finish() {
  RawKeyedStateHandle& handle = impl_->handle;
  KVSTATE_RETURN_IF_ERROR(impl_->file.Finish(&handle.files, &handle.streams, &handle.bytes, "raw_keyed_state"));
  return handle;
}

struct RawOperatorStateWriter::Impl {
  StreamsFile file;
  RawOperatorStateHandle handle;
  uint64_t next_partition = 0;
};

RawOperatorStateWriter::RawOperatorStateWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RawOperatorStateWriter::~RawOperatorStateWriter() = default;

Result<std::unique_ptr<RawOperatorStateWriter>> RawOperatorStateWriter::Create(const RawStreamTarget& target,
                                                                               uint32_t subtask, uint32_t parallelism) {
  KVSTATE_RETURN_IF_ERROR(CheckTarget(target));
  if (parallelism == 0 || parallelism > kMaxMaxParallelism || subtask >= parallelism) {
    return InvalidArgumentError("raw streams: subtask " + std::to_string(subtask) + " of " +
                                std::to_string(parallelism) + "; there can be 1 to " +
                                std::to_string(kMaxMaxParallelism) + ", counted from 0");
  }
  RawOperatorStateHandle handle;
  handle.checkpoint_id = target.checkpoint_id;
  handle.operator_name = target.operator_name;
  handle.subtask = subtask;
  handle.parallelism = parallelism;
  auto impl =
      std::make_unique<Impl>(Impl{StreamsFile(target, KeyGroupRange{subtask, parallelism}), std::move(handle), 0});
  return std::unique_ptr<RawOperatorStateWriter>(new RawOperatorStateWriter(std::move(impl)));
}

Status RawOperatorStateWriter::StartPartition() {
  return impl_->file.Start(OwnerOf(impl_->handle), impl_->next_partition++);
}

Status RawOperatorStateWriter::Append(ByteView bytes) { return impl_->file.Append(bytes); }

Result<RawOperatorStateHandle> RawOperatorStateWriter::Finish() {
  RawOperatorStateHandle& handle = impl_->handle;
  KVSTATE_RETURN_IF_ERROR(impl_->file.Finish(&handle.files, &handle.partitions, &handle.bytes, "raw_operator_state"));
  return handle;
}

}  // namespace v1
}  // namespace kvstate
