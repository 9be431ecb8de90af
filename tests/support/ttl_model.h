#ifndef KVSTATE_TESTS_SUPPORT_TTL_MODEL_H_
#define KVSTATE_TESTS_SUPPORT_TTL_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/state_descriptor.h"

namespace kvstate::testing_support {

/// What a test reads of a place: user key (empty unless of a map) and text (none for a map's null value), in order.
using SeenItems = std::vector<std::pair<std::string, std::optional<std::string>>>;

/// One state with a time to live as the documentation says it is, over texts, on a clock that goes back no further than
/// to the last moment at which something expired (LatestExpiry). What has expired stays in it as something that may be
/// there still, until a read has not given it.
class TtlModel {
 public:
  /// Key and namespace.
  using Place = std::pair<std::string, std::string>;

  TtlModel(StateKind kind, const TtlConfig& ttl) : kind_(kind), ttl_(ttl) {}

  // --- writes ---
  /// Value and accumulators: one text; of a list its elements. None clears.
  void Overwrite(const Place& place, const std::vector<std::string>& texts, int64_t now);
  /// An element, or an input.
  void Add(const Place& place, const std::string& text, int64_t now);
  void Put(const Place& place, const std::string& user_key, const std::optional<std::string>& text, int64_t now);
  void Remove(const Place& place, const std::string& user_key);
  void Clear(const Place& place) { contents_.erase(place); }
  /// Texts of accumulators are joined. False when nothing of it lives: what is there then, no one can say.
  bool Merge(const Place& target, const std::vector<std::string>& sources, int64_t now);
  /// All that has expired is gone for certain.
  void Purge(int64_t now);

  // --- reads; empty, or what is wrong with what was seen ---
  /// Of a read of all that is at a place.
  std::string See(const Place& place, const SeenItems& seen, int64_t now);
  /// Of a read of one entry of a map, `text` being what it gave.
  std::string SeeEntry(const Place& place, const std::string& user_key, bool there,
                       const std::optional<std::string>& text, int64_t now);
  /// The same of a read that does not tell the value.
  std::string SeeWhetherThere(const Place& place, const std::string& user_key, bool there, int64_t now);
  std::string SeeWhetherEmpty(const Place& place, bool empty, int64_t now) const;

  /// What lives, by place. Does not count as a read.
  std::map<Place, SeenItems> Living(int64_t now) const;
  /// The last moment up to `now` at which something expired that may be there; INT64_MIN when there is nothing such.
  int64_t LatestExpiry(int64_t now) const;
  /// As KeyedStateBackend::NumEntries counts.
  size_t LivingEntries(int64_t now) const;

 private:
  struct Item {
    std::string user_key;
    std::optional<std::string> text;
    int64_t time = 0;
  };

  bool has_ttl() const { return ttl_.update != TtlConfig::Update::kDisabled; }
  bool Expired(const Item& item, int64_t now) const;
  bool MayShowExpired() const { return ttl_.visibility == TtlConfig::Visibility::kReturnExpiredIfNotCleanedUp; }
  void Touch(Item& item, int64_t now) const;
  static std::vector<Item>::iterator Find(std::vector<Item>& items, const std::string& user_key);

  StateKind kind_;
  TtlConfig ttl_;
  std::map<Place, std::vector<Item>> contents_;
};

}  // namespace kvstate::testing_support

#endif  // KVSTATE_TESTS_SUPPORT_TTL_MODEL_H_
