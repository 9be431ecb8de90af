#ifndef KVSTATE_HARNESS_REPLAY_MADE_VALUES_H_
#define KVSTATE_HARNESS_REPLAY_MADE_VALUES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "harness/replay/trace.h"
#include "kvstate/bytes.h"
#include "kvstate/status.h"
#include "kvstate/stored_format.h"

namespace kvstate::harness {

/// Makes values of given sizes for a trace that has only these: bytes that the state's serializer reads, and otherwise
/// random, so that they do not compress. The same block always gives the same values. Not thread-safe.
///
/// How many elements a value had can be told from its size where elements have one length; elsewhere it becomes one
/// element of that size, or two where no one element has it.
class MadeValues {
 public:
  /// The next state of the trace. UNIMPLEMENTED when sizes say too little of its values: of maps and of formats that
  /// are not built in, and of results of functions whose sizes vary.
  Status AddState(const TraceState& state);
  /// Whether the operation's value has a size that values of its state can have. True where it brings none.
  bool CanMake(const TraceOperation& operation) const;

  /// Gives the operations of a block values of these sizes, that live until the next call. DATA_LOSS for sizes that no
  /// value has, or that are together larger than a block's values can be.
  Status Make(ByteView block, const std::vector<uint64_t>& sizes, std::vector<TraceOperation>* operations);

 private:
  struct Formats {
    StoredFormat value;
    StoredFormat input;  ///< What Add takes.
    bool has_values = false;
  };
  const StoredFormat* FormatOf(const TraceOperation& operation) const;

  std::vector<Formats> states_;
  std::string bytes_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_MADE_VALUES_H_
