#ifndef KVSTATE_HARNESS_REPLAY_RECORDER_H_
#define KVSTATE_HARNESS_REPLAY_RECORDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "harness/replay/trace.h"
#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Something whose last accesses are not in the trace yet: a map iterator that gathers its steps.
class PendingAccess {
 public:
  virtual ~PendingAccess() = default;
  virtual void Flush() = 0;
};

/// Turns calls on a backend and its states into operations of a trace: adds to each the key and namespace that were set
/// since the one before. The first failure of the sink is kept and fails every later call. Not thread-safe.
class Recorder {
 public:
  /// `sink` must outlive the recorder.
  explicit Recorder(TraceSink* sink) : sink_(sink) {}

  void SetTime(int64_t time_ms) { time_ms_ = time_ms; }
  Status Begin(const TraceHeader& header) { return Keep(sink_->Begin(header)); }
  /// Gives the state its index.
  Result<uint32_t> AddState(const TraceState& state);
  /// What was recorded until here fills state, as TraceSink::EndFill says.
  Status EndFill();
  /// What follows is not recorded.
  Status Finish();

  void KeySet(ByteView key);
  void NamespaceSet(uint32_t state, ByteView state_namespace);

  /// Appends the operation, after what is pending. Its key, namespace and time are filled in here.
  Status Record(TraceOperation operation);
  /// The same for the pending access itself, which is not flushed.
  Status RecordPending(TraceOperation operation);

  /// Flushes another that is pending.
  void SetPending(PendingAccess* access);
  /// Without flushing it.
  void Forget(const PendingAccess* access) {
    if (pending_ == access) pending_ = nullptr;
  }
  void FlushPending();

  Result<uint32_t> TakeIteratorNumber();
  void ReturnIteratorNumber(uint32_t number) { iterators_[number] = false; }
  const Status& status() const { return status_; }

 private:
  struct StateContext {
    std::string state_namespace;
    bool namespace_set = false;
  };
  Status Keep(Status status);

  TraceSink* const sink_;
  Status status_;
  bool is_finished_ = false;  ///< Nothing more is recorded.
  int64_t time_ms_ = 0;
  std::string key_;
  bool key_set_ = false;
  std::vector<StateContext> states_;
  std::vector<bool> iterators_;
  PendingAccess* pending_ = nullptr;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_RECORDER_H_
