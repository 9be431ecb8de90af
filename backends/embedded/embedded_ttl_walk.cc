#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "backends/common/ttl_descriptor.h"
#include "backends/embedded/embedded_state.h"
#include "backends/embedded/embedded_walks.h"

namespace kvstate::backends {

namespace {

/// Of large entries a step takes fewer.
constexpr size_t kStepBytes = size_t{1} << 20;
/// A table is asked to reclaim after as many writes, removals among them, as half of its entries, but not before they
/// are a MiB or so: fewer are hardly felt.
constexpr uint64_t kEntriesPerWrite = 2;
constexpr uint64_t kLeastWrites = uint64_t{1} << 14;
/// All of it is reclaimed once so many entries were removed for each that is left: an engine compacts by itself what
/// comes and goes, and not what is left of a load that is over.
constexpr uint64_t kRemovalsPerEntryLeft = 4;

/// Reads times alone, of stored bytes: no value is decoded, and no key copied but those of what is to go.
class EmbeddedTtlWalk final : public TtlWalk {
 public:
  explicit EmbeddedTtlWalk(EmbeddedState& state)
      : state_(state),
        filter_(TtlFilterOf(state.state_descriptor())),
        key_group_bytes_(KeyGroupPrefixBytes(state.keys().max_parallelism())) {}

  Status Next(uint64_t max_entries, int64_t now, Step* step) override {
    *step = {};
    changes_.clear();
    arena_.clear();
    Status damage;
    std::string from = from_;
    KVSTATE_RETURN_IF_ERROR(state_.InContext(Read(max_entries, now, &from, step, &damage)));
    KVSTATE_RETURN_IF_ERROR(state_.InContext(Apply(step)));
    step->at_end = from.empty();
    step->passed_key_groups = step->at_end ? key_groups() : KeyGroupOf(from) - state_.keys().range().first;
    from_ = std::move(from);
    ReclaimNowAndThen(*step);
    return state_.InContext(damage);
  }

  void Restart() override { from_.clear(); }
  uint32_t key_groups() const override { return state_.keys().range().size(); }

 private:
  struct Change {
    size_t key_end;
    size_t value_end;  ///< Behind the value that is left; key_end where the entry goes.
  };

  /// Finds what is to be changed, and sets `from` to where the next step begins, empty at the end. No iterator is open
  /// afterwards: a write would spoil it on some engines, and it would keep what is removed on others.
  Status Read(uint64_t max_entries, int64_t now, std::string* from, Step* step, Status* damage) {
    KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StoreIterator> stored, state_.table().NewIterator(*from, {}));
    KVSTATE_RETURN_IF_ERROR(stored->Seek(*from));
    size_t bytes = 0;
    while (stored->Valid() && step->examined < max_entries && bytes < kStepBytes && damage->ok()) {
      ++step->examined;
      bytes += stored->key().size() + stored->value().size();
      *damage = Check(stored->key(), stored->value(), now, step);
      KVSTATE_RETURN_IF_ERROR(stored->Next());
    }
    from->clear();
    if (stored->Valid()) from->assign(stored->key());
    return Status();
  }

  Status Check(ByteView key, ByteView value, int64_t now, Step* step) {
    if (filter_.kind() == StateKind::kList) {
      KVSTATE_ASSIGN_OR_RETURN(const TtlFilter::Verdict verdict, filter_.Check(value, now, &left_));
      // What is left of a list may expire at any time.
      step->oldest = INT64_MIN;
      if (verdict == TtlFilter::Verdict::kKeep) return Status();
      if (verdict == TtlFilter::Verdict::kDrop) left_.clear();
      AddChange(key, left_);
      return Status();
    }
    KVSTATE_ASSIGN_OR_RETURN(const int64_t timestamp, filter_.TimeOf(value));
    if (IsExpired(timestamp, filter_.ttl_millis(), now)) {
      AddChange(key, {});
    } else {
      step->oldest = std::min(step->oldest, timestamp);
    }
    return Status();
  }

  void AddChange(ByteView key, ByteView value) {
    arena_.append(key);
    const size_t key_end = arena_.size();
    arena_.append(value);
    changes_.push_back({key_end, arena_.size()});
  }

  Status Apply(Step* step) {
    const ByteView arena = arena_;
    removals_.clear();
    size_t at = 0;
    for (const Change& change : changes_) {
      const ByteView key = arena.substr(at, change.key_end - at);
      const ByteView left = arena.substr(change.key_end, change.value_end - change.key_end);
      at = change.value_end;
      if (left.empty()) {
        removals_.push_back(key);
      } else {
        KVSTATE_RETURN_IF_ERROR(state_.table().Put(key, left));
      }
    }
    if (removals_.empty()) return Status();
    return state_.table().DeleteMany(removals_, &step->removed);
  }

  /// An engine may overwrite and delete by writing more, which walks have to step over. What is left in files is
  /// reclaimed by writing anew what lives, a quarter of an entry at most for each that was removed.
  void ReclaimNowAndThen(const Step& step) {
    examined_ += step.examined;
    removed_ += step.removed;
    left_in_pass_ += step.examined - step.removed;
    const uint64_t entries = std::max(examined_, of_last_pass_);
    const uint64_t writes = state_.table().table_writes();
    const uint64_t left = std::max(left_in_pass_, left_of_last_pass_);
    if (removed_ >= std::max(kLeastWrites, kRemovalsPerEntryLeft * left) && state_.table().ReclaimAll()) {
      removed_ = 0;
      writes_before_ = writes;
    } else if (writes - writes_before_ >= std::max(kLeastWrites, entries / kEntriesPerWrite)) {
      state_.table().ReclaimMemory();
      writes_before_ = writes;
    }
    if (!step.at_end) return;
    of_last_pass_ = std::exchange(examined_, 0);
    left_of_last_pass_ = std::exchange(left_in_pass_, 0);
  }

  uint32_t KeyGroupOf(ByteView key) const {
    uint32_t key_group = 0;
    for (size_t i = 0; i < key_group_bytes_; ++i) key_group = key_group << 8 | static_cast<uint8_t>(key[i]);
    return key_group;
  }

  EmbeddedState& state_;
  const TtlFilter filter_;
  const size_t key_group_bytes_;
  std::string from_;  ///< Where the next step begins; empty: at the first entry.
  std::vector<Change> changes_;
  std::string arena_;  ///< Keys and values of changes_.
  std::string left_;
  std::vector<ByteView> removals_;  ///< In arena_.
  uint64_t examined_ = 0;           ///< In this pass.
  uint64_t of_last_pass_ = 0;       ///< Examined.
  uint64_t left_in_pass_ = 0;       ///< Examined, and not removed.
  uint64_t left_of_last_pass_ = 0;
  uint64_t removed_ = 0;        ///< Since the last ReclaimAll.
  uint64_t writes_before_ = 0;  ///< The last time that anything was reclaimed.
};

}  // namespace

std::unique_ptr<TtlWalk> MakeTtlWalk(EmbeddedState& state) { return std::make_unique<EmbeddedTtlWalk>(state); }

}  // namespace kvstate::backends
