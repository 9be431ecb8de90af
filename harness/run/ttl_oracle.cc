#include "harness/run/ttl_oracle.h"

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "harness/probes/state_image.h"
#include "harness/run/ttl_cleanup.h"
#include "kvstate/bytes.h"

namespace kvstate::harness {

namespace {

/// A value that is stored: when it was last updated, and its size without that time.
struct Value {
  int64_t time_ms = 0;
  uint64_t bytes = 0;
};

/// What is stored under one (key, namespace, user key): one value, or a list's elements.
struct Entry {
  uint64_t key_bytes = 0;  ///< Of the composite key.
  std::vector<Value> values;
};

/// Follows a trace operation by operation.
class Oracle {
 public:
  Oracle(const TraceHeader& header, std::vector<TtlMoment> moments) : header_(header), moments_(std::move(moments)) {}

  Status Apply(const TraceOperation& operation, const std::vector<TraceState>& states) {
    const int64_t now = std::max(now_ms_, operation.time_ms);
    while (next_ + 1 < moments_.size() && now > moments_[next_].time_ms) Look();
    now_ms_ = now;
    ++operations_;
    while (states_.size() < states.size()) AddState(states[states_.size()]);
    if (operation.sets_key) key_.assign(operation.key);
    OfState& of_state = states_[operation.state];
    if (operation.sets_namespace) of_state.state_namespace.assign(operation.state_namespace);
    const TraceState& state = states[operation.state];
    if (!Expires(state.descriptor)) return Status();
    return ApplyTo(of_state, state, operation);
  }

  std::vector<TtlMoment> Finish() {
    while (next_ < moments_.size()) Look();
    return std::move(moments_);
  }

 private:
  struct OfState {
    std::string state_namespace;
    int64_t ttl_ms = 0;
    std::unordered_map<std::string, Entry> entries;
  };

  void AddState(const TraceState& state) {
    // The void namespace is current without being set.
    const size_t bytes = state.namespace_serializer->info().encoded_size;
    states_.emplace_back().state_namespace.assign(bytes == kVariableSize ? 0 : bytes, '\0');
  }

  Status ApplyTo(OfState& of_state, const TraceState& state, const TraceOperation& operation) {
    const StateDescriptor& descriptor = state.descriptor;
    of_state.ttl_ms = descriptor.ttl->ttl_millis;
    const bool reads_count = descriptor.ttl->update == TtlConfig::Update::kOnReadAndWrite;
    switch (operation.operation) {
      case Operation::kGet:
      case Operation::kGetInternal:
      case Operation::kMapGet:
      case Operation::kMapContains:
        if (reads_count) Refresh(of_state, operation.user_key);
        return Status();
      case Operation::kUpdate:
      case Operation::kUpdateInternal:
      case Operation::kMapPut:
        return Put(of_state, state, operation);
      case Operation::kAdd:
      case Operation::kAddAll:
        return Add(of_state, state, operation);
      case Operation::kMerge:
        return Merge(of_state, state, operation);
      case Operation::kClear:
        return Clear(of_state, descriptor);
      case Operation::kMapRemove:
        Remove(of_state, NameOf(of_state.state_namespace, operation.user_key));
        return Status();
      case Operation::kMapScan:
      case Operation::kMapIsEmpty:
      case Operation::kIteratorAdvance:
        return reads_count ? Unknown(descriptor, operation.operation) : Status();
      case Operation::kIteratorRemove:
      case Operation::kIteratorSetValue:
        return Unknown(descriptor, operation.operation);
      case Operation::kRemoveState:
        while (!of_state.entries.empty()) Remove(of_state, of_state.entries.begin()->first);
        return Status();
      default:
        return Status();
    }
  }

  static Status Unknown(const StateDescriptor& descriptor, Operation operation) {
    return UnimplementedError("state '" + descriptor.name + "': the trace does not say what " +
                              std::string(OperationName(operation)) + " does to times to live");
  }

  std::string NameOf(ByteView state_namespace, ByteView user_key) const {
    ByteWriter name;
    name.PutLengthPrefixed(key_);
    name.PutLengthPrefixed(state_namespace);
    name.PutBytes(user_key);
    return std::string(name.view());
  }

