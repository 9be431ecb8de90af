#include <algorithm>

#include "kvstate/extension.h"
#include "kvstate/namespaces.h"
#include "kvstate/serializers.h"
#include "kvstate/ttl_sweep.h"
#include "tests/model/executor.h"

namespace kvstate::model {

namespace {

constexpr ByteView kVoidNamespace("\0", 1);

OptionalText HeadOf(const std::set<TimerItem>& timers) {
  return timers.empty() ? OptionalText() : std::to_string(timers.begin()->first) + " " + timers.begin()->second;
}

OptionalText TextOf(bool any, const Timer& timer) {
  if (!any) return std::nullopt;
  Agree(timer.state_namespace == kVoidNamespace, "a timer's namespace");
  return std::to_string(timer.timestamp) + " " + std::string(timer.key);
}

}  // namespace

void Executor::SetClock(int64_t millis) {
  source_.clock->SetMillis(millis);
  for (Subject& subject : subjects_) {
    for (const Place& place : subject.Expire(millis, &latest_expiry_)) Note(subject, place);
  }
}

void Executor::Sweep(const Step& step) {
  auto* sweep = GetExtension<TtlSweep>(*backend_);
  Agree(sweep != nullptr, "no sweeps");
  Ok(sweep->Sweep(step.n));
}

TimerQueue& Executor::QueueOf(QueueSubject& subject) {
  if (subject.queue == nullptr) {
    auto* timers = GetExtension<Timers>(*backend_);
    Agree(timers != nullptr, "no timers");
    subject.queue = Ok(timers->GetOrCreateQueue(subject.name, SerializerFor<VoidNamespace>(), subject.storage));
  }
  return *subject.queue;
}

void Executor::PollTimers(QueueSubject& subject, int times) {
  Timer timer;
  for (int i = 0; i < times; ++i) {
    const OptionalText head = HeadOf(subject.timers);
    const bool there = Ok(QueueOf(subject).Peek(&timer));
    Agree(TextOf(there, timer) == head, "the head of the timers");
    const bool polled = Ok(QueueOf(subject).Poll(&timer));
    Agree(TextOf(polled, timer) == head, "the timer that was polled");
    if (!subject.timers.empty()) subject.timers.erase(subject.timers.begin());
  }
}

void Executor::TakeOnTimers(const Step& step) {
  QueueSubject& subject = queues_[step.state % queues_.size()];
  try {
    if (step.verb == Verb::kPollTimers) return PollTimers(subject, step.n % 4);
    const std::string key = Key(step.key);
    const TimerItem item{int64_t{step.n % 32} - 5, key};
    const Timer timer{item.first, item.second, kVoidNamespace};
    const OptionalText before = HeadOf(subject.timers);
    bool changed = false;
    if (step.verb == Verb::kAddTimer) {
      subject.timers.insert(item);
      changed = Ok(QueueOf(subject).Add(timer));
    } else {
      subject.timers.erase(item);
      changed = Ok(QueueOf(subject).Remove(timer));
    }
    Agree(changed == (before != HeadOf(subject.timers)), "whether the head of the timers changed");
  } catch (const Difference& difference) {
    throw Difference("timers '" + std::string(subject.name) + "': " + difference.what());
  }
}

void Executor::CheckTimers(QueueSubject& subject) {
  TimerQueue& queue = QueueOf(subject);
  Timer head;
  const bool there = Ok(queue.Peek(&head));
  Agree(TextOf(there, head) == HeadOf(subject.timers), "the head of the timers at the end");
  Agree(Ok(queue.Size()) == subject.timers.size(), "the number of timers");
  std::set<uint32_t> groups;
  for (uint8_t key = 0; key < 6; ++key) {
    groups.insert(KeyGroupOf(backend_->key_serializer().KeyHash(Key(key)), source_.max_parallelism));
  }
  std::set<TimerItem> listed;
  for (const uint32_t group : groups) {
    Ok(queue.ForEach(group, [&](const Timer& timer) {
      listed.emplace(timer.timestamp, std::string(timer.key));
      return Status();
    }));
  }
  Agree(listed == subject.timers, "the timers by key group");
}

}  // namespace kvstate::model
