#ifndef KVSTATE_BACKENDS_LEVELDB_LEVELDB_MANIFEST_H_
#define KVSTATE_BACKENDS_LEVELDB_LEVELDB_MANIFEST_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::backends::leveldb {

/// A table file that a version of the database consists of. Keys are LevelDB's internal ones: the user's, and 8 bytes.
struct TableFile {
  uint32_t level = 0;
  uint64_t number = 0;
  uint64_t bytes = 0;
  std::string smallest;
  std::string largest;
};

inline constexpr size_t kInternalSuffixBytes = 8;
inline ByteView UserKey(ByteView internal) { return internal.substr(0, internal.size() - kInternalSuffixBytes); }

/// One version of a database: what LevelDB keeps in its MANIFEST file, in the format of LevelDB's doc/log_format.md and
/// its VersionEdit. LevelDB itself gives no list of live files, and none to a database that it did not write.
struct Manifest {
  uint64_t log_number = 0;
  uint64_t next_file = 2;
  uint64_t last_sequence = 0;
  std::vector<TableFile> files;  ///< By level, then number.
};

/// Applies all edits in `bytes`, the beginning of a MANIFEST; one that is not there whole, at the end, is left out.
/// DATA_LOSS when the bytes are something else.
Result<Manifest> ParseManifest(ByteView bytes);

/// The bytes of a MANIFEST with one edit: the version as it is, without how it came to be.
std::string EncodeManifest(const Manifest& manifest);

/// "000123.ldb".
std::string TableFileName(uint64_t number);

}  // namespace kvstate::backends::leveldb

#endif  // KVSTATE_BACKENDS_LEVELDB_LEVELDB_MANIFEST_H_
