#include "harness/probes/process_memory.h"

#include <malloc.h>
#include <unistd.h>

#include <fstream>

namespace kvstate::harness {

std::optional<uint64_t> ResidentBytes() {
  malloc_trim(0);
  std::ifstream statm("/proc/self/statm");
  uint64_t total_pages = 0;
  uint64_t resident_pages = 0;
  if (!(statm >> total_pages >> resident_pages)) return std::nullopt;
  return resident_pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace kvstate::harness
