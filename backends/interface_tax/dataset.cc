#include "backends/interface_tax/dataset.h"

#include <algorithm>
#include <tuple>

namespace kvstate::interface_tax {

namespace {

/// SplitMix64's finaliser: a bijection, so that different numbers give different keys.
uint64_t Mix(uint64_t v) {
  v += 0x9e3779b97f4a7c15ull;
  v = (v ^ (v >> 30)) * 0xbf58476d1ce4e5b9ull;
  v = (v ^ (v >> 27)) * 0x94d049bb133111ebull;
  return v ^ (v >> 31);
}

void Shuffle(std::vector<Access>& accesses, uint64_t seed) {
  for (size_t i = accesses.size(); i > 1; --i) std::swap(accesses[i - 1], accesses[Mix(seed + i) % i]);
}

}  // namespace

std::string_view OperationName(Operation operation) {
  switch (operation) {
    case Operation::kGetHit:
      return "get_hit";
    case Operation::kGetMiss:
      return "get_miss";
    case Operation::kPut:
      return "put";
    case Operation::kReadModifyWrite:
      return "read_modify_write";
    case Operation::kListAppend:
      return "list_append";
    case Operation::kMapGet:
      return "map_get";
    case Operation::kMapPut:
      return "map_put";
    case Operation::kScan10:
      return "scan_10";
  }
  return "";
}

Shape ShapeOf(Operation operation) {
  switch (operation) {
    case Operation::kListAppend:
      return Shape::kList;
    case Operation::kMapGet:
    case Operation::kMapPut:
    case Operation::kScan10:
      return Shape::kMap;
    default:
      return Shape::kValue;
  }
}

bool Writes(Operation operation) {
  switch (operation) {
    case Operation::kPut:
    case Operation::kReadModifyWrite:
    case Operation::kListAppend:
    case Operation::kMapPut:
      return true;
    default:
      return false;
  }
}

AccessPlan::AccessPlan(Shape shape, uint64_t keys) : shape_(shape) {
  const uint64_t entries = shape == Shape::kMap ? kMapEntries : 1;
  const uint64_t states = std::max<uint64_t>(keys / entries, 1);
  for (uint64_t i = 0; i < states; ++i) {
    for (uint64_t user_key = 0; user_key < entries; ++user_key) permuted_.push_back({Mix(i), user_key});
    if (shape == Shape::kMap) scans_.push_back({Mix(i), 0});
    absent_.push_back({Mix(states + i), 0});
  }
  load_ = permuted_;
  std::sort(load_.begin(), load_.end(), [](const Access& a, const Access& b) {
    return std::tuple(static_cast<uint8_t>(KeyGroupByte(a.key)), a.key, a.user_key) <
           std::tuple(static_cast<uint8_t>(KeyGroupByte(b.key)), b.key, b.user_key);
  });
  Shuffle(permuted_, 1);
  Shuffle(absent_, 2);
  Shuffle(scans_, 3);
}

std::span<const Access> AccessPlan::Slice(Operation operation, uint64_t slice, size_t count) {
  const std::vector<Access>& from = operation == Operation::kGetMiss  ? absent_
                                    : operation == Operation::kScan10 ? scans_
                                                                      : permuted_;
  slice_.resize(count);
  for (size_t i = 0; i < count; ++i) slice_[i] = from[(slice * count + i) % from.size()];
  return slice_;
}

void FillHalfCompressible(uint64_t seed, std::span<char> to) {
  const size_t fresh = std::max<size_t>(to.size() / 2, std::min<size_t>(to.size(), 8));
  for (size_t i = 0; i < to.size(); ++i) {
    to[i] = i < fresh ? static_cast<char>(Mix(seed * 1024 + i)) : to[i - fresh];
  }
}

}  // namespace kvstate::interface_tax
