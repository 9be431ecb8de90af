#ifndef KVSTATE_BACKENDS_EMBEDDED_ORDERED_STORE_H_
#define KVSTATE_BACKENDS_EMBEDDED_ORDERED_STORE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/common/ttl_filter.h"
#include "kvstate/bytes.h"
#include "kvstate/checkpoint.h"
#include "kvstate/engine_statistics.h"
#include "kvstate/key_group.h"
#include "kvstate/status.h"
#include "kvstate/ttl_sweep.h"

namespace kvstate::backends {

/// The order of a table is that of unsigned bytes. Used by the owner's thread alone. Must not outlive its table.
class StoreIterator {
 public:
  virtual ~StoreIterator() = default;
  /// To the first entry whose key is at or after `key`.
  virtual Status Seek(ByteView key) = 0;
  /// REQUIRES: Valid().
  virtual Status Next() = 0;
  /// False at the end of the table or of the bounds.
  virtual bool Valid() const = 0;
  /// REQUIRES: Valid(). The views live until the next call on the iterator, and, where
  /// StoreTable::iterators_survive_writes() is false, until the next write to any table.
  virtual ByteView key() const = 0;
  virtual ByteView value() const = 0;
  /// REQUIRES: Valid(). Of a restored reducing state that nobody has claimed: what value() is still to be folded from,
  /// oldest first; value() is not to be called then. Else empty.
  virtual const std::vector<std::string>& operands() const {
    static const std::vector<std::string> none;
    return none;
  }
};

/// How a table combines appended operands (StoreTable::Append) into a value.
enum class AppendKind {
  kNone,    ///< Append is not used on the table.
  kConcat,  ///< The value is its operands one after another: lists.
  kReduce,  ///< Operands are folded by a thread-safe ReduceFunction over serialized values.
};

struct TableOptions {
  std::string name;  ///< The state's name: any bytes, 1 to 255 of them.
  AppendKind append = AppendKind::kNone;
  /// kReduce: folds operand `value` into `accumulator`, both serialized. Called on any thread. A restored reducing
  /// state of AppendKind::kNone has it too: called by Claim alone, for what it has of an AppendKind::kReduce before.
  std::function<Status(std::string* accumulator, ByteView value)> reduce;
  bool concurrent_reads = false;  ///< ConcurrentGet will be used.
  size_t key_prefix_bytes = 0;    ///< Length of the key group prefix of every key.
  bool may_expire = false;        ///< StartTtl will be called, or may be: of a restored state nobody knows yet.
};

/// One ordered table of an engine: a column family, a named database, a range of a shared one.
/// One thread owns it, ConcurrentGet excepted. An engine's failure is a Status with the engine's own words.
class StoreTable {
 public:
  virtual ~StoreTable() = default;

  /// False when absent. The view lives until the next call on this table, but for iterators' own.
  virtual Result<bool> Get(ByteView key, ByteView* value) = 0;
  virtual Status Put(ByteView key, ByteView value) = 0;
  /// Absent is fine.
  virtual Status Delete(ByteView key) = 0;
  /// Deletes `keys`, which ascend and differ. How many were deleted is added to `deleted`: after an error the first of
  /// `keys`, or none. An engine may make it cheaper than calls of Delete.
  virtual Status DeleteMany(std::span<const ByteView> keys, uint64_t* deleted) {
    for (const ByteView key : keys) {
      KVSTATE_RETURN_IF_ERROR(Delete(key));
      ++*deleted;
    }
    return Status();
  }
  /// So much was overwritten and deleted that walks may be slow for what is left of it in memory: begins to get rid of
  /// that, where the engine keeps such, and does not wait for it. False when nothing was begun.
  virtual bool ReclaimMemory() { return false; }
  /// As many entries were deleted as are left: the same, for what is left of them in files as well.
  virtual bool ReclaimAll() { return false; }
  /// Whether Append works, and is faster than Get and Put would be.
  virtual bool appends() const = 0;
  virtual Status Append(ByteView key, ByteView operand) = 0;

  /// An iterator over keys in [lower, upper); an empty `upper` is no bound. The bounds are copied. Sees the table as it
  /// was when it was made, or as it is.
  virtual Result<std::unique_ptr<StoreIterator>> NewIterator(ByteView lower, ByteView upper) = 0;
  /// Whether an iterator may be used on after a write. If not, it must be dropped before the write, or at the latest be
  /// given a Seek after it.
  virtual bool iterators_survive_writes() const = 0;

  /// Get for any thread, beside the owner. Sees the owner's last finished write.
  virtual Result<bool> ConcurrentGet(ByteView key, std::string* value) = 0;
  /// Calls `visit` for each entry whose key starts with `prefix`, in order, for any thread, in one consistent view.
  virtual Status ConcurrentScan(ByteView prefix, const std::function<void(ByteView key, ByteView value)>& visit) = 0;

  /// Of a table of a restored state, which was made with no more than a name and AppendKind known: its options, now
  /// that somebody asks for it. Nothing but Put, of a restore from streams, was called on such a table before.
  virtual Status Claim(const TableOptions& /*options*/) {
    return UnimplementedError("this engine brings back no tables from files");
  }

