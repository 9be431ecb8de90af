#ifndef KVSTATE_ENGINE_STATISTICS_H_
#define KVSTATE_ENGINE_STATISTICS_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "kvstate/export.h"
#include "kvstate/status.h"

namespace kvstate {
inline namespace v1 {

/// What an engine has done since it was opened, and what it holds now. A member is absent where the engine has no such
/// thing or cannot tell: never 0 in its place. docs/metrics.md defines each once for all backends.
struct EngineCounters {
  std::optional<uint64_t> logical_bytes_written;  ///< Key and value bytes handed to the engine by writes.
  std::optional<uint64_t> flush_bytes_written;    ///< Bytes written by flushing memory to files.
  std::optional<uint64_t> flush_time_ns;
  std::optional<uint64_t> compaction_bytes_read;
  std::optional<uint64_t> compaction_bytes_written;
  std::optional<uint64_t> compaction_time_ns;
  std::optional<uint64_t> stall_time_ns;  ///< Time writers waited for flush or compaction.
  std::optional<uint64_t> pages_written;  ///< Of page_bytes each; engines of pages alone.
  std::optional<uint64_t> page_bytes;
  std::optional<uint64_t> storage_bytes_written;  ///< All bytes written to files: what write amplification divides.
  std::optional<uint64_t> disk_bytes;             ///< Size of the live files now.
  std::optional<uint64_t> memory_bytes;           ///< What the engine says it holds in memory now: tables, caches.
};

/// Extension of a KeyedStateBackend whose engine keeps such counters. Owner's thread.
class KVSTATE_EXPORT EngineStatistics {
 public:
  static constexpr std::string_view kExtensionId = "kvstate.engine_statistics.1";
  virtual ~EngineStatistics();

  virtual Result<EngineCounters> Collect() = 0;
  /// Writes what waits in memory to the engine's files, so that its cost shows in the counters. With `compact`, also
  /// waits until the engine has no compaction left to do. State reads the same before and after.
  virtual Status Flush(bool compact) = 0;
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_ENGINE_STATISTICS_H_
