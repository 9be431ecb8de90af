#include <algorithm>

#include "tests/model/executor.h"

namespace kvstate::model {

namespace {

/// More would only slow the program down.
constexpr size_t kHeldAtMost = 3;

template <class Held>
Held& Hold(std::vector<Held>& all) {
  if (all.size() == kHeldAtMost) all.erase(all.begin());
  return all.emplace_back();
}

}  // namespace

void Executor::Note(Subject& subject, const Place& place) {
  const Content& content = subject.At(place);
  for (HeldMapWalk& held : walks_) {
    if (held.subject != &subject || held.place != place) continue;
    std::erase_if(held.debt.must, [&](const std::string& user_key) { return !content.map.contains(user_key); });
    for (const auto& [user_key, value] : content.map) held.debt.ever[user_key].insert(value);
  }
  for (HeldKeys& held : keys_) {
    if (held.subject != &subject || (held.state_namespace && *held.state_namespace != place.second)) continue;
    if (content.absent()) {
      held.debt.must.erase(place);
    } else {
      held.debt.ever[place];
    }
  }
  for (HeldVisitor& held : visitors_) {
    if (held.subject != &subject) continue;
    std::erase_if(held.debt.must, [&](const auto& item) {
      const auto& [key, state_namespace, user_key] = item;
      if (Place{key, state_namespace} != place) return false;
      if (content.absent() || (subject.kind() == StateKind::kMap && !content.map.contains(user_key))) return true;
      return *held.debt.ever[item].begin() != subject.Describe(content, user_key) || held.debt.ever[item].size() > 1;
    });
    if (content.absent()) continue;
    if (subject.kind() != StateKind::kMap) {
      held.debt.ever[{place.first, place.second, ""}].insert(subject.Describe(content, ""));
    }
    for (const auto& [user_key, value] : content.map) {
      held.debt.ever[{place.first, place.second, user_key}].insert(subject.Describe(content, user_key));
    }
  }
}

void Executor::OpenWalk(Subject& subject, const Place& place) {
  if (subject.kind() != StateKind::kMap) return;
  HeldMapWalk& held = Hold(walks_);
  held.subject = &subject;
  held.place = place;
  held.iterator = Ok(subject.map().Iterate());
  for (const auto& [user_key, value] : subject.At(place).map) held.debt.must.insert(user_key);
  Note(subject, place);
}

bool Executor::StepOnce(HeldMapWalk& held) {
  held.at.reset();
  if (!Ok(held.iterator->Next())) {
    held.debt.Settle("a map iterator");
    return false;
  }
  const std::string user_key(held.iterator->user_key_bytes());
  Agree(!held.last || *held.last < user_key, "a map iterator does not ascend");
  const auto known = held.debt.ever.find(user_key);
  Agree(known != held.debt.ever.end(), "a map iterator gives an entry that never was");
  const auto* text = static_cast<const std::string*>(Ok(held.iterator->value()));
  Agree(known->second.contains(text == nullptr ? OptionalText() : *text),
        "a map iterator gives a value that never was");
  const auto* typed = static_cast<const std::string*>(Ok(held.iterator->user_key()));
  Agree(*typed == held.subject->DecodeUserKey(user_key), "a map iterator's user key");
  held.subject->TouchEntry(held.place, user_key, now());
  held.debt.given.insert(user_key);
  held.at = held.last = user_key;
  return true;
}

void Executor::StepWalk(const Step& step) {
  if (walks_.empty()) return;
  const size_t which = step.key % walks_.size();
  for (int i = 0; i <= step.n % 4; ++i) {
    if (StepOnce(walks_[which])) continue;
    walks_.erase(walks_.begin() + static_cast<std::ptrdiff_t>(which));
    return;
  }
}

void Executor::ChangeAtWalk(const Step& step, bool remove) {
  if (walks_.empty()) return;
  HeldMapWalk& held = walks_[step.key % walks_.size()];
  const std::string text = TextOf(step.n);
  const void* value = step.n % 4 == 0 ? nullptr : &text;
  if (!held.at) {
    const Status status = remove ? held.iterator->Remove() : held.iterator->SetValue(value);
    Agree(status.code() == StatusCode::kFailedPrecondition, "a change without an entry: " + status.ToString());
    return;
  }
  Content content = held.subject->At(held.place);
  // What happens to an entry that others removed meanwhile is not promised.
  if (!content.map.contains(*held.at)) return;
  if (remove) {
    Ok(held.iterator->Remove());
    content.map.erase(*held.at);
    held.at.reset();
  } else {
    Ok(held.iterator->SetValue(value));
    content.map[*held.at] = value == nullptr ? OptionalText() : text;
    const auto* now = static_cast<const std::string*>(Ok(held.iterator->value()));
    Agree((now == nullptr ? OptionalText() : *now) == content.map[*held.at], "the value just set");
  }
  const Place place = held.place;
  Subject& subject = *held.subject;
  subject.Set(place, std::move(content), now(), remove ? Subject::Written::kNothing : Subject::Written::kEntry,
              held.last.value_or(""));
  Note(subject, place);
  SetKey(place.first);
  SetNamespace(subject, place.second);
  CheckPlace(subject, place);
}

void Executor::OpenKeys(Subject& subject, const Step& step) {
  HeldKeys& held = Hold(keys_);
  held.subject = &subject;
  if (step.n % 2 == 0) {
    held.state_namespace = Namespace(subject, step.state_namespace);
    held.iterator = Ok(backend_->Keys(subject.name(), *held.state_namespace));
  } else {
    held.iterator = Ok(backend_->KeysAndNamespaces(subject.name()));
  }
  for (const auto& [place, content] : subject.contents()) {
    if (held.state_namespace && *held.state_namespace != place.second) continue;
    held.debt.must.insert(place);
    held.debt.ever[place];
  }
}

void Executor::StepKeys(const Step& step) {
  if (keys_.empty()) return;
  const size_t which = step.key % keys_.size();
  HeldKeys& held = keys_[which];
  for (int i = 0; i <= step.n % 6; ++i) {
    if (!Ok(held.iterator->Next())) {
      held.debt.Settle("a walk over keys");
      keys_.erase(keys_.begin() + static_cast<std::ptrdiff_t>(which));
      return;
    }
    const Place place{held.iterator->key(), held.iterator->state_namespace()};
    Agree(held.debt.ever.contains(place), "a walk over keys gives a pair that never was");
    Agree(held.debt.given.insert(place).second, "a walk over keys gives a pair twice");
  }
}

void Executor::OpenVisitor(Subject& subject) {
  HeldVisitor& held = Hold(visitors_);
  held.subject = &subject;
  held.visitor = Ok(subject.state().Visit());
  for (const auto& [place, content] : subject.contents()) {
    if (subject.kind() != StateKind::kMap) held.debt.must.insert({place.first, place.second, ""});
    for (const auto& [user_key, value] : content.map) held.debt.must.insert({place.first, place.second, user_key});
  }
  for (const auto& item : held.debt.must) {
    const auto& [key, state_namespace, user_key] = item;
    held.debt.ever[item].insert(subject.Describe(subject.At({key, state_namespace}), user_key));
  }
}

void Executor::ChangeAtVisitor(HeldVisitor& held, const StateEntry& entry, uint8_t what) {
  Subject& subject = *held.subject;
  const Place place{entry.key, entry.state_namespace};
  const std::string user_key(entry.user_key);
  Content content = subject.At(place);
  const bool there = subject.kind() == StateKind::kMap ? content.map.contains(user_key) : !content.absent();
  const std::string text = TextOf(what);
  const std::vector<std::string> list = {text};
  Status status;
  if (what % 4 == 0) {
    status = held.visitor->Remove(entry);
    content.map.erase(user_key);
    content.value.reset();
    content.list.clear();
  } else if (subject.kind() == StateKind::kList) {
    status = held.visitor->Update(entry, &list);
    content.list = list;
  } else {
    status = held.visitor->Update(entry, &text);
    (subject.kind() == StateKind::kMap ? content.map[user_key] : content.value) = text;
  }
  if (!there) {
    Agree(status.code() == StatusCode::kNotFound, "a visitor changed what went away: " + status.ToString());
    return;
  }
  Ok(status);
  const bool of_entry = subject.kind() == StateKind::kMap && what % 4 != 0;
  const auto other = what % 4 == 0 ? Subject::Written::kNothing : Subject::Written::kAll;
  subject.Set(place, std::move(content), now(), of_entry ? Subject::Written::kEntry : other, user_key);
  Note(subject, place);
}

void Executor::StepVisitor(const Step& step) {
  if (visitors_.empty()) return;
  const size_t which = step.key % visitors_.size();
  HeldVisitor& held = visitors_[which];
  const size_t most = step.state_namespace % 5 + 1;
  const auto batch = Ok(held.visitor->NextBatch(most));
  Agree(batch.size() <= most, "a visitor's batch is too large");
  if (batch.empty()) {
    held.debt.Settle("a visitor");
    visitors_.erase(visitors_.begin() + static_cast<std::ptrdiff_t>(which));
    return;
  }
  for (const StateEntry& entry : batch) {
    const std::tuple item{std::string(entry.key), std::string(entry.state_namespace), std::string(entry.user_key)};
    const auto known = held.debt.ever.find(item);
    Agree(known != held.debt.ever.end(), "a visitor gives an entry that never was");
    Agree(known->second.contains(held.subject->Describe(entry.value)), "a visitor gives a value that never was");
    held.debt.given.insert(item);
  }
  uint8_t what = step.n;
  for (const StateEntry& entry : batch) {
    if (++what % 3 == 0) ChangeAtVisitor(held, entry, what);
  }
}

void Executor::Finish() {
  const Step all{Verb::kGet, 0, 0, 4, 0, 255};
  while (!walks_.empty()) StepWalk(all);
  while (!keys_.empty()) StepKeys(all);
  while (!visitors_.empty()) StepVisitor(all);
  CheckAll();
  if (moments_.empty()) return;
  AbortHeldSnapshots();
  BeginSnapshot({Verb::kBeginSnapshot, 0, 0, 0, 0, 1});
  EndSnapshot({Verb::kEndSnapshot, 0, 0, 0, 0, 3});
  Restore({Verb::kRestore, 0, 255, 0, 0, 0});
  CheckAll();
}

Status Executor::Visit(Subject& subject, const Place& place, const Step& step, uint8_t what) {
  try {
    Agree(backend_->current_key() == place.first, "ApplyToAllKeys: the current key");
    CheckPlace(subject, place);
    if (what % 3 == 0) Clear(subject, place);
    Note(subject, place);
    if (what % 2 == 0) Add(subject, place, step);
    Note(subject, place);
    if (what % 5 == 0) {
      const Place moved = Set(subject, {Verb::kAdd, 0, what, static_cast<uint8_t>(what / 2), 0, 0});
      Add(subject, moved, step);
      Note(subject, moved);
    }
  } catch (const Difference& difference) {
    return InternalError(difference.what());
  }
  return Status();
}

void Executor::ApplyToAllKeys(Subject& subject, const Step& step) {
  const std::string state_namespace = Namespace(subject, step.state_namespace);
  std::set<std::string> keys;
  for (const auto& [place, content] : subject.contents()) {
    if (place.second == state_namespace) keys.insert(place.first);
  }
  const OptionalText key_before = current_key_;
  std::set<std::string> called;
  Ok(backend_->ApplyToAllKeys(subject.name(), state_namespace, [&](ByteView key, InternalKVState& state) {
    if (&state != &subject.state()) return InternalError("ApplyToAllKeys gives another state");
    current_key_ = std::string(key);
    if (!called.insert(*current_key_).second) return InternalError("ApplyToAllKeys gives a key twice");
    return Visit(subject, {*current_key_, state_namespace}, step, static_cast<uint8_t>(step.n + called.size()));
  }));
  current_key_ = key_before;
  Agree(backend_->current_key() == *current_key_, "ApplyToAllKeys: the key before is current again");
  Agree(subject.state().current_namespace() == state_namespace,
        "ApplyToAllKeys: the namespace before is current again");
  for (const std::string& key : keys) Agree(called.contains(key), "ApplyToAllKeys leaves a key out");
}

}  // namespace kvstate::model
