#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "kvstate/functions.h"
#include "workloads/workload.h"

namespace kvstate::workloads {
namespace {

/// Unsigned, where overflow wraps.
int64_t WrappingSum(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

struct Mean {
  using SumAndCount = std::pair<int64_t, int64_t>;
  SumAndCount Create() const { return {}; }
  void Add(SumAndCount& into, int64_t input) const { Merge(into, {input, 1}); }
  double Result(const SumAndCount& of) const { return static_cast<double>(of.first) / static_cast<double>(of.second); }
  void Merge(SumAndCount& into, const SumAndCount& from) const {
    into = {WrappingSum(into.first, from.first), WrappingSum(into.second, from.second)};
  }
};

}  // namespace

std::shared_ptr<const ReduceFunction> NamedReduceFunction(std::string_view name) {
  if (name == "sum_int64") {
    static const auto sum = MakeReduceFunction<int64_t>(
        [](int64_t& so_far, int64_t value) { so_far = WrappingSum(so_far, value); }, /*thread_safe=*/true);
    return sum;
  }
  if (name == "max_int64") {
    static const auto max = MakeReduceFunction<int64_t>(
        [](int64_t& so_far, int64_t value) { so_far = std::max(so_far, value); }, /*thread_safe=*/true);
    return max;
  }
  return nullptr;
}

std::shared_ptr<const AggregateFunction> NamedAggregateFunction(std::string_view name) {
  if (name != "mean_int64") return nullptr;
  static const auto mean = MakeAggregateFunction<int64_t, Mean::SumAndCount, double>(Mean{});
  return mean;
}

}  // namespace kvstate::workloads
