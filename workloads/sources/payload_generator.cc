#include "workloads/sources/payload_generator.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace kvstate::workloads {
namespace {

constexpr size_t kChunkBytes = 128;

void FillRandom(Random& random, char* at, size_t size) {
  while (size > 0) {
    const uint64_t word = random.Next();
    const size_t n = std::min(size, sizeof(word));
    std::memcpy(at, &word, n);
    at += n;
    size -= n;
  }
}

}  // namespace

ByteView PayloadGenerator::Next(size_t size) {
  assert(random_percent_ >= 1 && random_percent_ <= 100);
  bytes_.resize(size);
  for (size_t begin = 0; begin < size; begin += kChunkBytes) {
    char* chunk = bytes_.data() + begin;
    const size_t chunk_bytes = std::min(kChunkBytes, size - begin);
    const size_t fresh = std::max<size_t>(1, (chunk_bytes * random_percent_ + 99) / 100);
    FillRandom(random_, chunk, fresh);
    for (size_t i = fresh; i < chunk_bytes; ++i) chunk[i] = chunk[i - fresh];
  }
  return bytes_;
}

}  // namespace kvstate::workloads
