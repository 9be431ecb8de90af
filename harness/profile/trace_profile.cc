#include "harness/profile/trace_profile.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace kvstate::harness {

namespace {

uint64_t Hash(ByteView bytes, uint64_t seed) { return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed); }

constexpr uint64_t kKeySeed = 1;
constexpr uint64_t kNamespaceSeed = 2;

uint64_t Threshold(double percent) {
  return percent >= 100 ? UINT64_MAX : static_cast<uint64_t>(std::ldexp(percent / 100, 64));
}

/// What an operation does to the state at its address.
enum class Effect { kNone, kReads, kWrites, kClears };

Effect EffectOf(const TraceOperation& operation) {
  switch (operation.operation) {
    case Operation::kUpdate:
    case Operation::kUpdateInternal:
      return operation.null_value ? Effect::kClears : Effect::kWrites;
    case Operation::kAdd:
    case Operation::kAddAll:
    case Operation::kMapPut:
    case Operation::kIteratorSetValue:
    case Operation::kMerge:
      return Effect::kWrites;
    case Operation::kClear:
      return Effect::kClears;
    case Operation::kGet:
    case Operation::kGetInternal:
    case Operation::kMapGet:
    case Operation::kMapRemove:
    case Operation::kMapContains:
    case Operation::kMapIsEmpty:
    case Operation::kMapScan:
    case Operation::kIteratorOpen:
    case Operation::kIteratorAdvance:
    case Operation::kIteratorRemove:
      return Effect::kReads;
    case Operation::kIteratorClose:
    case Operation::kClearNamespace:
    case Operation::kKeys:
    case Operation::kKeysAndNamespaces:
    case Operation::kRemoveState:
    case Operation::kTimerAdd:
    case Operation::kTimerRemove:
    case Operation::kTimerPeek:
    case Operation::kTimerPoll:
      return Effect::kNone;
  }
  return Effect::kNone;
}

}  // namespace

TraceProfile::TraceProfile(uint64_t operations, double sample_percent)
    : sample_percent_(sample_percent),
      sample_below_(Threshold(sample_percent)),
      slice_operations_(std::max<uint64_t>(1, (operations + kSlices - 1) / kSlices)) {}

uint64_t TraceProfile::Scaled(uint64_t sampled) const {
  if (sample_percent_ >= 100) return sampled;
  return static_cast<uint64_t>(std::llround(static_cast<double>(sampled) * 100 / sample_percent_));
}

void TraceProfile::AddStates(const std::vector<TraceState>& states) {
  for (size_t i = states_.size(); i < states.size(); ++i) {
    State state;
    state.name = states[i].descriptor.name;
    state.kind = states[i].timers.has_value() ? "timers" : std::string(StateKindName(states[i].descriptor.kind));
    states_.push_back(std::move(state));
    namespace_hash_.push_back(Hash({}, kNamespaceSeed));
  }
}

void TraceProfile::Add(const TraceOperation& operation, const std::vector<TraceState>& states) {
  AddStates(states);
  if (slice_.operations == 0) slice_.first_time_ms = operation.time_ms;
  slice_.last_time_ms = operation.time_ms;
  ++slice_.operations;
  ++done_;
  ++states_[operation.state].operations[static_cast<size_t>(operation.operation)];
  if (operation.sets_key) {
    key_hash_ = Hash(operation.key, kKeySeed);
    is_sampled_ = key_hash_ <= sample_below_;
  }
  if (operation.sets_namespace) {
    namespace_hash_[operation.state] = Hash(operation.state_namespace, kNamespaceSeed);
  }
  CountSizes(operation);
  if (is_sampled_ && EffectOf(operation) != Effect::kNone) {
    CountKey();
    // A merge writes to its target.
    const bool is_merge = operation.operation == Operation::kMerge;
    const uint64_t at = is_merge ? Hash(operation.user_key, kNamespaceSeed) : namespace_hash_[operation.state];
    CountAddress(AddressOf(operation.state, at), operation);
  }
  if (operation.operation == Operation::kMerge && is_sampled_) {
    ByteReader sources(operation.value);
    ByteView source;
    while (sources.ReadLengthPrefixed(&source)) {
      End(AddressOf(operation.state, Hash(source, kNamespaceSeed)), operation.time_ms);
    }
  }
  if (slice_.operations == slice_operations_) EndSlice();
}

void TraceProfile::Finish() {
  if (slice_.operations > 0) EndSlice();
}

void TraceProfile::CountSizes(const TraceOperation& operation) {
  // A key that a block states again at its beginning is none that the program set; there is one in 4096 operations.
  if (operation.sets_key) key_bytes_.Record(operation.key.size());
  if (operation.sets_namespace) namespace_bytes_.Record(operation.state_namespace.size());
  switch (operation.operation) {
    case Operation::kMapGet:
    case Operation::kMapPut:
    case Operation::kMapRemove:
    case Operation::kMapContains:
      user_key_bytes_.Record(operation.user_key.size());
      break;
    default:
      break;
  }
  if (EffectOf(operation) == Effect::kWrites && !operation.null_value && operation.operation != Operation::kMerge) {
    value_bytes_.Record(operation.value.size());
  }
}

void TraceProfile::CountKey() {
  Key& key = keys_[key_hash_];
  ++key.accesses;
  if (key.last_slice == slices_.size()) return;
  key.last_slice = slices_.size();
  ++slice_.keys;
}

uint64_t TraceProfile::AddressOf(uint32_t state, uint64_t namespace_hash) const {
  const uint64_t parts[] = {state, key_hash_, namespace_hash};
  return XXH3_64bits(parts, sizeof(parts));
}

void TraceProfile::CountAddress(uint64_t address, const TraceOperation& operation) {
  const std::optional<uint64_t> distance = distances_.Access(address);
  if (distance.has_value()) {
    stack_distances_.Record(Scaled(*distance));
  } else {
    ++first_accesses_;
  }
  const Effect effect = EffectOf(operation);
  if (effect == Effect::kClears) End(address, operation.time_ms);
  if (effect == Effect::kWrites) {
    if (born_ms_.try_emplace(address, operation.time_ms).second) ++live_;
  }
}

void TraceProfile::End(uint64_t address, int64_t time_ms) {
  const auto at = born_ms_.find(address);
  if (at == born_ms_.end()) return;
  // Event time may go back.
  lifetimes_ms_.Record(time_ms > at->second ? static_cast<uint64_t>(time_ms - at->second) : 0);
  born_ms_.erase(at);
  --live_;
}

void TraceProfile::EndSlice() {
  slice_.keys = Scaled(slice_.keys);
  slice_.keys_in_all = keys();
  slice_.live = Scaled(live_);
  slices_.push_back(slice_);
  slice_ = {};
}

std::vector<TraceProfile::Popularity> TraceProfile::KeyPopularity() const {
  std::vector<uint64_t> accesses;
  accesses.reserve(keys_.size());
  uint64_t all = 0;
  for (const auto& [hash, key] : keys_) {
    accesses.push_back(key.accesses);
    all += key.accesses;
  }
  std::sort(accesses.begin(), accesses.end(), std::greater<>());
  std::vector<Popularity> popularity;
  uint64_t sum = 0;
  size_t counted = 0;
  for (const double percent : {0.1, 1.0, 10.0, 20.0, 50.0}) {
    const auto most = static_cast<size_t>(std::ceil(static_cast<double>(accesses.size()) * percent / 100));
    for (; counted < most; ++counted) sum += accesses[counted];
    if (all > 0) popularity.push_back({percent, static_cast<double>(sum) / static_cast<double>(all) * 100});
  }
  return popularity;
}

}  // namespace kvstate::harness
