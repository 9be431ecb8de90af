#ifndef KVSTATE_BACKENDS_LMDB_ENVIRONMENT_H_
#define KVSTATE_BACKENDS_LMDB_ENVIRONMENT_H_

#include <lmdb.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backends/lmdb/data_file.h"
#include "backends/lmdb/lmdb_options.h"
#include "backends/lmdb/page_budget.h"
#include "backends/lmdb/transaction_thread.h"
#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::backends::lmdb {

/// A named database of an Environment, with a cursor of the live transaction. Owned by the Environment, which opens the
/// cursor anew in each transaction.
struct Database {
  MDB_dbi dbi = 0;
  MDB_cursor* cursor = nullptr;
  bool cursor_is_lent = false;  ///< To an iterator of the live transaction.
  /// Single pages that one write may take at most.
  uint64_t pages_per_write = 0;
};

/// What an environment has handed to its file since it was opened, and what the file holds.
struct FileUse {
  uint64_t pages_written = 0;  ///< Dirty pages at each commit, and its meta page.
  uint64_t used_pages = 0;     ///< Exact when nothing was written since the last commit; else at least so many.
  uint64_t page_bytes = 0;
};

/// LMDB's environment on one file, with the one write transaction in which everything is read and written.
///
/// Invariants:
/// - There is a live write transaction between calls, unless the environment is broken; generation() grows with each,
///   and cursors of an older one are closed already.
/// - Before a write, the pages that it and a commit after it can take at most are within the map and within the disk
///   space reserved. So no call into LMDB fails for want of room, which would lose all writes since the last commit.
/// - Where a database is read by other threads, everything that changes the transaction happens under the lock.
class Environment {
 public:
  /// What a write is for: deletes may use the room that inserts leave to them.
  enum class Purpose { kInsert, kDelete };
  using Lock = std::unique_lock<std::mutex>;

  /// REQUIRES: the directory exists and nobody else uses it.
  static Result<std::unique_ptr<Environment>> Open(const std::string& directory, const LmdbOptions& options);
  /// Drops what was not committed.
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  const std::string& path() const { return file_.path(); }
  MDB_txn* txn() const { return txn_; }
  uint64_t generation() const { return generation_; }
  /// For the owner, and under LockMap.
  uint64_t map_growths() const { return map_growths_; }

  /// A new, empty database; `name` is free. Pointers stay valid until DropDatabase. REQUIRES: LockAsOwner.
  Result<Database*> CreateDatabase(const std::string& name);
  /// REQUIRES: LockAsOwner.
  Status DropDatabase(Database* database);

  /// From here on others read beside the owner.
  void AllowConcurrentReads() { concurrent_reads_ = true; }
  /// For the owner around writes and around opening and closing cursors; free unless others read.
  Lock LockAsOwner() { return concurrent_reads_ ? Lock(mutex_) : Lock(); }
  /// For other threads around reads.
  Lock LockAsReader() { return Lock(mutex_); }

  /// To be called before a write that takes up to `pages` single pages (Database::pages_per_write for each put or
  /// delete) and `run_pages` for a large value. May end the transaction and begin another. RESOURCE_EXHAUSTED when
  /// there is no room: everything is as it was then. REQUIRES: LockAsOwner.
  Status MakeRoomFor(uint64_t pages, uint64_t run_pages, Purpose purpose) {
    if (pages + run_pages > credit_ || (purpose == Purpose::kInsert && !credit_for_inserts_)) [[unlikely]]
      return MakeRoom(pages, run_pages, purpose);
    credit_ -= pages + run_pages;
    if (run_pages != 0) budget_.TakeRun(run_pages);
    return Status();
  }
  /// Pages of the run that stores the value of an entry of that size; 0 when it is stored in the node. May be too many.
  uint64_t RunPages(size_t key_bytes, size_t value_bytes) const {
    if (key_bytes + value_bytes <= node_bytes_) [[likely]]
      return 0;
    return (value_bytes + kPageHeaderBytes - 1) / page_bytes_ + 1;
  }
  /// To be called after a tree lost `levels` levels.
  void NoteShrunkTree(uint64_t levels) { budget_.Lose(levels); }

