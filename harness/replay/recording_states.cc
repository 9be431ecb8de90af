#include "harness/replay/recording_states.h"

#include <cassert>
#include <string>
#include <utility>

#include "harness/replay/recording_map_iterator.h"
#include "kvstate/extension.h"
#include "kvstate/serialized_access.h"

namespace kvstate::harness {

namespace {

/// What all kinds share, over the internal interface of the kind.
template <class Internal>
class RecordingState : public Internal, public SerializedAccess {
 public:
  RecordingState(Recorder* recorder, uint32_t number, InternalKVState* inner)
      : recorder_(*recorder), number_(number), inner_(*static_cast<Internal*>(inner)) {}

  const StateDescriptor& descriptor() const override { return inner_.descriptor(); }
  const TypeSerializer& key_serializer() const override { return inner_.key_serializer(); }
  const TypeSerializer& namespace_serializer() const override { return inner_.namespace_serializer(); }
  Status SetCurrentNamespace(ByteView encoded) override {
    KVSTATE_RETURN_IF_ERROR(inner_.SetCurrentNamespace(encoded));
    recorder_.NamespaceSet(number_, encoded);
    return recorder_.status();
  }
  ByteView current_namespace() const override { return inner_.current_namespace(); }
  void ClearCurrentNamespace() override {
    inner_.ClearCurrentNamespace();
    Note(Operation::kClearNamespace).IgnoreError();  // The recorder keeps the failure for the next call.
  }
  Status Clear() override {
    KVSTATE_RETURN_IF_ERROR(inner_.Clear());
    return Note(Operation::kClear);
  }
  Result<bool> GetSerialized(ByteView key, ByteView state_namespace, std::string* out) override {
    return inner_.GetSerialized(key, state_namespace, out);
  }
  Result<std::unique_ptr<StateVisitor>> Visit() override { return inner_.Visit(); }
  void* GetExtension(std::string_view id) override {
    if (id != SerializedAccess::kExtensionId) return inner_.GetExtension(id);
    bytes_ = kvstate::GetExtension<SerializedAccess>(inner_);
    return bytes_ == nullptr ? nullptr : static_cast<SerializedAccess*>(this);
  }

  // Serialized access is recorded as the access to objects that it stands for.
  Result<bool> GetBytes(ByteView* value) override {
    KVSTATE_ASSIGN_OR_RETURN(const bool present, bytes_->GetBytes(value));
    KVSTATE_RETURN_IF_ERROR(Note(descriptor().kind == StateKind::kValue ? Operation::kGet : Operation::kGetInternal));
    return present;
  }
  Status PutBytes(ByteView value) override {
    KVSTATE_RETURN_IF_ERROR(bytes_->PutBytes(value));
    return recorder_.Record(
        {.operation = descriptor().kind == StateKind::kValue ? Operation::kUpdate : Operation::kUpdateInternal,
         .state = number_,
         .value = value});
  }
  Status AddBytes(ByteView input) override {
    KVSTATE_RETURN_IF_ERROR(bytes_->AddBytes(input));
    return recorder_.Record({.operation = Operation::kAdd, .state = number_, .value = input});
  }
  Result<bool> GetEntryBytes(ByteView user_key, ByteView* value, bool* is_null) override {
    KVSTATE_ASSIGN_OR_RETURN(const bool present, bytes_->GetEntryBytes(user_key, value, is_null));
    KVSTATE_RETURN_IF_ERROR(
        recorder_.Record({.operation = Operation::kMapGet, .state = number_, .user_key = user_key}));
    return present;
  }
  Status PutEntryBytes(ByteView user_key, ByteView value, bool is_null) override {
    KVSTATE_RETURN_IF_ERROR(bytes_->PutEntryBytes(user_key, value, is_null));
    return recorder_.Record({.operation = Operation::kMapPut,
                             .state = number_,
                             .null_value = is_null,
                             .user_key = user_key,
                             .value = value});
  }
  Status RemoveEntryBytes(ByteView user_key) override {
    KVSTATE_RETURN_IF_ERROR(bytes_->RemoveEntryBytes(user_key));
    return recorder_.Record({.operation = Operation::kMapRemove, .state = number_, .user_key = user_key});
  }
  Result<bool> ContainsEntryBytes(ByteView user_key) override {
    KVSTATE_ASSIGN_OR_RETURN(const bool present, bytes_->ContainsEntryBytes(user_key));
    KVSTATE_RETURN_IF_ERROR(
        recorder_.Record({.operation = Operation::kMapContains, .state = number_, .user_key = user_key}));
    return present;
  }

