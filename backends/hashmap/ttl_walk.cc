#include "backends/hashmap/ttl_walk.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "backends/common/ttl_filter.h"
#include "backends/common/ttl_serializer.h"
#include "backends/hashmap/payload.h"
#include "backends/hashmap/table_cursor.h"

namespace kvstate::backends::hashmap {

namespace {

/// Goes over the slots of a state's tables, by home groups.
class HashMapTtlWalk : public TtlWalk {
 public:
  explicit HashMapTtlWalk(const StateCore& state)
      : life_(state.life()),
        ttl_millis_(state.core_descriptor().ttl->ttl_millis),
        key_groups_(static_cast<uint32_t>(state.table_count())) {}

  Status Next(uint64_t max_entries, int64_t now, Step* step) final {
    *step = {};
    StateCore& state = *life_->state;
    const StateCore::Lock lock(state);
    now_ = now;
    step_ = step;
    while (step->examined < max_entries && table_ < key_groups_) {
      if (HasRest()) {
        TakeRest(state, max_entries);
      } else if (!cursor_.AtEnd()) {
        TakeGroup(state, max_entries);
      } else {
        if (erased_) state.GiveMemoryBack(table_);
        erased_ = false;
        cursor_ = TableCursor();
        ++table_;
      }
    }
    step->passed_key_groups = table_;
    step->at_end = table_ == key_groups_;
    if (step->at_end) Restart();
    return Status();
  }

  void Restart() override {
    table_ = 0;
    cursor_ = TableCursor();
    erased_ = false;
  }
  uint32_t key_groups() const final { return key_groups_; }

 protected:
  /// What is left over of the group that was taken last.
  virtual bool HasRest() const { return false; }
  virtual void TakeRest(StateCore& /*state*/, uint64_t /*max_entries*/) {}
  virtual void TakeGroup(StateCore& state, uint64_t max_entries) = 0;

  bool IsExpired(int64_t timestamp) const { return backends::IsExpired(timestamp, ttl_millis_, now_); }
  /// `visit(slot)` may erase that slot alone.
  template <class F>
  void ForEachInGroup(const StateCore& state, F visit) {
    cursor_.Next(state.layout(), state.table(table_), visit);
  }
  void Erase(StateCore& state, char* slot) {
    state.EraseSlot(table_, slot);
    NoteErased();
  }
  void NoteErased() {
    erased_ = true;
    ++step_->removed;
  }
  Step& step() { return *step_; }

 private:
  const std::shared_ptr<const StateLife> life_;
  const int64_t ttl_millis_;
  const uint32_t key_groups_;
  uint32_t table_ = 0;
  TableCursor cursor_;
  bool erased_ = false;  ///< Something in the table.
  int64_t now_ = 0;
  Step* step_ = nullptr;
};

/// Of all kinds but lists and maps: one time in a slot.
class ObjectTtlWalk final : public HashMapTtlWalk {
 public:
  explicit ObjectTtlWalk(const StateCore& state)
      : HashMapTtlWalk(state), cell_(static_cast<const ObjectCell&>(*state.layout().payload)) {}

 private:
  void TakeGroup(StateCore& state, uint64_t) override {
    const TableLayout& layout = state.layout();
    ForEachInGroup(state, [&](char* slot) {
      ++step().examined;
      const int64_t timestamp = TtlSerializer::TimestampOf(cell_.Object(layout.PayloadOf(slot)));
      if (IsExpired(timestamp)) {
        Erase(state, slot);
      } else {
        step().oldest = std::min(step().oldest, timestamp);
      }
    });
  }

  const ObjectCell& cell_;
};

class ListTtlWalk final : public HashMapTtlWalk {
 public:
  explicit ListTtlWalk(const StateCore& state)
      : HashMapTtlWalk(state),
        cell_(static_cast<const ObjectCell&>(*state.layout().payload)),
        list_(dynamic_cast<const TtlListSerializer&>(*state.core_descriptor().value_serializer)) {}

