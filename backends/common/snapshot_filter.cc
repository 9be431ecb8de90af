#include "backends/common/snapshot_filter.h"

#include "backends/common/ttl_descriptor.h"

namespace kvstate::backends {

SnapshotFilter::SnapshotFilter(const StateDescriptor& stored, const Clock& clock) {
  if (!HasTtl(stored) || !stored.ttl->cleanup.in_full_snapshots) return;
  filter_.emplace(TtlFilterOf(stored));
  state_ = stored.name;
  now_ = clock.NowMillis();
}

Result<bool> SnapshotFilter::Check(ByteView* value) {
  const auto verdict = filter_->Check(*value, now_, &left_);
  if (!verdict.ok()) return verdict.status().WithContext("state '" + state_ + "', cleanup in full snapshots");
  if (*verdict == TtlFilter::Verdict::kReplace) *value = left_;
  return *verdict != TtlFilter::Verdict::kDrop;
}

}  // namespace kvstate::backends
