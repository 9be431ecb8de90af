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

PayloadGenerator::PayloadGenerator(size_t size, uint32_t random_percent, uint64_t seed, uint64_t stream)
    : bytes_(size, '\0'), random_percent_(random_percent), random_(seed, stream) {
  assert(random_percent >= 1 && random_percent <= 100);
}

ByteView PayloadGenerator::Next() {
  for (size_t begin = 0; begin < bytes_.size(); begin += kChunkBytes) {
    char* chunk = bytes_.data() + begin;
    const size_t size = std::min(kChunkBytes, bytes_.size() - begin);
    const size_t fresh = std::max<size_t>(1, (size * random_percent_ + 99) / 100);
    FillRandom(random_, chunk, fresh);
    for (size_t i = fresh; i < size; ++i) chunk[i] = chunk[i - fresh];
  }
  return bytes_;
}

}  // namespace kvstate::workloads
