#include "tests/unit/workloads/join_reference.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "kvstate/serializers.h"
#include "tests/unit/workloads/window_reference.h"

namespace kvstate::workloads {
namespace {

void AddLateRow(JoinRows* rows) {
  if (rows->late > 0) rows->rows.push_back(RowBuilder().Number(rows->late).Build());
}

int64_t FloorTo(int64_t time_ms, int64_t step_ms) {
  int64_t floor = time_ms / step_ms * step_ms;
  if (floor > time_ms) floor -= step_ms;
  return floor;
}

std::string PairRow(const OwnedEvent& left, const OwnedEvent& right) {
  return RowBuilder()
      .Prefixed(left.key)
      .Number(left.time_ms)
      .Prefixed(left.value)
      .Number(right.time_ms)
      .Prefixed(right.value)
      .Build();
}

}  // namespace

JoinRows WindowJoinReference(const std::vector<OwnedEvent>& events, const JoinReferenceOptions& options) {
  JoinRows result;
  ReferenceWatermark watermark(options.bound_ms, options.interval_ms);
  std::map<std::tuple<int64_t, std::string>, std::vector<OwnedEvent>> windows;
  for (const OwnedEvent& event : events) {
    bool taken = false;
    for (int64_t start = FloorTo(event.time_ms, options.slide_ms); start + options.length_ms > event.time_ms;
         start -= options.slide_ms) {
      const int64_t end = start + options.length_ms;
      if (watermark.HasPassed(end - 1)) continue;
      windows[{end, event.key}].push_back(event);
      taken = true;
    }
    if (!taken) {
      ++result.late;
      continue;
    }
    watermark.Observe(event.time_ms);
  }
  for (const auto& [end_and_key, elements] : windows) {
    const auto& [end, key] = end_and_key;
    for (const OwnedEvent& left : elements) {
      for (const OwnedEvent& right : elements) {
        if (left.stream != 0 || right.stream != 1) continue;
        RowBuilder row;
        row.Prefixed(key).Number(end - options.length_ms).Number(end);
        row.Number(left.time_ms).Prefixed(left.value).Number(right.time_ms).Prefixed(right.value);
        result.rows.push_back(row.Build());
        ++result.pairs;
      }
    }
  }
  AddLateRow(&result);
  return result;
}

JoinRows IntervalJoinReference(const std::vector<OwnedEvent>& events, const JoinReferenceOptions& options) {
  struct Kept {
    OwnedEvent event;
    bool gone = false;
  };
  JoinRows result;
  ReferenceWatermark watermark(options.bound_ms, options.interval_ms);
  std::map<std::string, std::vector<Kept>> kept;
  for (const OwnedEvent& event : events) {
    if (watermark.HasPassed(event.time_ms + 1)) {
      ++result.late;
      continue;
    }
    std::vector<Kept>& of_key = kept[event.key];
    std::vector<const Kept*> found;
    for (const Kept& other : of_key) {
      if (other.event.stream == event.stream) continue;
      const int64_t left_ms = event.stream == 0 ? event.time_ms : other.event.time_ms;
      const int64_t right_ms = event.stream == 0 ? other.event.time_ms : event.time_ms;
      if (right_ms - left_ms < options.lower_ms || right_ms - left_ms > options.upper_ms) continue;
      if (other.gone) {
        ++result.lost;
      } else {
        found.push_back(&other);
      }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Kept* a, const Kept* b) { return a->event.time_ms < b->event.time_ms; });
    for (const Kept* other : found) {
      result.rows.push_back(event.stream == 0 ? PairRow(event, other->event) : PairRow(other->event, event));
      ++result.pairs;
    }
    of_key.push_back({event, false});
    if (!watermark.Observe(event.time_ms)) continue;
    for (auto& [key, all] : kept) {
      for (Kept& one : all) {
        const int64_t last_ms =
            one.event.stream == 0 ? std::max<int64_t>(options.upper_ms, 0) : std::max<int64_t>(-options.lower_ms, 0);
        one.gone = one.gone || watermark.HasPassed(one.event.time_ms + last_ms);
      }
    }
  }
  AddLateRow(&result);
  return result;
}

namespace {

/// What a temporal join has of a key.
struct TemporalKey {
  std::vector<OwnedEvent> waiting;
  std::map<int64_t, std::string> versions;
  std::set<int64_t> forgotten;
  bool has_alarm = false;
  int64_t alarm_ms = 0;

