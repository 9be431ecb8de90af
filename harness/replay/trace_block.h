#ifndef KVSTATE_HARNESS_REPLAY_TRACE_BLOCK_H_
#define KVSTATE_HARNESS_REPLAY_TRACE_BLOCK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "harness/replay/trace.h"
#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Operations a block holds at most, and bytes after which it is full before that: what bounds a reader's memory.
inline constexpr size_t kBlockOperations = 4096;
inline constexpr size_t kBlockBytes = size_t{1} << 20;

/// Packs operations into blocks; docs/formats.md gives the encoding. Each block stands alone: its first operation on a
/// key, and on each state its first with a namespace, set them again, so that reading can start at any block.
class BlockEncoder {
 public:
  void Append(const TraceOperation& operation);
  bool full() const { return operations_ >= kBlockOperations || bytes_.size() >= kBlockBytes; }
  size_t operations() const { return operations_; }
  /// The block's bytes; valid until the next call.
  ByteView Finish();
  void StartNext();

 private:
  struct NamespaceOfState {
    std::string bytes;
    bool set = false;
    bool stated = false;
  };

  ByteWriter bytes_;
  ByteWriter framed_;
  size_t operations_ = 0;
  int64_t base_time_ms_ = 0;
  int64_t last_time_ms_ = 0;
  std::string key_;
  bool key_set_ = false;
  bool key_stated_ = false;
  std::vector<NamespaceOfState> namespaces_;
};

/// Unpacks a block into `operations`, whose views point into `block`. DATA_LOSS, with the byte, for bytes that are no
/// block or name a state at or above `states`.
Status DecodeBlock(ByteView block, size_t states, std::vector<TraceOperation>* operations);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_TRACE_BLOCK_H_
