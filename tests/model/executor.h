#ifndef KVSTATE_TESTS_MODEL_EXECUTOR_H_
#define KVSTATE_TESTS_MODEL_EXECUTOR_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "kvstate/keyed_state_backend.h"
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

/// Takes the steps of a program on a backend and on the model at once. Throws Difference.
class Executor {
 public:
  Executor(std::unique_ptr<KeyedStateBackend> backend, bool raw_keys);

  void Take(const Step& step);
  void CheckAll();
  /// Walks all that is held to its end, then checks all.
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
  /// Brings all debts up to date after the content of `place` changed.
  void Note(Subject& subject, const Place& place);

  std::unique_ptr<KeyedStateBackend> backend_;
  const bool raw_keys_;
  std::vector<Subject> subjects_;
  OptionalText current_key_;
  std::vector<HeldMapWalk> walks_;
  std::vector<HeldKeys> keys_;
  std::vector<HeldVisitor> visitors_;
};

/// Texts of length 0 to 600, by number.
std::string TextOf(uint8_t number);

}  // namespace kvstate::model

#endif  // KVSTATE_TESTS_MODEL_EXECUTOR_H_
