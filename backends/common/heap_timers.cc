#include "backends/common/heap_timers.h"

#include <algorithm>

namespace kvstate::backends {

namespace {

// Copied under the lock at once: some ten microseconds that the owner may have to wait.
constexpr size_t kBatch = 512;

}  // namespace

bool HeapTimers::Add(size_t group, StoredTimer timer) {
  if (views_.empty()) [[likely]]
    return Insert(group, std::move(timer));
  const std::lock_guard lock(mutex_);
  if (HasViews() && !sets_[group].contains(timer)) NoteAdded(group, timer);
  return Insert(group, std::move(timer));
}

bool HeapTimers::Insert(size_t group, StoredTimer timer) {
  const auto [at, is_new] = sets_.Insert(group, std::move(timer));
  if (!is_new) return false;
  ++size_;
  return sets_.head_group() == group && at == sets_[group].begin();
}

bool HeapTimers::Remove(size_t group, const StoredTimer& timer) {
  const auto remove = [&] {
    const bool was_head = !sets_.empty() && sets_.head_group() == group && sets_.head() == timer;
    if (!sets_.Erase(group, timer)) return false;
    --size_;
    return was_head;
  };
  if (views_.empty()) [[likely]]
    return remove();
  const std::lock_guard lock(mutex_);
  if (HasViews() && sets_[group].contains(timer)) NoteRemoved(group, timer);
  return remove();
}

StoredTimer HeapTimers::TakeHead() {
  const size_t group = sets_.head_group();
  --size_;
  if (views_.empty()) [[likely]]
    return sets_.TakeFirst(group);
  const std::lock_guard lock(mutex_);
  if (HasViews()) NoteRemoved(group, sets_.head());
  return sets_.TakeFirst(group);
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
  {
    const std::lock_guard lock(timers_->mutex_);
    if (progress.group != group) {
      progress.group = group;
      progress.passed.reset();
    }
    const TimerSets::Set& set = timers_->sets_[group];
    const auto changed = progress.changes.find(group);
    const bool any_changed = changed != progress.changes.end();
    auto at = progress.passed.has_value() ? set.upper_bound(*progress.passed) : set.begin();
    auto last = set.end();
    for (size_t n = 0; n < kBatch && at != set.end(); ++n, ++at) {
      last = at;
      if (!any_changed || !changed->second.added.contains(*at)) batch->push_back(*at);
    }
    if (at != set.end()) {
      progress.passed = *last;
      return true;
    }
    if (any_changed) {
      changes = std::move(changed->second);
      progress.changes.erase(changed);
    }
    progress.group = group + 1;
    progress.passed.reset();
  }
  batch->insert(batch->end(), changes.removed.begin(), changes.removed.end());
  return false;
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
