#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_OPTIONS_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_OPTIONS_H_

#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <map>
#include <string>
#include <vector>

#include "kvstate/backend_registry.h"
#include "kvstate/status.h"

namespace kvstate::backends::rocksdb {

/// What the engine is opened with. Each state's column family is made from `column_family`, with its own merge
/// operator and a table factory of `table`.
struct EngineSettings {
  ::rocksdb::DBOptions db;
  ::rocksdb::ColumnFamilyOptions column_family;
  ::rocksdb::BlockBasedTableOptions table;
};

/// The documented options, sorted by name; their defaults are Flink's.
std::vector<EngineOption> DocumentedOptions();

/// The documented options and any other that RocksDB's own parser takes for a DBOptions, ColumnFamilyOptions or
/// BlockBasedTableOptions. INVALID_ARGUMENT for an unknown name, listing those there are; for a value that does not
/// parse; and for options that would put files outside the directory or change the order or meaning of entries.
Result<EngineSettings> ParseOptions(const std::map<std::string, std::string>& given);

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_OPTIONS_H_
