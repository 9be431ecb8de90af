#ifndef KVSTATE_HARNESS_REWRITE_TRACE_REWRITER_H_
#define KVSTATE_HARNESS_REWRITE_TRACE_REWRITER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "harness/replay/trace.h"
#include "harness/rewrite/key_hasher.h"
#include "kvstate/status.h"
#include "kvstate/stored_format.h"

namespace kvstate::harness {

struct RewriteOptions {
  uint64_t from_operation = 0;         ///< The first to keep, counted from 0,
  uint64_t to_operation = UINT64_MAX;  ///< and the first behind the last.
  KeyHasher* hasher = nullptr;         ///< Not null: keys, user keys and namespaces are hashed.
};

/// Passes a trace on, a part of it or all, with the current key and namespaces set where the part begins. Steps of map
/// iterators that were opened in what is missing are dropped: nobody could tell where they stand. Not thread-safe.
class TraceRewriter {
 public:
  /// Both must outlive the rewriter.
  TraceRewriter(TraceSink* sink, const RewriteOptions& options) : sink_(*sink), options_(options) {}

  /// UNIMPLEMENTED for keys that can not be hashed. `fill_operations`: of the trace that is passed on.
  Status Begin(TraceHeader header, uint64_t fill_operations);
  /// The operations from number `first` on, with the states as the trace has them by then.
  Status Add(const std::vector<TraceOperation>& operations, uint64_t first, const std::vector<TraceState>& states);
  /// Operations are missing between those before and those that follow.
  void Gap() { open_iterators_.clear(); }
  Status Finish();

  uint64_t kept() const { return kept_; }
  uint64_t dropped_steps() const { return dropped_steps_; }

 private:
  struct State {
    StoredFormat namespaces;
    StoredFormat user_keys;
    bool is_queue = false;
    std::string current;  ///< Namespace, of what was not kept.
    bool is_pending = false;
  };

  Status AddStates(const std::vector<TraceState>& states);
  void Skip(const TraceOperation& operation);
  bool StepsOnUnknown(const TraceOperation& operation);
  Status Keep(TraceOperation operation);
  Status HashKeys(TraceOperation* operation);
  Status HashMerged(const State& state, TraceOperation* operation);

  TraceSink& sink_;
  const RewriteOptions options_;
  StoredFormat keys_;
  uint64_t fill_operations_ = 0;
  uint64_t next_ = 0;  ///< Number of the operation that follows.
  std::vector<State> states_;
  std::string key_;  ///< Of what was not kept.
  bool key_is_pending_ = false;
  std::vector<bool> open_iterators_;
  uint64_t kept_ = 0;
  uint64_t dropped_steps_ = 0;
  // What hashed operations point into.
  std::string hashed_key_;
  std::string hashed_namespace_;
  std::string hashed_user_key_;
  std::string hashed_value_;
};

/// Number of the first operation at `ms` of event time or later; of all operations where there is none.
Result<uint64_t> OperationAtTime(class TraceReader& trace, int64_t ms);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REWRITE_TRACE_REWRITER_H_
