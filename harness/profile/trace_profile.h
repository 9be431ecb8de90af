#ifndef KVSTATE_HARNESS_PROFILE_TRACE_PROFILE_H_
#define KVSTATE_HARNESS_PROFILE_TRACE_PROFILE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "harness/probes/histogram.h"
#include "harness/profile/stack_distance.h"
#include "harness/replay/trace.h"
#include "kvstate/bytes.h"

namespace kvstate::harness {

/// What the accesses of a trace are like: its operation mix, how its key space grows, how popular keys are, how soon
/// they come again, how long state lives and how large it is. docs/metrics.md defines each.
///
/// Keys, and addresses (state, key and namespace), are told apart by 64-bit hashes. With `sample_percent` below 100 all
/// that is counted for each key or address is counted for that share of the keys, chosen by hash, and scaled up
/// (Waldspurger et al., FAST 2015); memory, some 200 bytes a key, shrinks alike.
class TraceProfile {
 public:
  static constexpr size_t kSlices = 20;

  struct Slice {
    uint64_t operations = 0;
    int64_t first_time_ms = 0;
    int64_t last_time_ms = 0;
    uint64_t keys_in_all = 0;  ///< Distinct ones until its end.
    uint64_t keys = 0;         ///< Distinct ones within it: the working set.
    uint64_t live = 0;         ///< Addresses that hold something at its end.
  };
  struct State {
    std::string name;
    std::string kind;
    std::array<uint64_t, kOperationLimit> operations = {};
  };
  /// Of the accesses, what share goes to the most popular keys.
  struct Popularity {
    double percent_of_keys;
    double percent_of_accesses;
  };

  /// `operations`: of the trace in all, as it says. REQUIRES: 0 < sample_percent <= 100.
  TraceProfile(uint64_t operations, double sample_percent);

  /// The next operation; `states` as the trace has them by then.
  void Add(const TraceOperation& operation, const std::vector<TraceState>& states);
  /// After the last one.
  void Finish();

  uint64_t operations() const { return done_; }
  double sample_percent() const { return sample_percent_; }
  const std::vector<Slice>& slices() const { return slices_; }
  const std::vector<State>& states() const { return states_; }
  uint64_t keys() const { return Scaled(keys_.size()); }
  uint64_t addresses() const { return Scaled(distances_.addresses()); }
  std::vector<Popularity> KeyPopularity() const;

  /// LRU stack distances of accesses to addresses, in addresses. First accesses have none.
  const Histogram& stack_distances() const { return stack_distances_; }
  uint64_t first_accesses() const { return Scaled(first_accesses_); }
  /// Time of the stream from an address's first write to its clearing, of those that were cleared.
  const Histogram& lifetimes_ms() const { return lifetimes_ms_; }
  uint64_t live_at_end() const { return Scaled(live_); }
  const Histogram& key_bytes() const { return key_bytes_; }
  const Histogram& namespace_bytes() const { return namespace_bytes_; }
  const Histogram& user_key_bytes() const { return user_key_bytes_; }
  const Histogram& value_bytes() const { return value_bytes_; }

 private:
  struct Key {
    uint64_t accesses = 0;
    size_t last_slice = SIZE_MAX;
  };
  uint64_t Scaled(uint64_t sampled) const;
  void AddStates(const std::vector<TraceState>& states);
  void CountSizes(const TraceOperation& operation);
  void CountKey();
  void CountAddress(uint64_t address, const TraceOperation& operation);
  void End(uint64_t address, int64_t time_ms);
  uint64_t AddressOf(uint32_t state, uint64_t namespace_hash) const;
  void EndSlice();

  const double sample_percent_;
  const uint64_t sample_below_;  ///< Of a key's hash.
  const uint64_t slice_operations_;
  uint64_t done_ = 0;
  std::vector<State> states_;
  std::vector<uint64_t> namespace_hash_;  ///< Of each state's current one.
  uint64_t key_hash_ = 0;
  bool is_sampled_ = false;  ///< The current key.
  std::unordered_map<uint64_t, Key> keys_;
  StackDistances distances_;
  Histogram stack_distances_;
  uint64_t first_accesses_ = 0;
  std::unordered_map<uint64_t, int64_t> born_ms_;  ///< Addresses that hold something.
  uint64_t live_ = 0;
  Histogram lifetimes_ms_;
  Histogram key_bytes_;
  Histogram namespace_bytes_;
  Histogram user_key_bytes_;
  Histogram value_bytes_;
  std::vector<Slice> slices_;
  Slice slice_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_PROFILE_TRACE_PROFILE_H_
