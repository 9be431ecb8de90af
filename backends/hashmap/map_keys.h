#ifndef KVSTATE_BACKENDS_HASHMAP_MAP_KEYS_H_
#define KVSTATE_BACKENDS_HASHMAP_MAP_KEYS_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <string_view>

#include "kvstate/bytes.h"

namespace kvstate::backends::hashmap {

/// The first eight bytes as a number that orders as they do, zeros behind a shorter one.
inline uint64_t OrderedPrefix(ByteView bytes) {
  uint64_t word = 0;
  if (bytes.size() >= sizeof(word)) {
    std::memcpy(&word, bytes.data(), sizeof(word));
  } else if (!bytes.empty()) {
    std::memcpy(&word, bytes.data(), bytes.size());
  }
  return ToBigEndian(word);
}

/// How an OrderedMap keeps user keys. Cell: a key in a leaf, moved by memcpy. Probe: a key to look for. Fence: a key in
/// the directory of a large map.
///
/// This one: keys that are all of one size of at most eight bytes.
struct WordKeys {
  using Cell = uint64_t;
  using Probe = uint64_t;
  using Fence = uint64_t;

  static Probe MakeProbe(ByteView bytes) { return OrderedPrefix(bytes); }
  static Probe ProbeOf(const Cell& cell, char*) { return cell; }
  static ByteView ProbeBytes(Probe probe, size_t key_bytes, char* buffer) { return Bytes(probe, key_bytes, buffer); }
  static Cell MakeCell(Probe probe) { return probe; }
  static void Free(Cell) {}
  static Fence MakeFence(Probe probe) { return probe; }
  static Fence LeastFence() { return 0; }
  static uint64_t FenceProbe(Probe probe) { return probe; }
  static bool Less(const Cell& cell, Probe probe) { return cell < probe; }
  static bool Equal(const Cell& cell, Probe probe) { return cell == probe; }
  /// `buffer` has 8 bytes and outlives the view.
  static ByteView Bytes(const Cell& cell, size_t key_bytes, char* buffer) {
    const uint64_t word = ToBigEndian(cell);
    std::memcpy(buffer, &word, sizeof(word));
    return {buffer, key_bytes};
  }
};

/// Keys of any size.
struct ByteKeys {
  struct Cell {
    uint64_t prefix;
    uint64_t rest;  ///< Up to eight bytes: 2 * size + 1. More: the address of the size (uint32_t) and all the bytes.
  };
  struct Probe {
    uint64_t prefix;
    ByteView bytes;
  };
  using Fence = std::string;

  static constexpr size_t kInlineBytes = sizeof(uint64_t);

  static Probe MakeProbe(ByteView bytes) { return {OrderedPrefix(bytes), bytes}; }
  /// REQUIRES: of a cell on the heap, or `buffer` (8 bytes) outlives the probe.
  static Probe ProbeOf(const Cell& cell, char* buffer) { return {cell.prefix, Bytes(cell, 0, buffer)}; }
  static ByteView ProbeBytes(const Probe& probe, size_t, char*) { return probe.bytes; }
  static Cell MakeCell(const Probe& probe) {
    const auto size = static_cast<uint32_t>(probe.bytes.size());
    if (size <= kInlineBytes) return {probe.prefix, 2 * uint64_t{size} + 1};
    char* block = static_cast<char*>(::operator new(sizeof(size) + size));
    std::memcpy(block, &size, sizeof(size));
    std::memcpy(block + sizeof(size), probe.bytes.data(), size);
    return {probe.prefix, reinterpret_cast<uint64_t>(block)};
  }
  static void Free(const Cell& cell) {
    if (!Inlined(cell)) ::operator delete(Block(cell));
  }
  static Fence MakeFence(const Probe& probe) { return Fence(probe.bytes); }
  static Fence LeastFence() { return {}; }
  static std::string_view FenceProbe(const Probe& probe) { return probe.bytes; }
  static bool Less(const Cell& cell, const Probe& probe) {
    if (cell.prefix != probe.prefix) return cell.prefix < probe.prefix;
    return Compare(cell, probe) < 0;
  }
  static bool Equal(const Cell& cell, const Probe& probe) {
    return cell.prefix == probe.prefix && Compare(cell, probe) == 0;
  }
  static ByteView Bytes(const Cell& cell, size_t, char* buffer) {
    if (!Inlined(cell)) return {Block(cell) + sizeof(uint32_t), Size(cell)};
    const uint64_t word = ToBigEndian(cell.prefix);
    std::memcpy(buffer, &word, sizeof(word));
    return {buffer, Size(cell)};
  }

 private:
  static bool Inlined(const Cell& cell) { return (cell.rest & 1) != 0; }
  // A cell holds a word or, as a word, a pointer.
  static char* Block(const Cell& cell) { return reinterpret_cast<char*>(cell.rest); }
  static size_t Size(const Cell& cell) {
    if (Inlined(cell)) return static_cast<size_t>(cell.rest / 2);
    uint32_t size;
    std::memcpy(&size, Block(cell), sizeof(size));
    return size;
  }
  /// REQUIRES: equal prefixes. The shorter is then a prefix of the other if it has no more than eight bytes.
  static int Compare(const Cell& cell, const Probe& probe) {
    const size_t a = Size(cell);
    const size_t b = probe.bytes.size();
    const size_t common = std::min(a, b);
    if (common > kInlineBytes) {
      const int order = std::memcmp(Block(cell) + sizeof(uint32_t), probe.bytes.data(), common);
      if (order != 0) return order;
    }
    return a < b ? -1 : (a > b ? 1 : 0);
  }
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_MAP_KEYS_H_
