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

inline uint64_t ZigZag(int64_t v) { return (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63); }
inline int64_t UnZigZag(uint64_t v) { return static_cast<int64_t>((v >> 1) ^ (~(v & 1) + 1)); }

class MadeValues;

/// Packs operations into blocks; docs/formats.md gives the encoding. Each block stands alone: its first operation on a
/// key, and on each state its first with a namespace, set them again, so that reading can start at any block.
class BlockEncoder {
 public:
  /// Of states' values their sizes alone are written.
  void WriteSizesOfValues() { values_are_sizes_ = true; }
  void Append(const TraceOperation& operation);
  bool full() const { return operations_ >= kBlockOperations || bytes_.size() + unwritten_bytes_ >= kBlockBytes; }
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

  bool values_are_sizes_ = false;
  ByteWriter bytes_;
  uint64_t unwritten_bytes_ = 0;  ///< Of values of which the size is written: a reader makes them.
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
/// block or name a state at or above `states`. `made`: null, or, of a trace whose values are sizes, makes the values,
/// which live until its next block.
Status DecodeBlock(ByteView block, size_t states, std::vector<TraceOperation>* operations, MadeValues* made = nullptr);

/// Whether the operation brings a state's value, or a part of one, of which the size may stand in a trace.
bool HasSizableValue(const TraceOperation& operation);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_TRACE_BLOCK_H_