 protected:
  Status Note(Operation operation) { return recorder_.Record({.operation = operation, .state = number_}); }

  /// The object's bytes, taken before the inner state is called, which may end the object's life.
  ByteView Encoded(const TypeSerializer& serializer, const void* object) {
    value_.Clear();
    if (object != nullptr) serializer.Serialize(object, value_);
    return value_.view();
  }
  Status NoteValue(Operation operation, ByteView value, bool null_value) {
    return recorder_.Record({.operation = operation, .state = number_, .null_value = null_value, .value = value});
  }

  Recorder& recorder_;
  const uint32_t number_;
  Internal& inner_;
  ByteWriter value_;
  ByteWriter user_key_;

 private:
  SerializedAccess* bytes_ = nullptr;
};

class RecordingValueState final : public RecordingState<InternalValueState> {
 public:
  using RecordingState::RecordingState;
  Result<const void*> Get() override {
    auto value = inner_.Get();
    if (value.ok()) KVSTATE_RETURN_IF_ERROR(Note(Operation::kGet));
    return value;
  }
  Status Update(const void* value) override {
    const ByteView bytes = Encoded(*descriptor().value_serializer, value);
    const bool null_value = value == nullptr;
    KVSTATE_RETURN_IF_ERROR(inner_.Update(value));
    return NoteValue(Operation::kUpdate, bytes, null_value);
  }
};

template <class Internal>
class RecordingAppendingState : public RecordingState<Internal> {
 public:
  using RecordingState<Internal>::RecordingState;
  Result<const void*> Get() override {
    auto value = this->inner_.Get();
    if (value.ok()) KVSTATE_RETURN_IF_ERROR(this->Note(Operation::kGet));
    return value;
  }
  Status Add(const void* input) override {
    const ByteView bytes = this->Encoded(InputSerializer(), input);
    KVSTATE_RETURN_IF_ERROR(this->inner_.Add(input));
    return this->NoteValue(Operation::kAdd, bytes, false);
  }
  Result<const void*> GetInternal() override {
    auto value = this->inner_.GetInternal();
    if (value.ok()) KVSTATE_RETURN_IF_ERROR(this->Note(Operation::kGetInternal));
    return value;
  }
  Status UpdateInternal(const void* accumulator) override {
    const ByteView bytes = this->Encoded(*this->descriptor().value_serializer, accumulator);
    const bool null_value = accumulator == nullptr;
    KVSTATE_RETURN_IF_ERROR(this->inner_.UpdateInternal(accumulator));
    return this->NoteValue(Operation::kUpdateInternal, bytes, null_value);
  }

