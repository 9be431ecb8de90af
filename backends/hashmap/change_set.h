#ifndef KVSTATE_BACKENDS_HASHMAP_CHANGE_SET_H_
#define KVSTATE_BACKENDS_HASHMAP_CHANGE_SET_H_

#include <absl/container/flat_hash_set.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "kvstate/bytes.h"

namespace kvstate::backends::hashmap {

/// Composite keys that were changed in one epoch, in one table: of maps all, of other kinds those that were removed.
/// Each key is held once, in one allocation for all.
///
/// Not thread-safe while it grows. Once the epoch is over it changes no more.
class ChangeSet {
 public:
  explicit ChangeSet(uint32_t epoch) : epoch_(epoch), index_(0, Hash{&bytes_}, Equal{&bytes_}) {}
  // The index looks into bytes_ here.
  ChangeSet(const ChangeSet&) = delete;
  ChangeSet& operator=(const ChangeSet&) = delete;

  uint32_t epoch() const { return epoch_; }
  /// `was_absent`: there was no such entry before the change. False when the key is in the set already.
  bool Add(ByteView key, bool was_absent) {
    if (index_.contains(key)) return false;
    const size_t offset = bytes_.size();
    Append(key, was_absent);
    index_.insert(offset);
    return true;
  }
  /// Add for a key that is known not to be in the set, and will not be looked for.
  void Append(ByteView key, bool was_absent) {
    const Head head{static_cast<uint32_t>(key.size()), was_absent ? 1u : 0u};
    char bytes[sizeof(head)];
    std::memcpy(bytes, &head, sizeof(head));
    bytes_.append(bytes, sizeof(bytes)).append(key);
    ++count_;
  }
  /// Of what came by Add.
  bool Contains(ByteView key) const { return index_.contains(key); }
  size_t size() const { return count_; }

  /// Calls `visit(key, was_absent)` in the order in which they were added.
  template <class F>
  void ForEach(F visit) const {
    for (size_t at = 0; at < bytes_.size();) {
      const Head head = HeadAt(bytes_, at);
      visit(ByteView(bytes_.data() + at + sizeof(Head), head.key_size), head.was_absent != 0);
      at += sizeof(Head) + head.key_size;
    }
  }

 private:
  struct Head {
    uint32_t key_size;
    uint32_t was_absent;
  };
  static Head HeadAt(const std::string& bytes, size_t offset) {
    Head head;
    std::memcpy(&head, bytes.data() + offset, sizeof(head));
    return head;
  }
  static ByteView KeyAt(const std::string& bytes, size_t offset) {
    return {bytes.data() + offset + sizeof(Head), HeadAt(bytes, offset).key_size};
  }

  struct Hash {
    using is_transparent = void;
    const std::string* bytes;
    size_t operator()(ByteView key) const { return absl::Hash<ByteView>()(key); }
    size_t operator()(size_t offset) const { return (*this)(KeyAt(*bytes, offset)); }
  };
  struct Equal {
    using is_transparent = void;
    const std::string* bytes;
    bool operator()(size_t a, size_t b) const { return a == b; }
    bool operator()(size_t offset, ByteView key) const { return KeyAt(*bytes, offset) == key; }
    bool operator()(ByteView key, size_t offset) const { return KeyAt(*bytes, offset) == key; }
  };

  const uint32_t epoch_;
  size_t count_ = 0;
  std::string bytes_;
  absl::flat_hash_set<size_t, Hash, Equal> index_;  ///< Offsets into bytes_.
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_CHANGE_SET_H_
