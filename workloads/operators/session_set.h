#ifndef KVSTATE_WORKLOADS_OPERATORS_SESSION_SET_H_
#define KVSTATE_WORKLOADS_OPERATORS_SESSION_SET_H_

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "kvstate/namespaces.h"
#include "kvstate/state.h"
#include "kvstate/status.h"

namespace kvstate::workloads {

/// A session, and the window under whose namespace what it has is kept: that of the event that opened it. So a session
/// that grows moves no state, and only sessions that an event joins are merged.
using Session = std::pair<TimeWindow, TimeWindow>;

/// The open sessions of the current key, a list in state. They neither overlap nor touch.
class SessionSet {
 public:
  /// What joining has changed.
  struct Change {
    size_t place = 0;                ///< Of the session that the window is in now.
    std::vector<TimeWindow> ended;   ///< Sessions that are no longer as they were, that one's former window included.
    std::vector<TimeWindow> merged;  ///< State windows whose content belongs to its state window now.
  };

  /// To be opened by the operator.
  ListState<Session>& list() { return list_; }
  /// Reads the current key's. To be called after each change of the key.
  Status Load();

  const Session& operator[](size_t place) const { return sessions_[place]; }
  bool Meets(const TimeWindow& window) const;
  /// Whose window ends with that millisecond.
  std::optional<size_t> EndingAt(int64_t max_timestamp) const;

  /// Makes a session of `window` and those it meets, of which the first keeps its place and its state; a new one where
  /// it meets none. The change lives until the next call.
  Result<const Change*> Join(const TimeWindow& window);
  Status Erase(size_t place);

 private:
  ListState<Session> list_;
  std::vector<Session> sessions_;
  Change change_;
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_SESSION_SET_H_