  /// Once, where StoreOpener::has_compaction_filter(): from now on values expire, and the engine may drop them by
  /// itself as TtlCleanup::compaction_filter says. REQUIRES: every value that a read finds is one with its time.
  virtual Status StartTtl(std::shared_ptr<const TableTtl> /*ttl*/) { return Status(); }
  /// Of a table with a time to live, where StoreOpener::has_compaction_filter(): begins to rewrite files of which much
  /// has expired, and does not wait for it.
  virtual Status SweepExpired() { return Status(); }
  /// Sets the members of figures that are the engine's.
  virtual void AddTtlFigures(TtlFigures* /*figures*/) const {}
};

/// Tables of a store as they were at one moment. Used by any one thread at a time, beside the owner's calls; the owner
/// may drop the tables meanwhile. REQUIRES: it and its iterators are destroyed before the store is closed.
class StoreView {
 public:
  virtual ~StoreView() = default;
  /// Over the `table`th of those that the view was made of; bounds as StoreTable::NewIterator.
  virtual Result<std::unique_ptr<StoreIterator>> NewIterator(size_t table, ByteView lower, ByteView upper) = 0;
  /// Overwrites `value`; false when absent.
  virtual Result<bool> Get(size_t table, ByteView key, std::string* value) = 0;
};

/// One of an engine's files.
struct EngineFile {
  std::string name;
  std::string path;  ///< Absolute.
  uint64_t bytes = 0;
  /// A file of that name of this store has those bytes for ever, so that checkpoints can share it.
  bool immutable = false;
};

/// All that an engine needs to be opened as it was at one moment: files that stay as they are until this is destroyed.
/// Used by any one thread. REQUIRES: destroyed before the store is closed.
class StoreFiles {
 public:
  virtual ~StoreFiles() = default;
  virtual const std::vector<EngineFile>& files() const = 0;
};

/// The files of one snapshot, fetched into a directory of their own that the engine may take them from.
struct FetchedFiles {
  std::string directory;
  KeyGroupRange key_groups;
  std::vector<SavedState> states;
};

/// An engine, opened in a directory: tables by name, and its counters.
class OrderedStore {
 public:
  virtual ~OrderedStore() = default;
  /// A new, empty table. Lives until DropTable or Close.
  virtual Result<std::unique_ptr<StoreTable>> CreateTable(const TableOptions& options) = 0;
  /// Removes the table and all it holds.
  virtual Status DropTable(std::unique_ptr<StoreTable> table) = 0;
  /// The table of a state that OpenFiles brought back; its Claim follows when somebody asks for it.
  virtual Result<std::unique_ptr<StoreTable>> OpenTable(const SavedState& /*state*/) {
    return UnimplementedError("this engine brings back no tables from files");
  }

  /// FAILED_PRECONDITION while something reads tables that would not read them right once a restored state's values are
  /// in another format.
  virtual Status CheckMigratable() const { return Status(); }
  /// The tables as they are now.
  virtual Result<std::unique_ptr<StoreView>> NewView(std::span<StoreTable* const> tables) = 0;
  /// SavedState::engine_data: what OpenTable finds the table by.
  virtual std::string EngineDataOf(const StoreTable& /*table*/) const { return {}; }
  /// What is in memory goes to files first. UNIMPLEMENTED where StoreOpener::files_format is empty.
  virtual Result<std::unique_ptr<StoreFiles>> LinkFiles() {
    return UnimplementedError("this engine has no files that can be shared");
  }

  virtual Result<EngineCounters> Collect() = 0;
  /// See EngineStatistics::Flush.
  virtual Status Flush(bool compact) = 0;
  /// Closes the engine. REQUIRES: no tables or iterators are left. Files stay; their directory's owner removes them.
  virtual Status Close() = 0;
};

/// Opens one engine, with the options it was made with.
class StoreOpener {
 public:
  virtual ~StoreOpener() = default;
  /// Whether tables drop expired values while the engine compacts.
  virtual bool has_compaction_filter() const { return false; }
  /// In an empty directory of its own; absolute path.
  virtual Result<std::unique_ptr<OrderedStore>> OpenEmpty(const std::string& directory) const = 0;

  /// KeyedStateHandle::format of snapshots by LinkFiles; empty where the engine has no files that can be shared.
  virtual std::string_view files_format() const { return {}; }
  /// In an empty directory, with what `parts` have in `range` of tables whose keys start with `key_group_bytes` of key
  /// group. The parts' ranges do not overlap. Tables are then there for OpenTable.
  virtual Result<std::unique_ptr<OrderedStore>> OpenFiles(const std::string& /*directory*/,
                                                          std::span<const FetchedFiles> /*parts*/,
                                                          KeyGroupRange /*range*/, size_t /*key_group_bytes*/) const {
    return UnimplementedError("this engine is not opened from files");
  }
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_ORDERED_STORE_H_