  Entry& EntryOf(OfState& of_state, const TraceState& state, ByteView state_namespace, ByteView user_key) {
    Entry& entry = of_state.entries[NameOf(state_namespace, user_key)];
    if (entry.key_bytes == 0) {
      entry.key_bytes = CompositeKeyBytes(*header_.key_serializer, *state.namespace_serializer, header_.max_parallelism,
                                          key_, state_namespace, user_key);
    }
    return entry;
  }

  bool IsOver(const Value& value, int64_t ttl_ms, int64_t now_ms) const {
    int64_t expires = 0;
    return !__builtin_add_overflow(value.time_ms, ttl_ms, &expires) && expires <= now_ms;
  }

  /// Notes what of the entry has expired by then, and forgets it: each value once.
  void Settle(Entry& entry, int64_t ttl_ms, int64_t now_ms) {
    std::erase_if(entry.values, [&](const Value& value) {
      if (!IsOver(value, ttl_ms, now_ms)) return false;
      const auto at =
          std::lower_bound(moments_.begin(), moments_.end(), value.time_ms + ttl_ms,
                           [](const TtlMoment& moment, int64_t time_ms) { return moment.time_ms < time_ms; });
      if (at != moments_.end()) ++at->values_expired;
      return true;
    });
  }

  void Refresh(OfState& of_state, ByteView user_key) {
    const auto found = of_state.entries.find(NameOf(of_state.state_namespace, user_key));
    if (found == of_state.entries.end()) return;
    Settle(found->second, of_state.ttl_ms, now_ms_);
    for (Value& value : found->second.values) value.time_ms = now_ms_;
  }

  void Remove(OfState& of_state, const std::string& name) {
    const auto found = of_state.entries.find(name);
    if (found == of_state.entries.end()) return;
    Settle(found->second, of_state.ttl_ms, now_ms_);
    of_state.entries.erase(found);
  }

  Status Clear(OfState& of_state, const StateDescriptor& descriptor) {
    const std::string name = NameOf(of_state.state_namespace, {});
    if (descriptor.kind != StateKind::kMap) {
      Remove(of_state, name);
      return Status();
    }
    std::vector<std::string> names;
    for (const auto& [other, entry] : of_state.entries) {
      if (other.starts_with(name)) names.push_back(other);
    }
    for (const std::string& other : names) Remove(of_state, other);
    return Status();
  }

  Status Put(OfState& of_state, const TraceState& state, const TraceOperation& operation) {
    const StateKind kind = state.descriptor.kind;
    const bool is_map = kind == StateKind::kMap;
    Remove(of_state, NameOf(of_state.state_namespace, is_map ? operation.user_key : ByteView()));
    if (operation.null_value && !is_map) return Status();
    if (kind == StateKind::kList) return Add(of_state, state, operation);
    // An engine's null byte is before a map's value.
    const uint64_t bytes = (is_map ? 1 : 0) + operation.value.size();
    EntryOf(of_state, state, of_state.state_namespace, operation.user_key).values.push_back({now_ms_, bytes});
    return Status();
  }

  Status Add(OfState& of_state, const TraceState& state, const TraceOperation& operation) {
    const StateDescriptor& descriptor = state.descriptor;
    if (descriptor.kind == StateKind::kList) return Append(of_state, state, operation);
    const size_t bytes = descriptor.value_serializer->info().encoded_size;
    if (bytes == kVariableSize) return Unknown(descriptor, operation.operation);
    Entry& entry = EntryOf(of_state, state, of_state.state_namespace, {});
    Settle(entry, of_state.ttl_ms, now_ms_);
    entry.values.assign(1, {now_ms_, bytes});
    return Status();
  }

  Status Append(OfState& of_state, const TraceState& state, const TraceOperation& operation) {
    const auto& serializer = static_cast<const ListSerializer&>(*state.descriptor.value_serializer);
    ByteWriter element;
    if (operation.operation == Operation::kAdd) {
      serializer.SerializeElementBytes(operation.value, element);
      EntryOf(of_state, state, of_state.state_namespace, {}).values.push_back({now_ms_, element.size()});
      return Status();
    }
    TypedObject list(state.descriptor.value_serializer);
    ByteReader in(operation.value);
    KVSTATE_RETURN_IF_ERROR(serializer.Deserialize(in, list.get()));
    const size_t elements = serializer.Size(list.get());
    for (size_t i = 0; i < elements; ++i) {
      element.Clear();
      serializer.SerializeElement(serializer.At(list.get(), i), element);
      EntryOf(of_state, state, of_state.state_namespace, {}).values.push_back({now_ms_, element.size()});
    }
    return Status();
  }

