#include "workloads/operators/session_set.h"

#include <algorithm>

namespace kvstate::workloads {

Status SessionSet::Load() {
  KVSTATE_ASSIGN_OR_RETURN(const std::vector<Session>* stored, list_.Get());
  sessions_.clear();
  if (stored != nullptr) sessions_ = *stored;
  return Status();
}

bool SessionSet::Meets(const TimeWindow& window) const {
  return std::any_of(sessions_.begin(), sessions_.end(),
                     [&](const Session& session) { return session.first.Intersects(window); });
}

std::optional<size_t> SessionSet::EndingAt(int64_t max_timestamp) const {
  for (size_t i = 0; i < sessions_.size(); ++i) {
    if (sessions_[i].first.max_timestamp() == max_timestamp) return i;
  }
  return std::nullopt;
}

Result<const SessionSet::Change*> SessionSet::Join(const TimeWindow& window) {
  change_.ended.clear();
  change_.merged.clear();
  TimeWindow joined = window;
  // The sessions that the window itself meets are all to merge: the others are apart from these.
  size_t kept = 0;
  for (size_t i = 0; i < sessions_.size(); ++i) {
    const Session session = sessions_[i];
    if (session.first.Intersects(window)) {
      joined = joined.Cover(session.first);
      change_.ended.push_back(session.first);
      if (change_.ended.size() > 1) {
        change_.merged.push_back(session.second);
        continue;
      }
      change_.place = kept;
    }
    sessions_[kept++] = session;
  }
  sessions_.resize(kept);
  if (change_.ended.empty()) {
    change_.place = kept;
    sessions_.emplace_back(window, window);
  } else if (change_.ended.size() == 1 && joined == change_.ended.front()) {
    change_.ended.clear();
    return &change_;
  }
  sessions_[change_.place].first = joined;
  KVSTATE_RETURN_IF_ERROR(list_.Update(sessions_));
  return &change_;
}

Status SessionSet::Erase(size_t place) {
  sessions_.erase(sessions_.begin() + static_cast<std::ptrdiff_t>(place));
  return sessions_.empty() ? list_.Clear() : list_.Update(sessions_);
}

}  // namespace kvstate::workloads
