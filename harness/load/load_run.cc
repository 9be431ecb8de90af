#include "harness/load/load_run.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <ctime>
#include <memory>
#include <optional>
#include <string>

#include "harness/load/intended_starts.h"
#include "harness/load/load_instance.h"
#include "harness/load/trace_splitter.h"

namespace kvstate::harness {

namespace {

constexpr size_t kChunksOfAll = 256;  ///< 65,536 operations ahead.
constexpr size_t kLeastChunksEach = 4;
constexpr std::chrono::milliseconds kBetweenPolls{1};
/// From opening the gate to the first intended start: all threads are awake by then.
constexpr double kLeadNs = 2'000'000;

uint64_t CpuNanoseconds(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(time.tv_nsec);
}

/// Feeds the instances, and waits for them.
class LoadRun {
 public:
  LoadRun(TraceSource* trace, const LoadRunOptions& options)
      : trace_(*trace),
        options_(options),
        paced_(options.pace.pace != Pace::kClosed),
        splitter_(trace->header(), static_cast<uint32_t>(options.targets.size()), options.timers),
        starts_(options.pace) {
    if (options.response_limit_ns > 0) {
      shared_.limits.response = static_cast<uint64_t>(options.response_limit_ns / options.clock->ns_per_tick());
      shared_.limits.over = options.over_most;
    }
  }
  ~LoadRun() { StopAll(); }

  Result<LoadResult> Run() {
    KVSTATE_RETURN_IF_ERROR(trace_.Rewind());
    const size_t chunks = std::max(kLeastChunksEach, kChunksOfAll / options_.targets.size());
    for (const LoadTarget& target : options_.targets) {
      instances_.push_back(
          std::make_unique<LoadInstance>(target, trace_.header().key_serializer, chunks, *options_.clock, &shared_));
      KVSTATE_RETURN_IF_ERROR(instances_.back()->Start(trace_.states()));
    }
    StartMeasuring();
    Status fed = Feed();
    if (fed.ok()) fed = Finish();
    StopAll();
    for (const auto& instance : instances_) {
      if (!instance->status().ok()) {
        return instance->status().WithContext("replaying trace " + std::string(trace_.name()) + " on " +
                                              std::string(options_.targets.front().backend->name()));
      }
    }
    KVSTATE_RETURN_IF_ERROR(fed);
    const uint64_t thread_ns = CpuNanoseconds(CLOCK_THREAD_CPUTIME_ID) - thread_start_;
    const uint64_t process_ns = CpuNanoseconds(CLOCK_PROCESS_CPUTIME_ID) - process_start_;
    LoadResult result = Gather();
    double waiting_ns = 0;
    for (const auto& instance : instances_) {
      waiting_ns += options_.clock->ToNanoseconds(static_cast<double>(instance->record().waiting_ticks));
    }
    result.cpu_ns = std::max(0.0, static_cast<double>(process_ns) - static_cast<double>(thread_ns) - waiting_ns);
    return result;
  }

 private:
  /// Whether to go on: not once an instance failed or gave up, nor when the run is to stop, which is CANCELLED.
  Result<bool> GoesOn() {
    if (options_.stopped()) {
      shared_.stop = true;
      return CancelledError("interrupted");
    }
    options_.progress(fed_);
    return !shared_.stop.load(std::memory_order_relaxed);
  }

  /// From here on it counts. No instance is at work.
  void StartMeasuring() {
    fill_hits_ = 0;
    for (const auto& instance : instances_) {
      instance->ForgetRecord();
      fill_hits_ += instance->hits();
    }
    process_start_ = CpuNanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    thread_start_ = CpuNanoseconds(CLOCK_THREAD_CPUTIME_ID);
    shared_.paced = paced_ && fed_ >= trace_.fill_operations();
  }

  /// Does what fills state, which is all that was fed, and settles it.
  Status EndFill() {
    KVSTATE_RETURN_IF_ERROR(PublishAll());
    KVSTATE_RETURN_IF_ERROR(RunRound());
    if (shared_.stop.load(std::memory_order_relaxed)) return Status();
    KVSTATE_RETURN_IF_ERROR(options_.filled());
    StartMeasuring();
    return Status();
  }

