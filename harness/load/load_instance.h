#ifndef KVSTATE_HARNESS_LOAD_LOAD_INSTANCE_H_
#define KVSTATE_HARNESS_LOAD_LOAD_INSTANCE_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "harness/load/chunk_queue.h"
#include "harness/load/load_run.h"
#include "harness/load/paced_loop.h"
#include "harness/load/tick_pacer.h"
#include "harness/replay/operation_runner.h"

namespace kvstate::harness {

/// Lets a number of threads go together, and waits until all are done; again and again.
class StartGate {
 public:
  // The thread that opens it.
  void Open(size_t threads);
  /// Calls `poll` each few milliseconds until all are done.
  void AwaitDone(const std::function<void()>& poll);
  /// For good: Await gives false.
  void Close();

  // The others.
  /// Waits for the next Open. `*seen`: 0 at first, kept between calls.
  bool Await(uint64_t* seen);
  void Done();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t opened_ = 0;
  size_t running_ = 0;
  bool closed_ = false;
};

/// What the instances of a run share.
struct LoadShared {
  StartGate gate;
  std::atomic<bool> stop{false};
  std::atomic<bool> given_up{false};
  bool paced = false;        ///< Changed between rounds alone.
  uint64_t start_ticks = 0;  ///< The first intended start; set before the gate opens.
  PacedLimits limits;
};

/// A parallel instance: its thread, its chunks and what it sees.
class LoadInstance {
 public:
  LoadInstance(const LoadTarget& target, const SerializerPtr& key_serializer, size_t chunks, const TickClock& clock,
               LoadShared* shared)
      : shared_(*shared),
        target_(target),
        pacer_(clock, &shared->stop),
        runner_(target.backend, nullptr, target.clock),
        queue_(key_serializer, chunks) {}
  LoadInstance(const LoadInstance&) = delete;
  LoadInstance& operator=(const LoadInstance&) = delete;
  ~LoadInstance();

  // The feeding thread.

  /// Makes the states known so far, and starts the thread, which waits for the gate.
  Status Start(const std::vector<TraceState>& states);
  bool HasRoom() { return Filling() != nullptr; }
  bool WaitForRoom(std::chrono::milliseconds most) { return queue_.WaitForRoom(most); }
  /// REQUIRES: HasRoom. Publishes what is full.
  Status Append(const TraceOperation& operation, uint64_t due_ticks, const std::vector<TraceState>& states);
  /// What is not full, too.
  Status Publish(const std::vector<TraceState>& states);
  /// The same where the thread would soon have nothing left.
  Status PublishIfLow(const std::vector<TraceState>& states) { return queue_.Low() ? Publish(states) : Status(); }
  void EndFeed() { queue_.End(); }

  // Once the gate says that all are done, or after Join.

  void Join();
  void ForgetRecord() { record_ = InstanceRecord(); }
  const Status& status() const { return status_; }
  const InstanceRecord& record() const { return record_; }
  uint64_t fed_late() const { return fed_late_; }
  uint64_t hits() const { return runner_.hits(); }

 private:
  LoadChunk* Filling();
  void Work();
  Status Run(const LoadChunk& chunk);
  void NoteStarved(const LoadChunk& chunk);

  LoadShared& shared_;
  const LoadTarget target_;
  const TickPacer pacer_;
  OperationRunner<false> runner_;
  ChunkQueue queue_;
  LoadChunk* filling_ = nullptr;  ///< The feeding thread's.
  size_t states_sent_ = 0;        ///< Likewise.
  InstanceRecord record_;
  uint64_t fed_late_ = 0;
  Status status_;
  std::thread thread_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_LOAD_LOAD_INSTANCE_H_
