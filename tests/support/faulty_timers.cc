#include "tests/support/faulty_timers.h"

#include <functional>

#include "kvstate/extension.h"
#include "kvstate/key_group.h"

namespace kvstate::testing_support {

namespace {

OwnedTimer Owned(const Timer& timer) {
  return {timer.timestamp, std::string(timer.key), std::string(timer.state_namespace)};
}
Timer ViewOf(const OwnedTimer& timer) { return {std::get<0>(timer), std::get<1>(timer), std::get<2>(timer)}; }

uint32_t GroupOf(const KeyedStateBackend& backend, ByteView key) {
  return KeyGroupOf(backend.key_serializer().KeyHash(key), backend.max_parallelism());
}

}  // namespace

class FaultyTimers::Queue final : public TimerQueue {
 public:
  Queue(const KeyedStateBackend& backend, TimerQueue& inner, Fault fault, std::vector<OwnedTimer> foreign)
      : backend_(backend), inner_(inner), fault_(fault), foreign_(std::move(foreign)) {}

  TimerQueue& inner() { return inner_; }

  Result<bool> Add(const Timer& timer) override {
    if (fault_ != Fault::kTimersDoubled) return inner_.Add(timer);
    KVSTATE_ASSIGN_OR_RETURN(const uint64_t before, inner_.Size());
    KVSTATE_ASSIGN_OR_RETURN(const bool changed, inner_.Add(timer));
    KVSTATE_ASSIGN_OR_RETURN(const uint64_t after, inner_.Size());
    if (after == before) ++again_[Owned(timer)];
    return changed;
  }
  Result<bool> Remove(const Timer& timer) override {
    again_.erase(Owned(timer));
    return inner_.Remove(timer);
  }
  Result<bool> Peek(Timer* head) override {
    KVSTATE_ASSIGN_OR_RETURN(const bool found, inner_.Peek(head));
    if (found && fault_ == Fault::kTimersUnordered) KVSTATE_RETURN_IF_ERROR(LastOfItsTime(head));
    if (found || foreign_.empty()) return found;
    *head = ViewOf(foreign_.back());
    return true;
  }
  Result<bool> Poll(Timer* head) override {
    KVSTATE_ASSIGN_OR_RETURN(const bool found, Peek(head));
    if (!found) return false;
    handed_out_ = Owned(*head);
    *head = ViewOf(handed_out_);
    if (const auto again = again_.find(handed_out_); again != again_.end()) {
      again_.erase(again);
      return true;
    }
    if (!foreign_.empty() && foreign_.back() == handed_out_) {
      foreign_.pop_back();
      return true;
    }
    KVSTATE_RETURN_IF_ERROR(inner_.Remove(*head).status());
    return true;
  }
  Result<uint64_t> Size() override {
    KVSTATE_ASSIGN_OR_RETURN(const uint64_t size, inner_.Size());
    return size + again_.size() + foreign_.size();
  }
  Status ForEach(uint32_t key_group, const std::function<Status(const Timer& timer)>& visit) override {
    return inner_.ForEach(key_group, visit);
  }

 private:
  Status LastOfItsTime(Timer* head) {
    last_ = Owned(*head);
    KVSTATE_RETURN_IF_ERROR(inner_.ForEach(GroupOf(backend_, head->key), [&](const Timer& timer) {
      if (timer.timestamp == std::get<0>(last_)) last_ = Owned(timer);
      return Status();
    }));
    *head = ViewOf(last_);
    return Status();
  }

  const KeyedStateBackend& backend_;
  TimerQueue& inner_;
  const Fault fault_;
  std::map<OwnedTimer, int> again_;  ///< What was added though it was there.
  std::vector<OwnedTimer> foreign_;
  OwnedTimer last_;
  OwnedTimer handed_out_;
};

FaultyTimers::FaultyTimers(KeyedStateBackend& backend, Fault fault)
    : backend_(backend), inner_(kvstate::GetExtension<Timers>(backend)), fault_(fault) {}

FaultyTimers::~FaultyTimers() = default;

Result<std::vector<OwnedTimer>> FaultyTimers::ForeignOf(std::string_view name,
                                                        const SerializerPtr& namespace_serializer) {
  std::vector<OwnedTimer> foreign;
  if (whole_ == nullptr) return foreign;
  KVSTATE_ASSIGN_OR_RETURN(TimerQueue * all, kvstate::GetExtension<Timers>(*whole_)->GetOrCreateQueue(
                                                 name, namespace_serializer, TimerStorage::kHeap));
  Timer timer;
  while (true) {
    KVSTATE_ASSIGN_OR_RETURN(const bool found, all->Poll(&timer));
    if (!found) return foreign;
    if (!backend_.key_group_range().Contains(GroupOf(backend_, timer.key))) foreign.push_back(Owned(timer));
  }
}

Result<TimerQueue*> FaultyTimers::GetOrCreateQueue(std::string_view name, SerializerPtr namespace_serializer,
                                                   TimerStorage storage) {
  KVSTATE_ASSIGN_OR_RETURN(TimerQueue * inner, inner_->GetOrCreateQueue(name, namespace_serializer, storage));
  const auto found = queues_.find(name);
  if (found != queues_.end()) return found->second.get();
  KVSTATE_ASSIGN_OR_RETURN(std::vector<OwnedTimer> foreign, ForeignOf(name, namespace_serializer));
  auto queue = std::make_unique<Queue>(backend_, *inner, fault_, std::move(foreign));
  return queues_.emplace(name, std::move(queue)).first->second.get();
}

Status FaultyTimers::TakeOne() {
  for (const auto& [name, queue] : queues_) {
    Timer timer;
    KVSTATE_ASSIGN_OR_RETURN(const bool found, queue->inner().Poll(&timer));
    if (!found) continue;
    taken_.emplace(queue.get(), Owned(timer));
    break;
  }
  return Status();
}

Status FaultyTimers::PutItBack() {
  if (!taken_.has_value()) return Status();
  const auto [queue, timer] = *taken_;
  taken_.reset();
  return queue->inner().Add(ViewOf(timer)).status();
}

}  // namespace kvstate::testing_support
