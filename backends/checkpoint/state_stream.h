#ifndef KVSTATE_BACKENDS_CHECKPOINT_STATE_STREAM_H_
#define KVSTATE_BACKENDS_CHECKPOINT_STATE_STREAM_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backends/checkpoint/stored_file.h"
#include "kvstate/bytes.h"
#include "kvstate/checkpoint.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// The canonical format of entries in a file: docs/formats.md, "State streams". A stream holds all entries of its
/// states in a range of key groups, or the changes since another stream, in which an entry can be a removal.

/// Of one state in one key group. Views are valid as long as the call they were given to or by.
struct StreamEntry {
  ByteView key;          ///< The composite key (common/composite_key.h) without its key group.
  ByteView value;        ///< As an engine stores it: docs/formats.md, "Values in an engine".
  bool removed = false;  ///< In streams of changes alone; there is no value then.
};

struct StreamHeader {
  bool changes = false;  ///< To be applied to another stream; else whole.
  uint32_t max_parallelism = kDefaultMaxParallelism;
  KeyGroupRange key_groups;
  SerializerSnapshot key_serializer;
  /// In a stream of changes: all states there are then. What the older stream has of others is gone.
  std::vector<SavedState> states;
};

/// The header of a stream that belongs to the handle.
StreamHeader StreamHeaderOf(const KeyedStateHandle& handle, bool changes);

/// Writes one stream. Not thread-safe. The file is removed unless Finish succeeds.
class StateStreamWriter {
 public:
  /// `cancelled` may be null, and is asked between blocks.
  static Result<std::unique_ptr<StateStreamWriter>> Create(CheckpointStorage& storage, std::string path,
                                                           const StreamHeader& header, bool compress,
                                                           const CancelFlag* cancelled);
  ~StateStreamWriter();
  StateStreamWriter(const StateStreamWriter&) = delete;
  StateStreamWriter& operator=(const StateStreamWriter&) = delete;

  /// What is added next is of this key group and state. Ascending by key group, then by state; each pair once. Pairs
  /// without entries may be left out.
  Status Begin(uint32_t key_group, uint32_t state);
  Status Add(const StreamEntry& entry);
  uint64_t entries() const;
  Result<StoredFile> Finish();

 private:
  struct Impl;
  explicit StateStreamWriter(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

/// Reads one stream. Not thread-safe. Every block's checksum is verified as it is read, besides the file's.
class StateStreamReader {
 public:
  /// Verifies the whole file first (OpenVerified).
  static Result<std::unique_ptr<StateStreamReader>> Open(CheckpointStorage& storage, const StoredFile& file,
                                                         const CancelFlag* cancelled);
  ~StateStreamReader();
  StateStreamReader(const StateStreamReader&) = delete;
  StateStreamReader& operator=(const StateStreamReader&) = delete;

  const StreamHeader& header() const;
  uint64_t entries() const;
  /// Calls `visit` for the entries of a key group, state by state, in the order in which they were added; stops at the
  /// first failure. A key group that the stream has not is an empty one. `state` is an index into the header's states.
  Status ForEach(uint32_t key_group, const std::function<Status(uint32_t state, const StreamEntry& entry)>& visit);

 private:
  struct Impl;
  explicit StateStreamReader(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

/// Reads the streams of one handle, whole one first, then changes in order, as if they were one whole stream. `states`
/// are the handle's.
class StateChainReader {
 public:
  static Result<std::unique_ptr<StateChainReader>> Open(CheckpointStorage& storage, const KeyedStateHandle& handle,
                                                        const CancelFlag* cancelled);
  ~StateChainReader();
  StateChainReader(const StateChainReader&) = delete;
  StateChainReader& operator=(const StateChainReader&) = delete;

  /// As StateStreamReader's, without removals and each entry once; `state` is an index into the handle's states, and
  /// ascends. Holds the changes of one key group in memory.
  Status ForEach(uint32_t key_group, const std::function<Status(uint32_t state, const StreamEntry& entry)>& visit);

  /// The same, one after another: Next gives the entries of the key group of the last Seek; false at the end. Views are
  /// valid until the next call.
  Status Seek(uint32_t key_group);
  Result<bool> Next(uint32_t* state, StreamEntry* entry);

 private:
  struct Impl;
  explicit StateChainReader(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_CHECKPOINT_STATE_STREAM_H_
