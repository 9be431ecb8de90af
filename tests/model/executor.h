#ifndef KVSTATE_TESTS_MODEL_EXECUTOR_H_
#define KVSTATE_TESTS_MODEL_EXECUTOR_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "kvstate/backend_registry.h"
#include "kvstate/checkpoint_store.h"
#include "kvstate/clock.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/snapshots.h"
#include "kvstate/timers.h"
#include "tests/model/program.h"
#include "tests/model/subject.h"

namespace kvstate::model {

/// What a held walk owes: all that was there during the whole of it, and nothing that never was.
template <class Item>
struct Debt {
  std::set<Item> must;                          ///< There since the walk began.
  std::map<Item, std::set<OptionalText>> ever;  ///< Values that an item has had since then.
  std::set<Item> given;

  void Settle(const char* walk) const {
    for (const Item& item : must) Agree(given.contains(item), std::string(walk) + " left out what was there all along");
  }
};

/// One map, walked in order.
struct HeldMapWalk {
  Subject* subject = nullptr;
  Place place;
  std::unique_ptr<MapIterator> iterator;
  Debt<std::string> debt;
  OptionalText at;  ///< The user key that it stands on.
  OptionalText last;
};

/// The keys under one namespace, or all pairs.
struct HeldKeys {
  Subject* subject = nullptr;
  OptionalText state_namespace;
  std::unique_ptr<KeyIterator> iterator;
  Debt<Place> debt;
};

/// All entries of a state.
struct HeldVisitor {
  Subject* subject = nullptr;
  std::unique_ptr<StateVisitor> visitor;
  Debt<std::tuple<std::string, std::string, std::string>> debt;
};

/// Where an executor's backends come from.
struct BackendSource {
  const BackendFactory* factory = nullptr;
  const BackendRegistry* others = nullptr;  ///< For savepoints; may be null.
  std::shared_ptr<ManualClock> clock;
  uint32_t max_parallelism = 1;
  std::function<std::unique_ptr<KeyedStateBackend>(const BackendFactory& factory, KeyGroupRange range)> make;
};

/// Timestamp, and canonical key as it stands in a composite key, under the void namespace: in the order of a queue.
using TimerItem = std::pair<int64_t, std::string>;

/// A queue of timers, and the model of it.
struct QueueSubject {
  const char* name = nullptr;
  TimerStorage storage = TimerStorage::kHeap;
  TimerQueue* queue = nullptr;  ///< Null: not made or asked for yet.
  std::set<TimerItem> timers;
};

/// What all subjects and queues held at one moment, in their order.
struct Moment {
  std::vector<std::map<Place, Content>> contents;
  std::vector<std::set<TimerItem>> timers;
};

/// A snapshot that is neither complete nor aborted.
struct HeldSnapshot {
  uint64_t id = 0;
  SnapshotKind kind = SnapshotKind::kFullCheckpoint;
  std::unique_ptr<SnapshotTask> task;
  std::optional<KeyedStateHandle> handle;  ///< Once it ran.
};

/// Takes the steps of a program on a backend and on the model at once. Throws Difference.
class Executor {
 public:
  Executor(BackendSource source, const Program& program);

  void Take(const Step& step);
  void CheckAll();
  /// Walks all that is held to its end, then checks all; after snapshots once more, by way of a last one.
  void Finish();

 private:
  void TakeOn(Subject& subject, const Step& step);
  /// Makes key and namespace of the step current.
  Place Set(Subject& subject, const Step& step);
  void SetKey(const std::string& key);
  void SetNamespace(Subject& subject, const std::string& state_namespace);
  std::string Key(uint8_t number) const;
  std::string Namespace(const Subject& subject, uint8_t number) const;

  void CheckPlace(Subject& subject, const Place& place);
  void CheckMap(Subject& subject, const Content& content);
  void CheckBytes(Subject& subject, const Content& content);
  void CheckSubject(Subject& subject);

  void Write(Subject& subject, const Place& place, const Step& step, bool null);
  void Add(Subject& subject, const Place& place, const Step& step);
  void AddAll(Subject& subject, const Place& place, const Step& step);
  void Clear(Subject& subject, const Place& place);
  void Remove(Subject& subject, const Place& place, const Step& step);
  void Move(Subject& subject, const Place& place, const Step& step);
  void Merge(Subject& subject, const Place& place, const Step& step);
  void PutBytes(Subject& subject, const Place& place, const Step& step);
  void AddBytes(Subject& subject, const Place& place, const Step& step);
  void RemoveState(Subject& subject);
  /// Makes the state, or claims a restored one, if that was not done yet.
  void Attach(Subject& subject);
  void ApplyToAllKeys(Subject& subject, const Step& step);
  /// What the function does that is applied.
  Status Visit(Subject& subject, const Place& place, const Step& step, uint8_t what);

  void OpenWalk(Subject& subject, const Place& place);
  void StepWalk(const Step& step);
  bool StepOnce(HeldMapWalk& walk);
  void ChangeAtWalk(const Step& step, bool remove);
  void OpenKeys(Subject& subject, const Step& step);
  void StepKeys(const Step& step);
  void OpenVisitor(Subject& subject);
  void StepVisitor(const Step& step);
  void ChangeAtVisitor(HeldVisitor& held, const StateEntry& entry, uint8_t what);

  int64_t now() const { return source_.clock->NowMillis(); }
  void SetClock(int64_t millis);
  void AdvanceClock(const Step& step);
  /// Sets the clock to the moment at which something expires, or to the one before, and looks at it.
  void MeetAnExpiry(const Step& step);
  void Sweep(const Step& step);

  TimerQueue& QueueOf(QueueSubject& subject);
  TimerItem ItemOf(const Timer& timer) const;
  OptionalText TimerText(bool any, const Timer& timer) const;
  void TakeOnTimers(const Step& step);
  void PollTimers(QueueSubject& subject, int times);
  void CheckTimers(QueueSubject& subject);

  void BeginSnapshot(const Step& step);
  void EndSnapshot(const Step& step);
  void Restore(const Step& step);
  /// Of the same state, by way of two backends that have a half of it each.
  CheckpointMetadata Rescaled(const CheckpointMetadata& from, const Step& step);
  Snapshots& snapshots() const;
  /// A backend that restores that handle.
  const BackendFactory* FactoryFor(const KeyedStateHandle& handle, uint8_t which) const;
  void AbortHeldSnapshots();
  void CheckNumEntries(const std::string& what);

  /// Brings all debts up to date after the content of `place` changed.
  void Note(Subject& subject, const Place& place);

  const BackendSource source_;
  std::unique_ptr<KeyedStateBackend> backend_;
  const bool raw_keys_;
  std::vector<Subject> subjects_;
  std::vector<QueueSubject> queues_ = {{"heap", TimerStorage::kHeap, nullptr, {}},
                                       {"stored", TimerStorage::kBackend, nullptr, {}}};
  int64_t latest_expiry_ = INT64_MIN;  ///< Of anything that has expired: the clock does not go back behind it.
  OptionalText current_key_;
  std::vector<HeldMapWalk> walks_;
  std::vector<HeldKeys> keys_;
  std::vector<HeldVisitor> visitors_;

  std::unique_ptr<CheckpointStore> store_;
  std::map<uint64_t, Moment> moments_;  ///< By id of the snapshot.
  std::vector<HeldSnapshot> held_;
};

/// What the clock shows first.
inline constexpr int64_t kFirstMillis = 1'000'000;

/// Texts of length 0 to 600, by number.
std::string TextOf(uint8_t number);

}  // namespace kvstate::model

#endif  // KVSTATE_TESTS_MODEL_EXECUTOR_H_
