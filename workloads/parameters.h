#ifndef KVSTATE_WORKLOADS_PARAMETERS_H_
#define KVSTATE_WORKLOADS_PARAMETERS_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/status.h"
#include "workloads/workload.h"

namespace kvstate::workloads {

/// Reads parameters given as text against the list of those there are. Each getter gives the value given, else the
/// documented default. After a mistake getters give their smallest or first value, and status() tells the first one.
///
/// Borrows what it is constructed with.
class ParameterReader {
 public:
  /// `whose` begins the messages, such as "operator of workload value_rmw".
  ParameterReader(std::string whose, const std::vector<ParameterSpec>& specs, const Parameters& given);

  /// Within [min, max]. REQUIRES: `name` is in specs; so for the other getters.
  int64_t Integer(std::string_view name, int64_t min, int64_t max);
  uint64_t Count(std::string_view name, uint64_t min, uint64_t max) {
    return static_cast<uint64_t>(Integer(name, static_cast<int64_t>(min), static_cast<int64_t>(max)));
  }
  double Real(std::string_view name, double min, double max);
  /// The index of the value in `choices`.
  size_t Choice(std::string_view name, std::initializer_list<std::string_view> choices);
  bool IsGiven(std::string_view name) const;

  /// Says what `name` may be, where that depends on other parameters.
  void Refuse(std::string_view name, std::string_view allowed);
  const Status& status() const { return status_; }

 private:
  std::string_view Text(std::string_view name) const;

  const std::string whose_;
  const std::vector<ParameterSpec>& specs_;
  const Parameters& given_;
  Status status_;
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_PARAMETERS_H_
