#include "backends/hashmap/table_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <new>

namespace kvstate::backends::hashmap {

namespace {

constexpr size_t kHugePageBytes = size_t{2} << 20;
/// Smaller blocks come from the heap.
constexpr size_t kMinBlockBytes = size_t{16} << 10;
constexpr size_t kBlocksPerChunk = 8;
constexpr size_t kBlockAlignment = 64;

size_t AlignUp(size_t n, size_t alignment) { return (n + alignment - 1) / alignment * alignment; }

size_t BlockBytes(size_t bytes) { return AlignUp(bytes, kBlockAlignment); }

}  // namespace

TableMemory::~TableMemory() {
  for ([[maybe_unused]] const SizeClass& size_class : classes_) assert(size_class.chunks.empty());
}

TableMemory::SizeClass& TableMemory::ClassOf(size_t block_bytes) {
  for (SizeClass& size_class : classes_) {
    if (size_class.block_bytes == block_bytes) return size_class;
  }
  return classes_.emplace_back(SizeClass{block_bytes, {}});
}

TableMemory::Chunk TableMemory::NewChunk(size_t block_bytes, bool first) {
  const size_t bytes = AlignUp(std::max(kBlocksPerChunk * block_bytes, 2 * kHugePageBytes), kHugePageBytes);
  // More than is needed, to cut a piece out of it that starts at a huge page.
  const size_t reserved = bytes + kHugePageBytes;
  void* memory = mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  char* reserved_begin = static_cast<char*>(memory);
  char* begin = static_cast<char*>(memory) +
                (AlignUp(reinterpret_cast<uintptr_t>(memory), kHugePageBytes) - reinterpret_cast<uintptr_t>(memory));
  const auto in_front = static_cast<size_t>(begin - reserved_begin);
  if (in_front != 0) munmap(reserved_begin, in_front);
  if (in_front != kHugePageBytes) munmap(begin + bytes, kHugePageBytes - in_front);
  // A state that fits in one chunk is small, and huge pages could be most of its size. A kernel without them is fine.
  if (!first) madvise(begin, bytes, MADV_HUGEPAGE);
  return {begin, bytes, 0, 0, nullptr};
}

void* TableMemory::TakeBlock(Chunk& chunk, size_t block_bytes) {
  void* block = chunk.free;
  if (block != nullptr) {
    chunk.free = *static_cast<void**>(block);
  } else {
    if ((chunk.fresh_blocks + 1) * block_bytes > chunk.bytes) return nullptr;
    block = chunk.begin + chunk.fresh_blocks * block_bytes;
    ++chunk.fresh_blocks;
  }
  ++chunk.used_blocks;
  return block;
}

void* TableMemory::Allocate(size_t bytes, size_t alignment) {
  assert(alignment <= kBlockAlignment);
  if (bytes < kMinBlockBytes) return ::operator new(bytes, std::align_val_t(alignment));
  const size_t block_bytes = BlockBytes(bytes);
  SizeClass& size_class = ClassOf(block_bytes);
  for (Chunk& chunk : size_class.chunks) {
    if (void* block = TakeBlock(chunk, block_bytes)) return block;
  }
  size_class.chunks.push_back(NewChunk(block_bytes, size_class.chunks.empty()));
  return TakeBlock(size_class.chunks.back(), block_bytes);
}

void TableMemory::Free(void* block, size_t bytes, size_t alignment) {
  if (bytes < kMinBlockBytes) {
    ::operator delete(block, std::align_val_t(alignment));
    return;
  }
  std::vector<Chunk>& chunks = ClassOf(BlockBytes(bytes)).chunks;
  const auto chunk = std::find_if(chunks.begin(), chunks.end(), [block](const Chunk& candidate) {
    return block >= candidate.begin && block < candidate.begin + candidate.bytes;
  });
  assert(chunk != chunks.end());
  *static_cast<void**>(block) = chunk->free;
  chunk->free = block;
  if (--chunk->used_blocks != 0) return;
  munmap(chunk->begin, chunk->bytes);
  chunks.erase(chunk);
}

}  // namespace kvstate::backends::hashmap
