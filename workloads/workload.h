#ifndef KVSTATE_WORKLOADS_WORKLOAD_H_
#define KVSTATE_WORKLOADS_WORKLOAD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/status.h"

namespace kvstate::workloads {

/// One event of a stream. Views live until the source's next call.
struct Event {
  int64_t time_ms = 0;  ///< Event time, milliseconds; may be earlier than the event before.
  ByteView key;         ///< Raw bytes: what the stream is keyed by.
  ByteView value;       ///< Raw bytes of the payload, possibly none.
  uint32_t stream = 0;  ///< Which one, where an operator takes several: 0, 1, …
};

/// A stream of events: a seeded generator, or a file. The same seed gives the same stream, byte for byte, on every
/// machine. Not thread-safe.
class EventSource {
 public:
  virtual ~EventSource() = default;
  /// Fills `event`; false at the end of the stream.
  virtual Result<bool> Next(Event* event) = 0;
  /// Events in all, when known; 0 when not. For progress.
  virtual uint64_t size() const = 0;
  /// How many of the first events bring state to where it is to be before anything is measured, such as each key once.
  virtual uint64_t fill_events() const { return 0; }
};

/// A stream job's stateful operator, written on the public API as a job would be: it reads and writes keyed state of
/// the backend for each event. Knows no engine and no wall clock. Its keys are raw bytes (RawBytesSerializer).
class Operator {
 public:
  virtual ~Operator() = default;
  /// Makes its states. Called once, before anything else; the backend outlives the operator.
  virtual Status Open(KeyedStateBackend& backend) = 0;
  virtual Status Process(const Event& event) = 0;
  /// End of stream: fires and clears what its semantics fire then, such as open windows. State may stay.
  virtual Status Finish() = 0;
  /// A digest of what it has emitted so far: equal for equal input on every backend.
  virtual uint64_t output_digest() const = 0;
  /// Rows it has emitted so far.
  virtual uint64_t output_rows() const = 0;

  /// What it keeps outside the backend's state, such as its watermark and the digest of its output: belongs to each
  /// snapshot of the backend.
  virtual std::string Progress() const = 0;
  /// After Open on a backend restored from a snapshot: what Progress gave then. The operator goes on as that one would
  /// have. DATA_LOSS when it is not what an operator of the kind gives.
  virtual Status RestoreProgress(ByteView progress) = 0;
};

/// Parameters by name, as text: of a generator (`events`, `keys`, `zipf_theta`, …) and of an operator (`window_ms`, …).
using Parameters = std::map<std::string, std::string>;

struct ParameterSpec {
  std::string name;
  std::string default_value;
  std::string description;  ///< With the unit and what is allowed.
  bool scales = false;      ///< A number of events, keys or records that a suite's scale factor multiplies.
};

/// What there is to run: an operator together with the generator that suits it. An importer feeds the operator with
/// events of a file instead.
struct WorkloadSpec {
  std::string name;         ///< Such as "value_rmw".
  std::string description;  ///< One line.
  /// Whether the operator takes events of any source, such as a file; else it decodes those of its own.
  bool takes_any_events = true;
  std::vector<ParameterSpec> source_parameters;
  std::vector<ParameterSpec> operator_parameters;
  /// Both take the parameters that differ from the defaults. INVALID_ARGUMENT for an unknown name (listing those there
  /// are) or a value out of range (saying what is allowed).
  std::function<Result<std::unique_ptr<EventSource>>(const Parameters& parameters, uint64_t seed)> make_source;
  std::function<Result<std::unique_ptr<Operator>>(const Parameters& parameters)> make_operator;
};

/// All workloads, sorted by name; an explicit list, one line each.
const std::vector<WorkloadSpec>& Workloads();

/// INVALID_ARGUMENT, listing the names there are, when there is none of that name.
Result<const WorkloadSpec*> FindWorkload(std::string_view name);

/// ReduceFunctions that a trace can name, so that a replay has them without the operator. Null when there is none.
/// "sum_int64": int64 sum, wrapping, thread-safe. "max_int64": the larger, thread-safe.
std::shared_ptr<const ReduceFunction> NamedReduceFunction(std::string_view name);
/// The same of AggregateFunctions. "mean_int64": of int64 inputs the mean, a double; the accumulator is a pair of
/// int64, their sum and number.
std::shared_ptr<const AggregateFunction> NamedAggregateFunction(std::string_view name);

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_WORKLOAD_H_