  Status Feed() {
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool goes_on, GoesOn());
      if (!goes_on) return Status();
      KVSTATE_ASSIGN_OR_RETURN(const std::vector<TraceOperation>* chunk, trace_.NextChunk());
      if (chunk->empty()) return Status();
      for (const TraceOperation& operation : *chunk) {
        KVSTATE_ASSIGN_OR_RETURN(const bool fed, FeedOne(operation));
        if (!fed) return Status();
      }
    }
  }

  /// False: not to be gone on with.
  Result<bool> FeedOne(const TraceOperation& from) {
    TraceOperation operation = from;
    if (fed_ == trace_.fill_operations() && fed_ > 0) KVSTATE_RETURN_IF_ERROR(EndFill());
    const bool measured = fed_++ >= trace_.fill_operations();
    // Of all instances, as if they were one: not the latest of their own operations.
    latest_ms_ = std::max(latest_ms_, from.time_ms);
    operation.time_ms = latest_ms_;
    if (measured) due_ns_ = starts_.NextNs(latest_ms_);
    const auto due_ticks = static_cast<uint64_t>(static_cast<double>(due_ns_) / options_.clock->ns_per_tick());
    KVSTATE_ASSIGN_OR_RETURN(const std::span<const TraceSplitter::Part> parts,
                             splitter_.Split(operation, trace_.states()));
    for (const TraceSplitter::Part& part : parts) {
      LoadInstance& instance = *instances_[part.instance];
      while (!instance.HasRoom()) {
        KVSTATE_ASSIGN_OR_RETURN(const bool goes_on, MakeRoom(instance));
        if (!goes_on) return false;
      }
      KVSTATE_RETURN_IF_ERROR(WithTrace(instance.Append(part.operation, due_ticks, trace_.states())));
    }
    return true;
  }

  Result<bool> MakeRoom(LoadInstance& instance) {
    if (!shared_.paced) {
      KVSTATE_RETURN_IF_ERROR(PublishAll());
      KVSTATE_RETURN_IF_ERROR(RunRound());
      return GoesOn();
    }
    if (!opened_) KVSTATE_RETURN_IF_ERROR(PublishAll());
    OpenOnce();
    do {
      // While this one has all it can hold, another may come to the end of what it has.
      for (const auto& other : instances_) KVSTATE_RETURN_IF_ERROR(WithTrace(other->PublishIfLow(trace_.states())));
      KVSTATE_ASSIGN_OR_RETURN(const bool goes_on, GoesOn());
      if (!goes_on) return false;
    } while (!instance.WaitForRoom(kBetweenPolls));
    return true;
  }

  Status PublishAll() {
    for (const auto& instance : instances_) KVSTATE_RETURN_IF_ERROR(WithTrace(instance->Publish(trace_.states())));
    return Status();
  }

  /// All instances do what is prepared.
  Status RunRound() {
    shared_.gate.Open(instances_.size());
    return AwaitDone();
  }

  void OpenOnce() {
    if (opened_) return;
    opened_ = true;
    const double ns_per_tick = options_.clock->ns_per_tick();
    shared_.start_ticks = ReadTicks() + static_cast<uint64_t>(kLeadNs / ns_per_tick) -
                          static_cast<uint64_t>(options_.behind_ns / ns_per_tick);
    shared_.gate.Open(instances_.size());
  }

  Status AwaitDone() {
    Status stopped;
    shared_.gate.AwaitDone([&] {
      if (stopped.ok()) stopped = GoesOn().status();
    });
    return stopped;
  }

  /// What is prepared, and no more.
  Status Finish() {
    KVSTATE_RETURN_IF_ERROR(PublishAll());
    for (const auto& instance : instances_) instance->EndFeed();
    if (!shared_.paced) return RunRound();
    OpenOnce();
    return AwaitDone();
  }

  void StopAll() {
    // After a run to its end nobody is there to stop.
    shared_.stop = true;
    for (const auto& instance : instances_) instance->EndFeed();
    shared_.gate.Close();
    for (const auto& instance : instances_) instance->Join();
  }

