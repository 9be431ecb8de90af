#ifndef KVSTATE_BACKENDS_CHECKPOINT_DELTA_CHAIN_H_
#define KVSTATE_BACKENDS_CHECKPOINT_DELTA_CHAIN_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/checkpoint.h"

namespace kvstate::backends {

/// What a checkpoint writes of a chain of state streams.
enum class ChainStep : uint8_t {
  kWhole,   ///< A whole stream, which is the chain from then on.
  kAppend,  ///< The changes since the confirmed checkpoint, behind its chain.
  kFold,    ///< The changes since the chain's whole stream, in place of all that it has of changes.
};

/// A whole stream and streams of changes, in the order in which they are applied.
struct DeltaChain {
  uint64_t checkpoint_id = 0;  ///< What it holds is the state of that checkpoint; 0: there is no chain.
  uint64_t whole_id = 0;       ///< The checkpoint that wrote the whole stream; 0: it is not known.
  std::string location;        ///< CheckpointStorage::location of where it is.
  std::vector<SnapshotFile> files;
  /// How much the whole stream has, by a measure of the backend's own: entries, or bytes before compression.
  uint64_t whole_weight = 0;
};

/// The chain of one checkpoint that was begun. Its step is chosen once and its stream is written once, on any one
/// thread.
class PendingChain {
 public:
  /// Streams of a chain, at most; and bytes of its changes, as so many times those of its whole stream. A restore reads
  /// all of them. A new whole stream for each increment of changes that add up to k times the state costs 1 + 1/k times
  /// the bytes changed: with 1, one and a half times where half of the keys change.
  static constexpr size_t kMostStreams = 128;
  static constexpr double kMostChanges = 3;

  PendingChain(uint64_t checkpoint_id, std::string location, DeltaChain built_on);

  uint64_t checkpoint_id() const { return checkpoint_id_; }
  /// The chain that the step may build on; without files: only a whole stream will do.
  const DeltaChain& built_on() const { return built_on_; }

  /// The cheapest step that keeps the chain within its bounds. A fold is taken where what changed since the whole
  /// stream is at most half of it; many appends follow then. `append_weight` is of the changes since the confirmed
  /// checkpoint, at most; `fold_weight` of those since the whole stream, each entry once, and absent where they are not
  /// known.
  ChainStep Choose(uint64_t append_weight, std::optional<uint64_t> fold_weight) const;

  /// The checkpoint's files, now that the step's stream is written, the last of them. They may be built on once the
  /// checkpoint is confirmed. The weight of changes is not used.
  const std::vector<SnapshotFile>& Wrote(ChainStep step, const StoredFile& stream, uint64_t weight);

  /// "whole.stream" or "changes.stream": for SnapshotWriter::NewPath, which must be told that it is shared.
  static std::string_view NameOf(ChainStep step);

 private:
  friend class DeltaChains;

  const uint64_t checkpoint_id_;
  const DeltaChain built_on_;
  DeltaChain written_;
  std::atomic<bool> is_written_{false};  ///< written_ is complete, and changes no more.
};

/// The chains of one backend: of the last confirmed checkpoint, and of those that are neither confirmed nor aborted.
/// Only what is confirmed is built on. Not thread-safe.
///
/// A full checkpoint's whole stream is a chain like any other, and stands under shared/: later increments refer to it.
class DeltaChains {
 public:
  /// A checkpoint into the storage at `location`; ids ascend. Another storage than the confirmed chain's is no place to
  /// build on it.
  std::shared_ptr<PendingChain> Begin(uint64_t checkpoint_id, std::string_view location);
  /// That checkpoint's chain is built on from now on. False, and nothing changes, when it was never written.
  bool Confirm(uint64_t checkpoint_id);
  void Abort(uint64_t checkpoint_id);
  /// After a restore that claimed its handle's files.
  void Claim(DeltaChain chain) { confirmed_ = std::move(chain); }
  /// There is nothing to build on; the next increment writes a whole stream.
  void Forget() { confirmed_ = {}; }

  const DeltaChain& confirmed() const { return confirmed_; }

 private:
  DeltaChain confirmed_;
  std::vector<std::shared_ptr<PendingChain>> pending_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_CHECKPOINT_DELTA_CHAIN_H_