  /// Elements keep their times.
  Status Merge(OfState& of_state, const TraceState& state, const TraceOperation& operation) {
    if (state.descriptor.kind != StateKind::kList) return Unknown(state.descriptor, operation.operation);
    std::vector<Value> moved;
    ByteReader in(operation.value);
    ByteView source;
    while (!in.AtEnd()) {
      if (!in.ReadLengthPrefixed(&source)) return in.Malformed("merged namespaces");
      if (source == operation.user_key) continue;
      const auto found = of_state.entries.find(NameOf(source, {}));
      if (found == of_state.entries.end()) continue;
      moved.insert(moved.end(), found->second.values.begin(), found->second.values.end());
      of_state.entries.erase(found);
    }
    if (moved.empty()) return Status();
    Entry& target = EntryOf(of_state, state, operation.user_key, {});
    target.values.insert(target.values.end(), moved.begin(), moved.end());
    return Status();
  }

  /// At the next moment.
  void Look() {
    TtlMoment& moment = moments_[next_++];
    moment.operations = operations_;
    for (OfState& of_state : states_) {
      for (auto at = of_state.entries.begin(); at != of_state.entries.end();) {
        Entry& entry = at->second;
        Settle(entry, of_state.ttl_ms, moment.time_ms);
        if (entry.values.empty()) {
          at = of_state.entries.erase(at);
          continue;
        }
        moment.live_values += entry.values.size();
        moment.live_bytes += entry.key_bytes;
        for (const Value& value : entry.values) moment.live_bytes += value.bytes;
        ++at;
      }
    }
  }

  const TraceHeader& header_;
  std::vector<TtlMoment> moments_;
  size_t next_ = 0;
  uint64_t operations_ = 0;
  int64_t now_ms_ = INT64_MIN;
  std::string key_;
  std::vector<OfState> states_;
};

/// Calls `each` with every operation, from the start.
Status ForEachOperation(TraceSource& trace, const std::function<bool()>& stopped,
                        const std::function<Status(const TraceOperation&)>& each) {
  KVSTATE_RETURN_IF_ERROR(trace.Rewind());
  while (true) {
    if (stopped()) return CancelledError("interrupted");
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<TraceOperation>* chunk, trace.NextChunk());
    if (chunk->empty()) return Status();
    for (const TraceOperation& operation : *chunk) KVSTATE_RETURN_IF_ERROR(each(operation));
  }
}

}  // namespace

Result<std::vector<TtlMoment>> ExpectTtl(TraceSource& trace, size_t moments, const std::function<bool()>& stopped) {
  int64_t first_ms = INT64_MAX;
  int64_t last_ms = INT64_MIN;
  KVSTATE_RETURN_IF_ERROR(ForEachOperation(trace, stopped, [&](const TraceOperation& operation) {
    if (first_ms == INT64_MAX) first_ms = operation.time_ms;
    last_ms = std::max(last_ms, operation.time_ms);
    return Status();
  }));
  if (first_ms == INT64_MAX) return std::vector<TtlMoment>();
  const int64_t span_ms = last_ms - first_ms;
  const auto count = std::max<int64_t>(1, std::min(static_cast<int64_t>(moments), span_ms));
  std::vector<TtlMoment> plan(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    // Quotient and rest apart, so that no product overflows.
    plan[static_cast<size_t>(i)].time_ms = first_ms + span_ms / count * (i + 1) + span_ms % count * (i + 1) / count;
  }
  Oracle oracle(trace.header(), std::move(plan));
  KVSTATE_RETURN_IF_ERROR(ForEachOperation(
      trace, stopped, [&](const TraceOperation& operation) { return oracle.Apply(operation, trace.states()); }));
  return oracle.Finish();
}

}  // namespace kvstate::harness
