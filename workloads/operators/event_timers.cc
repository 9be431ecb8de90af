#include "workloads/operators/event_timers.h"

#include <algorithm>
#include <vector>

namespace kvstate::workloads {

void EventTimers::Register(int64_t time_ms, ByteView key) {
  Keys& keys = timers_[time_ms];
  // Most timers are there already: looked for without making a string of the key.
  if (keys.find(key) == keys.end()) keys.emplace(key);
}

void EventTimers::Delete(int64_t time_ms, ByteView key) {
  const auto at = timers_.find(time_ms);
  if (at == timers_.end()) return;
  const auto found = at->second.find(key);
  if (found != at->second.end()) at->second.erase(found);
  if (at->second.empty()) timers_.erase(at);
}

Status EventTimers::FireUpTo(int64_t watermark_ms, const FireFunction& fire) {
  std::vector<std::string> keys;
  while (HasDue(watermark_ms)) {
    auto due = timers_.extract(timers_.begin());
    keys.clear();
    keys.reserve(due.mapped().size());
    while (!due.mapped().empty()) keys.push_back(std::move(due.mapped().extract(due.mapped().begin()).value()));
    std::sort(keys.begin(), keys.end());
    for (const std::string& key : keys) KVSTATE_RETURN_IF_ERROR(fire(due.key(), key));
  }
  return Status();
}

size_t EventTimers::size() const {
  size_t size = 0;
  for (const auto& [time_ms, keys] : timers_) size += keys.size();
  return size;
}

}  // namespace kvstate::workloads
