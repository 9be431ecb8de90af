#ifndef KVSTATE_RECORDING_H_
#define KVSTATE_RECORDING_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/export.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/status.h"
#include "kvstate/type_serializer.h"

namespace kvstate {
inline namespace v1 {

// Records what a program does with its state into a trace file, which `kvstate replay` runs on every backend and
// `kvstate trace info` describes. A part of its own: link kvstate::recording beside kvstate::kvstate.

struct RecordingOptions {
  enum class Values {
    kFull,   ///< As they are.
    kSizes,  ///< Their sizes alone: the trace shows no value, and a replay makes values of these sizes.
  };
  Values values = Values::kFull;
  /// States that a trace can not hold work, but are not in it (RecordedAccesses::left_out); otherwise making one is
  /// UNIMPLEMENTED. A trace holds states whose types are built in, structs with StructTraits included, since it has the
  /// types' descriptions in place of the types; and of functions only such as the program `kvstate` has by name, so
  /// that reducing, aggregating and folding states with functions of the program's own are left out.
  bool leave_out_others = false;
};

/// What a trace holds so far.
struct RecordedAccesses {
  uint64_t operations = 0;
  uint64_t states = 0;  ///< Queues of timers included.
  std::vector<std::string> left_out;
};

/// The trace that a backend of RecordAccesses writes: GetExtension<Recording>(*backend). Same thread rules as the
/// backend's, and it lives as long.
class KVSTATE_EXPORT Recording {
 public:
  static constexpr std::string_view kExtensionId = "kvstate.recording.1";

  virtual ~Recording();

  /// Event time of the accesses that follow, milliseconds; 0 until it is first set. It may go back.
  virtual void SetTime(int64_t time_ms) = 0;
  /// The accesses until here fill state; a replay measures what follows. FAILED_PRECONDITION the second time.
  virtual Status EndFill() = 0;
  /// Ends the trace and puts the file at its path; what follows is not recorded. REQUIRES: no map iterator is left.
  virtual Status Finish() = 0;
  virtual RecordedAccesses recorded() const = 0;
};

/// A backend that passes all calls on to `backend` and records each access to keyed state, and to timers, that
/// succeeds. Snapshots, visitors, and point reads by other threads work and are not recorded.
///
/// `backend` must be new: what it holds already is not in the trace. `key_serializer` is what it was made with;
/// UNIMPLEMENTED for one that is not built in. `trace_path`: nothing is there before Recording::Finish has succeeded,
/// and nothing is left without it. Where writing fails, as on a full disk, that call fails and every later one.
/// NOT_FOUND, PERMISSION_DENIED or INVALID_ARGUMENT when nothing can be written there.
KVSTATE_EXPORT Result<std::unique_ptr<KeyedStateBackend>> RecordAccesses(std::unique_ptr<KeyedStateBackend> backend,
                                                                         SerializerPtr key_serializer,
                                                                         const std::string& trace_path,
                                                                         const RecordingOptions& options = {});

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_RECORDING_H_
