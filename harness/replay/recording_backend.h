#ifndef KVSTATE_HARNESS_REPLAY_RECORDING_BACKEND_H_
#define KVSTATE_HARNESS_REPLAY_RECORDING_BACKEND_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/replay/recorder.h"
#include "harness/replay/recording_timers.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/recording.h"

namespace kvstate::harness {

/// A recording that is a part of a program, of which more is asked than that it records.
struct RecordingBackendOptions {
  /// Null, or whether the trace can hold a state: where not, making it fails.
  std::function<Status(const TraceState& state)> can_hold;
  /// Or it works without being recorded.
  bool leave_out_others = false;
  /// Null, or what GetExtension gives as a Recording; goes last.
  std::unique_ptr<Recording> extension;
};

/// Decorates a backend: all calls go on to it, and each access to state that succeeds is recorded into a trace.
///
/// Same thread rules as the backend's. Not recorded: visitors, serialized point reads, snapshots. Walks over keys are
/// taken whole when they are asked for, so that the trace holds the walk and what was done under each key apart.
class RecordingBackend final : public KeyedStateBackend {
 public:
  /// `sink` gets Begin at once, and must outlive this. `key_serializer` is what the backend was made with.
  static Result<std::unique_ptr<RecordingBackend>> Create(std::unique_ptr<KeyedStateBackend> inner,
                                                          SerializerPtr key_serializer, TraceSink* sink,
                                                          RecordingBackendOptions options = {});
  ~RecordingBackend() override;

  /// Event time of the accesses that follow, milliseconds.
  void SetTime(int64_t time_ms) { recorder_.SetTime(time_ms); }
  /// The accesses until here fill state; what follows is to be measured.
  Status EndFill() { return recorder_.EndFill(); }
  /// Ends the trace; what follows is not recorded. REQUIRES: no map iterator is left.
  Status FinishTrace() { return recorder_.Finish(); }
  KeyedStateBackend& inner() { return *inner_; }
  /// Names of states that are not recorded.
  std::vector<std::string> left_out() const;

  std::string_view name() const override { return inner_->name(); }
  const TypeSerializer& key_serializer() const override { return inner_->key_serializer(); }
  uint32_t max_parallelism() const override { return inner_->max_parallelism(); }
  KeyGroupRange key_group_range() const override { return inner_->key_group_range(); }
  Status SetCurrentKey(const EncodedKey& key) override;
  ByteView current_key() const override { return inner_->current_key(); }
  uint32_t current_key_group() const override { return inner_->current_key_group(); }
  Result<InternalKVState*> GetOrCreateState(SerializerPtr namespace_serializer,
                                            const StateDescriptor& descriptor) override;
  Result<std::unique_ptr<KeyIterator>> Keys(std::string_view state_name, ByteView state_namespace) override;
  Result<std::unique_ptr<KeyIterator>> KeysAndNamespaces(std::string_view state_name) override;
  Status ApplyToAllKeys(std::string_view state_name, ByteView state_namespace,
                        const std::function<Status(ByteView key, InternalKVState& state)>& function) override;
  Result<uint64_t> NumEntries() override { return inner_->NumEntries(); }
  std::vector<std::string> StateNames() const override { return inner_->StateNames(); }
  /// The trace drops the state's contents there; the state may be made again with the same descriptor alone.
  Status RemoveState(std::string_view state_name) override;
  Status Dispose() override;
  void* GetExtension(std::string_view id) override;

 private:
  struct Recorded {
    StateDescriptor descriptor;
    uint32_t number = 0;
    std::unique_ptr<InternalKVState> state;  ///< Null after RemoveState, and of one that is left out.
    InternalKVState* left_out = nullptr;     ///< The inner state of one that is not recorded.
    bool is_left_out = false;

    InternalKVState* get() const { return is_left_out ? left_out : state.get(); }
  };

  RecordingBackend(std::unique_ptr<KeyedStateBackend> inner, TraceSink* sink, RecordingBackendOptions options)
      : options_(std::move(options)), inner_(std::move(inner)), recorder_(sink) {}
  Recorded* Find(std::string_view state_name);
  Result<std::unique_ptr<KeyIterator>> TakeWalk(std::string_view state_name, std::unique_ptr<KeyIterator> walk,
                                                const ByteView* state_namespace);

  const RecordingBackendOptions options_;
  const std::unique_ptr<KeyedStateBackend> inner_;
  Recorder recorder_;
  std::vector<Recorded> states_;
  std::unique_ptr<RecordingTimers> timers_;
  bool key_set_ = false;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_RECORDING_BACKEND_H_
