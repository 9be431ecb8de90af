#ifndef KVSTATE_WORKLOADS_OPERATORS_NEXMARK_ONE_TO_MANY_JOIN_H_
#define KVSTATE_WORKLOADS_OPERATORS_NEXMARK_ONE_TO_MANY_JOIN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/nexmark/nexmark_query.h"

namespace kvstate::workloads {

/// Inner join of two streams, one of which has at most one row a key: that row is kept for good, those of the other
/// stream only as long as they wait for it. Keys whose one row never comes keep theirs for good.
template <class One, class Many>
class OneToManyJoin : public ContinuousQuery {
 protected:
  OneToManyJoin(std::string one_name, std::string many_name)
      : one_name_(std::move(one_name)), many_name_(std::move(many_name)) {}

  virtual void EmitPair(const One& one, const Many& many) = 0;

  Status TakeOne(int64_t key, const One& one) {
    KVSTATE_RETURN_IF_ERROR(SetKeyOf(key));
    KVSTATE_RETURN_IF_ERROR(one_.Update(one));
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<Many>* waiting, waiting_.Get());
    if (waiting == nullptr) return Status();
    for (const Many& many : *waiting) EmitPair(one, many);
    return waiting_.Clear();
  }

  Status TakeMany(int64_t key, const Many& many) {
    KVSTATE_RETURN_IF_ERROR(SetKeyOf(key));
    KVSTATE_ASSIGN_OR_RETURN(const One* one, one_.Get());
    if (one == nullptr) return waiting_.Add(many);
    EmitPair(*one, many);
    return Status();
  }

 private:
  Status OpenStates() final {
    KVSTATE_RETURN_IF_ERROR(OpenState(ValueStateDescriptor<One>(one_name_), &one_));
    return OpenState(ListStateDescriptor<Many>(many_name_), &waiting_);
  }

  const std::string one_name_;
  const std::string many_name_;
  ValueState<One> one_;
  ListState<Many> waiting_;
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_NEXMARK_ONE_TO_MANY_JOIN_H_
