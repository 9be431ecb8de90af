#include "harness/replay/recording_backend.h"

#include <utility>

#include "harness/replay/recording_states.h"
#include "kvstate/extension.h"

namespace kvstate::harness {

namespace {

/// A walk that was taken whole before.
class TakenWalk final : public KeyIterator {
 public:
  explicit TakenWalk(std::vector<std::pair<std::string, std::string>> pairs) : pairs_(std::move(pairs)) {}
  size_t size() const { return pairs_.size(); }
  Result<bool> Next() override {
    ++next_;
    return next_ <= pairs_.size();
  }
  ByteView key() const override { return pairs_[next_ - 1].first; }
  ByteView state_namespace() const override { return pairs_[next_ - 1].second; }

 private:
  const std::vector<std::pair<std::string, std::string>> pairs_;
  size_t next_ = 0;
};

}  // namespace

Result<std::unique_ptr<RecordingBackend>> RecordingBackend::Create(std::unique_ptr<KeyedStateBackend> inner,
                                                                   SerializerPtr key_serializer, TraceSink* sink,
                                                                   RecordingBackendOptions options) {
  const TraceHeader header{std::move(key_serializer), inner->max_parallelism()};
  std::unique_ptr<RecordingBackend> backend(new RecordingBackend(std::move(inner), sink, std::move(options)));
  KVSTATE_RETURN_IF_ERROR(backend->recorder_.Begin(header));
  return backend;
}

RecordingBackend::~RecordingBackend() = default;

Status RecordingBackend::SetCurrentKey(const EncodedKey& key) {
  KVSTATE_RETURN_IF_ERROR(inner_->SetCurrentKey(key));
  recorder_.KeySet(key.bytes);
  key_set_ = true;
  return recorder_.status();
}

RecordingBackend::Recorded* RecordingBackend::Find(std::string_view state_name) {
  for (Recorded& recorded : states_) {
    if (recorded.descriptor.name == state_name) return &recorded;
  }
  return nullptr;
}

Result<InternalKVState*> RecordingBackend::GetOrCreateState(SerializerPtr namespace_serializer,
                                                            const StateDescriptor& descriptor) {
  Recorded* recorded = Find(descriptor.name);
  Status holds;
  if (recorded == nullptr && options_.can_hold) holds = options_.can_hold({namespace_serializer, descriptor});
  if (!holds.ok() && !options_.leave_out_others) {
    return UnimplementedError("recording: state '" + descriptor.name + "': " + std::string(holds.message()));
  }
  KVSTATE_ASSIGN_OR_RETURN(InternalKVState * inner, inner_->GetOrCreateState(namespace_serializer, descriptor));
  if (!holds.ok()) {
    recorded = &states_.emplace_back(Recorded{descriptor, 0, nullptr});
    recorded->is_left_out = true;
  } else if (recorded == nullptr) {
    KVSTATE_ASSIGN_OR_RETURN(const uint32_t number, recorder_.AddState({std::move(namespace_serializer), descriptor}));
    recorded = &states_.emplace_back(Recorded{descriptor, number, nullptr});
  } else if (recorded->descriptor.kind != descriptor.kind) {
    return UnimplementedError("recording: state '" + descriptor.name +
                              "' was removed and made again with another kind; a trace holds one per name");
  }
  if (recorded->is_left_out) return recorded->left_out = inner;
  if (recorded->state == nullptr) recorded->state = MakeRecordingState(&recorder_, recorded->number, inner);
  return recorded->state.get();
}

Result<std::unique_ptr<KeyIterator>> RecordingBackend::TakeWalk(std::string_view state_name,
                                                                std::unique_ptr<KeyIterator> walk,
                                                                const ByteView* state_namespace) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (true) {
    KVSTATE_ASSIGN_OR_RETURN(const bool more, walk->Next());
    if (!more) break;
    pairs.emplace_back(walk->key(), walk->state_namespace());
  }
  const Recorded* recorded = Find(state_name);
  if (recorded == nullptr) return InternalError("recording: the walked state was not made through this backend");
  auto taken = std::make_unique<TakenWalk>(std::move(pairs));
  if (recorded->is_left_out) return std::unique_ptr<KeyIterator>(std::move(taken));
  TraceOperation operation{.operation = Operation::kKeysAndNamespaces, .state = recorded->number};
  operation.count = taken->size() + 1;
  if (state_namespace != nullptr) {
    operation.operation = Operation::kKeys;
    operation.user_key = *state_namespace;
  }
  KVSTATE_RETURN_IF_ERROR(recorder_.Record(operation));
  return std::unique_ptr<KeyIterator>(std::move(taken));
}

