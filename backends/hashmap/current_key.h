#ifndef KVSTATE_BACKENDS_HASHMAP_CURRENT_KEY_H_
#define KVSTATE_BACKENDS_HASHMAP_CURRENT_KEY_H_

#include <cstdint>
#include <cstring>

#include "backends/common/key_context.h"
#include "backends/hashmap/entry_key.h"

namespace kvstate::backends::hashmap {

class StateCore;

/// The current key's hash, found once a key change for all states, and the state that is likely to be asked for it
/// first: the one that was for the key before. Its memory can be on the way while the caller is still on its own.
class CurrentKey {
 public:
  explicit CurrentKey(const KeyContext& context) : context_(context) {}

  const KeyContext& context() const { return context_; }
  bool is_hashed() const { return hashed_version_ == context_.version(); }
  uint64_t hash() {
    if (!is_hashed()) [[unlikely]]
      SetHash(HashKeyBytes(context_.bytes()));
    return hash_;
  }

  /// After KeyContext::SetWord. Gives the state to prefetch for, or null.
  const StateCore* WordWasSet() {
    uint64_t word;
    std::memcpy(&word, context_.bytes().data(), sizeof(word));
    SetHash(HashKeyWord(word));
    return first_user_;
  }
  /// Says that a state looks the current key up.
  void Use(const StateCore& state) {
    if (used_version_ == context_.version()) return;
    used_version_ = context_.version();
    first_user_ = &state;
  }
  /// Says that a state is going away.
  void Forget(const StateCore& state) {
    if (first_user_ == &state) first_user_ = nullptr;
  }

 private:
  void SetHash(uint64_t hash) {
    hash_ = hash;
    hashed_version_ = context_.version();
  }

  const KeyContext& context_;
  uint64_t hash_ = 0;
  uint64_t hashed_version_ = 0;
  uint64_t used_version_ = 0;
  const StateCore* first_user_ = nullptr;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_CURRENT_KEY_H_