  /// Commits what was written, if anything, and begins another transaction. REQUIRES: LockAsOwner.
  Status Commit();

  /// A read transaction of all that is written now, for any thread beside the owner; commits for that. Pages that it
  /// may read are not used anew, and databases that are dropped stay for it. REQUIRES: LockAsOwner.
  Result<MDB_txn*> BeginView();
  /// On any thread: nobody reads by `view` any more. LMDB gets to know at the next commit.
  void EndView(MDB_txn* view);
  /// To be held while anything is read by a view's transaction. The map does not move meanwhile; when map_growths() is
  /// another than the time before, cursors and views of bytes are invalid.
  Lock LockMap() { return Lock(map_mutex_); }
  FileUse MeasureFileUse();
  /// Whether the bytes lie in the file as it is mapped, where a write may move them.
  bool Maps(ByteView bytes) const { return file_.Maps(bytes.data()); }

  /// LMDB's failure `error` of a read.
  Status ReadFailure(int error) const;
  /// LMDB's failure `error` of a write, which is the transaction's end: what was written since the last commit is lost,
  /// and everything fails from here on.
  Status WriteFailure(int error, const char* what);

 private:
  static constexpr uint64_t kPageHeaderBytes = 16;

  explicit Environment(const LmdbOptions& options) : options_(options) {}

  struct View {
    MDB_txn* txn = nullptr;
    uint64_t transaction_id = 0;  ///< That it sees.
  };

  Status OpenFile(const std::string& directory);
  Status MakeLockFile(const std::string& path) const;
  void NoteMap();
  Status Begin();
  Status EndByCommit();
  Status ReadFreePages();
  void EndOldViews();
  Status DropForgotten();
  Status MakeRoom(uint64_t pages, uint64_t run_pages, Purpose purpose);
  Status GrowMap(uint64_t pages);
  Status Reserve(uint64_t pages);
  bool ShouldCommit(uint64_t pages, uint64_t run_pages) const;
  uint64_t CommitPages(uint64_t used_pages) const;
  uint64_t MostPages() const;
  void ObserveTrees();

  const LmdbOptions options_;
  MDB_env* env_ = nullptr;
  MDB_txn* txn_ = nullptr;
  MDB_txn* reader_ = nullptr;  // For the list of free pages, which a write transaction may not read.
  TransactionThread thread_;   // Where txn_ is begun and ended.
  Database main_;              // LMDB's table of the named ones; its cursor is not used.
  std::vector<std::unique_ptr<Database>> databases_;
  std::vector<MDB_dbi> forgotten_;  // Databases that were dropped, emptied, but are open until no view is left.
  DataFile file_;
  Status broken_;

  uint64_t credit_ = 0;  // Pages that may be taken before the next MakeRoom.
  bool credit_for_inserts_ = true;
  uint64_t generation_ = 0;
  uint64_t map_growths_ = 0;
  uint64_t page_bytes_ = 0;
  uint64_t node_bytes_ = 0;
  uint64_t map_pages_ = 0;
  PageBudget budget_;
  bool commit_next_ = false;

  // As of the last commit, and by MakeRoom of the live transaction.
  uint64_t committed_pages_ = 2;
  uint64_t free_pages_ = 0;
  uint64_t reusable_pages_ = 0;
  uint64_t branch_pages_ = 0;
  uint64_t leaf_pages_ = 0;
  uint64_t most_tree_pages_ = 0;
  uint64_t main_pages_ = 0;
  uint64_t run_pages_ = 0;
  uint64_t transaction_id_ = 0;
  uint64_t pages_written_ = 0;

  bool concurrent_reads_ = false;
  std::mutex mutex_;

  std::vector<View> views_;            // That LMDB knows of.
  std::mutex ended_mutex_;             // Of the next.
  std::vector<MDB_txn*> ended_views_;  // Of views_.
  std::mutex map_mutex_;
};

}  // namespace kvstate::backends::lmdb

#endif  // KVSTATE_BACKENDS_LMDB_ENVIRONMENT_H_