Result<std::unique_ptr<KeyIterator>> RecordingBackend::Keys(std::string_view state_name, ByteView state_namespace) {
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<KeyIterator> walk, inner_->Keys(state_name, state_namespace));
  return TakeWalk(state_name, std::move(walk), &state_namespace);
}

Result<std::unique_ptr<KeyIterator>> RecordingBackend::KeysAndNamespaces(std::string_view state_name) {
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<KeyIterator> walk, inner_->KeysAndNamespaces(state_name));
  return TakeWalk(state_name, std::move(walk), nullptr);
}

Status RecordingBackend::ApplyToAllKeys(std::string_view state_name, ByteView state_namespace,
                                        const std::function<Status(ByteView key, InternalKVState& state)>& function) {
  const std::string walked(state_namespace);
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<KeyIterator> keys, Keys(state_name, walked));
  Recorded* recorded = Find(state_name);
  if (recorded == nullptr || recorded->get() == nullptr) {
    return NotFoundError("recording: no state named '" + std::string(state_name) + "'");
  }
  InternalKVState& state = *recorded->get();
  const bool key_was_set = key_set_;
  const std::string key_before(inner_->current_key());
  const std::string namespace_before(state.current_namespace());
  Status outcome;
  while (outcome.ok()) {
    const auto more = keys->Next();
    if (!more.ok()) outcome = more.status();
    if (!more.ok() || !*more) break;
    outcome = SetCurrentKey(EncodeKey(*inner_, keys->key()));
    if (outcome.ok()) outcome = state.SetCurrentNamespace(walked);
    if (outcome.ok()) outcome = function(keys->key(), state);
  }
  if (key_was_set) {
    const Status restored = SetCurrentKey(EncodeKey(*inner_, key_before));
    if (outcome.ok()) outcome = restored;
  }
  if (namespace_before.empty()) {
    state.ClearCurrentNamespace();
  } else {
    const Status restored = state.SetCurrentNamespace(namespace_before);
    if (outcome.ok()) outcome = restored;
  }
  return outcome;
}

Status RecordingBackend::RemoveState(std::string_view state_name) {
  Recorded* recorded = Find(state_name);
  if (recorded != nullptr) {
    recorded->state.reset();
    recorded->left_out = nullptr;
  }
  KVSTATE_RETURN_IF_ERROR(inner_->RemoveState(state_name));
  if (recorded == nullptr || recorded->is_left_out) return Status();
  return recorder_.Record({.operation = Operation::kRemoveState, .state = recorded->number});
}

std::vector<std::string> RecordingBackend::left_out() const {
  std::vector<std::string> names;
  for (const Recorded& recorded : states_) {
    if (recorded.is_left_out) names.push_back(recorded.descriptor.name);
  }
  return names;
}

void* RecordingBackend::GetExtension(std::string_view id) {
  if (id == Recording::kExtensionId) return options_.extension.get();
  if (id != Timers::kExtensionId) return inner_->GetExtension(id);
  auto* timers = kvstate::GetExtension<Timers>(*inner_);
  if (timers != nullptr && timers_ == nullptr) timers_ = std::make_unique<RecordingTimers>(timers, &recorder_);
  return static_cast<Timers*>(timers_.get());
}

Status RecordingBackend::Dispose() {
  states_.clear();
  timers_.reset();
  return inner_->Dispose();
}

}  // namespace kvstate::harness
