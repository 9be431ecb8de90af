#include "kvstate/recording.h"

#include <utility>

#include "harness/replay/recording_backend.h"
#include "harness/replay/snapshot_serializers.h"
#include "harness/replay/state_codec.h"
#include "harness/replay/trace_file.h"

namespace kvstate {
inline namespace v1 {

Recording::~Recording() = default;

namespace {

/// A recording backend with the file that it writes.
class FileRecording final : public Recording {
 public:
  explicit FileRecording(std::unique_ptr<harness::TraceWriter> writer) : writer_(std::move(writer)) {}

  harness::TraceWriter* writer() { return writer_.get(); }
  void SetBackend(harness::RecordingBackend* backend) { backend_ = backend; }

  void SetTime(int64_t time_ms) override { backend_->SetTime(time_ms); }
  Status EndFill() override { return backend_->EndFill(); }
  Status Finish() override { return backend_->FinishTrace(); }
  RecordedAccesses recorded() const override {
    return {writer_->totals().operations, writer_->totals().states, backend_->left_out()};
  }

 private:
  const std::unique_ptr<harness::TraceWriter> writer_;
  harness::RecordingBackend* backend_ = nullptr;
};

/// Whether a replay will be able to read the state's description.
Status CanHold(const harness::TraceState& state, bool values_are_sizes) {
  ByteWriter encoded;
  KVSTATE_RETURN_IF_ERROR(harness::EncodeTraceState(state, encoded));
  KVSTATE_RETURN_IF_ERROR(harness::DecodeTraceState(encoded.view()).status());
  harness::MadeValues made;
  return values_are_sizes ? made.AddState(state) : Status();
}

}  // namespace

Result<std::unique_ptr<KeyedStateBackend>> RecordAccesses(std::unique_ptr<KeyedStateBackend> backend,
                                                          SerializerPtr key_serializer, const std::string& trace_path,
                                                          const RecordingOptions& options) {
  const Status keys = harness::SerializerFromSnapshot(key_serializer->Snapshot()).status();
  if (!keys.ok()) return UnimplementedError("recording: keys: " + std::string(keys.message()));
  const bool sizes = options.values == RecordingOptions::Values::kSizes;
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<harness::TraceWriter> writer,
                           harness::TraceWriter::Create(trace_path, sizes));
  auto recording = std::make_unique<FileRecording>(std::move(writer));
  FileRecording& file = *recording;
  harness::RecordingBackendOptions of_backend;
  of_backend.can_hold = [sizes](const harness::TraceState& state) { return CanHold(state, sizes); };
  of_backend.leave_out_others = options.leave_out_others;
  of_backend.extension = std::move(recording);
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<harness::RecordingBackend> recorded,
                           harness::RecordingBackend::Create(std::move(backend), std::move(key_serializer),
                                                             file.writer(), std::move(of_backend)));
  file.SetBackend(recorded.get());
  return std::unique_ptr<KeyedStateBackend>(std::move(recorded));
}

}  // namespace v1
}  // namespace kvstate
