#include "harness/load/load_instance.h"

#include <algorithm>
#include <chrono>

namespace kvstate::harness {

namespace {

constexpr std::chrono::milliseconds kBetweenPolls{5};

}  // namespace

void StartGate::Open(size_t threads) {
  const std::lock_guard<std::mutex> lock(mutex_);
  running_ = threads;
  ++opened_;
  changed_.notify_all();
}

void StartGate::AwaitDone(const std::function<void()>& poll) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!changed_.wait_for(lock, kBetweenPolls, [this] { return running_ == 0; })) {
    lock.unlock();
    poll();
    lock.lock();
  }
}

void StartGate::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

bool StartGate::Await(uint64_t* seen) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [&] { return opened_ != *seen || closed_; });
  // A gate that was opened is gone through even when it has been closed since.
  if (opened_ == *seen) return false;
  *seen = opened_;
  return true;
}

void StartGate::Done() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (--running_ == 0) changed_.notify_all();
}

LoadInstance::~LoadInstance() { Join(); }

void LoadInstance::Join() {
  if (thread_.joinable()) thread_.join();
}

Status LoadInstance::Start(const std::vector<TraceState>& states) {
  KVSTATE_RETURN_IF_ERROR(runner_.AddStates(states));
  states_sent_ = states.size();
  thread_ = std::thread([this] { Work(); });
  return Status();
}

LoadChunk* LoadInstance::Filling() {
  if (filling_ == nullptr) filling_ = queue_.Filling();
  return filling_;
}

Status LoadInstance::Append(const TraceOperation& operation, uint64_t due_ticks,
                            const std::vector<TraceState>& states) {
  Filling()->Append(operation, due_ticks);
  return filling_->full() ? Publish(states) : Status();
}

Status LoadInstance::Publish(const std::vector<TraceState>& states) {
  if (filling_ == nullptr || filling_->empty()) return Status();
  KVSTATE_RETURN_IF_ERROR(filling_->Prepare(states, states_sent_));
  states_sent_ = states.size();
  filling_ = nullptr;
  queue_.Publish();
  return Status();
}

Status LoadInstance::Run(const LoadChunk& chunk) {
  if (!chunk.states().empty()) KVSTATE_RETURN_IF_ERROR(runner_.AddStates(chunk.states()));
  const auto serve = [this](const PreparedOperation& operation) { return runner_.Run(operation); };
  if (!shared_.paced) return RunClosed(chunk.prepared(), pacer_, serve, &record_);
  return RunPaced(chunk.prepared(), chunk.due(), shared_.start_ticks, shared_.limits, pacer_, serve, &record_);
}

void LoadInstance::NoteStarved(const LoadChunk& chunk) {
  // What was due by now waited for the harness, not for the backend.
  const uint64_t now = pacer_.Now();
  if (now < shared_.start_ticks) return;
  const auto due = chunk.due();
  fed_late_ += static_cast<uint64_t>(std::lower_bound(due.begin(), due.end(), now - shared_.start_ticks) - due.begin());
}

void LoadInstance::Work() {
  TickPacer::SharpenTimers();
  uint64_t seen = 0;
  while (shared_.gate.Await(&seen)) {
    while (!pacer_.stopped()) {
      bool starved = false;
      LoadChunk* chunk = queue_.Take(shared_.paced, &starved);
      if (chunk == nullptr) break;
      if (starved) NoteStarved(*chunk);
      status_ = Run(*chunk);
      queue_.Release();
      const bool over = record_.over_limit > shared_.limits.over;
      if (over) shared_.given_up = true;
      if (over || !status_.ok()) shared_.stop = true;
    }
    shared_.gate.Done();
  }
}

}  // namespace kvstate::harness
