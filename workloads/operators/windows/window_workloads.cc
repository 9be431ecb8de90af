#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "workloads/operators/event_time.h"
#include "workloads/operators/operator_support.h"
#include "workloads/operators/windows/window_aggregate.h"
#include "workloads/operators/windows/window_operator.h"
#include "workloads/operators/windows/window_parameters.h"

namespace kvstate::workloads {

WorkloadSpec SessionHolistic();
WorkloadSpec SessionIncremental();
WorkloadSpec SlidingHolistic();
WorkloadSpec SlidingIncremental();
WorkloadSpec SlidingPanes();
WorkloadSpec TumblingHolistic();
WorkloadSpec TumblingIncremental();

namespace {

using Specs = std::vector<ParameterSpec>;

ParameterSpec PaneParameter() {
  return {"slide_ms", "2000",
          "Milliseconds from one window's start to the next one's: the length of a pane, of which "
          "window_ms is a multiple of 1 to 10,000"};
}
ParameterSpec GapParameter() {
  return {"gap_ms", "10000", "A session ends this many milliseconds after its last event, 1 to 2^50"};
}
ParameterSpec AggregateParameter() {
  return {"aggregate", "reducing",
          "State that takes in each event's measure: reducing (sum), aggregating (mean), value "
          "(sum; the operator reads and writes it)"};
}
ParameterSpec MergingAggregateParameter() {
  return {"aggregate", "reducing", "State that takes in each event's measure: reducing (sum), aggregating (mean)"};
}
ParameterSpec PercentileParameter() {
  return {"percentile", "50", "Of the measures of a window's events, what is emitted, 0 to 100; 50: the median"};
}
ParameterSpec LatenessParameter() {
  return {"allowed_lateness_ms", "0",
          "Milliseconds of event time for which a window that has fired takes events, and fires again, 0 to 2^50"};
}
ParameterSpec TriggerParameter() {
  return {"trigger", "fire",
          "What a window does: fire, fire_and_purge (it forgets its events when it fires; with "
          "allowed_lateness_ms alone)"};
}

Specs WithEventTime(Specs own) { return EventTimeParameters(std::move(own)); }

WindowOptions ReadWindowOptions(ParameterReader& reader, bool has_trigger) {
  WindowOptions options;
  options.event_time = ReadEventTime(reader);
  options.allowed_lateness_ms = reader.Integer("allowed_lateness_ms", 0, kMaxDurationMs);
  options.purges = has_trigger && reader.Choice("trigger", {"fire", "fire_and_purge"}) == 1;
  // Else a window is cleared when it fires in any case.
  if (options.purges && options.allowed_lateness_ms == 0) {
    reader.Refuse("trigger", "fire; fire_and_purge where allowed_lateness_ms is above 0");
  }
  return options;
}

WindowAssigner ReadPaned(ParameterReader& reader) {
  const WindowAssigner assigner = ReadSliding(reader);
  if (assigner.length_ms % assigner.slide_ms != 0) reader.Refuse("slide_ms", "what divides window_ms");
  return assigner;
}

std::unique_ptr<WindowAggregate> ReadAggregate(ParameterReader& reader, bool of_panes) {
  switch (reader.Choice("aggregate", {"reducing", "aggregating", "value"})) {
    case 0:
      return MakeReducingAggregate();
    case 1:
      return MakeAggregatingAggregate(of_panes);
    default:
      return MakeValueAggregate();
  }
}

std::unique_ptr<WindowAggregate> ReadMergingAggregate(ParameterReader& reader) {
  if (reader.Choice("aggregate", {"reducing", "aggregating"}) == 0) return MakeReducingAggregate();
  return MakeAggregatingAggregate(/*of_panes=*/false);
}

std::unique_ptr<WindowAggregate> ReadList(ParameterReader& reader) {
  return MakeListAggregate(reader.Count("percentile", 0, 100));
}

Parameters IncrementalSource() {
  return {{"keys", "10000"}, {"key_distribution", "zipfian"}, {"out_of_order_ms", "1000"}};
}
Parameters HolisticSource() {
  return {{"keys", "10000"}, {"key_distribution", "zipfian"}, {"out_of_order_ms", "1000"}, {"value_bytes", "64"}};
}
Parameters SessionSource() { return {{"keys", "10000"}, {"out_of_order_ms", "1000"}}; }
Parameters SessionHolisticSource() { return {{"keys", "10000"}, {"out_of_order_ms", "1000"}, {"value_bytes", "64"}}; }

}  // namespace

WorkloadSpec TumblingIncremental() {
  return MakeWorkload(
      "tumbling_incremental", "Tumbling windows of each key that aggregate as events come, with allowed lateness",
      IncrementalSource(),
      WithEventTime({WindowParameter(), AggregateParameter(), LatenessParameter(), TriggerParameter()}),
      [](ParameterReader& reader) {
        return MakeAlignedWindows(ReadWindowOptions(reader, true), ReadTumbling(reader), ReadAggregate(reader, false));
      });
}

WorkloadSpec TumblingHolistic() {
  return MakeWorkload(
      "tumbling_holistic", "Tumbling windows of each key that list their events, for a percentile when they fire",
      HolisticSource(),
      WithEventTime({WindowParameter(), PercentileParameter(), LatenessParameter(), TriggerParameter()}),
      [](ParameterReader& reader) {
        return MakeAlignedWindows(ReadWindowOptions(reader, true), ReadTumbling(reader), ReadList(reader));
      });
}

WorkloadSpec SlidingIncremental() {
  return MakeWorkload(
      "sliding_incremental", "Sliding windows of each key: each event is aggregated in every window that it lies in",
      IncrementalSource(),
      WithEventTime(
          {WindowParameter(), SlideParameter(), AggregateParameter(), LatenessParameter(), TriggerParameter()}),
      [](ParameterReader& reader) {
        return MakeAlignedWindows(ReadWindowOptions(reader, true), ReadSliding(reader), ReadAggregate(reader, false));
      });
}

WorkloadSpec SlidingPanes() {
  return MakeWorkload(
      "sliding_panes", "Sliding windows of each key: each event is aggregated in one pane, which windows share",
      IncrementalSource(),
      WithEventTime({WindowParameter(), PaneParameter(), AggregateParameter(), LatenessParameter()}),
      [](ParameterReader& reader) {
        return MakePanedWindows(ReadWindowOptions(reader, false), ReadPaned(reader), ReadAggregate(reader, true));
      });
}

WorkloadSpec SlidingHolistic() {
  return MakeWorkload(
      "sliding_holistic", "Sliding windows of each key: each event is listed in every window that it lies in",
      HolisticSource(),
      WithEventTime(
          {WindowParameter(), SlideParameter(), PercentileParameter(), LatenessParameter(), TriggerParameter()}),
      [](ParameterReader& reader) {
        return MakeAlignedWindows(ReadWindowOptions(reader, true), ReadSliding(reader), ReadList(reader));
      });
}

WorkloadSpec SessionIncremental() {
  return MakeWorkload(
      "session_incremental", "Sessions of each key that aggregate as events come, and merge, with allowed lateness",
      SessionSource(),
      WithEventTime({GapParameter(), MergingAggregateParameter(), LatenessParameter(), TriggerParameter()}),
      [](ParameterReader& reader) {
        return MakeMergingWindows(ReadWindowOptions(reader, true), reader.Integer("gap_ms", 1, kMaxDurationMs),
                                  ReadMergingAggregate(reader));
      });
}

WorkloadSpec SessionHolistic() {
  return MakeWorkload("session_holistic", "Sessions of each key that list their events, and merge, for a percentile",
                      SessionHolisticSource(),
                      WithEventTime({GapParameter(), PercentileParameter(), LatenessParameter(), TriggerParameter()}),
                      [](ParameterReader& reader) {
                        return MakeMergingWindows(ReadWindowOptions(reader, true),
                                                  reader.Integer("gap_ms", 1, kMaxDurationMs), ReadList(reader));
                      });
}

}  // namespace kvstate::workloads
