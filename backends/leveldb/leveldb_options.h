#ifndef KVSTATE_BACKENDS_LEVELDB_LEVELDB_OPTIONS_H_
#define KVSTATE_BACKENDS_LEVELDB_LEVELDB_OPTIONS_H_

#include <leveldb/cache.h>
#include <leveldb/filter_policy.h>
#include <leveldb/options.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kvstate/backend_registry.h"
#include "kvstate/status.h"

namespace kvstate::backends::leveldb {

/// What the engine is opened with, and what it points to.
struct EngineSettings {
  ::leveldb::Options options;
  std::shared_ptr<::leveldb::Cache> cache;
  std::shared_ptr<const ::leveldb::FilterPolicy> filter;
};

/// Sorted by name.
std::vector<EngineOption> DocumentedOptions();

/// INVALID_ARGUMENT for an unknown name, listing those there are, and for a value out of range, saying the range.
Result<EngineSettings> ParseOptions(const std::map<std::string, std::string>& given);

}  // namespace kvstate::backends::leveldb

#endif  // KVSTATE_BACKENDS_LEVELDB_LEVELDB_OPTIONS_H_
