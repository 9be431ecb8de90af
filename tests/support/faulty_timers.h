#ifndef KVSTATE_TESTS_SUPPORT_FAULTY_TIMERS_H_
#define KVSTATE_TESTS_SUPPORT_FAULTY_TIMERS_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "kvstate/keyed_state_backend.h"
#include "kvstate/timers.h"
#include "tests/support/faulty_backend.h"

namespace kvstate::testing_support {

/// Timestamp, canonical key and namespace.
using OwnedTimer = std::tuple<int64_t, std::string, std::string>;

/// The Timers of a backend, with one fault.
class FaultyTimers final : public Timers {
 public:
  FaultyTimers(KeyedStateBackend& backend, Fault fault);
  ~FaultyTimers() override;

  Result<TimerQueue*> GetOrCreateQueue(std::string_view name, SerializerPtr namespace_serializer,
                                       TimerStorage storage) override;
  std::vector<std::string> QueueNames() const override { return inner_->QueueNames(); }
  bool HasCurrentKey() const override { return inner_->HasCurrentKey(); }

  /// `whole` has restored what the backend has restored, of all key groups.
  void KeepForeign(std::unique_ptr<KeyedStateBackend> whole) { whole_ = std::move(whole); }
  /// Takes a timer out of a queue, and puts it back.
  Status TakeOne();
  Status PutItBack();

 private:
  class Queue;

  Result<std::vector<OwnedTimer>> ForeignOf(std::string_view name, const SerializerPtr& namespace_serializer);

  KeyedStateBackend& backend_;
  Timers* const inner_;
  const Fault fault_;
  std::map<std::string, std::unique_ptr<Queue>, std::less<>> queues_;
  std::unique_ptr<KeyedStateBackend> whole_;
  std::optional<std::pair<Queue*, OwnedTimer>> taken_;
};

}  // namespace kvstate::testing_support

#endif  // KVSTATE_TESTS_SUPPORT_FAULTY_TIMERS_H_
