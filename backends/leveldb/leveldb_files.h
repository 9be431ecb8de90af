#ifndef KVSTATE_BACKENDS_LEVELDB_LEVELDB_FILES_H_
#define KVSTATE_BACKENDS_LEVELDB_LEVELDB_FILES_H_

#include <memory>
#include <string>

#include "backends/embedded/ordered_store.h"
#include "backends/leveldb/leveldb_env.h"
#include "backends/leveldb/leveldb_manifest.h"
#include "kvstate/status.h"

namespace kvstate::backends::leveldb {

/// Makes `links` with all that the flushed database in `database` needs to be opened as it is now: hard links to its
/// table files, which never change, and a MANIFEST of one edit. Beside its background work.
Result<std::unique_ptr<StoreFiles>> LinkLiveFiles(StoreEnv& env, const std::string& database, const std::string& links);

/// The version that the database in `directory` has. DATA_LOSS when its files are not all there, in their sizes.
Result<Manifest> ReadVersion(const std::string& directory);

/// Writes CURRENT and the MANIFEST it names, as number 1.
Status WriteVersion(const std::string& directory, const Manifest& manifest);

}  // namespace kvstate::backends::leveldb

#endif  // KVSTATE_BACKENDS_LEVELDB_LEVELDB_FILES_H_