  Status WithTrace(Status status) const {
    return status.ok() ? status : status.WithContext("trace " + std::string(trace_.name()));
  }

  LoadResult Gather() {
    const TickClock& clock = *options_.clock;
    LoadResult result;
    result.paced = paced_;
    result.given_up = shared_.given_up;
    result.of_trace = fed_ - std::min(fed_, trace_.fill_operations());
    uint64_t last_end = 0;
    for (const auto& instance : instances_) {
      const InstanceRecord& record = instance->record();
      for (size_t i = 0; i < kOperationLimit; ++i) {
        if (record.latencies[i] != nullptr) result.latencies[i].Merge(*record.latencies[i]);
      }
      result.operations += record.operations;
      result.hits += instance->hits();
      result.responses.Merge(record.responses);
      result.wake_delays.Merge(record.wake_delays);
      result.late += record.late;
      result.fed_late += instance->fed_late();
      result.over_limit += record.over_limit;
      result.backlog = std::max(result.backlog, record.backlog.most());
      result.instances.push_back({record.operations, clock.ToNanoseconds(static_cast<double>(record.busy_ticks))});
      if (paced_ && record.operations > 0) last_end = std::max(last_end, record.last_end - shared_.start_ticks);
    }
    result.hits -= fill_hits_;
    if (paced_) {
      result.offered_ns = static_cast<double>(due_ns_);
      result.achieved_ns = clock.ToNanoseconds(static_cast<double>(last_end));
    }
    // Instances whose last operations were early stand at the trace's latest time all the same.
    for (const LoadTarget& target : options_.targets) {
      if (target.clock != nullptr && result.operations > 0) target.clock->SetMillis(latest_ms_);
    }
    return result;
  }

  TraceSource& trace_;
  const LoadRunOptions& options_;
  const bool paced_;
  TraceSplitter splitter_;
  IntendedStarts starts_;
  LoadShared shared_;
  bool opened_ = false;
  int64_t latest_ms_ = INT64_MIN;
  uint64_t due_ns_ = 0;
  uint64_t fed_ = 0;
  uint64_t fill_hits_ = 0;
  uint64_t process_start_ = 0;
  uint64_t thread_start_ = 0;
  std::vector<std::unique_ptr<LoadInstance>> instances_;
};

}  // namespace

double LoadResult::busy_ns() const {
  double sum = 0;
  for (const InstanceResult& instance : instances) sum += instance.busy_ns;
  return sum;
}

double LoadResult::longest_busy_ns() const {
  double longest = 0;
  for (const InstanceResult& instance : instances) longest = std::max(longest, instance.busy_ns);
  return longest;
}

double LoadResult::behind_ns(double gap_ns) const { return std::max(0.0, achieved_ns - offered_ns - gap_ns); }

void LoadResult::Append(const LoadResult& other, double gap_ns) {
  paced = other.paced;
  given_up = given_up || other.given_up;
  operations += other.operations;
  of_trace += other.of_trace;
  hits += other.hits;
  cpu_ns += other.cpu_ns;
  for (size_t i = 0; i < kOperationLimit; ++i) latencies[i].Merge(other.latencies[i]);
  responses.Merge(other.responses);
  wake_delays.Merge(other.wake_delays);
  late += other.late;
  fed_late += other.fed_late;
  over_limit += other.over_limit;
  backlog = std::max(backlog, other.backlog);
  if (!instances.empty()) offered_ns += gap_ns;  // Else there is nothing to go on from.
  achieved_ns = offered_ns + other.achieved_ns;
  offered_ns += other.offered_ns;
  instances.resize(std::max(instances.size(), other.instances.size()));
  for (size_t i = 0; i < other.instances.size(); ++i) {
    instances[i].operations += other.instances[i].operations;
    instances[i].busy_ns += other.instances[i].busy_ns;
  }
}

Result<LoadResult> RunLoad(TraceSource& trace, const LoadRunOptions& options) {
  assert(!options.targets.empty() && options.clock != nullptr);
  return LoadRun(&trace, options).Run();
}

}  // namespace kvstate::harness
