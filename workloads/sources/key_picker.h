#ifndef KVSTATE_WORKLOADS_SOURCES_KEY_PICKER_H_
#define KVSTATE_WORKLOADS_SOURCES_KEY_PICKER_H_

#include <cstdint>
#include <optional>

#include "workloads/sources/key_permutation.h"
#include "workloads/sources/random.h"
#include "workloads/sources/zipf.h"

namespace kvstate::workloads {

enum class KeyDistribution {
  kUniform,
  kZipfian,     ///< By rank; ranks are scattered over the ids.
  kSequential,  ///< Id 0, 1, … and round again.
  kLatest,      ///< Ids count up as new ones come; the newer, the more popular, by a Zipfian.
  kHotSet,      ///< Some of the ids, scattered, have a share of the draws; each of them is as likely.
};

struct KeyOptions {
  KeyDistribution distribution = KeyDistribution::kUniform;
  uint64_t keys = 1;  ///< Ids to draw from; of kLatest: the newest ones that are drawn from.
  double zipf_theta = 1;
  double new_key_share = 0;    ///< Of the draws of kLatest, which give an id that did not occur before.
  bool all_exist = false;      ///< kLatest: ids below `keys` are there at first; else id 0 alone.
  uint64_t hot_keys = 1;       ///< Of kHotSet.
  double hot_event_share = 1;  ///< Of the draws.
  uint64_t drift_events = 0;   ///< Draws after which ranks move on; 0: never.
  uint64_t drift_keys = 0;     ///< Ranks by which they do.
};

/// Draws the ids of keys. Not thread-safe.
///
/// Drift turns the popularity of a Zipfian or a hot set round: every drift_events draws the most popular drift_keys ids
/// become the least popular ones, and all others move up.
class KeyPicker {
 public:
  /// REQUIRES: 1 <= keys <= ZipfDistribution::kMaxRanks, 1 <= hot_keys <= keys, drift_keys <= keys.
  KeyPicker(const KeyOptions& options, uint64_t permutation_seed);

  uint64_t Draw(Random& random);

 private:
  uint64_t DrawLatest(Random& random);
  uint64_t DrawHotSet(Random& random) const;
  uint64_t IdOfRank(uint64_t rank) const { return permutation_((rank + turned_) % options_.keys); }
  void Drift();

  const KeyOptions options_;
  const KeyPermutation permutation_;
  std::optional<ZipfDistribution> zipf_;
  uint64_t draws_ = 0;
  uint64_t drawn_since_drift_ = 0;
  uint64_t turned_ = 0;  ///< Ranks, by drift.
  uint64_t newest_ = 0;
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_SOURCES_KEY_PICKER_H_
