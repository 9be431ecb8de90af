#ifndef KVSTATE_BACKENDS_HASHMAP_TABLE_MEMORY_H_
#define KVSTATE_BACKENDS_HASHMAP_TABLE_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kvstate::backends::hashmap {

/// Memory for the tables of one state: as many as there are key groups, of a few sizes at a time, and read at random.
/// Blocks too small for a huge page of their own share huge pages, so that a state of many megabytes takes few entries
/// of the processor's address cache. Small states take theirs from the heap.
///
/// Not thread-safe.
class TableMemory {
 public:
  TableMemory() = default;
  TableMemory(const TableMemory&) = delete;
  TableMemory& operator=(const TableMemory&) = delete;
  /// REQUIRES: every block was given back.
  ~TableMemory();

  /// REQUIRES: alignment is a power of two, at most 64.
  void* Allocate(size_t bytes, size_t alignment);
  /// With what the block was allocated with.
  void Free(void* block, size_t bytes, size_t alignment);

 private:
  /// Memory from the system for blocks of one size.
  struct Chunk {
    char* begin;
    size_t bytes;
    size_t used_blocks;
    size_t fresh_blocks;  ///< How many blocks at the front have ever been given out.
    void* free;           ///< Blocks given back; each holds the address of the next.
  };
  struct SizeClass {
    size_t block_bytes;
    std::vector<Chunk> chunks;
  };

  SizeClass& ClassOf(size_t block_bytes);
  static void* TakeBlock(Chunk& chunk, size_t block_bytes);
  static Chunk NewChunk(size_t block_bytes, bool first);

  std::vector<SizeClass> classes_;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_TABLE_MEMORY_H_
