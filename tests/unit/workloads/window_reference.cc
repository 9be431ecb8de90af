#include "tests/unit/workloads/window_reference.h"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

#include "workloads/output_digest.h"

namespace kvstate::workloads {

int64_t ReferenceMeasure(const OwnedEvent& event) {
  return static_cast<int64_t>(HashEvent(event.time_ms, event.key, event.value) % 10000);
}

WindowResult SumOfMeasures() {
  return [](const std::vector<OwnedEvent>& events, RowBuilder& row) {
    int64_t sum = 0;
    for (const OwnedEvent& event : events) sum += ReferenceMeasure(event);
    row.Number(sum);
  };
}

WindowResult MeanOfMeasures() {
  return [](const std::vector<OwnedEvent>& events, RowBuilder& row) {
    int64_t sum = 0;
    for (const OwnedEvent& event : events) sum += ReferenceMeasure(event);
    const double mean = static_cast<double>(sum) / static_cast<double>(events.size());
    row.Number(std::bit_cast<int64_t>(mean));
  };
}

WindowResult CountAndPercentile(uint64_t percentile) {
  return [percentile](const std::vector<OwnedEvent>& events, RowBuilder& row) {
    std::vector<int64_t> measures;
    for (const OwnedEvent& event : events) measures.push_back(ReferenceMeasure(event));
    std::sort(measures.begin(), measures.end());
    // The least measure that enough of them do not exceed.
    size_t at = 0;
    while ((at + 1) * 100 < measures.size() * percentile) ++at;
    row.Number(static_cast<int64_t>(measures.size())).Number(measures[at]);
  };
}

std::vector<std::string> WindowReference::Run(const std::vector<OwnedEvent>& events) {
  for (const OwnedEvent& event : events) {
    if (options_.gap_ms > 0) {
      ToSession(event);
    } else {
      ToWindows(event);
    }
    watermark_.Observe(event.time_ms);
    FireEnded(/*all=*/false);
  }
  FireEnded(/*all=*/true);
  if (late_ > 0) rows_.push_back(RowBuilder().Number(late_).Build());
  return rows_;
}

void WindowReference::ToWindows(const OwnedEvent& event) {
  std::vector<Window>& of_key = windows_[event.key];
  bool taken = false;
  // Every start at which a window could hold it, the last one first.
  for (int64_t start = event.time_ms; start > event.time_ms - options_.length_ms; --start) {
    if (start % options_.slide_ms != 0) continue;
    const int64_t end = start + options_.length_ms;
    if (Gone(end)) continue;
    taken = true;
    auto window = std::find_if(of_key.begin(), of_key.end(), [&](const Window& w) { return w.start == start; });
    if (window == of_key.end()) window = of_key.insert(window, Window{start, end, false, {}});
    Take(event, *window);
  }
  if (!taken) ++late_;
}

void WindowReference::ToSession(const OwnedEvent& event) {
  std::vector<Window>& of_key = windows_[event.key];
  Window joined{event.time_ms, event.time_ms + options_.gap_ms, false, {}};
  std::vector<Window> apart;
  int64_t met = 0;
  bool had_fired = false;
  for (const Window& session : of_key) {
    if (Gone(session.end) || session.start > event.time_ms + options_.gap_ms || session.end < event.time_ms) {
      apart.push_back(session);
      continue;
    }
    ++met;
    had_fired = had_fired || session.fired;
    joined.start = std::min(joined.start, session.start);
    joined.end = std::max(joined.end, session.end);
    joined.events.insert(joined.events.end(), session.events.begin(), session.events.end());
  }
  if (met == 0 && Gone(joined.end)) {
    ++late_;
    return;
  }
  if (met > 1) ++merges_;
  if (had_fired && !Ended(joined.end)) ++revived_;
  Take(event, joined);
  apart.push_back(joined);
  of_key = std::move(apart);
}

void WindowReference::Take(const OwnedEvent& event, Window& window) {
  window.events.push_back(event);
  if (!Ended(window.end)) return;
  ++late_firings_;
  Fire(event.key, window);
}

void WindowReference::Fire(const std::string& key, Window& window) {
  window.fired = true;
  if (window.events.empty()) return;
  RowBuilder row;
  row.Prefixed(key).Number(window.start).Number(window.end);
  options_.result(window.events, row);
  rows_.push_back(row.Build());
  if (options_.purges) window.events.clear();
}

void WindowReference::FireEnded(bool all) {
  std::vector<std::tuple<int64_t, std::string, Window*>> due;
  for (auto& [key, of_key] : windows_) {
    for (Window& window : of_key) {
      if (!window.fired && (all || Ended(window.end))) due.emplace_back(window.end, key, &window);
    }
  }
  std::sort(due.begin(), due.end());
  for (const auto& [end, key, window] : due) Fire(key, *window);
}

}  // namespace kvstate::workloads
