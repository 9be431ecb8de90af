#include "harness/run/engine_figures.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace kvstate::harness {

namespace {

/// What the engine did between two readings, where it tells.
class EngineDifference {
 public:
  EngineDifference(const EngineCounters& before, const EngineCounters& after, Figures* figures)
      : before_(before), after_(after), figures_(*figures) {}

  void Add(std::string_view name, std::optional<uint64_t> EngineCounters::*counter) {
    if (const auto difference = Of(counter)) figures_[std::string(name)] = static_cast<double>(*difference);
  }
  std::optional<uint64_t> Of(std::optional<uint64_t> EngineCounters::*counter) const {
    if (!(before_.*counter).has_value() || !(after_.*counter).has_value()) return std::nullopt;
    return *(after_.*counter) - std::min(*(before_.*counter), *(after_.*counter));
  }

 private:
  const EngineCounters& before_;
  const EngineCounters& after_;
  Figures& figures_;
};

}  // namespace

void AddEngineFigures(const EngineCounters& before, const EngineCounters& after, Figures* figures) {
  EngineDifference difference(before, after, figures);
  difference.Add("logical_bytes_written", &EngineCounters::logical_bytes_written);
  difference.Add("flush_bytes_written", &EngineCounters::flush_bytes_written);
  difference.Add("flush_time_ns", &EngineCounters::flush_time_ns);
  difference.Add("compaction_bytes_read", &EngineCounters::compaction_bytes_read);
  difference.Add("compaction_bytes_written", &EngineCounters::compaction_bytes_written);
  difference.Add("compaction_time_ns", &EngineCounters::compaction_time_ns);
  difference.Add("stall_time_ns", &EngineCounters::stall_time_ns);
  difference.Add("pages_written", &EngineCounters::pages_written);
  difference.Add("storage_bytes_written", &EngineCounters::storage_bytes_written);
  if (after.page_bytes.has_value()) (*figures)["page_bytes"] = static_cast<double>(*after.page_bytes);
  if (after.disk_bytes.has_value()) (*figures)["disk_bytes"] = static_cast<double>(*after.disk_bytes);
  const auto logical = difference.Of(&EngineCounters::logical_bytes_written);
  const auto storage = difference.Of(&EngineCounters::storage_bytes_written);
  if (logical.has_value() && storage.has_value() && *logical > 0) {
    (*figures)["write_amplification_ratio"] = static_cast<double>(*storage) / static_cast<double>(*logical);
  }
}

}  // namespace kvstate::harness
