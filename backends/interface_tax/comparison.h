#ifndef KVSTATE_BACKENDS_INTERFACE_TAX_COMPARISON_H_
#define KVSTATE_BACKENDS_INTERFACE_TAX_COMPARISON_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/interface_tax/dataset.h"
#include "backends/interface_tax/side.h"

namespace kvstate::interface_tax {

/// A backend and what it is compared with.
struct Contestant {
  std::string_view backend;
  std::unique_ptr<Side> (*make_direct)(const SideOptions&);
  double target_ratio;  ///< Of kvstate's time to the direct one, in the median over the operations.
  size_t slice_operations;
};

const std::vector<Contestant>& Contestants();

struct ComparisonOptions {
  uint64_t keys = 0;
  std::string directory;     ///< Each data set gets a directory of its own in here.
  bool noise_floor = false;  ///< Compare the direct side with another one of its kind.
};

/// Both sides loaded with the same data, for as long as operations on it are measured.
class Match {
 public:
  Match(const Contestant& contestant, Shape shape, size_t value_bytes, const ComparisonOptions& options);
  ~Match();
  Match(const Match&) = delete;
  Match& operator=(const Match&) = delete;

  Side& direct() { return *direct_; }
  Side& kvstate() { return *kvstate_; }
  AccessPlan& plan() { return plan_; }
  void Settle();
  /// Says that lists grew by so much on each side. Cuts them back when they get too large to keep: appends are as many
  /// as time allows.
  void AddedToLists(uint64_t bytes);

 private:
  AccessPlan plan_;
  uint64_t added_bytes_ = 0;
  const std::string directory_;
  std::unique_ptr<Side> direct_;
  std::unique_ptr<Side> kvstate_;
};

/// One operation of one backend on values of one size, and the time that both sides took for it, slice by slice.
class Comparison {
 public:
  Comparison(const Contestant& contestant, Operation operation, size_t value_bytes, const ComparisonOptions& options);

  /// "rocksdb/get_hit/100".
  std::string name() const;
  const Contestant& contestant() const { return contestant_; }
  Operation operation() const { return operation_; }
  size_t value_bytes() const { return value_bytes_; }
  size_t slice_operations() const { return slice_operations_; }

  /// What one slice took: the processor's time of the measuring thread, and the clock's.
  struct Time {
    double cpu_seconds = 0;
    double wall_seconds = 0;
  };
  struct Pair {
    Time direct;
    Time kvstate;
    double cpu_ratio() const { return kvstate.cpu_seconds / direct.cpu_seconds; }
    double wall_ratio() const { return kvstate.wall_seconds / direct.wall_seconds; }
  };
  const std::vector<Pair>& pairs() const { return pairs_; }

  /// Runs the next slice on both sides, one after the other, and keeps its times. Which side is first alternates.
  /// Calls `pause` before and `resume` after the part that is not the measured side's. Throws when the sides disagree.
  template <class Pause, class Resume>
  void RunPair(Match& match, bool measure_kvstate, const Pause& pause, const Resume& resume);

  /// A slice whose times are thrown away.
  void WarmUp(Match& match);
  /// Throws unless both sides read the same from where the last slice wrote.
  void CheckWrites(Match& match);

 private:
  Digest RunTimed(Side& side, Time* time);
  void CheckDigests(const Digest& direct, const Digest& kvstate) const;
  void NextSlice(Match& match);

  const Contestant& contestant_;
  const Operation operation_;
  const size_t value_bytes_;
  const size_t slice_operations_;
  uint64_t slice_ = 0;
  std::span<const Access> accesses_;
  std::vector<Pair> pairs_;
};

template <class Pause, class Resume>
void Comparison::RunPair(Match& match, bool measure_kvstate, const Pause& pause, const Resume& resume) {
  pause();
  NextSlice(match);
  Side& own = measure_kvstate ? match.kvstate() : match.direct();
  Side& other = measure_kvstate ? match.direct() : match.kvstate();
  Time own_time;
  Time other_time;
  Digest other_digest;
  const bool own_first = slice_ % 2 == 0;
  if (!own_first) other_digest = RunTimed(other, &other_time);
  resume();
  const Digest own_digest = RunTimed(own, &own_time);
  pause();
  if (own_first) other_digest = RunTimed(other, &other_time);
  CheckDigests(own_digest, other_digest);
  if (operation_ == Operation::kListAppend) match.AddedToLists(accesses_.size() * value_bytes_);
  pairs_.push_back(measure_kvstate ? Pair{other_time, own_time} : Pair{own_time, other_time});
  resume();
}

}  // namespace kvstate::interface_tax

#endif  // KVSTATE_BACKENDS_INTERFACE_TAX_COMPARISON_H_
