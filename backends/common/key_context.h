#ifndef KVSTATE_BACKENDS_COMMON_KEY_CONTEXT_H_
#define KVSTATE_BACKENDS_COMMON_KEY_CONTEXT_H_

#include <cstdint>
#include <cstring>
#include <string>

#include "kvstate/bytes.h"
#include "kvstate/key_group.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/status.h"
#include "kvstate/type_serializer.h"

namespace kvstate::backends {

/// The current key of a backend: its bytes and key group, found once a key change and read by every state.
///
/// Invariant: version() grows with each change and is 0 before the first, so that a state can tell by one comparison
/// whether what it derived from the key still holds.
class KeyContext {
 public:
  KeyContext(SerializerPtr key_serializer, uint32_t max_parallelism, KeyGroupRange range)
      : key_serializer_(std::move(key_serializer)),
        fixed_size_(key_serializer_->info().encoded_size),
        max_parallelism_(max_parallelism),
        mask_((max_parallelism & (max_parallelism - 1)) == 0 ? max_parallelism - 1 : 0),
        word_keys_(fixed_size_ == sizeof(uint64_t) && mask_ != 0),
        range_(range) {}

  Status Set(const EncodedKey& key) {
    const uint32_t spread = SpreadKeyHash(key.hash);
    // Division is the dearest instruction here and the usual max parallelism is a power of two.
    const uint32_t key_group = mask_ != 0 ? (spread & mask_) : spread % max_parallelism_;
    const bool fits = fixed_size_ == kVariableSize ? key.bytes.size() <= kMaxKeyBytes : key.bytes.size() == fixed_size_;
    if (!fits || !range_.Contains(key_group)) [[unlikely]]
      return Refuse(key, key_group);
    bytes_.assign(key.bytes);
    key_group_ = key_group;
    hash_ = key.hash;
    set_ = true;
    ++version_;
    return Status();
  }

  /// Set in the most frequent case: after a key of eight bytes another one, a power of two as max parallelism. Every
  /// record passes here. False: it is another case, and nothing was done.
  bool SetWord(const EncodedKey& key) {
    const uint32_t key_group = SpreadKeyHash(key.hash) & mask_;
    if (!word_keys_ || key.bytes.size() != sizeof(uint64_t) || bytes_.size() != sizeof(uint64_t)) [[unlikely]]
      return false;
    if (!range_.Contains(key_group)) [[unlikely]]
      return false;
    std::memcpy(bytes_.data(), key.bytes.data(), sizeof(uint64_t));
    key_group_ = key_group;
    hash_ = key.hash;
    set_ = true;
    ++version_;
    return true;
  }

  bool IsSet() const { return set_; }
  uint64_t version() const { return version_; }
  ByteView bytes() const { return bytes_; }
  uint32_t key_group() const { return key_group_; }
  uint32_t hash() const { return hash_; }
  /// The key group of any canonical key.
  uint32_t KeyGroupOfBytes(ByteView key) const { return KeyGroupOf(key_serializer_->KeyHash(key), max_parallelism_); }

  struct Saved {
    std::string bytes;
    uint32_t key_group = 0;
    uint32_t hash = 0;
    bool set = false;
  };
  Saved Save() const { return {bytes_, key_group_, hash_, set_}; }
  /// The version grows, so that nothing derived meanwhile is used.
  void Restore(const Saved& saved) {
    bytes_ = saved.bytes;
    key_group_ = saved.key_group;
    hash_ = saved.hash;
    set_ = saved.set;
    ++version_;
  }

  const SerializerPtr& key_serializer() const { return key_serializer_; }
  uint32_t max_parallelism() const { return max_parallelism_; }
  KeyGroupRange range() const { return range_; }

 private:
  Status Refuse(const EncodedKey& key, uint32_t key_group) const;

  const SerializerPtr key_serializer_;
  const size_t fixed_size_;
  const uint32_t max_parallelism_;
  const uint32_t mask_;
  const bool word_keys_;
  const KeyGroupRange range_;

  std::string bytes_;
  uint32_t key_group_ = 0;
  uint32_t hash_ = 0;
  bool set_ = false;
  uint64_t version_ = 0;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_KEY_CONTEXT_H_
