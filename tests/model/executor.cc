#include "tests/model/executor.h"

#include <algorithm>

#include "kvstate/engine_statistics.h"
#include "kvstate/extension.h"
#include "kvstate/serializers.h"

namespace kvstate::model {

namespace {

using Texts = std::vector<std::string>;

/// Keys, namespaces and user keys: prefixes of one another, with the bytes that composite keys are made of.
const Texts& Names() {
  static const Texts names = {"a",
                              "",
                              std::string("a\0", 2),
                              "\xff",
                              std::string("\0", 1),
                              "aa",
                              std::string("\xff\0", 2),
                              "\1a",
                              std::string(300, 'a')};
  return names;
}

std::string Encoded(bool raw, const std::string& text) { return raw ? text : Encode(text); }

std::unique_ptr<CheckpointStore> NewStore() {
  CheckpointStoreOptions options;
  options.retained = 2;
  return Ok(CheckpointStore::Open(MakeMemoryStorage(uint64_t{1} << 30), options));
}

bool IsRaw(const TypeSerializer& serializer) { return !serializer.info().self_delimiting; }

}  // namespace

std::string TextOf(uint8_t number) {
  if (number % 16 == 15) return std::string(600, static_cast<char>('A' + number / 16));
  return number == 0 ? "" : "t" + std::to_string(number);
}

Executor::Executor(BackendSource source, const Program& program)
    : source_(std::move(source)),
      backend_(source_.make(*source_.factory, {0, source_.max_parallelism - 1})),
      raw_keys_(program.raw_keys),
      subjects_(MakeSubjects()),
      store_(NewStore()) {
  for (size_t i = 0; i < subjects_.size() && i < program.ttl.size(); ++i) subjects_[i].SetTtl(TtlOf(program.ttl[i]));
  for (Subject& subject : subjects_) Attach(subject);
}

void Executor::Attach(Subject& subject) {
  if (subject.attached()) return;
  subject.Attach(Ok(backend_->GetOrCreateState(subject.namespace_serializer(), subject.descriptor())));
}

std::string Executor::Key(uint8_t number) const { return Encoded(raw_keys_, Names()[number % 6]); }

std::string Executor::Namespace(const Subject& subject, uint8_t number) const {
  const TypeSerializer& serializer = *subject.namespace_serializer();
  if (serializer.info().encoded_size == 1) return std::string(1, '\0');
  return Encoded(IsRaw(serializer), Names()[number % 4]);
}

void Executor::SetKey(const std::string& key) {
  if (current_key_ == key) return;
  Ok(backend_->SetCurrentKey(EncodeKey(*backend_, key)));
  current_key_ = key;
}

void Executor::SetNamespace(Subject& subject, const std::string& state_namespace) {
  Ok(subject.state().SetCurrentNamespace(state_namespace));
}

Place Executor::Set(Subject& subject, const Step& step) {
  Place place{Key(step.key), Namespace(subject, step.state_namespace)};
  SetKey(place.first);
  SetNamespace(subject, place.second);
  return place;
}

void Executor::CheckMap(Subject& subject, const Content& content) {
  InternalMapState& map = subject.map();
  Agree(Ok(map.IsEmpty()) == content.map.empty(), "IsEmpty");
  for (const std::string& name : Names()) {
    const std::string bytes = subject.EncodeUserKey(name);
    const auto found = content.map.find(bytes);
    Agree(Ok(map.Contains(&name)) == (found != content.map.end()), "Contains");
    const auto* value = static_cast<const std::string*>(Ok(map.Get(&name)));
    const OptionalText got = value == nullptr ? OptionalText() : *value;
    Agree(got == (found == content.map.end() ? OptionalText() : found->second), "map Get");
    ByteView entry;
    bool is_null = false;
    Agree(Ok(subject.access().GetEntryBytes(bytes, &entry, &is_null)) == (found != content.map.end()), "GetEntryBytes");
    if (found == content.map.end()) continue;
    Agree(is_null == !found->second.has_value(), "is_null of GetEntryBytes");
    Agree(is_null ? entry.empty() : entry == subject.EncodeText(*found->second), "bytes of GetEntryBytes");
  }
  const auto iterator = Ok(map.Iterate());
  for (const auto& [user_key, text] : content.map) {
    Agree(Ok(iterator->Next()), "the iterator ends early");
    Agree(iterator->user_key_bytes() == user_key, "the iterator's user key");
    Agree(*static_cast<const std::string*>(Ok(iterator->user_key())) == subject.DecodeUserKey(user_key), "user_key()");
    const auto* value = static_cast<const std::string*>(Ok(iterator->value()));
    Agree((value == nullptr ? OptionalText() : *value) == text, "the iterator's value");
  }
  Agree(!Ok(iterator->Next()), "the iterator goes on after the last entry");
}

void Executor::CheckBytes(Subject& subject, const Content& content) {
  ByteView bytes;
  Agree(Ok(subject.access().GetBytes(&bytes)) == !content.absent(), "GetBytes");
  if (!content.absent()) Agree(bytes == subject.EncodeContent(content), "bytes of GetBytes");
}

void Executor::CheckPlace(Subject& subject, const Place& place) {
  const Content& content = subject.At(place);
  if (!subject.descriptor().queryable_name.empty()) {
    std::string out = "left from before";
    Agree(Ok(subject.state().GetSerialized(place.first, place.second, &out)) == !content.absent(), "GetSerialized");
    Agree(out == (content.absent() ? "" : subject.EncodeContent(content)), "bytes of GetSerialized");
  }
  if (subject.kind() == StateKind::kMap) {
    CheckMap(subject, content);
    return subject.Touch(place, now());
  }
  CheckBytes(subject, content);
  subject.Touch(place, now());
  if (subject.kind() == StateKind::kList) {
    const auto* list = static_cast<const Texts*>(Ok(subject.list().Get()));
    Agree((list == nullptr) == content.list.empty(), "whether there is a list");
    Agree(list == nullptr || *list == content.list, "the list");
    return;
  }
  OptionalText expected = content.value;
  if (subject.kind() == StateKind::kValue) {
    if (!expected && subject.descriptor().default_value != nullptr) expected = "default";
    const auto* value = static_cast<const std::string*>(Ok(subject.value().Get()));
    Agree((value == nullptr ? OptionalText() : *value) == expected, "value Get");
    return;
  }
  const auto* result = static_cast<const std::string*>(Ok(subject.appending().Get()));
  Agree((result == nullptr) == !expected.has_value(), "whether there is an accumulator");
  Agree(result == nullptr || *result == subject.Result(*expected), "the accumulator's result");
  const auto* accumulator = static_cast<const std::string*>(Ok(subject.appending().GetInternal()));
  Agree((accumulator == nullptr ? OptionalText() : *accumulator) == expected, "GetInternal");
}

void Executor::Write(Subject& subject, const Place& place, const Step& step, bool null) {
  Content content = subject.At(place);
  const std::string text = TextOf(step.n);
  const OptionalText stored = null ? OptionalText() : text;
  switch (subject.kind()) {
    case StateKind::kValue:
      Ok(subject.value().Update(null ? nullptr : &text));
      content.value = stored;
      break;
    case StateKind::kList: {
      content.list = null ? Texts() : Texts{text, "second"};
      if (null && step.n % 2 == 0) {
        Ok(subject.list().UpdateInternal(nullptr));
      } else if (step.n % 3 == 0) {
        Ok(subject.list().UpdateInternal(&content.list));
      } else {
        Ok(subject.list().Update(&content.list));
      }
      break;
    }
    case StateKind::kMap: {
      const std::string user_key = Names()[step.user_key % Names().size()];
      Ok(subject.map().Put(&user_key, null ? nullptr : &text));
      content.map[subject.EncodeUserKey(user_key)] = stored;
      return subject.Set(place, std::move(content), now(), Subject::Written::kEntry, subject.EncodeUserKey(user_key));
    }
    default:
      Ok(subject.appending().UpdateInternal(null ? nullptr : &text));
      content.value = stored;
  }
  subject.Set(place, std::move(content), now());
}

void Executor::Add(Subject& subject, const Place& place, const Step& step) {
  if (subject.kind() == StateKind::kValue || subject.kind() == StateKind::kMap)
    return Write(subject, place, step, false);
  Content content = subject.At(place);
  const std::string text = TextOf(step.n);
  Ok(subject.appending().Add(&text));
  subject.Add(content, text);
  subject.Set(place, std::move(content), now(), Subject::Written::kAppended);
}

void Executor::AddAll(Subject& subject, const Place& place, const Step& step) {
  Content content = subject.At(place);
  Texts texts;
  for (int i = 0; i < step.n % 4; ++i) texts.push_back(TextOf(static_cast<uint8_t>(step.user_key + i)));
  if (subject.kind() == StateKind::kList) {
    Ok(subject.list().AddAll(&texts));
    for (const std::string& text : texts) subject.Add(content, text);
  } else if (subject.kind() == StateKind::kMap) {
    for (const std::string& text : texts) {
      Ok(subject.map().Put(&text, &text));
      content.map[subject.EncodeUserKey(text)] = text;
      content.map_times[subject.EncodeUserKey(text)] = now();
    }
  } else {
    return;
  }
  subject.Set(place, std::move(content), now(), Subject::Written::kAppended);
}

void Executor::Clear(Subject& subject, const Place& place) {
  Ok(subject.state().Clear());
  subject.Set(place, {}, now());
}

void Executor::Remove(Subject& subject, const Place& place, const Step& step) {
  if (subject.kind() != StateKind::kMap) return Clear(subject, place);
  Content content = subject.At(place);
  const std::string user_key = Names()[step.user_key % Names().size()];
  const std::string bytes = subject.EncodeUserKey(user_key);
  if (step.n % 2 == 0) {
    Ok(subject.map().Remove(&user_key));
  } else {
    Ok(subject.access().RemoveEntryBytes(bytes));
  }
  content.map.erase(bytes);
  subject.Set(place, std::move(content), now(), Subject::Written::kNothing);
}

void Executor::Move(Subject& subject, const Place& place, const Step& step) {
  const Place target{Key(static_cast<uint8_t>(step.key + step.n)), place.second};
  Content content = subject.At(place);
  if (subject.kind() == StateKind::kMap) {
    // Within the map: to another user key.
    const std::string from = Names()[step.user_key % Names().size()];
    const std::string to = Names()[step.n % Names().size()];
    const auto found = content.map.find(subject.EncodeUserKey(from));
    const OptionalText value = found == content.map.end() ? OptionalText() : found->second;
    Ok(subject.map().Put(&to, Ok(subject.map().Get(&from))));
    content.map[subject.EncodeUserKey(to)] = value;
    return subject.Set(place, std::move(content), now(), Subject::Written::kEntry, subject.EncodeUserKey(to));
  }
  if (subject.kind() == StateKind::kValue) {
    const void* value = Ok(subject.value().Get());
    SetKey(target.first);
    Ok(subject.value().Update(value));
    if (!content.value && subject.descriptor().default_value != nullptr) content.value = "default";
  } else {
    const void* accumulator = Ok(subject.appending().GetInternal());
    SetKey(target.first);
    Ok(subject.appending().UpdateInternal(accumulator));
  }
  subject.Touch(place, now());
  subject.Set(target, std::move(content), now());
  Note(subject, target);
  CheckPlace(subject, target);
}

void Executor::Merge(Subject& subject, const Place& place, const Step& step) {
  if (!subject.merges()) return;
  const std::string target = Namespace(subject, step.user_key);
  Texts sources;
  for (uint8_t i = 0; i < 4; ++i) {
    if ((step.n >> i & 1) != 0) sources.push_back(Namespace(subject, i));
  }
  if (step.n % 3 == 0) std::reverse(sources.begin(), sources.end());
  const std::vector<ByteView> views(sources.begin(), sources.end());
  Ok(subject.merging().MergeNamespaces(target, views));
  Agree(subject.state().current_namespace() == place.second, "a merge disturbs the current namespace");
  Content merged = subject.At({place.first, target});
  for (const std::string& source : sources) {
    if (source == target) continue;
    Subject::Merge(merged, subject.At({place.first, source}), now());
    subject.Set({place.first, source}, {}, now());
    Note(subject, {place.first, source});
  }
  subject.Set({place.first, target}, std::move(merged), now(), Subject::Written::kNothing);
  Note(subject, {place.first, target});
}

void Executor::PutBytes(Subject& subject, const Place& place, const Step& step) {
  Content content = subject.At(place);
  const std::string text = TextOf(step.n);
  if (subject.kind() == StateKind::kMap) {
    const std::string user_key = subject.EncodeUserKey(Names()[step.user_key % Names().size()]);
    const bool null = step.n % 5 == 0;
    Ok(subject.access().PutEntryBytes(user_key, null ? "" : subject.EncodeText(text), null));
    content.map[user_key] = null ? OptionalText() : text;
    return subject.Set(place, std::move(content), now(), Subject::Written::kEntry, user_key);
  }
  if (subject.kind() == StateKind::kList) {
    content.list = Texts(step.n % 4, text);
    Ok(subject.access().PutBytes(subject.EncodeList(content.list)));
  } else {
    Ok(subject.access().PutBytes(subject.EncodeText(text)));
    content.value = text;
  }
  subject.Set(place, std::move(content), now());
}

void Executor::AddBytes(Subject& subject, const Place& place, const Step& step) {
  if (subject.kind() == StateKind::kValue || subject.kind() == StateKind::kMap) return PutBytes(subject, place, step);
  Content content = subject.At(place);
  const std::string text = TextOf(step.n);
  // Inputs are texts by their codec where the descriptor has an input serializer; else as the value or element is.
  const SerializerPtr& input = subject.descriptor().input_serializer;
  Ok(subject.access().AddBytes(input != nullptr ? Encode(text) : subject.EncodeText(text)));
  subject.Add(content, text);
  subject.Set(place, std::move(content), now(), Subject::Written::kAppended);
}

void Executor::RemoveState(Subject& subject) {
  std::erase_if(walks_, [&](const HeldMapWalk& held) { return held.subject == &subject; });
  std::erase_if(keys_, [&](const HeldKeys& held) { return held.subject == &subject; });
  std::erase_if(visitors_, [&](const HeldVisitor& held) { return held.subject == &subject; });
  Ok(backend_->RemoveState(subject.name()));
  subject.contents().clear();
  subject.Attach(nullptr);
  Attach(subject);
}

void Executor::CheckSubject(Subject& subject) {
  Attach(subject);
  std::vector<Place> pairs;
  const auto iterator = Ok(backend_->KeysAndNamespaces(subject.name()));
  while (Ok(iterator->Next())) pairs.emplace_back(iterator->key(), iterator->state_namespace());
  std::sort(pairs.begin(), pairs.end());
  std::vector<Place> expected;
  for (const auto& [place, content] : subject.contents()) expected.push_back(place);
  Agree(pairs == expected, "KeysAndNamespaces");
  for (uint8_t key = 0; key < 6; ++key) {
    for (uint8_t ns = 0; ns < 4; ++ns) CheckPlace(subject, Set(subject, {Verb::kGet, 0, key, ns, 0, 0}));
  }
}

void Executor::CheckNumEntries(const std::string& what) {
  size_t entries = 0;
  bool expire = false;
  for (const Subject& subject : subjects_) {
    entries += subject.NumEntries();
    expire = expire || subject.descriptor().ttl.has_value();
  }
  const uint64_t counted = Ok(backend_->NumEntries());
  // What has expired counts until it is gone.
  Agree(expire ? counted >= entries : counted == entries, "NumEntries" + what);
}

void Executor::CheckAll() {
  for (Subject& subject : subjects_) {
    try {
      CheckSubject(subject);
    } catch (const Difference& difference) {
      throw Difference("at the end, state '" + subject.name() + "': " + difference.what());
    }
  }
  for (QueueSubject& queue : queues_) CheckTimers(queue);
  CheckNumEntries("");
}

void Executor::Take(const Step& step) {
  if (step.verb == Verb::kBeginSnapshot) return BeginSnapshot(step);
  if (step.verb == Verb::kEndSnapshot) return EndSnapshot(step);
  if (step.verb == Verb::kRestore) return Restore(step);
  if (step.verb == Verb::kAdvanceClock) return AdvanceClock(step);
  if (step.verb == Verb::kTurnClockBack) return SetClock(std::max(latest_expiry_, now() - step.n));
  if (step.verb == Verb::kSweep) return Sweep(step);
  if (step.verb >= Verb::kAddTimer) return TakeOnTimers(step);
  Subject& subject = subjects_[step.state % subjects_.size()];
  try {
    if (step.verb == Verb::kRemoveState && step.n % 4 == 0) return RemoveState(subject);
    Attach(subject);
    TakeOn(subject, step);
  } catch (const Difference& difference) {
    throw Difference("state '" + subject.name() + "': " + difference.what());
  }
}

void Executor::TakeOn(Subject& subject, const Step& step) {
  const Place place = Set(subject, step);
  switch (step.verb) {
    case Verb::kGet:
      break;
    case Verb::kWrite:
      Write(subject, place, step, false);
      break;
    case Verb::kWriteNull:
      Write(subject, place, step, true);
      break;
    case Verb::kAdd:
      Add(subject, place, step);
      break;
    case Verb::kAddAll:
      AddAll(subject, place, step);
      break;
    case Verb::kClear:
      Clear(subject, place);
      break;
    case Verb::kRemove:
      Remove(subject, place, step);
      break;
    case Verb::kMove:
      Move(subject, place, step);
      SetKey(place.first);
      break;
    case Verb::kMerge:
      Merge(subject, place, step);
      break;
    case Verb::kPutBytes:
      PutBytes(subject, place, step);
      break;
    case Verb::kAddBytes:
      AddBytes(subject, place, step);
      break;
    case Verb::kOpenWalk:
      return OpenWalk(subject, place);
    case Verb::kStepWalk:
      return StepWalk(step);
    case Verb::kRemoveAtWalk:
      return ChangeAtWalk(step, true);
    case Verb::kSetAtWalk:
      return ChangeAtWalk(step, false);
    case Verb::kOpenKeys:
      return OpenKeys(subject, step);
    case Verb::kStepKeys:
      return StepKeys(step);
    case Verb::kOpenVisitor:
      return OpenVisitor(subject);
    case Verb::kStepVisitor:
      return StepVisitor(step);
    case Verb::kApplyToAllKeys:
      return ApplyToAllKeys(subject, step);
    case Verb::kRemoveState:
      return;
    case Verb::kFlush:
      if (auto* statistics = GetExtension<EngineStatistics>(*backend_)) Ok(statistics->Flush(step.n % 2 == 0));
      return;
    case Verb::kCheckAll:
      return CheckAll();
    case Verb::kBeginSnapshot:
    case Verb::kEndSnapshot:
    case Verb::kRestore:
    case Verb::kAdvanceClock:
    case Verb::kTurnClockBack:
    case Verb::kSweep:
    case Verb::kAddTimer:
    case Verb::kRemoveTimer:
    case Verb::kPollTimers:
      return;  // Of no one state.
  }
  Note(subject, place);
  CheckPlace(subject, place);
}

}  // namespace kvstate::model
