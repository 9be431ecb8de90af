#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/joins/join_workload.h"
#include "workloads/operators/windows/window_assigner.h"
#include "workloads/operators/windows/window_parameters.h"

namespace kvstate::workloads {
namespace {

/// Which side, event time, payload.
using Element = std::tuple<uint8_t, int64_t, std::string>;

/// Joins what the two streams have in the same window: elements of both, tagged with their side, are in one list state
/// whose namespace is the window; the window's timer reads the list, emits each left one with each right one, and
/// clears it. What comes after that is late for the window, and counted where it is late for all of its windows.
class WindowJoinOperator final : public EventTimeOperator {
 public:
  WindowJoinOperator(const EventTimeOptions& options, const WindowAssigner& assigner)
      : EventTimeOperator(options), assigner_(assigner) {}

 private:
  Status OpenStates() override {
    KVSTATE_RETURN_IF_ERROR(OpenEventTimers(SerializerFor<TimeWindow>()));
    return OpenState<ListState<Element>, TimeWindow>(ListStateDescriptor<Element>("window"), &elements_);
  }

  Status ProcessInTime(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(CheckJoinStream(event, /*retractions=*/false));
    const int64_t last_start_ms = assigner_.LastStart(event.time_ms);
    // Its last window ends last.
    if (HasFired(assigner_.WindowAt(last_start_ms))) {
      CountLate();
      return Status();
    }
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    element_ = {static_cast<uint8_t>(event.stream), event.time_ms, std::string(event.value)};
    for (int64_t start_ms = last_start_ms; start_ms > event.time_ms - assigner_.length_ms;
         start_ms -= assigner_.slide_ms) {
      const TimeWindow window = assigner_.WindowAt(start_ms);
      if (HasFired(window)) break;
      KVSTATE_RETURN_IF_ERROR(elements_.SetCurrentNamespace(window));
      KVSTATE_RETURN_IF_ERROR(elements_.Add(element_));
      KVSTATE_RETURN_IF_ERROR(timers().RegisterEventTimeTimer(Encode(window), window.max_timestamp()));
    }
    return Status();
  }

  Status OnTimer(const Timer& timer) override {
    KVSTATE_ASSIGN_OR_RETURN(const TimeWindow window, Decode<TimeWindow>(timer.state_namespace));
    KVSTATE_RETURN_IF_ERROR(elements_.SetCurrentNamespace(window));
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<Element>* elements, elements_.Get());
    if (elements == nullptr) return InternalError("state \"window\" is absent where a window is to fire");
    EmitPairs(timer.key, window, *elements);
    return elements_.Clear();
  }

  void EmitPairs(ByteView key, const TimeWindow& window, const std::vector<Element>& elements) {
    rights_.clear();
    for (const Element& element : elements) {
      if (std::get<0>(element) == kRightRows) rights_.push_back(&element);
    }
    for (const Element& left : elements) {
      if (std::get<0>(left) != kLeftRows) continue;
      for (const Element* right : rights_) {
        ByteWriter& row = NewRow();
        row.PutLengthPrefixed(key);
        Codec<TimeWindow>::Write(window, row);
        PutElement(left, row);
        PutElement(*right, row);
        Emit();
      }
    }
  }

  static void PutElement(const Element& element, ByteWriter& row) {
    row.PutFixed64(static_cast<uint64_t>(std::get<1>(element)));
    row.PutLengthPrefixed(std::get<2>(element));
  }

  bool HasFired(const TimeWindow& window) const { return window.max_timestamp() <= watermark_ms(); }

  const WindowAssigner assigner_;
  ListState<Element> elements_;
  Element element_;
  std::vector<const Element*> rights_;
};

JoinSource Source() { return {{{"keys", "10000"}, {"out_of_order_ms", "1000"}, {"value_bytes", "64"}}}; }

}  // namespace

WorkloadSpec SlidingJoin();
WorkloadSpec TumblingJoin();

WorkloadSpec TumblingJoin() {
  return MakeJoinWorkload("tumbling_join",
                          "Two streams joined by key in tumbling windows: lists, joined when they fire", Source(),
                          EventTimeParameters({WindowParameter()}), [](ParameterReader& reader) {
                            return std::make_unique<WindowJoinOperator>(ReadEventTime(reader), ReadTumbling(reader));
                          });
}

WorkloadSpec SlidingJoin() {
  return MakeJoinWorkload(
      "sliding_join", "Two streams joined by key in sliding windows: each event is in the list of each of its windows",
      Source(), EventTimeParameters({WindowParameter(), SlideParameter()}), [](ParameterReader& reader) {
        return std::make_unique<WindowJoinOperator>(ReadEventTime(reader), ReadSliding(reader));
      });
}

}  // namespace kvstate::workloads
