#include "backends/rocksdb/rocksdb_sweep_plan.h"

#include <algorithm>
#include <numeric>

namespace kvstate::backends::rocksdb {

namespace {

double LiveBytes(const SweepLimits& limits, uint64_t bytes, uint64_t expired) {
  return static_cast<double>(std::min(limits.most_live_bytes, bytes - std::min(bytes, expired)));
}

bool IsOver(const SweepLimits& limits, uint64_t bytes, uint64_t expired) {
  return expired > 0 && expired >= limits.least_bytes &&
         static_cast<double>(expired) > limits.wanted_share * LiveBytes(limits, bytes, expired);
}

double ShareOf(uint64_t expired, uint64_t bytes) {
  return bytes == 0 ? 0 : static_cast<double>(expired) / static_cast<double>(bytes);
}

}  // namespace

SweepPlan PlanSweep(const std::vector<SweptFile>& files, uint64_t memory_bytes, uint64_t memory_expired_bytes,
                    const SweepLimits& limits) {
  SweepPlan plan;
  uint64_t bytes = memory_bytes;
  uint64_t expired = memory_expired_bytes;
  for (const SweptFile& file : files) {
    bytes += file.bytes;
    expired += file.expired_bytes;
  }
  if (!IsOver(limits, bytes, expired)) return plan;
  const double enough = limits.wanted_share * LiveBytes(limits, bytes, expired) / 2;
  auto left = static_cast<double>(expired);

  // The place of what is in memory is beyond the files'.
  std::vector<size_t> order(files.size() + 1);
  std::iota(order.begin(), order.end(), size_t{0});
  const auto share = [&](size_t i) {
    return i == files.size() ? ShareOf(memory_expired_bytes, memory_bytes)
                             : ShareOf(files[i].expired_bytes, files[i].bytes);
  };
  std::ranges::stable_sort(order, std::ranges::greater(), share);
  std::vector<bool> chosen(files.size());
  for (const size_t i : order) {
    if (left <= enough || share(i) < limits.least_share || share(i) == 0) break;
    if (i == files.size()) {
      plan.flush = true;
      left -= static_cast<double>(memory_expired_bytes);
    } else if (!files[i].busy) {
      chosen[i] = true;
      left -= static_cast<double>(files[i].expired_bytes);
    }
  }
  // Neighbours go together, so that what is left of small files is one. Not of level 0: what is left of its files would
  // have to be read together from then on.
  for (size_t i = 0; i < files.size(); ++i) {
    if (!chosen[i]) continue;
    const bool joins = i > 0 && chosen[i - 1] && files[i].level == files[i - 1].level && files[i].level != 0 &&
                       plan.jobs.back().bytes + files[i].bytes <= limits.most_job_bytes;
    if (!joins) plan.jobs.push_back({files[i].output_level, {}, 0});
    plan.jobs.back().files.push_back(files[i].name);
    plan.jobs.back().bytes += files[i].bytes;
  }
  return plan;
}

int64_t FirstTimeOver(const SweepLimits& limits, int64_t now, int64_t latest, int steps,
                      const std::function<StoredBytes(int64_t time)>& stored_at) {
  const int64_t step = std::max<int64_t>(1, (latest - now) / steps);
  for (int64_t time = now; time < latest; time += step) {
    const StoredBytes stored = stored_at(time);
    if (IsOver(limits, stored.bytes, stored.expired_bytes)) return time;
    if (latest - time <= step) break;
  }
  return latest;
}

}  // namespace kvstate::backends::rocksdb
