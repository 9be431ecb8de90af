#include "backends/embedded/store_timer_queue.h"

#include <algorithm>
#include <utility>

#include "backends/embedded/key_group_bounds.h"

namespace kvstate::backends {

namespace {

// Of each group, as many as one seek is worth; over all groups no more than some megabytes.
constexpr size_t kMostOfGroup = 128;
constexpr size_t kLeastOfGroup = 16;
constexpr size_t kMostOfQueue = size_t{64} << 10;
// Of writes held back: each group is read, and so written, when as many as are in memory were taken off it.
constexpr size_t kMostHeldOfGroup = 512;
constexpr size_t kScanBatch = 256;

}  // namespace

StoreTimerQueue::StoreTimerQueue(const KeyContext& keys, SerializerPtr namespace_serializer, std::string name,
                                 std::unique_ptr<StoreTable> table, bool is_empty, uint64_t* store_writes,
                                 TableChanges* changes)
    : BackendTimerQueue(keys, std::move(namespace_serializer), std::move(name), TimerStorage::kBackend),
      key_group_bytes_(KeyGroupPrefixBytes(keys.max_parallelism())),
      most_in_memory_(std::clamp(kMostOfQueue / std::max<size_t>(keys.range().size(), 1), kLeastOfGroup, kMostOfGroup)),
      most_held_(std::clamp(kMostOfQueue / std::max<size_t>(keys.range().size(), 1), kLeastOfGroup, kMostHeldOfGroup)),
      table_(std::make_unique<StateTable>(std::move(table), store_writes, changes)),
      held_(keys.range().size()),
      first_(keys.range().size()),
      all_in_memory_(keys.range().size(), is_empty),
      loaded_(is_empty) {}

std::string StoreTimerQueue::BoundOf(size_t group) const {
  return KeyGroupBound(format().keys().range().first + static_cast<uint32_t>(group), key_group_bytes_);
}

ByteView StoreTimerQueue::KeyOf(size_t group, const StoredTimer& timer) {
  const uint32_t key_group = format().keys().range().first + static_cast<uint32_t>(group);
  const ByteView address = timer.address();
  key_.Clear();
  char* at = key_.Extend(key_group_bytes_ + kTimestampBytes + address.size());
  if (key_group_bytes_ == 2) *at++ = static_cast<char>(key_group >> 8);
  *at++ = static_cast<char>(key_group);
  WriteTimestamp(timer.timestamp(), at);
  std::memcpy(at + kTimestampBytes, address.data(), address.size());
  return key_.view();
}

Status StoreTimerQueue::Hold(size_t group, const StoredTimer& timer, bool removed) {
  // Before, so that a failure leaves this one undone.
  if (held_[group].size() >= most_held_) KVSTATE_RETURN_IF_ERROR(WriteHeldOf(group));
  held_[group].push_back({timer, removed});
  return Status();
}

Status StoreTimerQueue::WriteHeldOf(size_t group) {
  std::vector<Held>& held = held_[group];
  std::stable_sort(held.begin(), held.end(), [](const Held& a, const Held& b) { return a.timer < b.timer; });
  for (size_t i = 0; i < held.size(); ++i) {
    // Of several writes of one timer the last counts.
    if (i + 1 < held.size() && held[i].timer == held[i + 1].timer) continue;
    const ByteView key = KeyOf(group, held[i].timer);
    KVSTATE_RETURN_IF_ERROR(held[i].removed ? table_->Delete(key) : table_->Put(key, kTimerValue));
  }
  held.clear();
  return Status();
}

Status StoreTimerQueue::WriteHeld() {
  for (size_t group = 0; group < held_.size(); ++group) KVSTATE_RETURN_IF_ERROR(WriteHeldOf(group));
  return Status();
}

Result<bool> StoreTimerQueue::Scan(size_t group, ByteView from, size_t most,
                                   const std::function<void(StoredTimer timer)>& visit) {
  KVSTATE_RETURN_IF_ERROR(WriteHeldOf(group));
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StoreIterator> entries, table_->NewIterator(from, BoundOf(group + 1)));
  KVSTATE_RETURN_IF_ERROR(entries->Seek(from));
  for (size_t n = 0; entries->Valid(); ++n) {
    if (n == most) return true;
    const ByteView key = entries->key();
    if (key.size() < key_group_bytes_ + kTimestampBytes) {
      return DataLossError("timers '" + format().queue() + "': the engine has a key of " + std::to_string(key.size()) +
                           " bytes, too short for a timer's");
    }
    visit(StoredTimer(ReadTimestamp(key.data() + key_group_bytes_), key.substr(key_group_bytes_ + kTimestampBytes)));
    KVSTATE_RETURN_IF_ERROR(entries->Next());
  }
  return false;
}

