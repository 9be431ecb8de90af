#include "tests/conformance/ttl_subject.h"

#include <algorithm>
#include <map>
#include <span>
#include <vector>

#include "kvstate/descriptors.h"
#include "kvstate/extension.h"
#include "tests/conformance/conformance.h"

namespace kvstate::conformance {

namespace {

using testing_support::SeenItems;
using Texts = std::vector<std::string>;
using OptionalText = std::optional<std::string>;

constexpr uint64_t kKeys = 4;
const Texts kNamespaces = {"", "n", "nn"};
const Texts kUserKeys = {"a", "b", "c", "d"};

struct Joiner {
  std::string Create() const { return "@"; }
  void Add(std::string& a, const std::string& in) const { a += in; }
  std::string Result(const std::string& a) const { return "<" + a + ">"; }
  void Merge(std::string& a, const std::string& b) const { a += b; }
};

StateDescriptor OfKind(StateKind kind) {
  using Text = std::string;
  switch (kind) {
    case StateKind::kValue:
      return ValueStateDescriptor<Text>("value");
    case StateKind::kList:
      return ListStateDescriptor<Text>("list");
    case StateKind::kMap:
      return MapStateDescriptor<Text, Text>("map", RawBytesSerializer(), SerializerFor<Text>());
    case StateKind::kReducing:
      return ReducingStateDescriptor<Text>("reducing", Concatenate());
    case StateKind::kAggregating:
      return AggregatingStateDescriptor<Text, Text, Text>("aggregating",
                                                          MakeAggregateFunction<Text, Text, Text>(Joiner()));
    case StateKind::kFolding:
      break;
  }
  return FoldingStateDescriptor<Text, Text>("folding", "@",
                                            MakeFoldFunction<Text, Text>([](Text& a, const Text& in) { a += in; }));
}

std::string Serialized(const TypeSerializer& serializer, const void* value) {
  ByteWriter out;
  serializer.Serialize(value, out);
  return std::string(out.view());
}

OptionalText TextAt(const void* value) {
  return value == nullptr ? OptionalText() : *static_cast<const std::string*>(value);
}

/// What GetSerialized writes.
std::string Bytes(const StateDescriptor& descriptor, const SeenItems& items) {
  const TypeSerializer& serializer = *descriptor.value_serializer;
  if (descriptor.kind == StateKind::kList) {
    Texts list;
    for (const auto& [none, text] : items) list.push_back(*text);
    return Serialized(serializer, &list);
  }
  if (descriptor.kind != StateKind::kMap) return Serialized(serializer, &*items[0].second);
  ByteWriter out;
  for (const auto& [user_key, text] : items) {
    out.PutLengthPrefixed(user_key);
    out.PutByte(text.has_value() ? 0 : 1);
    if (text.has_value()) out.PutLengthPrefixed(Serialized(serializer, &*text));
  }
  return std::string(out.view());
}

}  // namespace

StateDescriptor TtlSubjectDescriptor(StateKind kind, const TtlConfig& ttl) {
  StateDescriptor descriptor = OfKind(kind);
  descriptor.ttl = ttl;
  descriptor.queryable_name = descriptor.name;
  return descriptor;
}

TtlSubject::TtlSubject(KeyedStateBackend& backend, const StateDescriptor& descriptor)
    : backend_(backend),
      state_(*Must(backend.GetOrCreateState(RawBytesSerializer(), descriptor))),
      kind_(descriptor.kind),
      model_(descriptor.kind, *descriptor.ttl) {}

SerializedAccess& TtlSubject::access() {
  auto* access = GetExtension<SerializedAccess>(state_);
  if (access == nullptr) throw std::runtime_error("a state without SerializedAccess");
  return *access;
}

void TtlSubject::SetPlace(const Place& place) {
  Must(backend_.SetCurrentKey(EncodeKey(backend_, place.first)));
  Must(state_.SetCurrentNamespace(place.second));
}

SeenItems TtlSubject::Items(const void* value) const {
  SeenItems items;
  if (value == nullptr) return items;
  if (kind_ != StateKind::kList) return {{"", TextAt(value)}};
  for (const std::string& text : *static_cast<const Texts*>(value)) items.emplace_back("", text);
  return items;
}

std::string TtlSubject::ReadMap(const Place& place, uint64_t how, int64_t now) {
  auto& map = As<InternalMapState>();
  const std::string& user_key = kUserKeys[how / 8 % kUserKeys.size()];
  switch (how % 8) {
    case 0:
      return model_.SeeWhetherEmpty(place, Must(map.IsEmpty()), now);
    case 1:
      return model_.SeeWhetherThere(place, user_key, Must(map.Contains(&user_key)), now);
    case 2:
      return model_.SeeWhetherThere(place, user_key, Must(access().ContainsEntryBytes(user_key)), now);
    case 3: {
      const OptionalText text = TextAt(Must(map.Get(&user_key)));
      // A null says nothing of whether there is an entry.
      return text.has_value() ? model_.SeeEntry(place, user_key, true, text, now) : ReadMap(place, how + 1, now);
    }
    case 4: {
      ByteView value;
      bool is_null = false;
      const bool there = Must(access().GetEntryBytes(user_key, &value, &is_null));
      OptionalText text;
      if (there && !is_null) text = Must(Decode<std::string>(value));
      return model_.SeeEntry(place, user_key, there, text, now);
    }
    default: {
      SeenItems seen;
      const auto entries = Must(map.Iterate());
      while (Must(entries->Next())) seen.emplace_back(entries->user_key_bytes(), TextAt(Must(entries->value())));
      return model_.See(place, seen, now);
    }
  }
}

std::string TtlSubject::Read(const Place& place, uint64_t how, int64_t now) {
  SetPlace(place);
  if (kind_ == StateKind::kMap) return ReadMap(place, how, now);
  if (how % 4 == 0) {
    ByteView bytes;
    const bool there = Must(access().GetBytes(&bytes));
    if (!there) return model_.See(place, {}, now);
    TypedObject value(state_.descriptor().value_serializer);
    ByteReader in(bytes);
    Must(state_.descriptor().value_serializer->Deserialize(in, value.get()));
    return model_.See(place, Items(value.get()), now);
  }
  if (kind_ == StateKind::kValue) return model_.See(place, Items(Must(As<InternalValueState>().Get())), now);
  auto& appending = As<InternalAppendingState>();
  if (how % 4 == 1) return model_.See(place, Items(Must(appending.GetInternal())), now);
  SeenItems seen = Items(Must(appending.Get()));
  if (kind_ == StateKind::kAggregating && !seen.empty()) {
    std::string& text = *seen[0].second;
    if (text.front() != '<' || text.back() != '>') return "'" + text + "' is not a result";
    text = text.substr(1, text.size() - 2);
  }
  return model_.See(place, seen, now);
}

void TtlSubject::WriteMap(const Place& place, uint64_t how, int64_t now) {
  auto& map = As<InternalMapState>();
  const std::string& user_key = kUserKeys[how / 8 % kUserKeys.size()];
  const std::string text = NewText();
  switch (how % 8) {
    case 0:
      Must(map.Put(&user_key, nullptr));
      return model_.Put(place, user_key, std::nullopt, now);
    case 1:
      Must(map.Remove(&user_key));
      return model_.Remove(place, user_key);
    case 2:
      Must(access().RemoveEntryBytes(user_key));
      return model_.Remove(place, user_key);
    case 3:
      Must(access().PutEntryBytes(user_key, Encode(text), false));
      return model_.Put(place, user_key, text, now);
    default:
      Must(map.Put(&user_key, &text));
      return model_.Put(place, user_key, text, now);
  }
}

void TtlSubject::WriteList(const Place& place, uint64_t how, int64_t now) {
  auto& list = As<InternalListState>();
  const Texts texts = {NewText(), NewText()};
  switch (how % 8) {
    case 0:
      Must(list.Update(&texts));
      return model_.Overwrite(place, texts, now);
    case 1:
      Must(list.UpdateInternal(&texts));
      return model_.Overwrite(place, texts, now);
    case 2:
      Must(access().PutBytes(Serialized(*state_.descriptor().value_serializer, &texts)));
      return model_.Overwrite(place, texts, now);
    case 3:
      Must(list.AddAll(&texts));
      for (const std::string& text : texts) model_.Add(place, text, now);
      return;
    case 4:
      Must(access().AddBytes(Encode(texts[0])));
      return model_.Add(place, texts[0], now);
    default:
      Must(list.Add(texts.data()));
      return model_.Add(place, texts[0], now);
  }
}

void TtlSubject::Write(const Place& place, uint64_t how, int64_t now) {
  SetPlace(place);
  if (how % 16 == 15) {
    Must(state_.Clear());
    return model_.Clear(place);
  }
  if (kind_ == StateKind::kMap) return WriteMap(place, how, now);
  if (kind_ == StateKind::kList) return WriteList(place, how, now);
  const std::string text = NewText();
  if (how % 8 == 0) {
    Must(access().PutBytes(Encode(text)));
    return model_.Overwrite(place, {text}, now);
  }
  if (kind_ == StateKind::kValue) {
    const bool clear = how % 8 == 1;
    Must(As<InternalValueState>().Update(clear ? nullptr : &text));
    return model_.Overwrite(place, clear ? Texts() : Texts{text}, now);
  }
  if (how % 8 == 1) {
    Must(As<InternalAppendingState>().UpdateInternal(&text));
    return model_.Overwrite(place, {text}, now);
  }
  Must(how % 8 == 2 ? access().AddBytes(Encode(text)) : As<InternalAppendingState>().Add(&text));
  model_.Add(place, text, now);
}

void TtlSubject::Merge(const Place& place, int64_t now) {
  SetPlace(place);
  const std::vector<ByteView> sources(kNamespaces.begin(), kNamespaces.end());
  Must(As<InternalMergingState>().MergeNamespaces(place.second, sources));
  if (model_.Merge(place, kNamespaces, now)) return;
  Must(state_.Clear());
  model_.Clear(place);
}

std::string TtlSubject::Step(std::mt19937_64& random, int64_t now) {
  const Place place{"k" + std::to_string(random() % kKeys), kNamespaces[random() % kNamespaces.size()]};
  const uint64_t what = random() % 16;
  const uint64_t how = random() / 16;
  const bool merges = kind_ == StateKind::kList || kind_ == StateKind::kReducing || kind_ == StateKind::kAggregating;
  if (what == 0 && merges) {
    Merge(place, now);
    return "";
  }
  if (what < 6) return Read(place, how, now);
  Write(place, how, now);
  return "";
}

std::string TtlSubject::Look(int64_t now) {
  const auto living = model_.Living(now);
  std::map<Place, SeenItems> visited;
  const auto visitor = Must(state_.Visit());
  for (;;) {
    const std::span<const StateEntry> batch = Must(visitor->NextBatch(7));
    if (batch.empty()) break;
    for (const StateEntry& entry : batch) {
      SeenItems& items = visited[{std::string(entry.key), std::string(entry.state_namespace)}];
      if (kind_ == StateKind::kMap) {
        items.emplace_back(entry.user_key, TextAt(entry.value));
      } else {
        items = Items(entry.value);
      }
    }
  }
  for (auto& [place, items] : visited) {
    if (kind_ == StateKind::kMap) std::sort(items.begin(), items.end());
  }
  if (visited != living) return "a visitor does not give just what lives";
  Pairs places;
  for (const auto& [place, items] : living) places.push_back(place);
  if (PairsOf(backend_, state_.descriptor().name) != places) return "KeysAndNamespaces does not give just what lives";
  for (uint64_t key = 0; key < kKeys; ++key) {
    for (const std::string& state_namespace : kNamespaces) {
      const Place place{"k" + std::to_string(key), state_namespace};
      const auto lives = living.find(place);
      std::string bytes;
      const bool there = Must(state_.GetSerialized(place.first, place.second, &bytes));
      const std::string expected = lives == living.end() ? "" : Bytes(state_.descriptor(), lives->second);
      if (there != (lives != living.end()) || bytes != expected) return "GetSerialized does not give just what lives";
    }
  }
  return Must(backend_.NumEntries()) < model_.LivingEntries(now) ? "NumEntries is less than what lives" : "";
}

std::string TtlSubject::ReadAll(int64_t now) {
  for (uint64_t key = 0; key < kKeys; ++key) {
    for (const std::string& state_namespace : kNamespaces) {
      std::string wrong = Read({"k" + std::to_string(key), state_namespace}, 7, now);
      if (!wrong.empty()) return wrong;
    }
  }
  return "";
}

}  // namespace kvstate::conformance
