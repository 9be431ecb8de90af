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

}  // namespace

void Executor::SetClock(int64_t millis) {
  source_.clock->SetMillis(millis);
  for (Subject& subject : subjects_) {
    for (const Place& place : subject.Expire(millis, &latest_expiry_)) Note(subject, place);
  }
}

void Executor::AdvanceClock(const Step& step) {
  if (step.n % 4 != 0) return MeetAnExpiry(step);
  SetClock(now() + int64_t{step.n} * (step.key % 2 == 0 ? 1 : 4));
}

void Executor::MeetAnExpiry(const Step& step) {
  struct Expiry {
    int64_t moment = 0;
    Place place;
    Subject* subject = nullptr;
  };
  std::vector<Expiry> all;
  for (Subject& subject : subjects_) {
    if (!subject.attached()) continue;
    for (auto& [moment, place] : subject.Expiries()) all.push_back({moment, std::move(place), &subject});
  }
  if (all.empty()) return;
  // Rather a near one, so that others stay.
  std::stable_sort(all.begin(), all.end(), [](const Expiry& a, const Expiry& b) { return a.moment < b.moment; });
  const Expiry& met = all[step.user_key * all.size() / 16];
  SetClock(met.moment - step.state_namespace % 2);
  try {
    SetKey(met.place.first);
    SetNamespace(*met.subject, met.place.second);
    CheckPlace(*met.subject, met.place);
  } catch (const Difference& difference) {
    throw Difference("state '" + met.subject->name() + "', by its expiry: " + difference.what());
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

TimerItem Executor::ItemOf(const Timer& timer) const {
  const std::string key(timer.key);
  return {timer.timestamp, raw_keys_ ? Encode(key) : key};
}

OptionalText Executor::TimerText(bool any, const Timer& timer) const {
  if (!any) return std::nullopt;
  Agree(timer.state_namespace == kVoidNamespace, "a timer's namespace");
  return HeadOf({ItemOf(timer)});
}

void Executor::PollTimers(QueueSubject& subject, int times) {
  Timer timer;
  for (int i = 0; i < times; ++i) {
    const OptionalText head = HeadOf(subject.timers);
    const bool there = Ok(QueueOf(subject).Peek(&timer));
    Agree(TimerText(there, timer) == head, "the head of the timers");
    const bool polled = Ok(QueueOf(subject).Poll(&timer));
    Agree(TimerText(polled, timer) == head, "the timer that was polled");
    if (!subject.timers.empty()) subject.timers.erase(subject.timers.begin());
  }
}

void Executor::TakeOnTimers(const Step& step) {
  QueueSubject& subject = queues_[step.state % queues_.size()];
  try {
    if (step.verb == Verb::kPollTimers) return PollTimers(subject, step.n % 4);
    const std::string key = Key(step.key);
    const Timer timer{int64_t{step.n % 8} - 3, key, kVoidNamespace};
    const TimerItem item = ItemOf(timer);
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
  Agree(TimerText(there, head) == HeadOf(subject.timers), "the head of the timers at the end");
  Agree(Ok(queue.Size()) == subject.timers.size(), "the number of timers");
  std::set<uint32_t> groups;
  for (uint8_t key = 0; key < 6; ++key) {
    groups.insert(KeyGroupOf(backend_->key_serializer().KeyHash(Key(key)), source_.max_parallelism));
  }
  std::set<TimerItem> listed;
  for (const uint32_t group : groups) {
    Ok(queue.ForEach(group, [&](const Timer& timer) {
      listed.insert(ItemOf(timer));
      return Status();
    }));
  }
  Agree(listed == subject.timers, "the timers by key group");
}

}  // namespace kvstate::model
