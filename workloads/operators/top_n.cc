#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/event_measure.h"
#include "workloads/operators/operator_support.h"

namespace kvstate::workloads {
namespace {

/// Measure and event time, by which entries are ranked; equal ones are one.
using Entry = std::pair<int64_t, int64_t>;

/// Keeps the N greatest entries of each key, and emits each that gets among them, with its rank.
class TopNOperator : public OperatorBase {
 public:
  explicit TopNOperator(size_t n) : n_(n) {}

  Status Process(const Event& event) final {
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    const Entry entry{MeasureOf(event), event.time_ms};
    KVSTATE_ASSIGN_OR_RETURN(const std::optional<uint64_t> rank, Rank(entry));
    if (!rank.has_value()) return Status();
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(event.key);
    row.PutFixed64(*rank);
    Codec<Entry>::Write(entry, row);
    Emit();
    return Status();
  }

  Status Finish() final { return Status(); }

 protected:
  /// Takes the entry in if it is among the greatest, in place of the least if there are N: its rank, from 1.
  virtual Result<std::optional<uint64_t>> Rank(const Entry& entry) = 0;
  size_t n() const { return n_; }

 private:
  const size_t n_;
};

/// In one list, the greatest first: one read, and one write of all N when it changes.
class ListTopN final : public TopNOperator {
 public:
  using TopNOperator::TopNOperator;

 private:
  Status OpenStates() override { return OpenState(ListStateDescriptor<Entry>("top"), &top_); }

  Result<std::optional<uint64_t>> Rank(const Entry& entry) override {
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<Entry>* stored, top_.Get());
    entries_.clear();
    if (stored != nullptr) entries_ = *stored;
    const auto place = std::lower_bound(entries_.begin(), entries_.end(), entry, std::greater<>());
    const auto rank = static_cast<size_t>(place - entries_.begin()) + 1;
    if (rank > n() || (place != entries_.end() && *place == entry)) return std::optional<uint64_t>();
    entries_.insert(place, entry);
    if (entries_.size() > n()) entries_.pop_back();
    KVSTATE_RETURN_IF_ERROR(top_.Update(entries_));
    return std::optional<uint64_t>(rank);
  }

  ListState<Entry> top_;
  std::vector<Entry> entries_;
};

/// In a map, an entry each: a scan of N, and a put and a removal when it changes.
class MapTopN final : public TopNOperator {
 public:
  using TopNOperator::TopNOperator;

 private:
  Status OpenStates() override { return OpenState(MapStateDescriptor<Entry, bool>("top"), &top_); }

  Result<std::optional<uint64_t>> Rank(const Entry& entry) override {
    KVSTATE_ASSIGN_OR_RETURN(auto entries, top_.Entries());
    std::optional<Entry> least;
    size_t all = 0;
    uint64_t greater = 0;
    bool is_there = false;
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, entries.Next());
      if (!more) break;
      KVSTATE_ASSIGN_OR_RETURN(const Entry* other, entries.Key());
      ++all;
      greater += *other > entry ? 1 : 0;
      is_there = is_there || *other == entry;
      if (!least.has_value() || *other < *least) least = *other;
    }
    if (greater >= n() || is_there) return std::optional<uint64_t>();
    if (all == n()) KVSTATE_RETURN_IF_ERROR(top_.Remove(*least));
    KVSTATE_RETURN_IF_ERROR(top_.Put(entry, true));
    return std::optional<uint64_t>(greater + 1);
  }

  MapState<Entry, bool> top_;
};

}  // namespace

WorkloadSpec TopN();

WorkloadSpec TopN() {
  return MakeWorkload("top_n", "The greatest entries of each key, emitted as they get among them",
                      {{"keys", "10000"}, {"key_distribution", "zipfian"}},
                      {{"n", "10", "Entries that are kept of a key, 1 to 10^6"},
                       {"state", "map", "Where: map (an entry each), list (all in one)"}},
                      [](ParameterReader& reader) -> std::unique_ptr<Operator> {
                        const size_t n = reader.Count("n", 1, 1'000'000);
                        if (reader.Choice("state", {"map", "list"}) == 0) return std::make_unique<MapTopN>(n);
                        return std::make_unique<ListTopN>(n);
                      });
}

}  // namespace kvstate::workloads
