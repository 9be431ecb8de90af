#ifndef KVSTATE_TESTS_UNIT_WORKLOADS_WINDOW_REFERENCE_H_
#define KVSTATE_TESTS_UNIT_WORKLOADS_WINDOW_REFERENCE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/workloads/operator_testing.h"

namespace kvstate::workloads {

/// What a watermark that stays `bound_ms` behind the latest event, and is given anew once it has moved by
/// `interval_ms`, has reached.
class ReferenceWatermark {
 public:
  explicit ReferenceWatermark(int64_t bound_ms, int64_t interval_ms) : bound_ms_(bound_ms), interval_ms_(interval_ms) {}
  bool HasPassed(int64_t time_ms) const { return any_ && time_ms < given_ms_; }
  /// Whether it is given anew.
  bool Observe(int64_t time_ms) {
    const int64_t reached_ms = time_ms - bound_ms_;
    if (any_ && reached_ms - given_ms_ < (interval_ms_ < 1 ? 1 : interval_ms_)) return false;
    given_ms_ = reached_ms;
    any_ = true;
    return true;
  }

 private:
  const int64_t bound_ms_;
  const int64_t interval_ms_;
  int64_t given_ms_ = 0;
  bool any_ = false;
};

/// What a window's events give, after its key, start and end in a row.
using WindowResult = std::function<void(const std::vector<OwnedEvent>& events, RowBuilder& row)>;
int64_t ReferenceMeasure(const OwnedEvent& event);
WindowResult SumOfMeasures();
WindowResult MeanOfMeasures();
WindowResult CountAndPercentile(uint64_t percentile);

struct WindowReferenceOptions {
  int64_t length_ms = 0;
  int64_t slide_ms = 0;
  int64_t gap_ms = 0;  ///< Sessions, where it is not 0.
  int64_t bound_ms = 0;
  int64_t interval_ms = 0;
  int64_t lateness_ms = 0;
  bool purges = false;
  WindowResult result;
};

/// Windows that keep every event, and are looked through one by one.
class WindowReference {
 public:
  explicit WindowReference(WindowReferenceOptions options)
      : options_(std::move(options)), watermark_(options_.bound_ms, options_.interval_ms) {}

  /// The rows of the whole stream, in order.
  std::vector<std::string> Run(const std::vector<OwnedEvent>& events);
  int64_t late() const { return late_; }
  int64_t merges() const { return merges_; }              ///< Events that joined sessions.
  int64_t late_firings() const { return late_firings_; }  ///< By events that came after a window had fired.
  int64_t revived() const { return revived_; }            ///< Sessions that had fired and went on.

 private:
  struct Window {
    int64_t start = 0;
    int64_t end = 0;
    bool fired = false;
    std::vector<OwnedEvent> events;
  };

  bool Ended(int64_t end_ms) const { return watermark_.HasPassed(end_ms - 1); }
  bool Gone(int64_t end_ms) const { return watermark_.HasPassed(end_ms - 1 + options_.lateness_ms); }
  void ToWindows(const OwnedEvent& event);
  void ToSession(const OwnedEvent& event);
  void Take(const OwnedEvent& event, Window& window);
  void Fire(const std::string& key, Window& window);
  void FireEnded(bool all);

  const WindowReferenceOptions options_;
  ReferenceWatermark watermark_;
  std::map<std::string, std::vector<Window>> windows_;
  std::vector<std::string> rows_;
  int64_t late_ = 0;
  int64_t merges_ = 0;
  int64_t late_firings_ = 0;
  int64_t revived_ = 0;
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_TESTS_UNIT_WORKLOADS_WINDOW_REFERENCE_H_
