#include "harness/run/checkpoint_driver.h"

#include <algorithm>
#include <cassert>
#include <memory>
#include <string>
#include <utility>

#include "harness/probes/tick_clock.h"

namespace kvstate::harness {

namespace {

/// So often the time of the replay is looked at.
constexpr uint64_t kOperationsBetweenSamples = 256;
// Fewer operations say nothing about throughput.
constexpr double kLeastOperations = 1000;
// A window before a checkpoint that is much shorter than the one during it says nothing either.
constexpr double kLeastShareOfWindow = 0.1;

}  // namespace

CheckpointDriver::CheckpointDriver(Snapshots* snapshots, CheckpointStore* store, const CheckpointDriverOptions& options)
    : snapshots_(*snapshots), store_(*store), options_(options), worker_(store, options.retained, [this] { Wake(); }) {
  assert(!options.plan.empty());
}

Status CheckpointDriver::Between(const ReplayMoment& moment) {
  log_.Add(moment);
  if (TakeWake()) {
    if (running_since_.has_value() && worker_.has_run()) EndWindow(moment);
    if (std::optional<CheckpointOutcome> outcome = worker_.TakeOutcome()) {
      KVSTATE_RETURN_IF_ERROR(Confirm(std::move(*outcome)));
      log_.StartAt(moment);
    }
  }
  // The last one of the plan is Finish's.
  const std::vector<CheckpointMoment>& plan = options_.plan;
  for (; next_planned_ + 1 < plan.size() && plan[next_planned_].operations <= moment.operations; ++next_planned_) {
    if (!due_.has_value()) due_ = plan[next_planned_].operations;
  }
  if (due_.has_value() && !worker_.busy()) {
    const bool delayed = *due_ < moment.operations;
    due_.reset();
    KVSTATE_RETURN_IF_ERROR(Take(moment, delayed));
    if (options_.await_each) KVSTATE_RETURN_IF_ERROR(Await());
  }
  WaitFor(std::min(moment.operations + kOperationsBetweenSamples, plan[next_planned_].operations));
  return Status();
}

Status CheckpointDriver::Finish(uint64_t operations) {
  if (worker_.busy()) KVSTATE_RETURN_IF_ERROR(Await());
  KVSTATE_RETURN_IF_ERROR(Take({operations, log_.last().time_ns}, false));
  return Await();
}

Status CheckpointDriver::TakeFirst(const ReplayMoment& moment) {
  assert(next_planned_ == 0 && options_.plan.front().operations == moment.operations);
  ++next_planned_;
  KVSTATE_RETURN_IF_ERROR(Take(moment, false));
  KVSTATE_RETURN_IF_ERROR(Await());
  log_.StartAt(moment);
  WaitFor(0);
  return Status();
}

Status CheckpointDriver::Take(const ReplayMoment& moment, bool delayed) {
  running_ = {};
  running_.operations = moment.operations;
  running_.delayed = delayed;
  running_id_ = store_.Begin();
  SnapshotOptions options;
  options.kind = options_.kind;
  const uint64_t start = SteadyNanoseconds();
  Result<std::unique_ptr<SnapshotTask>> task = snapshots_.Snapshot(running_id_, store_.storage(), options);
  running_.synchronous_time_ns = SteadyNanoseconds() - start;
  if (!task.ok()) {
    // The snapshot's own failure is the one to tell.
    static_cast<void>(store_.Abort(running_id_));
    return task.status().WithContext("checkpoint " + std::to_string(running_id_));
  }
  running_since_ = {moment.operations, moment.time_ns + running_.synchronous_time_ns};
  worker_.Start(running_id_, options_.kind, std::move(task).value());
  return Status();
}

Status CheckpointDriver::Await() {
  running_since_.reset();
  CheckpointOutcome outcome = worker_.AwaitOutcome(options_.stopped);
  TakeWake();
  KVSTATE_RETURN_IF_ERROR(Confirm(std::move(outcome)));
  return options_.await_each ? options_.completed(taken_.back()) : Status();
}

Status CheckpointDriver::Confirm(CheckpointOutcome outcome) {
  const std::string what = "checkpoint " + std::to_string(running_id_);
  if (!outcome.status.ok()) {
    // The checkpoint's own failure is the one to tell.
    static_cast<void>(snapshots_.NotifyAborted(running_id_));
    return outcome.status.WithContext(what);
  }
  const uint64_t start = SteadyNanoseconds();
  KVSTATE_RETURN_IF_ERROR(snapshots_.NotifyComplete(running_id_).WithContext(what));
  running_.notification_time_ns = SteadyNanoseconds() - start;
  running_.outcome = std::move(outcome);
  taken_.push_back(std::move(running_));
  return Status();
}

void CheckpointDriver::EndWindow(const ReplayMoment& moment) {
  const ReplayMoment since = *running_since_;
  running_since_.reset();
  const auto during = static_cast<double>(moment.operations - since.operations);
  if (during < kLeastOperations || moment.time_ns <= since.time_ns) return;
  const uint64_t length_ns = moment.time_ns - since.time_ns;
  running_.operations_per_second_during = during * 1e9 / static_cast<double>(length_ns);
  // As long before the synchronous part, as far back as no other checkpoint ran.
  const uint64_t end_ns = since.time_ns - running_.synchronous_time_ns;
  const uint64_t begin_ns = std::max(log_.first().time_ns, end_ns - std::min(end_ns, length_ns));
  if (begin_ns >= end_ns) return;
  const auto before_ns = static_cast<double>(end_ns - begin_ns);
  const double before = static_cast<double>(since.operations) - log_.OperationsAt(begin_ns);
  if (before < kLeastOperations || before_ns < kLeastShareOfWindow * static_cast<double>(length_ns)) return;
  running_.operations_per_second_before = before * 1e9 / before_ns;
}

}  // namespace kvstate::harness
