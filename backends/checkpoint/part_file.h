#ifndef KVSTATE_BACKENDS_CHECKPOINT_PART_FILE_H_
#define KVSTATE_BACKENDS_CHECKPOINT_PART_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/checkpoint/stored_file.h"
#include "kvstate/bytes.h"
#include "kvstate/checkpoint.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// A file of parts, each with a checksum of its own in an index at the end: docs/formats.md, "Part files". Who needs
/// some of the parts reads, and verifies, no others.

/// What is in a file. The numbers are stored and never change.
enum class PartFileKind : uint8_t { kOperatorState = 1, kRawKeyed = 2, kRawOperator = 3 };

/// Whose file it is; stands in the file too, so that another's in its place is noticed.
struct PartFileOwner {
  PartFileKind kind = PartFileKind::kOperatorState;
  uint64_t checkpoint_id = 0;
  std::string operator_name;
  uint32_t first = 0;   ///< Subtask, or first key group.
  uint32_t second = 0;  ///< Parallelism, or last key group.
  friend bool operator==(const PartFileOwner&, const PartFileOwner&) = default;
};

inline PartFileOwner OwnerOf(const OperatorStateHandle& handle) {
  return {PartFileKind::kOperatorState, handle.checkpoint_id, handle.operator_name, handle.subtask, handle.parallelism};
}
inline PartFileOwner OwnerOf(const RawKeyedStateHandle& handle) {
  return {PartFileKind::kRawKeyed, handle.checkpoint_id, handle.operator_name, handle.key_groups.first,
          handle.key_groups.last};
}
inline PartFileOwner OwnerOf(const RawOperatorStateHandle& handle) {
  return {PartFileKind::kRawOperator, handle.checkpoint_id, handle.operator_name, handle.subtask, handle.parallelism};
}

struct Part {
  uint64_t id = 0;       ///< State, key group or partition that it is a part of.
  uint64_t entries = 0;  ///< Of operator state.
  uint64_t bytes = 0;
  uint64_t checksum = 0;  ///< XXH3-64 of its bytes.
  uint64_t offset = 0;    ///< In the file; follows from the others.
  friend bool operator==(const Part&, const Part&) = default;
};

/// Bytes of a part from which on another one is begun: what a reader holds in memory, larger entries aside.
inline constexpr size_t kPartBytes = size_t{64} << 10;

/// Not thread-safe. The file is removed unless Finish succeeds.
class PartFileWriter {
 public:
  static Result<std::unique_ptr<PartFileWriter>> Create(CheckpointStorage& storage, std::string path,
                                                        const PartFileOwner& owner);
  /// REQUIRES: `id` is not below that of the part before.
  Status Add(uint64_t id, uint64_t entries, ByteView bytes);
  Result<StoredFile> Finish();

 private:
  explicit PartFileWriter(std::unique_ptr<StoredFileWriter> file) : file_(std::move(file)) {}

  const std::unique_ptr<StoredFileWriter> file_;
  PartFileOwner owner_;
  std::string start_;
  std::vector<Part> parts_;
};

/// Of a storage with NearCopies it reads the near copy as long as that is intact. Not thread-safe; must not outlive its
/// storage.
class PartFileReader {
 public:
  /// Reads and verifies the index alone. DATA_LOSS, naming the file, when it is missing, damaged or not `owner`'s;
  /// UNIMPLEMENTED for a version that this library is too old for.
  static Result<std::unique_ptr<PartFileReader>> Open(CheckpointStorage& storage, const StoredFile& file,
                                                      const PartFileOwner& owner);

  /// Ascending by id, in the order in which they were written.
  const std::vector<Part>& parts() const { return source_.parts; }
  /// The bytes of a part, verified. DATA_LOSS, naming the file and the place, when they are damaged.
  Status Read(const Part& part, std::string* bytes);
  /// A DATA_LOSS that names the file, for who finds its parts to be none of what they should be.
  Status Damaged(std::string_view what) const;

 private:
  /// One copy of the file.
  struct Source {
    std::string name;  ///< For messages.
    std::unique_ptr<StorageReader> reader;
    std::vector<Part> parts;
  };

  PartFileReader(StoredFile file, PartFileOwner owner) : file_(std::move(file)), owner_(std::move(owner)) {}
  Result<Source> OpenIn(CheckpointStorage& storage) const;
  static Status ReadFrom(const Source& source, const Part& part, std::string* bytes);

  const StoredFile file_;
  const PartFileOwner owner_;
  Source source_;
  NearCopies* near_ = nullptr;  ///< Not null as long as source_ is a near copy.
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_CHECKPOINT_PART_FILE_H_
