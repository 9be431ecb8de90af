#include "tests/model/subject.h"

#include <algorithm>

#include "kvstate/descriptors.h"
#include "kvstate/extension.h"

namespace kvstate::model {

namespace {

using Texts = std::vector<std::string>;

/// Marks where an accumulator starts, so that a wrong start shows.
constexpr const char* kInitial = "@";

struct Joiner {
  std::string Create() const { return kInitial; }
  void Add(std::string& a, const std::string& in) const { a += in; }
  std::string Result(const std::string& a) const { return "<" + a + ">"; }
  void Merge(std::string& a, const std::string& b) const { a += b; }
};

std::shared_ptr<const ReduceFunction> Concatenate(bool thread_safe) {
  return MakeReduceFunction<std::string>([](std::string& a, const std::string& v) { a += v; }, thread_safe);
}

std::string Serialized(const TypeSerializer& serializer, const void* value) {
  ByteWriter out;
  serializer.Serialize(value, out);
  return std::string(out.view());
}

template <class Descriptor>
Descriptor Queryable(Descriptor descriptor) {
  descriptor.queryable_name = descriptor.name;
  return descriptor;
}

}  // namespace

Subject::Subject(StateDescriptor descriptor, SerializerPtr namespace_serializer)
    : descriptor_(std::move(descriptor)), namespace_serializer_(std::move(namespace_serializer)) {}

void Subject::Attach(InternalKVState* state) { state_ = state; }

SerializedAccess& Subject::access() const {
  auto* access = GetExtension<SerializedAccess>(*state_);
  Agree(access != nullptr, "no serialized access");
  return *access;
}

const Content& Subject::At(const Place& place) const {
  static const Content absent;
  const auto found = contents_.find(place);
  return found == contents_.end() ? absent : found->second;
}

void Subject::Set(const Place& place, Content content, int64_t now, Written written, const std::string& user_key) {
  if (content.absent()) {
    contents_.erase(place);
    return;
  }
  if (written == Written::kAll) content.list_times.clear();
  if (written == Written::kAll || written == Written::kAppended) content.value_time = now;
  if (written == Written::kEntry) content.map_times[user_key] = now;
  content.list_times.resize(content.list.size(), now);
  contents_[place] = std::move(content);
}

void Subject::Touch(const Place& place, int64_t now) {
  const auto found = contents_.find(place);
  if (!ReadsRenew() || found == contents_.end()) return;
  Content& content = found->second;
  content.value_time = now;
  content.list_times.assign(content.list.size(), now);
  for (auto& [user_key, time] : content.map_times) time = now;
}

void Subject::TouchEntry(const Place& place, const std::string& user_key, int64_t now) {
  const auto found = contents_.find(place);
  if (!ReadsRenew() || found == contents_.end() || !found->second.map.contains(user_key)) return;
  found->second.map_times[user_key] = now;
}

std::optional<int64_t> Subject::ExpiryOf(int64_t time) const {
  if (!descriptor_.ttl.has_value() || descriptor_.ttl->ttl_millis == INT64_MAX) return std::nullopt;
  return time + descriptor_.ttl->ttl_millis;
}

std::vector<Place> Subject::Expire(int64_t now, int64_t* latest) {
  std::vector<Place> changed;
  if (!descriptor_.ttl.has_value()) return changed;
  const auto expires = [&](int64_t time) {
    const std::optional<int64_t> expiry = ExpiryOf(time);
    if (!expiry.has_value() || *expiry > now) return false;
    *latest = std::max(*latest, *expiry);
    return true;
  };
  for (auto& at : contents_) {
    auto& content = at.second;
    const size_t before = content.list.size() + content.map.size() + (content.value.has_value() ? 1 : 0);
    if (content.value.has_value() && expires(content.value_time)) content.value.reset();
    size_t kept = 0;
    for (size_t i = 0; i < content.list.size(); ++i) {
      if (expires(content.list_times[i])) continue;
      content.list_times[kept] = content.list_times[i];
      std::swap(content.list[kept++], content.list[i]);
    }
    content.list.resize(kept);
    content.list_times.resize(kept);
    std::erase_if(content.map, [&](const auto& entry) { return expires(content.map_times.at(entry.first)); });
    const size_t after = content.list.size() + content.map.size() + (content.value.has_value() ? 1 : 0);
    if (after != before) changed.push_back(at.first);
  }
  std::erase_if(contents_, [](const auto& at) { return at.second.absent(); });
  return changed;
}

std::vector<std::pair<int64_t, Place>> Subject::Expiries() const {
  std::vector<std::pair<int64_t, Place>> moments;
  const auto note = [&](int64_t time, const Place& place) {
    if (const std::optional<int64_t> expiry = ExpiryOf(time)) moments.emplace_back(*expiry, place);
  };
  for (const auto& [place, content] : contents_) {
    if (content.value.has_value()) note(content.value_time, place);
    for (const int64_t time : content.list_times) note(time, place);
    for (const auto& [user_key, text] : content.map) note(content.map_times.at(user_key), place);
  }
  return moments;
}

size_t Subject::NumEntries() const {
  if (kind() != StateKind::kMap) return contents_.size();
  size_t entries = 0;
  for (const auto& [place, content] : contents_) entries += content.map.size();
  return entries;
}

void Subject::Add(Content& content, const std::string& input) const {
  if (kind() == StateKind::kList) {
    content.list.push_back(input);
    return;
  }
  if (!content.value.has_value()) content.value = kind() == StateKind::kReducing ? "" : kInitial;
  *content.value += input;
}

void Subject::Merge(Content& target, const Content& source, int64_t now) {
  target.list.insert(target.list.end(), source.list.begin(), source.list.end());
  target.list_times.insert(target.list_times.end(), source.list_times.begin(), source.list_times.end());
  if (!source.value.has_value()) return;
  // What comes alone stays as old as it is.
  target.value_time = target.value.has_value() ? now : source.value_time;
  target.value = target.value.value_or("") + *source.value;
}

std::string Subject::Result(const std::string& stored) const {
  return kind() == StateKind::kAggregating ? "<" + stored + ">" : stored;
}

std::string Subject::EncodeText(const std::string& text) const {
  if (kind() != StateKind::kList) return Serialized(*descriptor_.value_serializer, &text);
  return Serialized(*static_cast<const ListSerializer&>(*descriptor_.value_serializer).element(), &text);
}

std::string Subject::EncodeUserKey(const std::string& text) const {
  return Serialized(*descriptor_.user_key_serializer, &text);
}

std::string Subject::DecodeUserKey(const std::string& bytes) const {
  std::string text;
  ByteReader in(bytes);
  Ok(descriptor_.user_key_serializer->Deserialize(in, &text));
  return text;
}

std::string Subject::EncodeList(const Texts& list) const { return Serialized(*descriptor_.value_serializer, &list); }

std::string Subject::EncodeContent(const Content& content) const {
  if (kind() == StateKind::kList) return EncodeList(content.list);
  if (kind() != StateKind::kMap) return EncodeText(*content.value);
  ByteWriter out;
  for (const auto& [user_key, value] : content.map) {
    out.PutLengthPrefixed(user_key);
    out.PutByte(value.has_value() ? 0 : 1);
    if (value.has_value()) out.PutLengthPrefixed(EncodeText(*value));
  }
  return std::string(out.view());
}

OptionalText Subject::Describe(const void* value) const {
  if (value == nullptr) return std::nullopt;
  return Serialized(*descriptor_.value_serializer, value);
}

OptionalText Subject::Describe(const Content& content, const std::string& user_key) const {
  if (kind() == StateKind::kList) return EncodeList(content.list);
  const OptionalText& text = kind() == StateKind::kMap ? content.map.at(user_key) : content.value;
  return text.has_value() ? OptionalText(EncodeText(*text)) : std::nullopt;
}

std::vector<Subject> MakeSubjects() {
  const SerializerPtr raw = RawBytesSerializer();
  const SerializerPtr text = SerializerFor<std::string>();
  const SerializerPtr none = SerializerFor<VoidNamespace>();
  const auto joiner = MakeAggregateFunction<std::string, std::string, std::string>(Joiner());
  const auto fold = MakeFoldFunction<std::string, std::string>([](std::string& a, const std::string& in) { a += in; });
  std::vector<Subject> all;
  all.emplace_back(ValueStateDescriptor<std::string>("value", raw).WithDefault("default"), raw);
  all.emplace_back(Queryable(ValueStateDescriptor<std::string>("value, queryable")), none);
  all.emplace_back(ListStateDescriptor<std::string>("list", raw), raw);
  all.emplace_back(Queryable(ListStateDescriptor<std::string>("list, queryable")), text);
  all.emplace_back(MapStateDescriptor<std::string, std::string>("map", raw, raw), raw);
  all.emplace_back(Queryable(MapStateDescriptor<std::string, std::string>("map, queryable")), none);
  all.emplace_back(ReducingStateDescriptor<std::string>("reducing, put off", Concatenate(true), raw), raw);
  all.emplace_back(Queryable(ReducingStateDescriptor<std::string>("reducing", Concatenate(false))), text);
  all.emplace_back(AggregatingStateDescriptor<std::string, std::string, std::string>("aggregating", joiner), raw);
  all.emplace_back(FoldingStateDescriptor<std::string, std::string>("folding", kInitial, fold), text);
  return all;
}

}  // namespace kvstate::model
