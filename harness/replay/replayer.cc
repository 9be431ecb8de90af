#include "harness/replay/replayer.h"

#include <algorithm>
#include <ctime>
#include <utility>
#include <vector>

#include "harness/probes/tick_clock.h"
#include "harness/replay/operation_runner.h"
#include "harness/replay/prepared_chunk.h"

namespace kvstate::harness {

namespace {

uint64_t CpuNanoseconds(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(time.tv_nsec);
}

template <bool kVerify>
Status RunChunk(std::span<const PreparedOperation> operations, OperationRunner<kVerify>& runner) {
  for (const PreparedOperation& operation : operations) KVSTATE_RETURN_IF_ERROR(runner.Run(operation));
  return Status();
}

/// The end of one operation is the start of the next: one reading of the counter an operation.
template <bool kVerify>
Status RunChunkTimed(std::span<const PreparedOperation> operations, OperationRunner<kVerify>& runner,
                     Latencies& latencies) {
  uint64_t last = ReadTicks();
  for (const PreparedOperation& operation : operations) {
    KVSTATE_RETURN_IF_ERROR(runner.Run(operation));
    const uint64_t now = ReadTicks();
    latencies[static_cast<size_t>(operation.operation)].Record(now - last);
    last = now;
  }
  return Status();
}

/// With a hook, and latencies where `latencies` is not null. What the hook does is in no operation's latency.
template <bool kVerify>
Status RunChunkHooked(std::span<const PreparedOperation> operations, OperationRunner<kVerify>& runner,
                      Latencies* latencies, ReplayHook& hook, const ReplayMoment& before) {
  const uint64_t start = SteadyNanoseconds();
  uint64_t done = before.operations;
  uint64_t last = ReadTicks();
  for (const PreparedOperation& operation : operations) {
    if (hook.Wants(done)) [[unlikely]] {
      KVSTATE_RETURN_IF_ERROR(hook.Between({done, before.time_ns + SteadyNanoseconds() - start}));
      last = ReadTicks();
    }
    KVSTATE_RETURN_IF_ERROR(runner.Run(operation));
    ++done;
    if (latencies == nullptr) continue;
    const uint64_t now = ReadTicks();
    (*latencies)[static_cast<size_t>(operation.operation)].Record(now - last);
    last = now;
  }
  return Status();
}

template <bool kVerify>
Status RunPrepared(std::span<const PreparedOperation> operations, OperationRunner<kVerify>& runner,
                   const ReplayOptions& options, const ReplayMoment& before) {
  if (options.hook != nullptr) {
    return RunChunkHooked<kVerify>(operations, runner, options.latencies, *options.hook, before);
  }
  return options.latencies != nullptr ? RunChunkTimed<kVerify>(operations, runner, *options.latencies)
                                      : RunChunk<kVerify>(operations, runner);
}

/// What has been done since a replay began, or since it counts.
class ReplayCount {
 public:
  /// Operations that follow each other, timed.
  template <bool kVerify>
  Status Run(std::span<const PreparedOperation> operations, OperationRunner<kVerify>& runner,
             const ReplayOptions& options) {
    const uint64_t cpu_start = CpuNanoseconds(CLOCK_THREAD_CPUTIME_ID);
    const uint64_t start = SteadyNanoseconds();
    Status status =
        RunPrepared<kVerify>(operations, runner, options, {fill_operations_ + operations_, fill_time_ns_ + time_ns_});
    time_ns_ += SteadyNanoseconds() - start;
    timed_cpu_ns_ += CpuNanoseconds(CLOCK_THREAD_CPUTIME_ID) - cpu_start;
    operations_ += operations.size();
    return status;
  }

  /// What was done until now was filling, and from here on operations count.
  Status EndFill(const ReplayOptions& options, uint64_t hits) {
    KVSTATE_RETURN_IF_ERROR(options.filled({operations_, time_ns_}));
    if (options.latencies != nullptr) {
      for (Histogram& histogram : *options.latencies) histogram.Clear();
    }
    fill_operations_ = operations_;
    fill_time_ns_ = time_ns_;
    fill_hits_ = hits;
    operations_ = 0;
    time_ns_ = 0;
    timed_cpu_ns_ = 0;
    process_start_ = CpuNanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    thread_start_ = CpuNanoseconds(CLOCK_THREAD_CPUTIME_ID);
    return Status();
  }

  ReplayResult Finish(uint64_t hits) const {
    ReplayResult result;
    const uint64_t untimed_cpu_ns = CpuNanoseconds(CLOCK_THREAD_CPUTIME_ID) - thread_start_ - timed_cpu_ns_;
    const uint64_t process_ns = CpuNanoseconds(CLOCK_PROCESS_CPUTIME_ID) - process_start_;
    result.operations = operations_;
    result.hits = hits - fill_hits_;
    result.time_ns = time_ns_;
    result.cpu_ns = process_ns > untimed_cpu_ns ? process_ns - untimed_cpu_ns : 0;
    result.fill_operations = fill_operations_;
    result.fill_time_ns = fill_time_ns_;
    return result;
  }

 private:
  uint64_t operations_ = 0;
  uint64_t time_ns_ = 0;
  uint64_t timed_cpu_ns_ = 0;
  uint64_t fill_operations_ = 0;
  uint64_t fill_time_ns_ = 0;
  uint64_t fill_hits_ = 0;
  uint64_t process_start_ = CpuNanoseconds(CLOCK_PROCESS_CPUTIME_ID);
  uint64_t thread_start_ = CpuNanoseconds(CLOCK_THREAD_CPUTIME_ID);
};

template <bool kVerify>
Result<ReplayResult> ReplayWith(TraceSource& trace, KeyedStateBackend& backend, const ReplayOptions& options) {
  KVSTATE_RETURN_IF_ERROR(trace.Rewind());
  ChunkPreparer preparer(trace.header().key_serializer);
  OperationRunner<kVerify> runner(&backend, options.serialization, options.clock);
  ReplayCount count;
  uint64_t fill_left = trace.fill_operations();
  while (true) {
    if (options.stopped()) return CancelledError("interrupted");
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<TraceOperation>* chunk, trace.NextChunk());
    if (chunk->empty()) break;
    auto prepared = preparer.Prepare(*chunk, trace.states());
    if (!prepared.ok()) return prepared.status().WithContext("trace " + std::string(trace.name()));
    if (options.clock != nullptr) options.clock->SetMillis(prepared->front().clock_ms);
    KVSTATE_RETURN_IF_ERROR(runner.AddStates(trace.states()));

    std::span<const PreparedOperation> operations = *prepared;
    Status status;
    if (fill_left > 0) {
      const size_t fills = std::min<uint64_t>(fill_left, operations.size());
      status = count.Run<kVerify>(operations.first(fills), runner, options);
      operations = operations.subspan(fills);
      fill_left -= fills;
      if (status.ok() && fill_left == 0) {
        status = count.EndFill(options, runner.hits()).WithContext("after filling");
      }
    }
    if (status.ok()) status = count.Run<kVerify>(operations, runner, options);
    if (!status.ok()) {
      return status.WithContext("replaying trace " + std::string(trace.name()) + " on " + std::string(backend.name()));
    }
  }
  ReplayResult result = count.Finish(runner.hits());
  result.read_digest = runner.read_digest();
  return result;
}

}  // namespace

Result<ReplayResult> Replay(TraceSource& trace, KeyedStateBackend& backend, const ReplayOptions& options) {
  return options.verify_reads ? ReplayWith<true>(trace, backend, options) : ReplayWith<false>(trace, backend, options);
}

}  // namespace kvstate::harness
