// The accesses to state of each window operator, counted on the trace that it leaves, against their closed forms.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "harness/replay/memory_trace.h"
#include "harness/replay/recording_backend.h"
#include "harness/run/backend_choice.h"
#include "kvstate/backends.h"
#include "kvstate/serializers.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/temporary_directory.h"
#include "workloads/workload.h"

namespace kvstate::harness {
namespace {

/// As docs/workloads.md counts them: an add to reducing or aggregating state is a get and a put.
struct Accesses {
  int64_t gets = 0;
  int64_t puts = 0;
  int64_t merges = 0;
  int64_t deletes = 0;
  int64_t timers_added = 0;
  int64_t timers_removed = 0;
  friend bool operator==(const Accesses&, const Accesses&) = default;
};

std::ostream& operator<<(std::ostream& out, const Accesses& of) {
  return out << of.gets << " gets, " << of.puts << " puts, " << of.merges << " merges, " << of.deletes << " deletes, "
             << of.timers_added << " timers added, " << of.timers_removed << " removed";
}

class WindowMixTest : public ::testing::Test {
 protected:
  static constexpr int64_t kKeys = 7;
  static constexpr int64_t kSpanMs = 1000;      ///< In which each key has so many events.
  static constexpr int64_t kEventsInSpan = 50;  ///< n, where windows are a span long.
  static constexpr int64_t kSpans = 12;

  void SetUp() override { ASSERT_OK(RegisterBuiltinBackends(registry_)); }

  /// Every key has an event each 20 ms, for 12 spans, in order. The accesses to the state called "window", all of the
  /// operator's with the end of the stream.
  Accesses Run(const std::string& workload, workloads::Parameters parameters) {
    parameters["out_of_order_ms"] = "0";
    parameters["watermark_interval_ms"] = "0";
    MemoryTrace trace;
    const auto spec = workloads::FindWorkload(workload);
    EXPECT_OK(spec);
    auto made = (*spec)->make_operator(parameters);
    EXPECT_OK(made);
    workloads::Operator& op = **made;
    auto inner = MakeBackend(registry_, {"hashmap", {}}, RawBytesSerializer(), 128, directory_.work());
    EXPECT_OK(inner);
    auto recording = RecordingBackend::Create(std::move(inner).value(), RawBytesSerializer(), &trace);
    EXPECT_OK(recording);
    EXPECT_OK(op.Open(**recording));
    for (int64_t i = 0; i < kSpans * kEventsInSpan; ++i) {
      for (int64_t key = 0; key < kKeys; ++key) {
        const std::string name = "k" + std::to_string(key);
        EXPECT_OK(op.Process({i * (kSpanMs / kEventsInSpan), name, "payload"}));
      }
    }
    EXPECT_OK(op.Finish());
    EXPECT_OK((*recording)->FinishTrace());
    rows_ = static_cast<int64_t>(op.output_rows());
    return Count(trace, "window");
  }

  static Accesses Count(MemoryTrace& trace, std::string_view state) {
    Accesses accesses;
    EXPECT_OK(trace.Rewind());
    while (true) {
      const auto chunk = trace.NextChunk();
      EXPECT_OK(chunk);
      if ((*chunk)->empty()) return accesses;
      for (const TraceOperation& operation : **chunk) {
        const TraceState& of = trace.states()[operation.state];
        if (of.timers.has_value()) {
          accesses.timers_added += operation.operation == Operation::kTimerAdd ? 1 : 0;
          accesses.timers_removed += operation.operation == Operation::kTimerRemove ? 1 : 0;
        } else if (of.descriptor.name == state) {
          CountOne(operation.operation, of.descriptor.kind, &accesses);
        }
      }
    }
  }

  static void CountOne(Operation operation, StateKind kind, Accesses* accesses) {
    switch (operation) {
      case Operation::kGet:
      case Operation::kGetInternal:
        ++accesses->gets;
        break;
      case Operation::kUpdate:
        ++accesses->puts;
        break;
      case Operation::kAdd:
        if (kind == StateKind::kList) {
          ++accesses->merges;
        } else {
          ++accesses->gets;
          ++accesses->puts;
        }
        break;
      case Operation::kClear:
        ++accesses->deletes;
        break;
      default:
        ADD_FAILURE() << "no closed form has " << OperationName(operation);
    }
  }

