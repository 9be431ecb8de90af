#ifndef KVSTATE_BACKENDS_LMDB_DATA_FILE_H_
#define KVSTATE_BACKENDS_LMDB_DATA_FILE_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/status.h"

namespace kvstate::backends::lmdb {

/// What LMDB does not do for its data file: reserving disk space, so that no write into the map can find the disk full,
/// and keeping addresses valid when the map moves.
class DataFile {
 public:
  DataFile() = default;
  DataFile(const DataFile&) = delete;
  DataFile& operator=(const DataFile&) = delete;
  ~DataFile();

  /// `fd` and the map belong to LMDB.
  void Attach(std::string path, int fd) {
    path_ = std::move(path);
    fd_ = fd;
  }
  const std::string& path() const { return path_; }

  uint64_t reserved_bytes() const { return reserved_bytes_; }
  /// Reserves disk space for the first `bytes` of the file. RESOURCE_EXHAUSTED when there is none.
  Status Reserve(uint64_t bytes);

  /// Whether the file can be so long and mapped as a whole: LMDB is lost when it finds out by itself that it cannot.
  Status CheckMappable(uint64_t bytes) const;
  /// To be called when LMDB has mapped the file: finds out where, which LMDB does not tell.
  void FindMap();
  /// Before LMDB unmaps the file and maps it elsewhere, larger: keeps what is mapped next, the larger map first of all,
  /// from lying across the hole that is left.
  void GuardHole();
  /// After that: maps the file at the old place too, so that views that were handed out stay valid.
  void KeepMapped();
  /// Whether `at` is in the map, or in one that was kept.
  bool Maps(const char* at) const {
    if (map_.Contains(at)) return true;
    return !kept_.empty() && std::any_of(kept_.begin(), kept_.end(), [&](const auto& map) { return map.Contains(at); });
  }

 private:
  struct Mapping {
    char* address = nullptr;
    uint64_t bytes = 0;

    bool Contains(const char* at) const { return at >= address && at < address + bytes; }
  };

  std::string path_;
  int fd_ = -1;
  uint64_t reserved_bytes_ = 0;
  Mapping map_;
  void* guards_[2] = {nullptr, nullptr};
  std::vector<Mapping> kept_;
};

}  // namespace kvstate::backends::lmdb

#endif  // KVSTATE_BACKENDS_LMDB_DATA_FILE_H_
