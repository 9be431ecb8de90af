#ifndef KVSTATE_BACKENDS_LMDB_LMDB_STORE_H_
#define KVSTATE_BACKENDS_LMDB_LMDB_STORE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends/embedded/ordered_store.h"
#include "backends/lmdb/environment.h"
#include "backends/lmdb/lmdb_options.h"

namespace kvstate::backends::lmdb {

class LmdbTable;

/// An LMDB environment in one file, `data.mdb`, of a directory that is this store's alone.
///
/// The file's length is that of the memory map and says nothing of what is used: it is sparse but for the disk space
/// reserved ahead of use. EngineCounters::disk_bytes gives the pages in use.
class LmdbStore final : public OrderedStore {
 public:
  static Result<std::unique_ptr<LmdbStore>> Open(const std::string& directory, const LmdbOptions& options);
  ~LmdbStore() override;

  Result<std::unique_ptr<StoreTable>> CreateTable(const TableOptions& options) override;
  Status DropTable(std::unique_ptr<StoreTable> table) override;
  /// By a read transaction; commits.
  Result<std::unique_ptr<StoreView>> NewView(std::span<StoreTable* const> tables) override;
  /// Pages count as written when a commit makes them part of the file. There are commits when the map grows, when a
  /// transaction has dirtied LmdbOptions::commit_dirty_pages, and at Flush; the kernel writes the pages when it likes.
  Result<EngineCounters> Collect() override;
  /// Commits. There is nothing to compact.
  Status Flush(bool compact) override;
  Status Close() override;

  /// For tests.
  Environment& environment() { return *environment_; }

 private:
  explicit LmdbStore(std::unique_ptr<Environment> environment) : environment_(std::move(environment)) {}

  std::unique_ptr<Environment> environment_;
  uint64_t tables_made_ = 0;
  std::vector<const LmdbTable*> tables_;
  uint64_t logical_bytes_of_dropped_ = 0;
};

}  // namespace kvstate::backends::lmdb

#endif  // KVSTATE_BACKENDS_LMDB_LMDB_STORE_H_
