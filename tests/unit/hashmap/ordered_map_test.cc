#include "backends/hashmap/ordered_map.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "backends/hashmap/payload.h"
#include "kvstate/serializers.h"

namespace kvstate::backends::hashmap {
namespace {

using Model = std::map<std::string, std::optional<std::string>>;

/// A map of strings beside a std::map that must agree with it.
template <class Keys>
class OrderedMapTest : public ::testing::Test {
 protected:
  using Map = OrderedMap<Keys>;

  OrderedMapTest() : cell_(SerializerFor<std::string>(), 128), layout_(cell_) {}
  ~OrderedMapTest() override { map_.Destroy(layout_); }

  static std::string Key(uint64_t number) {
    std::string bytes = Encode(static_cast<uint32_t>(number * 2654435761u));
    // Prefixes of one another, empty and long ones, and ones that differ behind eight equal bytes.
    if (std::is_same_v<Keys, ByteKeys>) {
      if (number % 4 == 0) bytes.resize(number % 5);
      if (number % 4 == 1) bytes.insert(0, 8, 'p');
      if (number % 4 == 2) bytes.append(number % 40, '\0');
    }
    return bytes;
  }
  void Put(const std::string& key, const std::optional<std::string>& value) {
    const auto probe = Keys::MakeProbe(key);
    const void* object = value.has_value() ? &*value : nullptr;
    if (const auto at = map_.Find(probe)) {
      Map::Assign(layout_, at, object);
    } else {
      map_.Insert(layout_, probe, object);
    }
    model_[key] = value;
  }
  void Erase(const std::string& key, bool compact) {
    const auto at = map_.Find(Keys::MakeProbe(key));
    ASSERT_EQ(static_cast<bool>(at), model_.count(key) != 0);
    if (at) map_.Erase(layout_, at, compact);
    model_.erase(key);
  }
  std::optional<std::string> ValueAt(typename Map::Position at) const {
    const void* value = Map::ValueAt(layout_, at);
    return value == nullptr ? std::nullopt : std::optional(*static_cast<const std::string*>(value));
  }
  void ExpectEqual() const {
    char buffer[8];
    Model found;
    std::string last;
    for (auto at = map_.First(); at; at = Map::Next(at)) {
      const std::string key(Keys::Bytes(Map::KeyAt(at), 4, buffer));
      ASSERT_TRUE(found.empty() || last < key) << "out of order";
      found[key] = ValueAt(at);
      last = key;
    }
    ASSERT_EQ(found, model_);
    ASSERT_EQ(map_.size(), model_.size());
    ASSERT_EQ(map_.empty(), model_.empty());
  }

  const ObjectCell cell_;
  const typename Map::Layout layout_;
  Map map_;
  Model model_;
};

using KeyTypes = ::testing::Types<WordKeys, ByteKeys>;
TYPED_TEST_SUITE(OrderedMapTest, KeyTypes);

TYPED_TEST(OrderedMapTest, AgreesWithAMapUnderRandomChanges) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 30000; ++round) {
    const uint64_t keys = (round / 5000) % 2 == 0 ? 2000 : 40;
    const std::string key = this->Key(random() % keys);
    switch (random() % 4) {
      case 0:
        this->Erase(key, /*compact=*/true);
        break;
      case 1:
        this->Erase(key, /*compact=*/false);
        break;
      case 2:
        this->Put(key, std::nullopt);
        break;
      default:
        this->Put(key, "value " + std::to_string(round));
    }
    if (round % 500 == 0) this->ExpectEqual();
  }
  this->ExpectEqual();
}

TYPED_TEST(OrderedMapTest, GrowsInAscendingAndDescendingOrder) {
  std::map<std::string, int> keys;
  for (uint64_t i = 0; i < 500; ++i) keys[this->Key(i)];
  for (const auto& [key, unused] : keys) this->Put(key, "up");
  this->ExpectEqual();
  for (const auto& [key, unused] : keys) this->Erase(key, true);
  this->ExpectEqual();
  for (auto it = keys.rbegin(); it != keys.rend(); ++it) this->Put(it->first, "down");
  this->ExpectEqual();
}

TYPED_TEST(OrderedMapTest, AfterFindsTheNextKeyWhetherTheKeyIsThereOrNot) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 400; ++i) this->Put(this->Key(random() % 2000), "v");
  for (uint64_t i = 0; i < 2000; ++i) {
    const std::string key = this->Key(i);
    const auto expected = this->model_.upper_bound(key);
    const auto at = this->map_.After(TypeParam::MakeProbe(key));
    ASSERT_EQ(static_cast<bool>(at), expected != this->model_.end());
    char buffer[8];
    if (!at) continue;
    EXPECT_EQ(TypeParam::Bytes(OrderedMap<TypeParam>::KeyAt(at), 4, buffer), ByteView(expected->first));
  }
}

TYPED_TEST(OrderedMapTest, ErasingWithoutCompactionLeavesOtherValuesInPlace) {
  for (uint64_t i = 0; i < 600; ++i) this->Put(this->Key(i), "value " + std::to_string(i));
  std::map<std::string, const void*> places;
  for (const auto& [key, value] : this->model_) {
    places[key] = OrderedMap<TypeParam>::ValueAt(this->layout_, this->map_.Find(TypeParam::MakeProbe(key)));
  }
  std::mt19937_64 random(2);
  while (!this->model_.empty()) {
    auto victim = this->model_.begin();
    std::advance(victim, random() % this->model_.size());
    this->Erase(std::string(victim->first), /*compact=*/false);
    if (this->model_.empty()) break;
    const auto& survivor = *this->model_.rbegin();
    const auto at = this->map_.Find(TypeParam::MakeProbe(survivor.first));
    ASSERT_EQ(OrderedMap<TypeParam>::ValueAt(this->layout_, at), places[survivor.first]);
  }
  this->ExpectEqual();
}

TYPED_TEST(OrderedMapTest, HasRoomPromisesThatValuesStay) {
  for (uint64_t i = 0; i < 300; ++i) {
    const std::string key = this->Key(i);
    const auto probe = TypeParam::MakeProbe(key);
    if (this->map_.Find(probe)) continue;
    const bool stays = this->map_.HasRoom(probe) && !this->map_.empty();
    const auto first = this->map_.First();
    const std::string first_key = stays ? this->model_.begin()->first : std::string();
    const void* before = stays ? OrderedMap<TypeParam>::ValueAt(this->layout_, first) : nullptr;
    this->Put(key, "v");
    if (!stays) continue;
    const auto again = this->map_.Find(TypeParam::MakeProbe(first_key));
    EXPECT_EQ(OrderedMap<TypeParam>::ValueAt(this->layout_, again), before);
  }
}

}  // namespace
}  // namespace kvstate::backends::hashmap
