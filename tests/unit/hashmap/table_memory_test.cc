#include "backends/hashmap/table_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <map>
#include <random>

namespace kvstate::backends::hashmap {
namespace {

TEST(TableMemory, BlocksAreAlignedAndDoNotOverlap) {
  TableMemory memory;
  const size_t sizes[] = {64, 16 << 10, 100000, 278528, 1 << 20, 5 << 20};
  struct Block {
    size_t bytes;
    size_t alignment;
    int mark;
  };
  std::map<char*, Block> blocks;
  std::mt19937_64 random(1);
  for (int round = 0; round < 600; ++round) {
    if (random() % 3 == 0 && !blocks.empty()) {
      auto victim = blocks.begin();
      std::advance(victim, random() % blocks.size());
      for (const size_t at : {size_t{0}, victim->second.bytes / 2, victim->second.bytes - 1}) {
        ASSERT_EQ(victim->first[at], static_cast<char>(victim->second.mark));
      }
      memory.Free(victim->first, victim->second.bytes, victim->second.alignment);
      blocks.erase(victim);
      continue;
    }
    const size_t bytes = sizes[random() % std::size(sizes)];
    const size_t alignment = size_t{16} << random() % 3;
    char* block = static_cast<char*>(memory.Allocate(bytes, alignment));
    ASSERT_EQ(reinterpret_cast<uintptr_t>(block) % alignment, 0u);
    const auto after = blocks.upper_bound(block);
    if (after != blocks.end()) {
      ASSERT_LE(block + bytes, after->first);
    }
    if (after != blocks.begin()) {
      ASSERT_LE(std::prev(after)->first + std::prev(after)->second.bytes, block);
    }
    for (const size_t at : {size_t{0}, bytes / 2, bytes - 1}) block[at] = static_cast<char>(round);
    blocks[block] = {bytes, alignment, round};
  }
  for (const auto& [block, about] : blocks) memory.Free(block, about.bytes, about.alignment);
}

TEST(TableMemory, BlocksGivenBackAreUsedAgain) {
  TableMemory memory;
  constexpr size_t kBytes = 300000;
  void* const keeps_the_chunk = memory.Allocate(kBytes, 16);
  void* const first = memory.Allocate(kBytes, 16);
  memory.Free(first, kBytes, 16);
  EXPECT_EQ(memory.Allocate(kBytes, 16), first);
  memory.Free(first, kBytes, 16);
  memory.Free(keeps_the_chunk, kBytes, 16);
}

}  // namespace
}  // namespace kvstate::backends::hashmap
