#include "workloads/sources/two_sided_source.h"

#include <cassert>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "workloads/sources/random.h"

namespace kvstate::workloads {
namespace {

/// Streams of random numbers under the seed that the source of the rows has too. Part of what a seed means.
enum RandomStream : uint64_t { kSideStream = 100, kRetractionStream = 101 };

class TwoSidedSource final : public EventSource {
 public:
  TwoSidedSource(std::unique_ptr<EventSource> rows, const TwoSidedOptions& options, uint64_t seed)
      : rows_(std::move(rows)),
        options_(options),
        side_random_(seed, kSideStream),
        retraction_random_(seed, kRetractionStream) {}

  Result<bool> Next(Event* event) override {
    KVSTATE_ASSIGN_OR_RETURN(const bool more, rows_->Next(event));
    if (!more) return false;
    const bool is_first = next_ < options_.right_events;
    ++next_;
    if (!is_first && options_.retract_share > 0 && retraction_random_.Unit() < options_.retract_share &&
        !retractable_.empty()) {
      Retract(event);
      return true;
    }
    const bool is_right = is_first || side_random_.Unit() < options_.right_share;
    event->stream = is_right ? kRightRows : kLeftRows;
    if (options_.retract_share > 0) Remember(*event);
    return true;
  }

  uint64_t size() const override { return rows_->size(); }

 private:
  struct Row {
    std::string key;
    std::string value;
    uint32_t stream = 0;
  };

  void Remember(const Event& event) {
    Row* row = nullptr;
    if (retractable_.size() < options_.retractable_rows) {
      row = &retractable_.emplace_back();
    } else {
      row = &retractable_[retraction_random_.Below(retractable_.size())];
    }
    row->key.assign(event.key);
    row->value.assign(event.value);
    row->stream = event.stream;
  }

  void Retract(Event* event) {
    std::swap(retractable_[retraction_random_.Below(retractable_.size())], retractable_.back());
    retracted_ = std::move(retractable_.back());
    retractable_.pop_back();
    event->key = retracted_.key;
    event->value = retracted_.value;
    event->stream = retracted_.stream == kLeftRows ? kLeftRetractions : kRightRetractions;
  }

  const std::unique_ptr<EventSource> rows_;
  const TwoSidedOptions options_;
  Random side_random_;
  Random retraction_random_;
  std::vector<Row> retractable_;
  Row retracted_;
  uint64_t next_ = 0;
};

}  // namespace

std::unique_ptr<EventSource> MakeTwoSidedSource(std::unique_ptr<EventSource> rows, const TwoSidedOptions& options,
                                                uint64_t seed) {
  assert(options.right_share >= 0 && options.right_share <= 1);
  assert(options.retract_share >= 0 && options.retract_share <= 1 && options.retractable_rows > 0);
  return std::make_unique<TwoSidedSource>(std::move(rows), options, seed);
}

}  // namespace kvstate::workloads
