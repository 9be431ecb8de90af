#ifndef KVSTATE_BACKENDS_HASHMAP_ENTRY_BUFFER_H_
#define KVSTATE_BACKENDS_HASHMAP_ENTRY_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::backends::hashmap {

/// Entries as a state stream has them, one after another in one allocation.
class EntryBuffer {
 public:
  bool empty() const { return bytes_.empty(); }
  void Clear() { bytes_.clear(); }

  /// `epoch`: in which the entry was last changed.
  void Add(uint32_t epoch, ByteView key, ByteView value) {
    const Head head{epoch, static_cast<uint32_t>(key.size()), static_cast<uint32_t>(value.size())};
    char bytes[sizeof(head)];
    std::memcpy(bytes, &head, sizeof(head));
    bytes_.append(bytes, sizeof(bytes)).append(key).append(value);
  }

  /// Calls `visit(epoch, key, value)` for each, until one fails.
  template <class F>
  Status ForEach(F visit) const {
    for (size_t at = 0; at < bytes_.size();) {
      Head head;
      std::memcpy(&head, bytes_.data() + at, sizeof(head));
      at += sizeof(head);
      const ByteView key(bytes_.data() + at, head.key_size);
      const ByteView value(bytes_.data() + at + head.key_size, head.value_size);
      KVSTATE_RETURN_IF_ERROR(visit(head.epoch, key, value));
      at += size_t{head.key_size} + head.value_size;
    }
    return Status();
  }

 private:
  struct Head {
    uint32_t epoch;
    uint32_t key_size;
    uint32_t value_size;
  };

  std::string bytes_;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_ENTRY_BUFFER_H_
