#include "harness/run/record_workload.h"

#include <utility>

#include "harness/replay/recording_backend.h"
#include "kvstate/serializers.h"

namespace kvstate::harness {

namespace {

constexpr uint64_t kEventsBetweenChecks = 1024;

/// Passes a trace on and keeps the states it names.
class StateCollector final : public TraceSink {
 public:
  explicit StateCollector(TraceSink* sink) : sink_(*sink) {}
  Status Begin(const TraceHeader& header) override { return sink_.Begin(header); }
  Status AddState(const TraceState& state) override {
    states_.push_back(state);
    return sink_.AddState(state);
  }
  Status Append(const TraceOperation& operation) override { return sink_.Append(operation); }
  Status Finish() override { return sink_.Finish(); }
  const std::vector<TraceState>& states() const { return states_; }

 private:
  TraceSink& sink_;
  std::vector<TraceState> states_;
};

}  // namespace

Result<RecordedStream> RecordWorkload(workloads::EventSource& source, workloads::Operator& op,
                                      std::unique_ptr<KeyedStateBackend> backend, TraceSink* sink,
                                      const RecordOptions& options) {
  StateCollector collector(sink);
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<RecordingBackend> recording,
                           RecordingBackend::Create(std::move(backend), RawBytesSerializer(), &collector));
  KVSTATE_RETURN_IF_ERROR(op.Open(*recording));
  RecordedStream stream;
  workloads::Event event;
  while (true) {
    if (stream.events % kEventsBetweenChecks == 0) {
      if (options.stopped()) return CancelledError("interrupted");
      options.progress(stream.events);
    }
    KVSTATE_ASSIGN_OR_RETURN(const bool more, source.Next(&event));
    if (!more) break;
    recording->SetTime(event.time_ms);
    KVSTATE_RETURN_IF_ERROR(op.Process(event));
    ++stream.events;
  }
  // Not Operator::Finish: a stream does not end, and windows that are open stay in the state whose digest is compared.
  KVSTATE_RETURN_IF_ERROR(recording->FinishTrace());
  stream.output_rows = op.output_rows();
  stream.output_digest = op.output_digest();
  KVSTATE_ASSIGN_OR_RETURN(stream.state, DigestOfState(recording->inner(), collector.states(), options.stopped));
  return stream;
}

}  // namespace kvstate::harness
