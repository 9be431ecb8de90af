#include "backends/common/heap_timers.h"

#include <algorithm>

namespace kvstate::backends {

namespace {

// Copied under the lock at once: some ten microseconds that the owner may have to wait.
constexpr size_t kBatch = 512;

}  // namespace

bool HeapTimers::Add(size_t group, StoredTimer&& timer) {
  if (views_.empty()) [[likely]]
    return sets_.Add(group, std::move(timer));
  const std::lock_guard lock(mutex_);
  const StoredTimer* const added = sets_.Insert(group, std::move(timer));
  if (added == nullptr) return false;
  if (HasViews()) NoteAdded(group, *added);
  return added == &sets_.head();
}

bool HeapTimers::Remove(size_t group, const StoredTimer& timer) {
  const auto lock = LockIfViewed();
  const bool was_head = !sets_.empty() && sets_.head_group() == group && sets_.head() == timer;
  if (!sets_.Erase(group, timer)) return false;
  if (HasViews()) NoteRemoved(group, timer);
  return was_head;
}

StoredTimer HeapTimers::TakeHead() {
  const size_t group = sets_.head_group();
  if (views_.empty()) [[likely]]
    return sets_.TakeFirst(group);
  const std::lock_guard lock(mutex_);
  StoredTimer taken = sets_.TakeFirst(group);
  if (HasViews()) NoteRemoved(group, taken);
  return taken;
}

uint64_t HeapTimers::Size() {
  const auto lock = LockIfViewed();
  uint64_t size = 0;
  for (size_t group = 0; group < groups(); ++group) size += sets_[group].Size();
  return size;
}

bool HeapTimers::Contains(size_t group, const StoredTimer& timer) {
  const auto lock = LockIfViewed();
  return sets_[group].Contains(timer);
}

Status HeapTimers::ForEach(size_t group, const std::function<Status(const StoredTimer& timer)>& visit) {
  {
    const auto lock = LockIfViewed();
    sets_[group].Size();
  }
  return sets_[group].ForEach(visit);
}

bool HeapTimers::HasViews() {
  std::erase_if(views_, [](const auto& view) { return view->ended; });
  return !views_.empty();
}

void HeapTimers::NoteAdded(size_t group, const StoredTimer& timer) {
  for (const auto& view : views_) {
    if (view->Read(group, timer)) continue;
    Changes& changes = view->changes[group];
    // One that was there at first is found in its place again.
    if (changes.removed.erase(timer) == 0) changes.added.insert(timer);
  }
}

void HeapTimers::NoteRemoved(size_t group, const StoredTimer& timer) {
  for (const auto& view : views_) {
    if (view->Read(group, timer)) continue;
    Changes& changes = view->changes[group];
    if (changes.added.erase(timer) == 0) changes.removed.insert(timer);
  }
}

std::unique_ptr<HeapTimers::View> HeapTimers::NewView(const std::shared_ptr<HeapTimers>& timers) {
  auto progress = std::make_shared<Progress>();
  {
    const std::lock_guard lock(timers->mutex_);
    timers->HasViews();
    timers->views_.push_back(progress);
  }
  return std::unique_ptr<View>(new View(timers, std::move(progress)));
}

HeapTimers::View::~View() {
  std::map<size_t, Changes> dropped;
  const std::lock_guard lock(timers_->mutex_);
  progress_->ended = true;
  dropped.swap(progress_->changes);
}

bool HeapTimers::View::NextBatch(size_t group, std::vector<StoredTimer>* batch) {
  batch->clear();
  Progress& progress = *progress_;
  Changes changes;
  bool more = false;
  {
    const std::lock_guard lock(timers_->mutex_);
    if (progress.group != group) {
      progress.group = group;
      progress.next.reset();
    }
    const TimerSet& set = std::as_const(timers_->sets_)[group];
    const auto changed = progress.changes.find(group);
    const bool any_changed = changed != progress.changes.end();
    const StoredTimer* const from = progress.next.has_value() ? &*progress.next : nullptr;
    const StoredTimer* const next = set.ForSome(from, kBatch, [&](const StoredTimer& timer) {
      if (!any_changed || !changed->second.added.contains(timer)) batch->push_back(timer);
    });
    more = next != nullptr;
    if (more) {
      progress.next = *next;
    } else {
      if (any_changed) {
        changes = std::move(changed->second);
        progress.changes.erase(changed);
      }
      progress.group = group + 1;
      progress.next.reset();
    }
  }
  std::sort(batch->begin(), batch->end());
  batch->erase(std::unique(batch->begin(), batch->end()), batch->end());
  batch->insert(batch->end(), changes.removed.begin(), changes.removed.end());
  return more;
}

Status HeapTimers::View::ForEach(size_t group, const std::function<Status(const StoredTimer& timer)>& visit) {
  std::vector<StoredTimer> batch;
  for (bool more = true; more;) {
    more = NextBatch(group, &batch);
    for (const StoredTimer& timer : batch) KVSTATE_RETURN_IF_ERROR(visit(timer));
  }
  return Status();
}

}  // namespace kvstate::backends
