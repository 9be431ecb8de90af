#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_QUERY_TRACE_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_QUERY_TRACE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "kvstate/status.h"

namespace kvstate::backends::rocksdb {

/// One call on a database of RocksDB that its tracer writes down.
struct TracedQuery {
  enum class Kind : uint8_t {
    kWrite,  ///< All steps in one batch.
    kGet,    ///< Of one step; of several, a multi-get.
    kSeek,
    kSeekForPrev,
  };
  enum class Write : uint8_t { kPut, kMerge, kDelete, kSingleDelete, kDeleteRange, kLogData };
  struct Step {
    uint32_t family = 0;  ///< 0: the default one; others are made.
    std::string key;
    std::string value = {};  ///< Or the end of a range.
    Write write = Write::kPut;
  };
  Kind kind = Kind::kWrite;
  std::vector<Step> steps;
  std::string upper_bound = {};  ///< Of a seek; none when empty.
};

/// Makes a database in the directory, which is no kvstate database, runs the queries on it, and leaves RocksDB's own
/// trace of them at `trace_path`: importers of such files are tested on what RocksDB really writes. In no library.
Status WriteQueryTrace(const std::string& directory, const std::string& trace_path,
                       const std::vector<TracedQuery>& queries);

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_QUERY_TRACE_H_
