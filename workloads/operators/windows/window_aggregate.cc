#include "workloads/operators/windows/window_aggregate.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <string>
#include <utility>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/event_measure.h"
#include "workloads/operators/operator_support.h"

namespace kvstate::workloads {
namespace {

constexpr const char* kStateName = "window";

/// What states have in common, of whatever kind.
template <class State>
class StateAggregate : public WindowAggregate {
 public:
  Status Clear(const TimeWindow& window) override {
    KVSTATE_RETURN_IF_ERROR(state_.SetCurrentNamespace(window));
    return state_.Clear();
  }
  Status Merge(const TimeWindow& target, const std::vector<TimeWindow>& sources) override {
    if constexpr (requires { state_.MergeNamespaces(target, sources); }) {
      return state_.MergeNamespaces(target, sources);
    } else {
      return UnimplementedError("state \"window\": a value state has no function to merge windows with");
    }
  }

 protected:
  State& state() { return state_; }

 private:
  State state_;
};

class ReducingAggregate final : public StateAggregate<ReducingState<int64_t>> {
 public:
  Status Open(KeyedStateBackend& backend) override {
    const ReducingStateDescriptor<int64_t> descriptor(kStateName, reduce_);
    return OpenStateOf<TimeWindow>(backend, descriptor, &state());
  }
  Status Add(const TimeWindow& window, const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(state().SetCurrentNamespace(window));
    return state().Add(MeasureOf(event));
  }
  void BeginResult() override { sum_ = 0; }
  Result<bool> Gather(const TimeWindow& window) override {
    KVSTATE_RETURN_IF_ERROR(state().SetCurrentNamespace(window));
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* sum, state().Get());
    if (sum != nullptr) reduce_->Reduce(&sum_, sum);
    return sum != nullptr;
  }
  void PutResult(ByteWriter& row) override { row.PutFixed64(static_cast<uint64_t>(sum_)); }

 private:
  const std::shared_ptr<const ReduceFunction> reduce_ = NamedReduceFunction("sum_int64");
  int64_t sum_ = 0;
};

class AggregatingAggregate final
    : public StateAggregate<AggregatingState<int64_t, std::pair<int64_t, int64_t>, double>> {
 public:
  explicit AggregatingAggregate(bool of_panes) : of_panes_(of_panes) {}

  Status Open(KeyedStateBackend& backend) override {
    const AggregatingStateDescriptor<int64_t, SumAndCount, double> descriptor(kStateName, aggregate_);
    return OpenStateOf<TimeWindow>(backend, descriptor, &state());
  }
  Status Add(const TimeWindow& window, const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(state().SetCurrentNamespace(window));
    return state().Add(MeasureOf(event));
  }
  void BeginResult() override { aggregate_->CreateAccumulator(&gathered_); }
  Result<bool> Gather(const TimeWindow& window) override {
    KVSTATE_RETURN_IF_ERROR(state().SetCurrentNamespace(window));
    if (!of_panes_) {
      KVSTATE_ASSIGN_OR_RETURN(const double* mean, state().Get());
      if (mean != nullptr) mean_ = *mean;
      return mean != nullptr;
    }
    KVSTATE_ASSIGN_OR_RETURN(const SumAndCount* of_pane, state().GetInternal());
    if (of_pane != nullptr) aggregate_->Merge(&gathered_, of_pane);
    return of_pane != nullptr;
  }
  void PutResult(ByteWriter& row) override {
    if (of_panes_) aggregate_->GetResult(&gathered_, &mean_);
    row.PutFixed64(std::bit_cast<uint64_t>(mean_));
  }

 private:
  using SumAndCount = std::pair<int64_t, int64_t>;

  const std::shared_ptr<const AggregateFunction> aggregate_ = NamedAggregateFunction("mean_int64");
  const bool of_panes_;
  SumAndCount gathered_;
  double mean_ = 0;
};

class ValueAggregate final : public StateAggregate<ValueState<int64_t>> {
 public:
  Status Open(KeyedStateBackend& backend) override {
    return OpenStateOf<TimeWindow>(backend, ValueStateDescriptor<int64_t>(kStateName), &state());
  }
  Status Add(const TimeWindow& window, const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(state().SetCurrentNamespace(window));
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* sum, state().Get());
    return state().Update((sum == nullptr ? 0 : *sum) + MeasureOf(event));
  }
  void BeginResult() override { sum_ = 0; }
  Result<bool> Gather(const TimeWindow& window) override {
    KVSTATE_RETURN_IF_ERROR(state().SetCurrentNamespace(window));
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* sum, state().Get());
    if (sum != nullptr) sum_ += *sum;
    return sum != nullptr;
  }
  void PutResult(ByteWriter& row) override { row.PutFixed64(static_cast<uint64_t>(sum_)); }

 private:
  int64_t sum_ = 0;
};

class ListAggregate final : public StateAggregate<ListState<std::pair<int64_t, std::string>>> {
 public:
  explicit ListAggregate(uint64_t percentile) : percentile_(percentile) {}

  Status Open(KeyedStateBackend& backend) override {
    return OpenStateOf<TimeWindow>(backend, ListStateDescriptor<Element>(kStateName), &state());
  }
  Status Add(const TimeWindow& window, const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(state().SetCurrentNamespace(window));
    element_.first = MeasureOf(event);
    element_.second.assign(event.value);
    return state().Add(element_);
  }
  void BeginResult() override { measures_.clear(); }
  Result<bool> Gather(const TimeWindow& window) override {
    KVSTATE_RETURN_IF_ERROR(state().SetCurrentNamespace(window));
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<Element>* elements, state().Get());
    if (elements == nullptr) return false;
    for (const Element& element : *elements) measures_.push_back(element.first);
    return true;
  }
  void PutResult(ByteWriter& row) override {
    const size_t rank = (measures_.size() * percentile_ + 99) / 100;
    const auto at = measures_.begin() + static_cast<ptrdiff_t>(rank == 0 ? 0 : rank - 1);
    std::nth_element(measures_.begin(), at, measures_.end());
    row.PutFixed64(measures_.size());
    row.PutFixed64(static_cast<uint64_t>(*at));
  }

 private:
  using Element = std::pair<int64_t, std::string>;

  const uint64_t percentile_;
  Element element_;
  std::vector<int64_t> measures_;
};

}  // namespace

std::unique_ptr<WindowAggregate> MakeReducingAggregate() { return std::make_unique<ReducingAggregate>(); }

std::unique_ptr<WindowAggregate> MakeAggregatingAggregate(bool of_panes) {
  return std::make_unique<AggregatingAggregate>(of_panes);
}

std::unique_ptr<WindowAggregate> MakeValueAggregate() { return std::make_unique<ValueAggregate>(); }

std::unique_ptr<WindowAggregate> MakeListAggregate(uint64_t percentile) {
  return std::make_unique<ListAggregate>(percentile);
}

}  // namespace kvstate::workloads