  BackendRegistry registry_;
  TemporaryDirectory directory_;
  int64_t rows_ = 0;
};

TEST_F(WindowMixTest, OfAnIncrementalTumblingWindowHalfAreGets) {
  // For n events: n + 1 gets, n puts, 1 delete of 2n + 2.
  constexpr int64_t n = kEventsInSpan;
  constexpr int64_t windows = kKeys * kSpans;
  for (const char* aggregate : {"reducing", "aggregating", "value"}) {
    const Accesses seen = Run("tumbling_incremental", {{"window_ms", "1000"}, {"aggregate", aggregate}});
    EXPECT_EQ(
        seen,
        (Accesses{.gets = windows * (n + 1), .puts = windows * n, .deletes = windows, .timers_added = windows * n}))
        << aggregate << ": " << seen;
    const int64_t all = seen.gets + seen.puts + seen.deletes;
    EXPECT_EQ(all, windows * (2 * n + 2)) << aggregate;
    EXPECT_EQ(seen.gets * 2, all) << aggregate;
    EXPECT_EQ(rows_, windows);
  }
}

TEST_F(WindowMixTest, OfAHolisticTumblingWindowAllButTwoAreMerges) {
  // n merges, 1 get, 1 delete of n + 2.
  constexpr int64_t windows = kKeys * kSpans;
  const Accesses seen = Run("tumbling_holistic", {{"window_ms", "1000"}});
  EXPECT_EQ(seen, (Accesses{.gets = windows,
                            .merges = windows * kEventsInSpan,
                            .deletes = windows,
                            .timers_added = windows * kEventsInSpan}))
      << seen;
  EXPECT_EQ(rows_, windows);
}

TEST_F(WindowMixTest, SlidingMultipliesByLengthOverSlide) {
  // Windows of 4 spans, one a span: each event lies in 4, so that windows at the edges have fewer of them, and there
  // are 3 more windows than spans.
  constexpr int64_t windows = kKeys * (kSpans + 3);
  constexpr int64_t events = kKeys * kSpans * kEventsInSpan;
  const workloads::Parameters lengths = {{"window_ms", "4000"}, {"slide_ms", "1000"}};
  const Accesses incremental = Run("sliding_incremental", lengths);
  EXPECT_EQ(
      incremental,
      (Accesses{.gets = 4 * events + windows, .puts = 4 * events, .deletes = windows, .timers_added = 4 * events}))
      << incremental;
  EXPECT_EQ(rows_, windows);
  const Accesses holistic = Run("sliding_holistic", lengths);
  EXPECT_EQ(holistic, (Accesses{.gets = windows, .merges = 4 * events, .deletes = windows, .timers_added = 4 * events}))
      << holistic;
  EXPECT_EQ(rows_, windows);
}

TEST_F(WindowMixTest, PanesTakeEachEventOnceAndEachWindowReadsAllOfItsPanes) {
  constexpr int64_t windows = kKeys * (kSpans + 3);
  constexpr int64_t panes = kKeys * kSpans;
  constexpr int64_t events = panes * kEventsInSpan;
  for (const char* aggregate : {"reducing", "aggregating", "value"}) {
    const Accesses seen = Run("sliding_panes", {{"window_ms", "4000"}, {"slide_ms", "1000"}, {"aggregate", aggregate}});
    // A window registers the next one, which the last of a key has not.
    EXPECT_EQ(
        seen,
        (Accesses{
            .gets = events + 4 * windows, .puts = events, .deletes = panes, .timers_added = events + windows - kKeys}))
        << aggregate << ": " << seen;
    EXPECT_EQ(rows_, windows);
  }
}

TEST_F(WindowMixTest, AWindowJoinIsHolistic) {
  constexpr int64_t windows = kKeys * kSpans;
  const Accesses tumbling = Run("tumbling_join", {{"window_ms", "1000"}});
  EXPECT_EQ(tumbling, (Accesses{.gets = windows,
                                .merges = windows * kEventsInSpan,
                                .deletes = windows,
                                .timers_added = windows * kEventsInSpan}))
      << tumbling;
  constexpr int64_t sliding_windows = kKeys * (kSpans + 3);
  constexpr int64_t events = windows * kEventsInSpan;
  const Accesses sliding = Run("sliding_join", {{"window_ms", "4000"}, {"slide_ms", "1000"}});
  EXPECT_EQ(
      sliding,
      (Accesses{.gets = sliding_windows, .merges = 4 * events, .deletes = sliding_windows, .timers_added = 4 * events}))
      << sliding;
}

TEST_F(WindowMixTest, ASessionIsAWindowOfAllItsEvents) {
  constexpr int64_t n = kSpans * kEventsInSpan;
  const Accesses incremental = Run("session_incremental", {{"gap_ms", "100"}});
  // Each event but the first moves the end, so that its timer moves.
  EXPECT_EQ(incremental, (Accesses{.gets = kKeys * (n + 1),
                                   .puts = kKeys * n,
                                   .deletes = kKeys,
                                   .timers_added = kKeys * n,
                                   .timers_removed = kKeys * (n - 1)}))
      << incremental;
  const Accesses holistic = Run("session_holistic", {{"gap_ms", "100"}});
  EXPECT_EQ(holistic, (Accesses{.gets = kKeys,
                                .merges = kKeys * n,
                                .deletes = kKeys,
                                .timers_added = kKeys * n,
                                .timers_removed = kKeys * (n - 1)}))
      << holistic;
  EXPECT_EQ(rows_, kKeys);
}

TEST_F(WindowMixTest, AllowedLatenessAddsATimerAndPurgingADelete) {
  constexpr int64_t n = kEventsInSpan;
  constexpr int64_t windows = kKeys * kSpans;
  const Accesses late = Run("tumbling_incremental", {{"window_ms", "1000"}, {"allowed_lateness_ms", "500"}});
  EXPECT_EQ(
      late,
      (Accesses{.gets = windows * (n + 1), .puts = windows * n, .deletes = windows, .timers_added = windows * 2 * n}))
      << late;
  const Accesses purged = Run("tumbling_incremental",
                              {{"window_ms", "1000"}, {"allowed_lateness_ms", "500"}, {"trigger", "fire_and_purge"}});
  EXPECT_EQ(
      purged,
      (Accesses{
          .gets = windows * (n + 1), .puts = windows * n, .deletes = windows * 2, .timers_added = windows * 2 * n}))
      << purged;
}

}  // namespace
}  // namespace kvstate::harness
