#include "harness/replay/replayer.h"

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

template <bool kVerify>
Result<ReplayResult> ReplayWith(TraceSource& trace, KeyedStateBackend& backend, const ReplayOptions& options) {
  KVSTATE_RETURN_IF_ERROR(trace.Rewind());
  ChunkPreparer preparer(trace.header().key_serializer);
  OperationRunner<kVerify> runner(&backend, options.serialization, options.clock);
  ReplayResult result;
  const uint64_t process_start = CpuNanoseconds(CLOCK_PROCESS_CPUTIME_ID);
  const uint64_t thread_start = CpuNanoseconds(CLOCK_THREAD_CPUTIME_ID);
  uint64_t timed_cpu_ns = 0;
  while (true) {
    if (options.stopped()) return CancelledError("interrupted");
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<TraceOperation>* chunk, trace.NextChunk());
    if (chunk->empty()) break;
    auto prepared = preparer.Prepare(*chunk, trace.states());
    if (!prepared.ok()) return prepared.status().WithContext("trace " + std::string(trace.name()));
    if (options.clock != nullptr) options.clock->SetMillis(prepared->front().clock_ms);
    KVSTATE_RETURN_IF_ERROR(runner.AddStates(trace.states()));

    const uint64_t cpu_start = CpuNanoseconds(CLOCK_THREAD_CPUTIME_ID);
    const uint64_t start = SteadyNanoseconds();
    Status status = RunPrepared<kVerify>(*prepared, runner, options, {result.operations, result.time_ns});
    result.time_ns += SteadyNanoseconds() - start;
    timed_cpu_ns += CpuNanoseconds(CLOCK_THREAD_CPUTIME_ID) - cpu_start;
    if (!status.ok()) {
      return status.WithContext("replaying trace " + std::string(trace.name()) + " on " + std::string(backend.name()));
    }
    result.operations += chunk->size();
  }
  const uint64_t untimed_cpu_ns = CpuNanoseconds(CLOCK_THREAD_CPUTIME_ID) - thread_start - timed_cpu_ns;
  const uint64_t process_ns = CpuNanoseconds(CLOCK_PROCESS_CPUTIME_ID) - process_start;
  result.cpu_ns = process_ns > untimed_cpu_ns ? process_ns - untimed_cpu_ns : 0;
  result.hits = runner.hits();
  result.read_digest = runner.read_digest();
  return result;
}

}  // namespace

Result<ReplayResult> Replay(TraceSource& trace, KeyedStateBackend& backend, const ReplayOptions& options) {
  return options.verify_reads ? ReplayWith<true>(trace, backend, options) : ReplayWith<false>(trace, backend, options);
}

}  // namespace kvstate::harness
