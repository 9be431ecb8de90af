#include "backends/hashmap/map_iterator.h"

#include <cassert>
#include <string>
#include <type_traits>
#include <utility>

namespace kvstate::backends::hashmap {

namespace {

/// Invariant: while seen_version_ is the state's structure_version, at_ is where the entry is that Next last moved to;
/// else the entry is to be found again by its user key.
template <class Keys>
class HashMapMapIterator final : public MapIterator {
 public:
  using Core = MapCore<Keys>;
  using Map = typename Core::Map;
  using Position = typename Core::Position;
  static constexpr bool kWords = std::is_same_v<Keys, WordKeys>;

  HashMapMapIterator(Core& state, ByteView key, ByteView state_namespace)
      : life_(state.life()), state_(state), key_(key), namespace_(state_namespace) {}

  Result<bool> Next() override {
    if (stands_ == Stands::kAtEnd) return false;
    KVSTATE_RETURN_IF_ERROR(CheckAlive());
    const StateCore::Lock lock(state_);
    if (stands_ != Stands::kBeforeFirst && seen_version_ == state_.structure_version()) [[likely]] {
      at_ = Map::Next(at_);
    } else {
      Seek();
    }
    user_key_decoded_ = false;
    stands_ = at_ ? Stands::kOnEntry : Stands::kAtEnd;
    if (!at_) return false;
    TakeUserKey();
    return true;
  }

  ByteView user_key_bytes() const override {
    assert(stands_ == Stands::kOnEntry);
    return UserKeyBytes();
  }

  Result<const void*> user_key() override {
    KVSTATE_RETURN_IF_ERROR(CheckOnEntry());
    if constexpr (kWords) {
      if (state_.user_key_is_word()) [[likely]]
        return &word_;
    }
    if (!user_key_decoded_) {
      if (!user_key_object_) user_key_object_ = TypedObject(state_.core_descriptor().user_key_serializer);
      KVSTATE_RETURN_IF_ERROR(state_.Decode(state_.user_key_serializer(), UserKeyBytes(), user_key_object_.get()));
      user_key_decoded_ = true;
    }
    const void* object = user_key_object_.get();
    return object;
  }

  Result<const void*> value() override {
    KVSTATE_RETURN_IF_ERROR(CheckOnEntry());
    const StateCore::Lock lock(state_);
    FindAgain();
    if (!at_) [[unlikely]] {
      return FailedPreconditionError("state '" + state_.core_descriptor().name +
                                     "': the map's entry was removed meanwhile; move on with Next");
    }
    const void* value = state_.ValueAt(at_);
    return value;
  }

  Status Remove() override {
    KVSTATE_RETURN_IF_ERROR(CheckOnEntry());
    const StateCore::Lock lock(state_);
    seen_version_ = 0;
    const Map* map = FindAgain();
    if (at_) state_.EraseUnder(key_, namespace_, *map, UserKeyProbe(), at_);
    stands_ = Stands::kRemoved;
    return Status();
  }

  Status SetValue(const void* value) override {
    KVSTATE_RETURN_IF_ERROR(CheckOnEntry());
    const StateCore::Lock lock(state_);
    const Map* map = FindAgain();
    if (at_) {
      if (map == nullptr && state_.is_watched()) map = state_.FindMap(key_, namespace_);
      state_.Assign(map, UserKeyProbe(), at_, value);
    } else {
      state_.PutUnder(key_, namespace_, UserKeyProbe(), value);
    }
    return Status();
  }

 private:
  enum class Stands { kBeforeFirst, kOnEntry, kRemoved, kAtEnd };

  /// Of the entry at at_, copied: the entry may go.
  void TakeUserKey() {
    if constexpr (kWords) {
      word_ = Map::KeyAt(at_);
      Keys::Bytes(word_, state_.user_key_size(), word_bytes_);
    } else {
      char buffer[8];
      user_key_.assign(Keys::Bytes(Map::KeyAt(at_), state_.user_key_size(), buffer));
    }
  }
  ByteView UserKeyBytes() const {
    if constexpr (kWords) return {word_bytes_, state_.user_key_size()};
    return user_key_;
  }
  typename Map::Probe UserKeyProbe() const {
    if constexpr (kWords) {
      return word_;
    } else {
      return Keys::MakeProbe(user_key_);
    }
  }

  Status CheckAlive() const {
    if (life_->state != nullptr) [[likely]]
      return Status();
    return FailedPreconditionError("the map state was removed under its iterator");
  }
  Status CheckOnEntry() const {
    KVSTATE_RETURN_IF_ERROR(CheckAlive());
    if (stands_ == Stands::kOnEntry) [[likely]]
      return Status();
    return FailedPreconditionError("state '" + state_.core_descriptor().name +
                                   (stands_ == Stands::kRemoved
                                        ? "': the map's entry was removed; move to another with Next"
                                        : "': the map's iterator stands on no entry; call Next first"));
  }

  /// To the first entry behind the user key, or of all.
  void Seek() {
    const Map* map = state_.FindMap(key_, namespace_);
    seen_version_ = state_.structure_version();
    if (map == nullptr) {
      at_ = {};
    } else if (stands_ == Stands::kBeforeFirst) {
      at_ = map->First();
    } else {
      at_ = map->After(UserKeyProbe());
    }
  }

  /// Makes at_ the entry of the user key, if it is there still. The map it looked in, if it looked.
  const Map* FindAgain() {
    if (seen_version_ == state_.structure_version()) return nullptr;
    const Map* map = state_.FindMap(key_, namespace_);
    at_ = map == nullptr ? Position() : map->Find(UserKeyProbe());
    // Where there is no entry, Next must seek.
    seen_version_ = at_ ? state_.structure_version() : 0;
    return map;
  }

  const std::shared_ptr<const StateLife> life_;
  Core& state_;
  const std::string key_;
  const std::string namespace_;
  uint64_t word_ = 0;     // Of WordKeys: the cell,
  char word_bytes_[8];    // and its bytes.
  std::string user_key_;  // Of other keys.
  TypedObject user_key_object_;
  Position at_;
  uint64_t seen_version_ = 0;
  Stands stands_ = Stands::kBeforeFirst;
  bool user_key_decoded_ = false;
};

}  // namespace

template <class Keys>
std::unique_ptr<MapIterator> MakeMapIterator(MapCore<Keys>& state, ByteView key, ByteView state_namespace) {
  return std::make_unique<HashMapMapIterator<Keys>>(state, key, state_namespace);
}

template std::unique_ptr<MapIterator> MakeMapIterator(MapCore<WordKeys>&, ByteView, ByteView);
template std::unique_ptr<MapIterator> MakeMapIterator(MapCore<ByteKeys>&, ByteView, ByteView);

}  // namespace kvstate::backends::hashmap
