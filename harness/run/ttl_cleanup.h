#ifndef KVSTATE_HARNESS_RUN_TTL_CLEANUP_H_
#define KVSTATE_HARNESS_RUN_TTL_CLEANUP_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/replay/trace.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// How a replay treats states with a time to live: each is one way of cleanup and no other.
enum class TtlStrategy : uint8_t {
  kNoTtl,             ///< As if the states had no time to live: nothing expires.
  kNoCleanup,         ///< Expired values leave by an access that meets them alone.
  kFullSnapshot,      ///< As kNoCleanup, and left out of full snapshots.
  kIncremental,       ///< Five entries looked at for each access.
  kCompactionFilter,  ///< By the engine while it compacts.
  kSweep,             ///< By calls of TtlSweep::Sweep, besides the engine's filter where it has one.
  kDefault,           ///< As a program gets it that does not ask.
};

struct TtlSettings {
  std::vector<TtlStrategy> strategies;  ///< Each once, in this order.
  uint64_t moments = 32;                ///< At which what is stored is looked at, evenly over the trace's time.
  uint64_t sweep_interval_ms = 1000;    ///< Of the trace's time between two calls of Sweep, of kSweep.
  uint64_t sweep_entries = 5000;        ///< That one of them looks at.
  friend bool operator==(const TtlSettings&, const TtlSettings&) = default;
};

inline constexpr uint64_t kMaxTtlMoments = 1000;

/// Such as "no_ttl".
std::string_view TtlStrategyName(TtlStrategy strategy);
/// From names with commas between them, or "all". INVALID_ARGUMENT, listing those there are, for any other, for one
/// that stands twice, and for none.
Result<std::vector<TtlStrategy>> ParseTtlStrategies(std::string_view names);

/// The state with the strategy's cleanup. One without a time to live stays as it is.
StateDescriptor WithStrategy(StateDescriptor descriptor, TtlStrategy strategy);
/// Whether values of the state expire.
bool Expires(const StateDescriptor& descriptor);
/// Whether what reads find depends on when expired values are cleaned up: some state may return them until then.
bool ReadsDependOnCleanup(const std::vector<TraceState>& states);
/// Whether the backend takes states with the strategy's cleanup. Makes and removes one to find out.
Result<bool> Supports(KeyedStateBackend& backend, TtlStrategy strategy);

/// A trace whose states have the cleanup of a strategy. Borrows the trace.
class StrategyTrace final : public TraceSource {
 public:
  StrategyTrace(TraceSource* trace, TtlStrategy strategy) : trace_(*trace), strategy_(strategy) { TakeStates(); }
  const TraceHeader& header() const override { return trace_.header(); }
  const std::vector<TraceState>& states() const override { return states_; }
  Result<const std::vector<TraceOperation>*> NextChunk() override;
  Status Rewind() override { return trace_.Rewind(); }
  uint64_t operations() const override { return trace_.operations(); }
  uint64_t fill_operations() const override { return trace_.fill_operations(); }
  std::string_view name() const override { return trace_.name(); }

 private:
  void TakeStates();

  TraceSource& trace_;
  const TtlStrategy strategy_;
  std::vector<TraceState> states_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_RUN_TTL_CLEANUP_H_
