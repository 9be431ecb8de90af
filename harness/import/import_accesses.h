#ifndef KVSTATE_HARNESS_IMPORT_IMPORT_ACCESSES_H_
#define KVSTATE_HARNESS_IMPORT_IMPORT_ACCESSES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/import/access_reader.h"
#include "harness/import/file_source.h"
#include "harness/replay/trace.h"
#include "kvstate/status.h"

namespace kvstate::harness {

struct AccessImportOptions {
  std::string path;
  std::string format;             ///< One of AccessFormats().
  uint64_t key_prefix_bytes = 0;  ///< As AccessMapper has it.
  uint64_t seek_steps = 1;        ///< Entries that a seek of RocksDB reads, which its traces do not tell.
  TimeUnit time_unit = TimeUnit::kMilliseconds;  ///< Of gadget.
  bool skip_bad_rows = false;
  std::function<bool()> stopped = [] { return false; };
  std::function<void(uint64_t done, uint64_t all)> progress = [](uint64_t, uint64_t) {};
};

/// Names of the formats: "gadget", "rocksdb_trace", "ycsb".
const std::vector<std::string_view>& AccessFormats();

/// Turns a file's accesses to a key-value store into a trace; docs/guide.md says what becomes of what. The file is read
/// twice: first for what its states are. INVALID_ARGUMENT when it can be read once alone; CANCELLED when stopped; else
/// as AccessReader says.
Result<ReadingReport> ImportAccesses(const AccessImportOptions& options, TraceSink* sink);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_IMPORT_IMPORT_ACCESSES_H_
