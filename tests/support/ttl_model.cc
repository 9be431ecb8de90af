#include "tests/support/ttl_model.h"

#include <algorithm>

namespace kvstate::testing_support {

namespace {

std::string Described(const std::string& user_key, const std::optional<std::string>& text) {
  return "'" + user_key + "' = " + (text.has_value() ? "'" + *text + "'" : "null");
}

}  // namespace

bool TtlModel::Expired(const Item& item, int64_t now) const {
  // In 128 bits nothing overflows.
  return has_ttl() && static_cast<__int128>(item.time) + ttl_.ttl_millis <= now;
}

void TtlModel::Touch(Item& item, int64_t now) const {
  if (ttl_.update == TtlConfig::Update::kOnReadAndWrite) item.time = now;
}

std::vector<TtlModel::Item>::iterator TtlModel::Find(std::vector<Item>& items, const std::string& user_key) {
  return std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.user_key == user_key; });
}

void TtlModel::Overwrite(const Place& place, const std::vector<std::string>& texts, int64_t now) {
  if (texts.empty()) return Clear(place);
  std::vector<Item>& items = contents_[place];
  items.clear();
  for (const std::string& text : texts) items.push_back({"", text, now});
}

void TtlModel::Add(const Place& place, const std::string& text, int64_t now) {
  std::vector<Item>& items = contents_[place];
  if (kind_ == StateKind::kList) {
    items.push_back({"", text, now});
    return;
  }
  const bool anew = items.empty() || Expired(items[0], now);
  const std::string before = anew ? (kind_ == StateKind::kReducing ? "" : "@") : *items[0].text;
  items = {{"", before + text, now}};
}

void TtlModel::Put(const Place& place, const std::string& user_key, const std::optional<std::string>& text,
                   int64_t now) {
  Remove(place, user_key);
  std::vector<Item>& items = contents_[place];
  items.insert(std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.user_key > user_key; }),
               {user_key, text, now});
}

void TtlModel::Remove(const Place& place, const std::string& user_key) {
  const auto found = contents_.find(place);
  if (found == contents_.end()) return;
  std::erase_if(found->second, [&](const Item& item) { return item.user_key == user_key; });
  if (found->second.empty()) contents_.erase(found);
}

bool TtlModel::Merge(const Place& target, const std::vector<std::string>& sources, int64_t now) {
  std::vector<Item> parts = contents_[target];
  for (const std::string& source : sources) {
    if (source == target.second) continue;
    const auto found = contents_.find({target.first, source});
    if (found == contents_.end()) continue;
    parts.insert(parts.end(), found->second.begin(), found->second.end());
    contents_.erase(found);
  }
  if (kind_ != StateKind::kList) {
    std::erase_if(parts, [&](const Item& item) { return Expired(item, now); });
    if (parts.size() > 1) {
      Item joined{"", "", now};
      for (const Item& part : parts) *joined.text += *part.text;
      parts = {joined};
    }
  }
  const bool lives = std::any_of(parts.begin(), parts.end(), [&](const Item& item) { return !Expired(item, now); });
  contents_[target] = std::move(parts);
  if (contents_[target].empty()) contents_.erase(target);
  return lives;
}

void TtlModel::Purge(int64_t now) {
  for (auto& [place, items] : contents_) std::erase_if(items, [&](const Item& item) { return Expired(item, now); });
  std::erase_if(contents_, [](const auto& content) { return content.second.empty(); });
}

std::string TtlModel::See(const Place& place, const SeenItems& seen, int64_t now) {
  std::vector<Item> kept;
  auto next = seen.begin();
  const auto found = contents_.find(place);
  if (found != contents_.end()) {
    for (Item& item : found->second) {
      const bool is_next = next != seen.end() && next->first == item.user_key && next->second == item.text;
      if (!Expired(item, now)) {
        if (!is_next) return Described(item.user_key, item.text) + " lives and was not given";
        Touch(item, now);
      } else if (is_next && !MayShowExpired()) {
        return Described(item.user_key, item.text) + " has expired and was given";
      } else if (!is_next) {
        continue;
      }
      kept.push_back(item);
      ++next;
    }
  }
  if (next != seen.end()) return Described(next->first, next->second) + " was given and should not be";
  if (kept.empty()) {
    contents_.erase(place);
  } else {
    contents_[place] = std::move(kept);
  }
  return "";
}

std::string TtlModel::SeeEntry(const Place& place, const std::string& user_key, bool there,
                               const std::optional<std::string>& text, int64_t now) {
  std::string wrong = SeeWhetherThere(place, user_key, there, now);
  if (!wrong.empty() || !there) return wrong;
  const Item& item = *Find(contents_[place], user_key);
  return item.text == text ? "" : Described(user_key, text) + " in place of " + Described(user_key, item.text);
}

std::string TtlModel::SeeWhetherThere(const Place& place, const std::string& user_key, bool there, int64_t now) {
  const auto content = contents_.find(place);
  const bool known = content != contents_.end() && Find(content->second, user_key) != content->second.end();
  if (!known) return there ? "'" + user_key + "' is there and should not be" : "";
  Item& item = *Find(content->second, user_key);
  if (!Expired(item, now)) {
    Touch(item, now);
    return there ? "" : Described(user_key, item.text) + " lives and is not there";
  }
  if (!there) {
    Remove(place, user_key);
    return "";
  }
  return MayShowExpired() ? "" : Described(user_key, item.text) + " has expired and is there";
}

std::string TtlModel::SeeWhetherEmpty(const Place& place, bool empty, int64_t now) const {
  const auto found = contents_.find(place);
  const std::vector<Item> items = found == contents_.end() ? std::vector<Item>() : found->second;
  const bool lives = std::any_of(items.begin(), items.end(), [&](const Item& item) { return !Expired(item, now); });
  if (lives) return empty ? "it is empty though something lives" : "";
  return empty || (!items.empty() && MayShowExpired()) ? "" : "it is not empty though nothing lives";
}

std::map<TtlModel::Place, SeenItems> TtlModel::Living(int64_t now) const {
  std::map<Place, SeenItems> living;
  for (const auto& [place, items] : contents_) {
    for (const Item& item : items) {
      if (!Expired(item, now)) living[place].emplace_back(item.user_key, item.text);
    }
  }
  return living;
}

int64_t TtlModel::LatestExpiry(int64_t now) const {
  int64_t latest = INT64_MIN;
  for (const auto& [place, items] : contents_) {
    for (const Item& item : items) {
      if (Expired(item, now)) latest = std::max(latest, item.time + ttl_.ttl_millis);
    }
  }
  return latest;
}

size_t TtlModel::LivingEntries(int64_t now) const {
  const auto living = Living(now);
  if (kind_ != StateKind::kMap) return living.size();
  size_t entries = 0;
  for (const auto& [place, items] : living) entries += items.size();
  return entries;
}

}  // namespace kvstate::testing_support
