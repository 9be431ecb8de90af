#include "backends/operators/operator_states.h"

#include <string_view>

#include "kvstate/extension.h"
#include "kvstate/serializer_evolution.h"

namespace kvstate::backends {

namespace {

constexpr size_t kMaxNameBytes = 255;

/// A list as it was, as objects.
class ListEntries final : public EntrySource {
 public:
  ListEntries(ListSerializerPtr lists, SerializerPtr element, const void* list)
      : lists_(std::move(lists)), element_(std::move(element)), list_(lists_, list) {}

  Status ForEach(const std::function<Status(ByteView entry)>& write) const override {
    ByteWriter element;
    ByteWriter entry;
    const size_t size = lists_->Size(list_.get());
    for (size_t i = 0; i < size; ++i) {
      element.Clear();
      entry.Clear();
      element_->Serialize(lists_->At(list_.get(), i), element);
      entry.PutLengthPrefixed(element.view());
      KVSTATE_RETURN_IF_ERROR(write(entry.view()));
    }
    return Status();
  }

 private:
  const ListSerializerPtr lists_;
  const SerializerPtr element_;
  const TypedObject list_;
};

Status DeserializeAll(const TypeSerializer& serializer, ByteView bytes, const std::string& state, void* value) {
  ByteReader in(bytes);
  Status status = serializer.Deserialize(in, value);
  if (status.ok() && !in.AtEnd()) status = in.Malformed("end of the value");
  return status.ok() ? status : status.WithContext("restored operator state '" + state + "'");
}

}  // namespace

const SerializerPtr& StoredValueOf(const OperatorStateDescriptor& descriptor) {
  if (descriptor.mode == OperatorStateMode::kBroadcast) return descriptor.value_serializer;
  return static_cast<const ListSerializer&>(*descriptor.value_serializer).element();
}

Status CheckDescriptor(const OperatorStateDescriptor& descriptor) {
  const auto refuse = [&](std::string_view why) {
    return InvalidArgumentError(std::string("operator state descriptor '")
                                    .append(descriptor.name)
                                    .append("' (")
                                    .append(OperatorStateModeName(descriptor.mode))
                                    .append("): ")
                                    .append(why));
  };
  if (descriptor.name.empty() || descriptor.name.size() > kMaxNameBytes)
    return refuse("the name must have 1 to 255 bytes");
  if (OperatorStateModeName(descriptor.mode) == "unknown") return refuse("no such mode");
  if (descriptor.value_serializer == nullptr) return refuse("value_serializer is missing");
  const bool is_broadcast = descriptor.mode == OperatorStateMode::kBroadcast;
  if (is_broadcast && descriptor.key_serializer == nullptr) return refuse("key_serializer is missing");
  if (!is_broadcast && descriptor.key_serializer != nullptr) return refuse("key_serializer is set, which a list lacks");
  if (!is_broadcast && dynamic_cast<const ListSerializer*>(descriptor.value_serializer.get()) == nullptr) {
    return refuse("value_serializer must be a ListSerializer");
  }
  return Status();
}

SavedOperatorState SavedStateOf(const OperatorStateDescriptor& descriptor) {
  SavedOperatorState saved;
  saved.name = descriptor.name;
  saved.mode = descriptor.mode;
  saved.value_serializer = StoredValueOf(descriptor)->Snapshot();
  if (descriptor.key_serializer != nullptr) saved.key_serializer = descriptor.key_serializer->Snapshot();
  return saved;
}

Result<ValueSerializers> PlanTakeOver(const OperatorStateDescriptor& descriptor, const SavedOperatorState& saved) {
  const auto refuse = [&](std::string_view what, std::string_view was, std::string_view is) {
    return InvalidArgumentError("operator state '" + descriptor.name + "' was restored with another " +
                                std::string(what) + ": it was '" + std::string(was) + "', and is '" + std::string(is) +
                                "' now; use the one it was written with, or another name");
  };
  if (descriptor.mode != saved.mode) {
    return refuse("mode", OperatorStateModeName(saved.mode), OperatorStateModeName(descriptor.mode));
  }
  if (saved.key_serializer.has_value()) {
    const SerializerSnapshot keys = descriptor.key_serializer->Snapshot();
    if (keys != *saved.key_serializer) return refuse("key serializer", saved.key_serializer->type_id, keys.type_id);
  }
  const SerializerPtr& now = StoredValueOf(descriptor);
  const auto refuse_values = [&] {
    return refuse("value serializer", saved.value_serializer.type_id, now->Snapshot().type_id);
  };
  const SerializerCompatibility compatibility = now->ResolveCompatibility(saved.value_serializer);
  if (compatibility == SerializerCompatibility::kAsIs) return ValueSerializers{now, now};
  const auto* const evolution = GetExtension<SerializerEvolution>(*now);
  if (evolution == nullptr || compatibility == SerializerCompatibility::kIncompatible) return refuse_values();
  if (compatibility == SerializerCompatibility::kAfterMigration) {
    KVSTATE_ASSIGN_OR_RETURN(SerializerPtr reader, evolution->ReaderOf(saved.value_serializer));
    return ValueSerializers{std::move(reader), now};
  }
  KVSTATE_ASSIGN_OR_RETURN(const SerializerPtr reconfigured, evolution->ReconfiguredFor(saved.value_serializer));
  return ValueSerializers{reconfigured, reconfigured};
}

OperatorList::OperatorList(OperatorStateDescriptor descriptor, SerializerPtr element)
    : descriptor_(std::move(descriptor)),
      lists_(std::static_pointer_cast<const ListSerializer>(descriptor_.value_serializer)),
      element_(std::move(element)),
      list_(lists_) {}

Status OperatorList::Add(const void* element) {
  if (element == nullptr) return InvalidArgumentError("operator state '" + descriptor_.name + "': an element is null");
  lists_->Append(list_.get(), element);
  return Status();
}

Status OperatorList::AddAll(const void* list) {
  if (list == nullptr) return InvalidArgumentError("operator state '" + descriptor_.name + "': the list is null");
  const size_t size = lists_->Size(list);  // It may be this one.
  for (size_t i = 0; i < size; ++i) lists_->Append(list_.get(), lists_->At(list, i));
  return Status();
}

Status OperatorList::Update(const void* list) {
  if (list == nullptr) return InvalidArgumentError("operator state '" + descriptor_.name + "': the list is null");
  lists_->CopyAssign(list_.get(), list);
  return Status();
}

Status OperatorList::AddRestored(const RestoredState& state, const TypeSerializer& reads) {
  TypedObject element(lists_->element());
  ByteReader in(*state.bytes);
  while (!in.AtEnd()) {
    ByteView bytes;
    if (!in.ReadLengthPrefixed(&bytes)) return in.Malformed("element of operator state '" + descriptor_.name + "'");
    KVSTATE_RETURN_IF_ERROR(DeserializeAll(reads, bytes, descriptor_.name, element.get()));
    lists_->Append(list_.get(), element.get());
  }
  return Status();
}

StateSnapshot OperatorList::Capture() const {
  StateSnapshot snapshot{SavedStateOf(descriptor_), std::make_shared<ListEntries>(lists_, element_, list_.get())};
  snapshot.saved.value_serializer = element_->Snapshot();
  return snapshot;
}

BroadcastMap::BroadcastMap(OperatorStateDescriptor descriptor, SerializerPtr value)
    : descriptor_(std::move(descriptor)), value_(std::move(value)) {}

ByteView BroadcastMap::Encoded(const void* key) {
  encoded_.Clear();
  descriptor_.key_serializer->Serialize(key, encoded_);
  return encoded_.view();
}

const void* BroadcastMap::Get(const void* key) {
  if (key == nullptr) return nullptr;
  const auto found = entries_.find(Encoded(key));
  return found == entries_.end() ? nullptr : found->second.value.get();
}

Status BroadcastMap::Put(const void* key, const void* value) {
  if (key == nullptr || value == nullptr) {
    return InvalidArgumentError("broadcast state '" + descriptor_.name + "': key or value is null");
  }
  const ByteView encoded = Encoded(key);
  const auto found = entries_.find(encoded);
  if (found != entries_.end()) {
    descriptor_.value_serializer->CopyAssign(found->second.value.get(), value);
    return Status();
  }
  entries_.emplace(
      encoded, Entry{TypedObject(descriptor_.key_serializer, key), TypedObject(descriptor_.value_serializer, value)});
  return Status();
}

void BroadcastMap::Remove(const void* key) {
  if (key == nullptr) return;
  const auto found = entries_.find(Encoded(key));
  if (found != entries_.end()) entries_.erase(found);
}

Status BroadcastMap::ForEach(const std::function<Status(const void* key, const void* value)>& visit) {
  for (const auto& [encoded, entry] : entries_) KVSTATE_RETURN_IF_ERROR(visit(entry.key.get(), entry.value.get()));
  return Status();
}

Status BroadcastMap::AddRestored(const RestoredState& state, const TypeSerializer& reads) {
  TypedObject key(descriptor_.key_serializer);
  TypedObject value(descriptor_.value_serializer);
  ByteReader in(*state.bytes);
  while (!in.AtEnd()) {
    ByteView key_bytes;
    ByteView value_bytes;
    if (!in.ReadLengthPrefixed(&key_bytes) || !in.ReadLengthPrefixed(&value_bytes)) {
      return in.Malformed("entry of broadcast state '" + descriptor_.name + "'");
    }
    KVSTATE_RETURN_IF_ERROR(DeserializeAll(*descriptor_.key_serializer, key_bytes, descriptor_.name, key.get()));
    KVSTATE_RETURN_IF_ERROR(DeserializeAll(reads, value_bytes, descriptor_.name, value.get()));
    KVSTATE_RETURN_IF_ERROR(Put(key.get(), value.get()));
  }
  return Status();
}

StateSnapshot BroadcastMap::Capture() const {
  RestoredState encoded{SavedStateOf(descriptor_), nullptr};
  encoded.saved.value_serializer = value_->Snapshot();
  std::string bytes;
  ByteWriter entry;
  ByteWriter value;
  for (const auto& [key, objects] : entries_) {
    entry.Clear();
    value.Clear();
    value_->Serialize(objects.value.get(), value);
    entry.PutLengthPrefixed(key);
    entry.PutLengthPrefixed(value.view());
    bytes.append(entry.view());
  }
  encoded.bytes = std::make_shared<const std::string>(std::move(bytes));
  return {encoded.saved, EntriesOf(encoded)};
}

}  // namespace kvstate::backends
