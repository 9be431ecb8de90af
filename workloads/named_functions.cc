#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>

#include "kvstate/functions.h"
#include "workloads/workload.h"

namespace kvstate::workloads {

std::shared_ptr<const ReduceFunction> NamedReduceFunction(std::string_view name) {
  if (name == "sum_int64") {
    // Unsigned, where overflow wraps.
    static const auto sum = MakeReduceFunction<int64_t>(
        [](int64_t& sum_so_far, int64_t value) {
          sum_so_far = static_cast<int64_t>(static_cast<uint64_t>(sum_so_far) + static_cast<uint64_t>(value));
        },
        /*thread_safe=*/true);
    return sum;
  }
  if (name == "max_int64") {
    static const auto max = MakeReduceFunction<int64_t>(
        [](int64_t& so_far, int64_t value) { so_far = std::max(so_far, value); }, /*thread_safe=*/true);
    return max;
  }
  return nullptr;
}

}  // namespace kvstate::workloads
