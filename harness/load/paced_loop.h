#ifndef KVSTATE_HARNESS_LOAD_PACED_LOOP_H_
#define KVSTATE_HARNESS_LOAD_PACED_LOOP_H_

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "harness/load/backlog_counter.h"
#include "harness/probes/histogram.h"
#include "harness/replay/trace.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// What one instance of a load sees, in ticks of its clock.
struct InstanceRecord {
  /// By kind of operation; made when there is one of it: instances may be many. Of the operation alone.
  std::array<std::unique_ptr<Histogram>, kOperationLimit> latencies;
  Histogram responses;    ///< From the intended start to the end.
  Histogram wake_delays;  ///< Of operations that were waited for: how late they began all the same.
  BacklogCounter backlog;
  uint64_t operations = 0;
  uint64_t late = 0;           ///< Operations whose intended start had passed when the one before was done.
  uint64_t over_limit = 0;     ///< Response times above PacedLimits::response.
  uint64_t busy_ticks = 0;     ///< Within operations.
  uint64_t waiting_ticks = 0;  ///< Spent with the processor while nothing was due.
  uint64_t last_end = 0;

  void Latency(Operation operation, uint64_t ticks) {
    std::unique_ptr<Histogram>& histogram = latencies[static_cast<size_t>(operation)];
    if (histogram == nullptr) [[unlikely]]
      histogram = std::make_unique<Histogram>();
    histogram->Record(ticks);
  }
};

/// When a run is not worth going on with.
struct PacedLimits {
  uint64_t response = UINT64_MAX;  ///< Ticks; more than that is over.
  uint64_t over = UINT64_MAX;      ///< So many may be over.
};

/// What the loop works by: the machine's in a run, one that is moved by hand in a test.
///   uint64_t Now();
///   uint64_t WaitUntil(uint64_t due, InstanceRecord& record);   at or after `due`, or before it once stopped
///   bool stopped();
template <class Clock>
concept PaceClock = requires(Clock clock, uint64_t due, InstanceRecord& record) {
  { clock.Now() } -> std::same_as<uint64_t>;
  { clock.WaitUntil(due, record) } -> std::same_as<uint64_t>;
  { clock.stopped() } -> std::same_as<bool>;
};

/// Does operations in order, each at its time or as soon as the one before is done. The response time counts from when
/// it was to begin: an operation that waits for others, or that the loop itself begins late, has that in it, and no
/// operation is left out because another took long. `operations` and `due` are as long as each other; `due` in ticks
/// after `start`, never decreasing. Ends early, with an OK status, once `clock` is stopped or `limits` are passed.
template <PaceClock Clock, class Prepared, class Serve>
Status RunPaced(std::span<const Prepared> operations, std::span<const uint64_t> due, uint64_t start,
                const PacedLimits& limits, Clock& clock, Serve&& serve, InstanceRecord* record) {
  uint64_t now = clock.Now();
  for (size_t i = 0; i < operations.size(); ++i) {
    if (clock.stopped()) [[unlikely]]
      return Status();
    const uint64_t intended = start + due[i];
    if (now < intended) {
      now = clock.WaitUntil(intended, *record);
      if (now < intended) return Status();
      record->wake_delays.Record(now - intended);
    } else if (now > intended) {
      ++record->late;
      record->backlog.Waited(intended, now);
    }
    KVSTATE_RETURN_IF_ERROR(serve(operations[i]));
    const uint64_t end = clock.Now();
    record->Latency(operations[i].operation, end - now);
    record->responses.Record(end - intended);
    record->busy_ticks += end - now;
    ++record->operations;
    record->last_end = end;
    now = end;
    if (end - intended > limits.response && ++record->over_limit > limits.over) return Status();
  }
  return Status();
}

/// Does operations one after the other. Nothing is due and nothing waits; what is measured is the operations' time.
/// Ends early, with an OK status, once `clock` is stopped.
template <PaceClock Clock, class Prepared, class Serve>
Status RunClosed(std::span<const Prepared> operations, Clock& clock, Serve&& serve, InstanceRecord* record) {
  uint64_t now = clock.Now();
  for (const Prepared& operation : operations) {
    if (clock.stopped()) [[unlikely]]
      return Status();
    KVSTATE_RETURN_IF_ERROR(serve(operation));
    const uint64_t end = clock.Now();
    record->Latency(operation.operation, end - now);
    record->busy_ticks += end - now;
    ++record->operations;
    now = end;
  }
  return Status();
}

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_LOAD_PACED_LOOP_H_
