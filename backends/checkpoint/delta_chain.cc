#include "backends/checkpoint/delta_chain.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace kvstate::backends {

PendingChain::PendingChain(uint64_t checkpoint_id, std::string location, DeltaChain built_on)
    : checkpoint_id_(checkpoint_id), built_on_(std::move(built_on)) {
  written_.checkpoint_id = checkpoint_id;
  written_.location = std::move(location);
}

std::string_view PendingChain::NameOf(ChainStep step) {
  return step == ChainStep::kWhole ? "whole.stream" : "changes.stream";
}

ChainStep PendingChain::Choose(uint64_t append_weight, std::optional<uint64_t> fold_weight) const {
  if (built_on_.files.empty()) return ChainStep::kWhole;
  const auto whole_bytes = static_cast<double>(built_on_.files.front().file.bytes);
  double changes_bytes = 0;
  for (size_t i = 1; i < built_on_.files.size(); ++i) {
    changes_bytes += static_cast<double>(built_on_.files[i].file.bytes);
  }
  // Changes are taken to be coded as tightly as the whole stream is.
  const double bytes_per_weight = whole_bytes / static_cast<double>(std::max<uint64_t>(built_on_.whole_weight, 1));
  const double append_bytes = static_cast<double>(append_weight) * bytes_per_weight;
  const double most_bytes = kMostChanges * whole_bytes;
  if (built_on_.files.size() < kMostStreams && changes_bytes + append_bytes <= most_bytes) return ChainStep::kAppend;
  if (fold_weight.has_value() && static_cast<double>(*fold_weight) * bytes_per_weight <= whole_bytes / 2) {
    return ChainStep::kFold;
  }
  return ChainStep::kWhole;
}

const std::vector<SnapshotFile>& PendingChain::Wrote(ChainStep step, const StoredFile& stream, uint64_t weight) {
  assert(!is_written_ && (step == ChainStep::kWhole || !built_on_.files.empty()));
  if (step == ChainStep::kWhole) {
    written_.whole_id = checkpoint_id_;
    written_.whole_weight = weight;
  } else {
    written_.whole_id = built_on_.whole_id;
    written_.whole_weight = built_on_.whole_weight;
    written_.files = built_on_.files;
    if (step == ChainStep::kFold) written_.files.resize(1);
  }
  written_.files.push_back({std::string(NameOf(step)), stream, /*shared=*/true});
  is_written_.store(true, std::memory_order_release);
  return written_.files;
}

std::shared_ptr<PendingChain> DeltaChains::Begin(uint64_t checkpoint_id, std::string_view location) {
  assert(pending_.empty() || pending_.back()->checkpoint_id() < checkpoint_id);
  const bool same_storage = confirmed_.location == location;
  pending_.push_back(
      std::make_shared<PendingChain>(checkpoint_id, std::string(location), same_storage ? confirmed_ : DeltaChain()));
  return pending_.back();
}

bool DeltaChains::Confirm(uint64_t checkpoint_id) {
  const auto confirmed = std::find_if(pending_.begin(), pending_.end(),
                                      [&](const auto& chain) { return chain->checkpoint_id() == checkpoint_id; });
  if (confirmed == pending_.end()) return false;
  const std::shared_ptr<PendingChain> chain = *confirmed;
  pending_.erase(confirmed);
  if (!chain->is_written_.load(std::memory_order_acquire)) return false;
  confirmed_ = chain->written_;
  return true;
}

void DeltaChains::Abort(uint64_t checkpoint_id) {
  std::erase_if(pending_, [&](const auto& chain) { return chain->checkpoint_id() == checkpoint_id; });
}

}  // namespace kvstate::backends
