#ifndef KVSTATE_BACKENDS_LEVELDB_LEVELDB_REWRITE_H_
#define KVSTATE_BACKENDS_LEVELDB_LEVELDB_REWRITE_H_

#include <string>
#include <vector>

#include "backends/leveldb/leveldb_manifest.h"
#include "backends/leveldb/leveldb_options.h"
#include "kvstate/status.h"

namespace kvstate::backends::leveldb {

/// The user keys in [lower, upper), and what they start with here and there.
struct KeyMove {
  std::string lower;
  std::string upper;
  std::string prefix;      ///< Of all of them.
  std::string new_prefix;  ///< What stands in its place in the new file.
};

/// Writes to table file `to_path` what the one at `from_path` has in `moves`, all versions and removals of it, with the
/// sequence numbers that they have. `moves` ascend, by old keys and by new ones. Fills in all but level and number of
/// `written`; when there is nothing its bytes are 0, and no file.
Status RewriteTable(const EngineSettings& settings, const std::string& from_path, const TableFile& from,
                    const std::vector<KeyMove>& moves, const std::string& to_path, TableFile* written);

}  // namespace kvstate::backends::leveldb

#endif  // KVSTATE_BACKENDS_LEVELDB_LEVELDB_REWRITE_H_