  void SetAlarm(int64_t time_ms) {
    if (!has_alarm || time_ms < alarm_ms) alarm_ms = time_ms;
    has_alarm = true;
  }
};

void Join(const OwnedEvent& left, const TemporalKey& of_key, bool is_outer, JoinRows* result) {
  const std::pair<const int64_t, std::string>* version = nullptr;
  for (const auto& candidate : of_key.versions) {
    if (candidate.first > left.time_ms) break;
    if (of_key.forgotten.contains(candidate.first)) {
      ++result->lost;
    } else {
      version = &candidate;
    }
  }
  if (version == nullptr && !is_outer) return;
  RowBuilder row;
  row.Prefixed(left.key).Number(left.time_ms).Prefixed(left.value).Byte(version == nullptr ? 0 : 1);
  if (version != nullptr) row.Number(version->first).Prefixed(version->second);
  result->rows.push_back(row.Build());
  ++result->pairs;
}

template <class HasPassed>
void WorkOff(const HasPassed& has_passed, bool is_outer, TemporalKey* of_key, JoinRows* result) {
  of_key->has_alarm = false;
  std::vector<OwnedEvent> later;
  for (const OwnedEvent& left : of_key->waiting) {
    if (has_passed(left.time_ms)) {
      Join(left, *of_key, is_outer, result);
    } else {
      later.push_back(left);
      of_key->SetAlarm(left.time_ms);
    }
  }
  of_key->waiting = later;
  const int64_t* latest = nullptr;
  for (const auto& [time_ms, payload] : of_key->versions) {
    if (!has_passed(time_ms)) break;
    if (latest != nullptr) of_key->forgotten.insert(*latest);
    latest = &time_ms;
  }
}

}  // namespace

JoinRows TemporalJoinReference(const std::vector<OwnedEvent>& events, const JoinReferenceOptions& options) {
  JoinRows result;
  ReferenceWatermark watermark(options.bound_ms, options.interval_ms);
  std::map<std::string, TemporalKey> keys;
  const auto work_off_all = [&](const auto& has_passed) {
    std::vector<std::tuple<int64_t, std::string>> due;
    for (const auto& [key, of_key] : keys) {
      if (of_key.has_alarm && has_passed(of_key.alarm_ms)) due.emplace_back(of_key.alarm_ms, key);
    }
    std::sort(due.begin(), due.end());
    for (const auto& [time_ms, key] : due) WorkOff(has_passed, options.left_is_outer, &keys[key], &result);
  };
  for (const OwnedEvent& event : events) {
    TemporalKey& of_key = keys[event.key];
    if (event.stream == 0) {
      of_key.waiting.push_back(event);
    } else {
      of_key.versions[event.time_ms] = event.value;
      of_key.forgotten.erase(event.time_ms);
    }
    of_key.SetAlarm(event.time_ms);
    if (watermark.Observe(event.time_ms)) {
      work_off_all([&](int64_t time_ms) { return watermark.HasPassed(time_ms); });
    }
  }
  work_off_all([](int64_t) { return true; });
  return result;
}

namespace {

/// Distinct ones in the order of their encoding, each as often as it is there.
std::vector<std::string> InOrderOfBytes(std::vector<std::string> rows) {
  std::sort(rows.begin(), rows.end(), [](const std::string& a, const std::string& b) { return Encode(a) < Encode(b); });
  return rows;
}

}  // namespace

JoinRows ContinuousJoinReference(const std::vector<OwnedEvent>& events, const JoinReferenceOptions& options) {
  JoinRows result;
  std::map<std::string, std::vector<std::string>> sides[2];
  for (const OwnedEvent& event : events) {
    const size_t side = event.stream % 2;
    std::vector<std::string>& own = sides[side][event.key];
    const std::vector<std::string> others = InOrderOfBytes(sides[1 - side][event.key]);
    const bool own_is_outer = side == 0 ? options.left_is_outer : options.right_is_outer;
    const bool other_is_outer = side == 0 ? options.right_is_outer : options.left_is_outer;
    const bool inserts = event.stream < 2;
    const auto emit = [&](bool insert, const std::string* mine, const std::string* theirs) {
      RowBuilder row;
      row.Byte(insert ? 0 : 1).Prefixed(event.key);
      for (const std::string* one : {side == 0 ? mine : theirs, side == 0 ? theirs : mine}) {
        row.Byte(one == nullptr ? 0 : 1);
        if (one != nullptr) row.Prefixed(*one);
      }
      result.rows.push_back(row.Build());
      result.pairs += mine != nullptr && theirs != nullptr ? 1 : 0;
    };
    if (!inserts) own.erase(std::find(own.begin(), own.end(), event.value));
    if (others.empty() && own_is_outer) emit(inserts, &event.value, nullptr);
    for (size_t i = 0; i < others.size();) {
      size_t end = i;
      while (end < others.size() && others[end] == others[i]) ++end;
      const bool alone = other_is_outer && own.empty();
      for (size_t j = i; j < end && alone && inserts; ++j) emit(false, nullptr, &others[i]);
      for (size_t j = i; j < end; ++j) emit(inserts, &event.value, &others[i]);
      for (size_t j = i; j < end && alone && !inserts; ++j) emit(true, nullptr, &others[i]);
      i = end;
    }
    if (inserts) own.push_back(event.value);
  }
  return result;
}

}  // namespace kvstate::workloads
