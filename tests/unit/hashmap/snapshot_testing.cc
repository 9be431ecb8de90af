#include "tests/unit/hashmap/snapshot_testing.h"

#include <algorithm>
#include <type_traits>

#include "kvstate/serialized_access.h"

namespace kvstate::backends::hashmap {

namespace {

struct CountAndText {
  using Acc = std::pair<int64_t, std::string>;
  Acc Create() const { return {}; }
  void Add(Acc& accumulator, const int64_t& input) const {
    ++accumulator.first;
    accumulator.second = std::to_string(input) + " was the last input of this accumulator, which is on the heap";
  }
  int64_t Result(const Acc& accumulator) const { return accumulator.first; }
  void Merge(Acc& into, const Acc& from) const {
    into.first += from.first;
    into.second = (into.second + from.second).substr(0, 100);
  }
};

}  // namespace

class InterruptingStorage::Writer final : public StorageWriter {
 public:
  Writer(const InterruptingStorage& storage, std::unique_ptr<StorageWriter> inner)
      : storage_(storage), inner_(std::move(inner)) {}
  Status Append(ByteView bytes) override {
    if (storage_.between) storage_.between();
    return inner_->Append(bytes);
  }
  Status Close() override { return inner_->Close(); }

 private:
  const InterruptingStorage& storage_;
  const std::unique_ptr<StorageWriter> inner_;
};

Result<std::unique_ptr<StorageWriter>> InterruptingStorage::Create(std::string_view path) {
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<StorageWriter> inner, inner_->Create(path));
  return std::unique_ptr<StorageWriter>(std::make_unique<Writer>(*this, std::move(inner)));
}

void AddContentsOf(InternalKVState& state, Contents* contents) {
  auto visitor = state.Visit();
  ASSERT_OK(visitor);
  while (true) {
    ASSERT_OK_AND_ASSIGN(const auto batch, (*visitor)->NextBatch(256));
    if (batch.empty()) return;
    for (const StateEntry& entry : batch) {
      ByteWriter value;
      value.PutByte(entry.value == nullptr ? 1 : 0);
      if (entry.value != nullptr) state.descriptor().value_serializer->Serialize(entry.value, value);
      (*contents)[{state.descriptor().name, std::string(entry.key), std::string(entry.state_namespace),
                   std::string(entry.user_key)}] = std::string(value.view());
    }
  }
}

KeyedStateHandle TakeSnapshot(KeyedStateBackend& backend, uint64_t id, std::shared_ptr<CheckpointStorage> storage,
                              SnapshotKind kind) {
  SnapshotOptions options;
  options.kind = kind;
  auto task = SnapshotsOf(backend).Snapshot(id, std::move(storage), options);
  EXPECT_OK(task);
  auto result = (*task)->Run();
  EXPECT_OK(result);
  return result.ok() ? result->handle : KeyedStateHandle();
}

template <class K>
void RandomJob<K>::MakeStates() {
  const auto sum = MakeReduceFunction<int64_t>([](int64_t& a, const int64_t& b) { a += b; });
  const auto last = MakeFoldFunction<int64_t, std::string>(
      [](std::string& a, const int64_t& in) { a = (std::to_string(in) + "," + a).substr(0, 80); });
  const auto count = MakeAggregateFunction<int64_t, Acc, int64_t>(CountAndText());
  ASSERT_OK_AND_ASSIGN(value_, backend_.GetState(ValueStateDescriptor<std::string>("value")));
  ASSERT_OK_AND_ASSIGN(list_, backend_.template GetState<std::string>(ListStateDescriptor<std::string>("list")));
  ASSERT_OK_AND_ASSIGN(reducing_, backend_.template GetState<int64_t>(ReducingStateDescriptor<int64_t>("sum", sum)));
  ASSERT_OK_AND_ASSIGN(aggregating_, backend_.template GetState<std::string>(
                                         AggregatingStateDescriptor<int64_t, Acc, int64_t>("count", count)));
  ASSERT_OK_AND_ASSIGN(folding_, backend_.GetState(FoldingStateDescriptor<int64_t, std::string>("last", "", last)));
  ASSERT_OK_AND_ASSIGN(map_, backend_.template GetState<int64_t>(MapStateDescriptor<int64_t, std::string>("map")));
  ASSERT_OK_AND_ASSIGN(text_map_, backend_.GetState(MapStateDescriptor<std::string, std::string>("text map")));
}

