#ifndef KVSTATE_BACKENDS_HASHMAP_ENTRY_BUFFER_H_
#define KVSTATE_BACKENDS_HASHMAP_ENTRY_BUFFER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::backends::hashmap {

/// Entries as a state stream has them, one after another in a few large pieces of memory. Growing moves nothing.
class EntryBuffer {
 public:
  bool empty() const { return pieces_.empty(); }
  /// Forgets the entries, and keeps memory for the next few.
  void Clear() {
    if (pieces_.size() > 1) pieces_.resize(1);
    if (!pieces_.empty()) pieces_.front().used = 0;
  }

  /// `epoch`: in which the entry was last changed.
  void Add(uint32_t epoch, ByteView key, ByteView value) {
    const Head head{epoch, static_cast<uint32_t>(key.size()), static_cast<uint32_t>(value.size())};
    char* at = Extend(sizeof(head) + key.size() + value.size());
    std::memcpy(at, &head, sizeof(head));
    std::memcpy(at + sizeof(head), key.data(), key.size());
    if (!value.empty()) std::memcpy(at + sizeof(head) + key.size(), value.data(), value.size());
  }

  /// Calls `visit(epoch, key, value)` for each, until one fails.
  template <class F>
  Status ForEach(F visit) const {
    for (const Piece& piece : pieces_) {
      for (size_t at = 0; at < piece.used;) {
        Head head;
        std::memcpy(&head, piece.bytes.get() + at, sizeof(head));
        const char* key = piece.bytes.get() + at + sizeof(head);
        const ByteView value(key + head.key_size, head.value_size);
        KVSTATE_RETURN_IF_ERROR(visit(head.epoch, ByteView(key, head.key_size), value));
        at += sizeof(head) + head.key_size + head.value_size;
      }
    }
    return Status();
  }

 private:
  struct Head {
    uint32_t epoch;
    uint32_t key_size;
    uint32_t value_size;
  };
  struct Piece {
    std::unique_ptr<char[]> bytes;
    size_t capacity;
    size_t used;
  };
  /// The first piece is small, since most buffers are.
  static constexpr size_t kFirstBytes = 1024;
  static constexpr size_t kMostBytes = size_t{32} << 10;

  char* Extend(size_t n) {
    if (pieces_.empty() || pieces_.back().capacity - pieces_.back().used < n) [[unlikely]]
      AddPiece(n);
    Piece& last = pieces_.back();
    char* at = last.bytes.get() + last.used;
    last.used += n;
    // The next comes after many that go elsewhere.
    __builtin_prefetch(at + n, /*rw=*/1);
    __builtin_prefetch(at + n + 64, /*rw=*/1);
    return at;
  }
  void AddPiece(size_t n) {
    const size_t usual = pieces_.empty() ? kFirstBytes : std::min(pieces_.back().capacity * 2, kMostBytes);
    const size_t capacity = std::max(usual, n);
    pieces_.push_back({std::unique_ptr<char[]>(new char[capacity]), capacity, 0});
  }

  std::vector<Piece> pieces_;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_ENTRY_BUFFER_H_
