#ifndef KVSTATE_TESTS_CONFORMANCE_TTL_SUBJECT_H_
#define KVSTATE_TESTS_CONFORMANCE_TTL_SUBJECT_H_

#include <cstdint>
#include <random>
#include <string>

#include "kvstate/keyed_state_backend.h"
#include "kvstate/serialized_access.h"
#include "kvstate/state_descriptor.h"
#include "tests/support/ttl_model.h"

namespace kvstate::conformance {

/// A state of that kind, over texts, under raw namespaces, queryable, for a model to stand beside.
StateDescriptor TtlSubjectDescriptor(StateKind kind, const TtlConfig& ttl);

/// A state of a TtlSubjectDescriptor and its model, and random steps that are taken on both.
class TtlSubject {
 public:
  TtlSubject(KeyedStateBackend& backend, const StateDescriptor& descriptor);

  /// A random read or write at a random place, at that time. Empty, or what was wrong.
  std::string Step(std::mt19937_64& random, int64_t now);
  /// Compares all that can be looked at without counting as a read.
  std::string Look(int64_t now);
  /// Reads every place.
  std::string ReadAll(int64_t now);

  testing_support::TtlModel& model() { return model_; }
  const testing_support::TtlModel& model() const { return model_; }

 private:
  using Place = testing_support::TtlModel::Place;

  std::string Read(const Place& place, uint64_t how, int64_t now);
  std::string ReadMap(const Place& place, uint64_t how, int64_t now);
  void Write(const Place& place, uint64_t how, int64_t now);
  void WriteList(const Place& place, uint64_t how, int64_t now);
  void WriteMap(const Place& place, uint64_t how, int64_t now);
  void Merge(const Place& place, int64_t now);
  void SetPlace(const Place& place);
  std::string NewText() { return "t" + std::to_string(++texts_); }
  SerializedAccess& access();
  template <class Interface>
  Interface& As() {
    return static_cast<Interface&>(state_);
  }
  testing_support::SeenItems Items(const void* value) const;

  KeyedStateBackend& backend_;
  InternalKVState& state_;
  const StateKind kind_;
  testing_support::TtlModel model_;
  int texts_ = 0;
};

}  // namespace kvstate::conformance

#endif  // KVSTATE_TESTS_CONFORMANCE_TTL_SUBJECT_H_
