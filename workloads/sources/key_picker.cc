#include "workloads/sources/key_picker.h"

#include <algorithm>
#include <cassert>

namespace kvstate::workloads {

KeyPicker::KeyPicker(const KeyOptions& options, uint64_t permutation_seed)
    : options_(options), permutation_(options.keys, permutation_seed) {
  assert(options.keys >= 1 && options.hot_keys >= 1 && options.hot_keys <= options.keys);
  assert(options.drift_keys <= options.keys);
  if (options.distribution == KeyDistribution::kZipfian || options.distribution == KeyDistribution::kLatest) {
    zipf_.emplace(options.keys, options.zipf_theta);
  }
  if (options.all_exist) newest_ = options.keys - 1;
}

uint64_t KeyPicker::Draw(Random& random) {
  if (options_.drift_events > 0 && drawn_since_drift_++ == options_.drift_events) Drift();
  switch (options_.distribution) {
    case KeyDistribution::kUniform:
      return random.Below(options_.keys);
    case KeyDistribution::kZipfian:
      return IdOfRank(zipf_->Draw(random) - 1);
    case KeyDistribution::kSequential:
      return draws_++ % options_.keys;
    case KeyDistribution::kLatest:
      return DrawLatest(random);
    case KeyDistribution::kHotSet:
      return DrawHotSet(random);
  }
  return 0;
}

void KeyPicker::Drift() {
  drawn_since_drift_ = 1;
  turned_ = (turned_ + options_.drift_keys) % options_.keys;
}

uint64_t KeyPicker::DrawLatest(Random& random) {
  if (random.Unit() < options_.new_key_share) return ++newest_;
  // While there are fewer ids than ranks the ranks go round, so that a draw takes one number as ever.
  const uint64_t existing = std::min(newest_ + 1, options_.keys);
  return newest_ - (zipf_->Draw(random) - 1) % existing;
}

uint64_t KeyPicker::DrawHotSet(Random& random) const {
  const uint64_t cold_keys = options_.keys - options_.hot_keys;
  const bool is_hot = random.Unit() < options_.hot_event_share;
  if (is_hot || cold_keys == 0) return IdOfRank(random.Below(options_.hot_keys));
  return IdOfRank(options_.hot_keys + random.Below(cold_keys));
}

}  // namespace kvstate::workloads
