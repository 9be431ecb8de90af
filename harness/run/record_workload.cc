#include "harness/run/record_workload.h"

#include <algorithm>
#include <string>
#include <utility>

#include "harness/replay/recording_backend.h"
#include "harness/run/backend_choice.h"
#include "kvstate/serializers.h"

namespace kvstate::harness {

namespace {

constexpr uint64_t kEventsBetweenChecks = 1024;

/// Passes a trace on and keeps the states it names, and its latest time.
class StateCollector final : public TraceSink {
 public:
  explicit StateCollector(TraceSink* sink) : sink_(*sink) {}
  Status Begin(const TraceHeader& header) override { return sink_.Begin(header); }
  Status AddState(const TraceState& state) override {
    states_.push_back(state);
    return sink_.AddState(state);
  }
  Status Append(const TraceOperation& operation) override {
    latest_ms_ = std::max(latest_ms_, operation.time_ms);
    return sink_.Append(operation);
  }
  Status EndFill() override { return sink_.EndFill(); }
  Status Finish() override { return sink_.Finish(); }
  int64_t latest_ms() const { return latest_ms_; }
  const std::vector<TraceState>& states() const { return states_; }

 private:
  TraceSink& sink_;
  std::vector<TraceState> states_;
  int64_t latest_ms_ = INT64_MIN;
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
  const uint64_t fill_events = options.fill_events > 0 ? options.fill_events : source.fill_events();
  workloads::Event event;
  int64_t latest_ms = INT64_MIN;
  while (true) {
    if (stream.events % kEventsBetweenChecks == 0) {
      if (options.stopped()) return CancelledError("interrupted");
      options.progress(stream.events);
    }
    KVSTATE_ASSIGN_OR_RETURN(const bool more, source.Next(&event));
    if (!more) break;
    if (fill_events > 0 && stream.events == fill_events) KVSTATE_RETURN_IF_ERROR(recording->EndFill());
    recording->SetTime(event.time_ms);
    if (options.clock != nullptr && event.time_ms > latest_ms) {
      latest_ms = event.time_ms;
      options.clock->SetMillis(latest_ms);
    }
    KVSTATE_RETURN_IF_ERROR(op.Process(event));
    ++stream.events;
  }
  if (fill_events > 0 && stream.events <= fill_events) {
    return InvalidArgumentError("of the stream's " + std::to_string(stream.events) + " events the first " +
                                std::to_string(fill_events) + " fill state, and nothing is left to measure");
  }
  // Not Operator::Finish: a stream does not end, and windows that are open stay in the state whose digest is compared.
  KVSTATE_RETURN_IF_ERROR(recording->FinishTrace());
  // Where a replay will end: the last events may have accessed no state.
  if (options.clock != nullptr && collector.latest_ms() != INT64_MIN) options.clock->SetMillis(collector.latest_ms());
  stream.output_rows = op.output_rows();
  stream.output_digest = op.output_digest();
  KVSTATE_ASSIGN_OR_RETURN(stream.state, DigestOfState(recording->inner(), collector.states(), options.stopped));
  return stream;
}

Result<RecordedStream> RecordEntry(const SuiteWorkload& entry, const BackendRegistry& registry,
                                   WorkDirectory& directory, TraceSink* sink, const std::function<bool()>& stopped,
                                   const std::function<void(uint64_t done, uint64_t events)>& progress) {
  KVSTATE_ASSIGN_OR_RETURN(const workloads::WorkloadSpec* spec, workloads::FindWorkload(entry.workload));
  KVSTATE_ASSIGN_OR_RETURN(const auto source, spec->make_source(entry.source, entry.seed));
  KVSTATE_ASSIGN_OR_RETURN(const auto op, spec->make_operator(entry.operators));
  RecordOptions options;
  options.clock = std::make_shared<ManualClock>();
  options.stopped = stopped;
  options.fill_events = entry.steady_state.fill_events;
  options.progress = [&, events = source->size()](uint64_t done) { progress(done, events); };
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<KeyedStateBackend> backend,
                           MakeBackend(registry, {std::string(kRecordingBackend), {}}, RawBytesSerializer(),
                                       kDefaultMaxParallelism, directory, options.clock));
  return RecordWorkload(*source, *op, std::move(backend), sink, options);
}

}  // namespace kvstate::harness