 private:
  void TakeGroup(StateCore& state, uint64_t) override {
    const TableLayout& layout = state.layout();
    ForEachInGroup(state, [&](char* slot) {
      ++step().examined;
      const void* list = cell_.Object(layout.PayloadOf(slot));
      int64_t oldest = list_.OldestOf(list);
      if (IsExpired(oldest)) {
        const TypedObject left = WhatIsLeftOf(list, state.core_descriptor().value_serializer);
        if (list_.Size(left.get()) == 0) {
          Erase(state, slot);
          return;
        }
        state.VisitorUpdate(layout.PayloadOf(slot), {}, left.get());
        oldest = list_.OldestOf(left.get());
      }
      step().oldest = std::min(step().oldest, oldest);
    });
  }

  TypedObject WhatIsLeftOf(const void* list, const SerializerPtr& serializer) const {
    TypedObject left(serializer);
    const size_t size = list_.Size(list);
    for (size_t i = 0; i < size; ++i) {
      if (!IsExpired(list_.TimeAt(list, i))) list_.Append(left.get(), list_.At(list, i));
    }
    return left;
  }

  const ObjectCell& cell_;
  const TtlListSerializer& list_;
};

class MapTtlWalk final : public HashMapTtlWalk {
 public:
  using HashMapTtlWalk::HashMapTtlWalk;

  void Restart() override {
    HashMapTtlWalk::Restart();
    rest_.clear();
    is_within_ = false;
  }

 private:
  struct Map {
    std::string key;
    std::string state_namespace;
  };

  bool HasRest() const override { return !rest_.empty(); }

  void TakeGroup(StateCore& state, uint64_t max_entries) override {
    const TableLayout& layout = state.layout();
    ForEachInGroup(state, [&](char* slot) {
      // A copy: a map goes with its last entry.
      rest_.push_back({std::string(layout.KeyOf(slot)), std::string(layout.NamespaceOf(slot))});
    });
    TakeRest(state, max_entries);
  }

  void TakeRest(StateCore& state, uint64_t max_entries) override {
    while (!rest_.empty() && step().examined < max_entries) {
      if (!TakeMap(state, rest_.back(), max_entries)) return;
      rest_.pop_back();
    }
  }

  /// False: not all of it.
  bool TakeMap(StateCore& state, const Map& map, uint64_t max_entries) {
    const void* payload = state.FindPayload(map.key, map.state_namespace);
    if (payload == nullptr) return true;
    bool all = true;
    expired_.clear();
    ends_.clear();
    const ByteView after = after_;
    const bool from_start = !is_within_;
    is_within_ = false;
    state.ForEachValue(payload, from_start ? nullptr : &after, [&](ByteView user_key, const void* value) {
      ++step().examined;
      const int64_t timestamp = TtlSerializer::TimestampOf(value);
      if (IsExpired(timestamp)) {
        expired_.append(user_key);
        ends_.push_back(expired_.size());
      } else {
        step().oldest = std::min(step().oldest, timestamp);
      }
      if (step().examined < max_entries) return true;
      next_after_.assign(user_key);
      all = false;
      return false;
    });
    if (!all) {
      std::swap(after_, next_after_);
      is_within_ = true;
    }
    size_t start = 0;
    for (const size_t end : ends_) {
      if (state.VisitorRemove(map.key, map.state_namespace, ByteView(expired_).substr(start, end - start))) {
        NoteErased();
      }
      start = end;
    }
    return all;
  }

  std::vector<Map> rest_;   ///< Of the group, those that are not done.
  bool is_within_ = false;  ///< The last of rest_ is taken up to after_.
  std::string after_;
  std::string next_after_;
  std::string expired_;  ///< User keys, one behind another.
  std::vector<size_t> ends_;
};

}  // namespace

std::unique_ptr<TtlWalk> MakeTtlWalk(const StateCore& state) {
  switch (state.core_descriptor().kind) {
    case StateKind::kMap:
      return std::make_unique<MapTtlWalk>(state);
    case StateKind::kList:
      return std::make_unique<ListTtlWalk>(state);
    default:
      return std::make_unique<ObjectTtlWalk>(state);
  }
}

}  // namespace kvstate::backends::hashmap