Status StoreTimerQueue::FillGroup(size_t group, ByteView from) {
  const auto keep = [&](StoredTimer timer) { first_.Insert(group, std::move(timer)); };
  KVSTATE_ASSIGN_OR_RETURN(const bool more, Scan(group, from, most_in_memory_, keep));
  all_in_memory_[group] = !more;
  return Status();
}

Status StoreTimerQueue::Fill() {
  if (!loaded_) {
    for (size_t group = 0; group < first_.groups(); ++group) KVSTATE_RETURN_IF_ERROR(FillGroup(group, BoundOf(group)));
    loaded_ = true;
  }
  if (to_fill_.has_value()) {
    KVSTATE_RETURN_IF_ERROR(FillGroup(*to_fill_, fill_from_));
    to_fill_.reset();
  }
  return Status();
}

void StoreTimerQueue::Taken(size_t group, const StoredTimer& timer) {
  if (!first_[group].empty() || all_in_memory_[group]) return;
  // Not from the group's start, where the engine may have the remains of many timers to step over.
  fill_from_ = KeyOf(group, timer);
  to_fill_ = group;
}

Result<bool> StoreTimerQueue::AddStored(size_t group, StoredTimer&& timer) {
  KVSTATE_RETURN_IF_ERROR(Prepare());
  KVSTATE_RETURN_IF_ERROR(Hold(group, timer, /*removed=*/false));
  TimerSet& set = first_[group];
  if (!all_in_memory_[group] && !(timer < set.last())) return false;
  const StoredTimer* const added = first_.Insert(group, std::move(timer));
  const bool is_head = added != nullptr && added == &first_.head();
  if (set.Size() > most_in_memory_) {
    first_.DropLast(group);
    all_in_memory_[group] = false;
  }
  return is_head;
}

Result<bool> StoreTimerQueue::RemoveStored(size_t group, const StoredTimer& timer) {
  KVSTATE_RETURN_IF_ERROR(Prepare());
  TimerSet& set = first_[group];
  const bool here = set.Contains(timer);
  // Not there at all.
  if (!here && (all_in_memory_[group] || timer < set.last())) return false;
  KVSTATE_RETURN_IF_ERROR(Hold(group, timer, /*removed=*/true));
  if (!here) return false;
  const bool was_head = first_.head_group() == group && set.first() == timer;
  first_.Erase(group, timer);
  Taken(group, timer);
  return was_head;
}

Result<const StoredTimer*> StoreTimerQueue::Head() {
  KVSTATE_RETURN_IF_ERROR(Prepare());
  return first_.empty() ? nullptr : &first_.head();
}

Status StoreTimerQueue::TakeHead(StoredTimer* head) {
  const size_t group = first_.head_group();
  KVSTATE_RETURN_IF_ERROR(Hold(group, first_.head(), /*removed=*/true));
  *head = first_.TakeFirst(group);
  Taken(group, *head);
  return Status();
}

Result<uint64_t> StoreTimerQueue::Count() {
  KVSTATE_RETURN_IF_ERROR(Prepare());
  uint64_t count = 0;
  for (size_t group = 0; group < first_.groups(); ++group) {
    if (all_in_memory_[group]) {
      count += first_[group].Size();
    } else {
      KVSTATE_RETURN_IF_ERROR(Scan(group, BoundOf(group), SIZE_MAX, [&](const StoredTimer&) { ++count; }).status());
    }
  }
  return count;
}

Status StoreTimerQueue::ForEachStored(size_t group, const std::function<Status(const StoredTimer&)>& visit) {
  // In batches: `visit` may write to other states, which an iterator need not survive.
  std::vector<StoredTimer> batch;
  std::string from = BoundOf(group);
  for (bool more = true; more;) {
    batch.clear();
    KVSTATE_ASSIGN_OR_RETURN(more,
                             Scan(group, from, kScanBatch, [&](StoredTimer t) { batch.push_back(std::move(t)); }));
    for (const StoredTimer& timer : batch) KVSTATE_RETURN_IF_ERROR(visit(timer));
    if (!batch.empty()) from = std::string(KeyOf(group, batch.back())).append(1, '\0');
  }
  return Status();
}

}  // namespace kvstate::backends
