#ifndef KVSTATE_BACKENDS_LMDB_KEY_LAYERS_H_
#define KVSTATE_BACKENDS_LMDB_KEY_LAYERS_H_

#include <lmdb.h>

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kvstate/bytes.h"

namespace kvstate::backends::lmdb {

// LMDB's keys have 1 to 511 bytes. A longer key, or one of just 511, is cut: its first 511 bytes are the key of a link,
// whose value is the number of a layer; the rest is stored in a second database, under that number and the rest's
// bytes, where the same rule applies again. All keys with the same first 511 bytes share a link, so the order of links
// and plain keys, and of what is within a layer, is the order of the whole keys.

inline constexpr size_t kLinkBytes = 511;   ///< A key of so many bytes, in either database, is a link.
inline constexpr size_t kLayerIdBytes = 8;  ///< Big-endian.
inline constexpr size_t kLayerPartBytes = kLinkBytes - kLayerIdBytes;  ///< Of the whole key, in a link of a layer.

/// Whether a whole key is stored as it is.
inline bool IsPlainKey(ByteView key) { return key.size() < kLinkBytes; }
/// Links on the way to a whole key, at most.
inline size_t MostLinks(size_t key_bytes) { return key_bytes / kLayerPartBytes + 1; }

inline bool IsLink(const MDB_val& key) { return key.mv_size == kLinkBytes; }
// LMDB does not write through the pointers of keys and values that are given to it.
inline MDB_val ToMdb(ByteView bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }
inline ByteView ToView(const MDB_val& bytes) { return {static_cast<const char*>(bytes.mv_data), bytes.mv_size}; }

/// Cuts a whole key into the keys under which it is stored, from the first on.
class KeyCutter {
 public:
  explicit KeyCutter(ByteView whole) : rest_(whole) {}

  /// Whether the current part is the last: the key of the entry itself.
  bool last() const { return id_bytes_ + rest_.size() < kLinkBytes; }
  bool in_layer() const { return id_bytes_ != 0; }
  /// The key of the current part, as LMDB takes it; valid until Descend.
  MDB_val part() {
    const size_t size = last() ? rest_.size() : kLinkBytes - id_bytes_;
    if (id_bytes_ == 0) return ToMdb(rest_.substr(0, size));
    if (size > 0) std::memcpy(buffer_.data() + kLayerIdBytes, rest_.data(), size);
    return {kLayerIdBytes + size, buffer_.data()};
  }
  /// To the next part, in the layer of which `id` is the link's value. REQUIRES: !last().
  void Descend(ByteView id) {
    assert(!last() && id.size() == kLayerIdBytes);
    rest_.remove_prefix(kLinkBytes - id_bytes_);
    std::memcpy(buffer_.data(), id.data(), kLayerIdBytes);
    id_bytes_ = kLayerIdBytes;
  }

 private:
  ByteView rest_;
  size_t id_bytes_ = 0;
  std::array<char, kLinkBytes> buffer_;
};

}  // namespace kvstate::backends::lmdb

#endif  // KVSTATE_BACKENDS_LMDB_KEY_LAYERS_H_