 private:
  const TypeSerializer& InputSerializer() const {
    const StateDescriptor& descriptor = this->descriptor();
    if (descriptor.kind == StateKind::kList) {
      return *static_cast<const ListSerializer&>(*descriptor.value_serializer).element();
    }
    return descriptor.input_serializer != nullptr ? *descriptor.input_serializer : *descriptor.value_serializer;
  }
};

template <class Internal>
class RecordingMergingState : public RecordingAppendingState<Internal> {
 public:
  using RecordingAppendingState<Internal>::RecordingAppendingState;
  Status MergeNamespaces(ByteView target, std::span<const ByteView> sources) override {
    KVSTATE_RETURN_IF_ERROR(this->inner_.MergeNamespaces(target, sources));
    this->value_.Clear();
    for (const ByteView source : sources) this->value_.PutLengthPrefixed(source);
    return this->recorder_.Record(
        {.operation = Operation::kMerge, .state = this->number_, .user_key = target, .value = this->value_.view()});
  }
};

class RecordingListState final : public RecordingMergingState<InternalListState> {
 public:
  using RecordingMergingState::RecordingMergingState;
  Status Update(const void* list) override {
    const ByteView bytes = Encoded(*descriptor().value_serializer, list);
    KVSTATE_RETURN_IF_ERROR(inner_.Update(list));
    return NoteValue(Operation::kUpdate, bytes, false);
  }
  Status AddAll(const void* list) override {
    const ByteView bytes = Encoded(*descriptor().value_serializer, list);
    KVSTATE_RETURN_IF_ERROR(inner_.AddAll(list));
    return NoteValue(Operation::kAddAll, bytes, false);
  }
};

class RecordingMapState final : public RecordingState<InternalMapState> {
 public:
  using RecordingState::RecordingState;
  Result<const void*> Get(const void* user_key) override {
    EncodeUserKey(user_key);
    auto value = inner_.Get(user_key);
    if (value.ok()) KVSTATE_RETURN_IF_ERROR(NoteUserKey(Operation::kMapGet));
    return value;
  }
  Status Put(const void* user_key, const void* value) override {
    EncodeUserKey(user_key);
    const ByteView bytes = Encoded(*descriptor().value_serializer, value);
    const bool null_value = value == nullptr;
    KVSTATE_RETURN_IF_ERROR(inner_.Put(user_key, value));
    return recorder_.Record({.operation = Operation::kMapPut,
                             .state = number_,
                             .null_value = null_value,
                             .user_key = user_key_.view(),
                             .value = bytes});
  }
  Status Remove(const void* user_key) override {
    EncodeUserKey(user_key);
    KVSTATE_RETURN_IF_ERROR(inner_.Remove(user_key));
    return NoteUserKey(Operation::kMapRemove);
  }
  Result<bool> Contains(const void* user_key) override {
    EncodeUserKey(user_key);
    auto present = inner_.Contains(user_key);
    if (present.ok()) KVSTATE_RETURN_IF_ERROR(NoteUserKey(Operation::kMapContains));
    return present;
  }
  Result<bool> IsEmpty() override {
    auto empty = inner_.IsEmpty();
    if (empty.ok()) KVSTATE_RETURN_IF_ERROR(Note(Operation::kMapIsEmpty));
    return empty;
  }
  Result<std::unique_ptr<MapIterator>> Iterate() override {
    auto iterator = inner_.Iterate();
    if (!iterator.ok()) return iterator;
    return MakeRecordingMapIterator(&recorder_, number_, *descriptor().value_serializer, std::move(iterator).value());
  }

 private:
  void EncodeUserKey(const void* user_key) {
    user_key_.Clear();
    descriptor().user_key_serializer->Serialize(user_key, user_key_);
  }
  Status NoteUserKey(Operation operation) {
    return recorder_.Record({.operation = operation, .state = number_, .user_key = user_key_.view()});
  }
};

}  // namespace

std::unique_ptr<InternalKVState> MakeRecordingState(Recorder* recorder, uint32_t number, InternalKVState* inner) {
  switch (inner->descriptor().kind) {
    case StateKind::kValue:
      return std::make_unique<RecordingValueState>(recorder, number, inner);
    case StateKind::kList:
      return std::make_unique<RecordingListState>(recorder, number, inner);
    case StateKind::kMap:
      return std::make_unique<RecordingMapState>(recorder, number, inner);
    case StateKind::kReducing:
      return std::make_unique<RecordingMergingState<InternalReducingState>>(recorder, number, inner);
    case StateKind::kAggregating:
      return std::make_unique<RecordingMergingState<InternalAggregatingState>>(recorder, number, inner);
    case StateKind::kFolding:
      return std::make_unique<RecordingAppendingState<InternalFoldingState>>(recorder, number, inner);
  }
  assert(false && "a state of a kind that does not exist");
  return nullptr;
}

}  // namespace kvstate::harness