template <class K>
std::vector<InternalKVState*> RandomJob<K>::states() const {
  return {value_.internal(),   list_.internal(), reducing_.internal(), aggregating_.internal(),
          folding_.internal(), map_.internal(),  text_map_.internal()};
}

template <class K>
Contents RandomJob<K>::contents() {
  Contents contents;
  for (InternalKVState* state : states()) AddContentsOf(*state, &contents);
  return contents;
}

template <class K>
void RandomJob<K>::Restore(const KeyedStateHandle& handle, std::shared_ptr<CheckpointStorage> storage, bool claim) {
  RestoreOptions options;
  options.claim = claim;
  ASSERT_OK(snapshots().Restore({&handle, 1}, std::move(storage), options));
}

template <class K>
void RandomJob<K>::Recreate() {
  ASSERT_OK(backend().RemoveState("text map"));
  ASSERT_OK(backend().RemoveState("value"));
  MakeStates();
}

template <class K>
K RandomJob<K>::RandomKey() {
  const auto number = static_cast<int64_t>(Random(static_cast<uint64_t>(keys_)));
  if constexpr (std::is_same_v<K, std::string>) {
    return number % 2 == 0 ? std::to_string(number) : std::to_string(number) + " is a key that has to be on the heap";
  } else {
    return number;
  }
}

template <class K>
std::string RandomJob<K>::RandomText() {
  return std::to_string(random_()) + std::string(Random(60), 'x');
}

template <class K>
void RandomJob<K>::Work(int operations) {
  for (int i = 0; i < operations; ++i) {
    ASSERT_OK(backend_.SetCurrentKey(RandomKey()));
    switch (Random(6)) {
      case 0:
        ChangeValue();
        break;
      case 1:
        ChangeList();
        break;
      case 2:
        ChangeAccumulators();
        break;
      case 3:
        ChangeMap();
        break;
      case 4:
        ChangeTextMap();
        break;
      default:
        if (Random(20) == 0) ChangeByVisitor();
    }
  }
}

template <class K>
void RandomJob<K>::ChangeValue() {
  ByteWriter bytes;
  SerializerFor<std::string>()->Serialize(std::make_unique<std::string>(RandomText()).get(), bytes);
  auto* access = static_cast<SerializedAccess*>(value_.internal()->GetExtension(SerializedAccess::kExtensionId));
  switch (Random(5)) {
    case 0:
      ASSERT_OK(value_.Clear());
      break;
    case 1:
      ASSERT_OK(access->PutBytes(bytes.view()));
      break;
    default:
      ASSERT_OK(value_.Update(RandomText()));
  }
}

template <class K>
void RandomJob<K>::ChangeList() {
  const std::string name(1 + Random(2) * 20, 'n');
  ASSERT_OK(list_.SetCurrentNamespace(name));
  ByteWriter bytes;
  const std::string text = RandomText();
  SerializerFor<std::string>()->Serialize(&text, bytes);
  auto* access = static_cast<SerializedAccess*>(list_.internal()->GetExtension(SerializedAccess::kExtensionId));
  switch (Random(7)) {
    case 0:
      ASSERT_OK(list_.Clear());
      break;
    case 1:
      ASSERT_OK(list_.Update(std::vector<std::string>(Random(3), text)));
      break;
    case 2:
      ASSERT_OK(list_.AddAll({text, text}));
      break;
    case 3:
      ASSERT_OK(access->AddBytes(bytes.view()));
      break;
    case 4:
      ASSERT_OK(list_.MergeNamespaces(name, {std::string("other"), std::string(name.size() == 1 ? 21 : 1, 'n')}));
      ASSERT_OK(list_.Update({text}));
      break;
    default:
      ASSERT_OK(list_.Add(text));
  }
}

template <class K>
void RandomJob<K>::ChangeAccumulators() {
  const auto number = static_cast<int64_t>(Random(100));
  ASSERT_OK(reducing_.SetCurrentNamespace(number % 3));
  ASSERT_OK(aggregating_.SetCurrentNamespace(std::string(static_cast<size_t>(number % 2 * 20), 'n')));
  switch (Random(8)) {
    case 0:
      ASSERT_OK(reducing_.Clear());
      ASSERT_OK(folding_.Clear());
      break;
    case 1:
      ASSERT_OK(reducing_.MergeNamespaces(number % 3, std::vector<int64_t>{(number + 1) % 3, (number + 2) % 3}));
      break;
    case 2:
      ASSERT_OK(aggregating_.MergeNamespaces(std::string(), {std::string(20, 'n')}));
      break;
    case 3:
      ASSERT_OK(aggregating_.UpdateInternal({number, RandomText()}));
      break;
    case 4:
      ASSERT_OK(aggregating_.Clear());
      break;
    default:
      ASSERT_OK(reducing_.Add(number));
      ASSERT_OK(aggregating_.Add(number));
      ASSERT_OK(folding_.Add(number));
  }
}

template <class K>
void RandomJob<K>::ChangeMap() {
  ASSERT_OK(map_.SetCurrentNamespace(static_cast<int64_t>(Random(2))));
  // Of some keys the map is large.
  const auto user_key = static_cast<int64_t>(Random(Random(3) == 0 ? 300 : 8));
  switch (Random(8)) {
    case 0:
      ASSERT_OK(map_.Remove(user_key));
      break;
    case 1:
      ASSERT_OK(map_.PutNull(user_key));
      break;
    case 2:
      if (Random(10) == 0) {
        ASSERT_OK(map_.Clear());
      }
      break;
    case 3: {
      ASSERT_OK_AND_ASSIGN(auto entries, map_.Entries());
      for (int steps = 0; steps < 20; ++steps) {
        ASSERT_OK_AND_ASSIGN(const bool more, entries.Next());
        if (!more) break;
        if (Random(3) == 0) {
          ASSERT_OK(entries.SetValue(RandomText()));
        } else if (Random(3) == 0) {
          ASSERT_OK(entries.Remove());
        }
      }
      break;
    }
    default:
      ASSERT_OK(map_.Put(user_key, RandomText()));
  }
}

template <class K>
void RandomJob<K>::ChangeTextMap() {
  const std::string user_key = std::to_string(Random(200)) + (Random(2) == 0 ? "" : " is no short user key");
  ByteWriter key_bytes;
  ByteWriter value_bytes;
  SerializerFor<std::string>()->Serialize(&user_key, key_bytes);
  const std::string text = RandomText();
  SerializerFor<std::string>()->Serialize(&text, value_bytes);
  auto* access = static_cast<SerializedAccess*>(text_map_.internal()->GetExtension(SerializedAccess::kExtensionId));
  switch (Random(5)) {
    case 0:
      ASSERT_OK(access->RemoveEntryBytes(key_bytes.view()));
      break;
    case 1:
      ASSERT_OK(text_map_.Remove(user_key));
      break;
    case 2:
      ASSERT_OK(access->PutEntryBytes(key_bytes.view(), value_bytes.view(), Random(5) == 0));
      break;
    default:
      ASSERT_OK(text_map_.Put(user_key, text));
  }
}

template <class K>
void RandomJob<K>::ChangeByVisitor() {
  InternalKVState& state = *states()[Random(7)];
  ASSERT_OK_AND_ASSIGN(auto visitor, state.Visit());
  for (int batches = 0; batches < 3; ++batches) {
    ASSERT_OK_AND_ASSIGN(const auto batch, visitor->NextBatch(8));
    for (const StateEntry& entry : batch) {
      if (Random(4) == 0) {
        ASSERT_OK(visitor->Remove(entry));
      } else if (Random(2) == 0 && &state == value_.internal()) {
        const std::string text = RandomText();
        ASSERT_OK(visitor->Update(entry, &text));
      } else if (Random(2) == 0 && &state == text_map_.internal()) {
        const std::string text = RandomText();
        ASSERT_OK(visitor->Update(entry, Random(4) == 0 ? nullptr : &text));
      }
    }
  }
}

template class RandomJob<int64_t>;
template class RandomJob<std::string>;

}  // namespace kvstate::backends::hashmap
