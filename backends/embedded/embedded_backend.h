#ifndef KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_BACKEND_H_
#define KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_BACKEND_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/checkpoint/delta_chain.h"
#include "backends/checkpoint/snapshot_backend.h"
#include "backends/common/working_directory.h"
#include "backends/embedded/change_tracker.h"
#include "backends/embedded/file_snapshot.h"
#include "backends/embedded/ordered_store.h"
#include "backends/embedded/store_timer_queue.h"
#include "backends/embedded/stream_snapshot.h"
#include "kvstate/backend_registry.h"
#include "kvstate/engine_statistics.h"

namespace kvstate::backends {

/// Keyed state over an ordered byte store: a table a state, a composite key an entry.
///
/// Savepoints are streams of a view of the store. Checkpoints are the engine's files where it has some that can be
/// shared, and else chains of streams, for which the keys of all writes are noted.
class EmbeddedBackend final : public SnapshotBackend, public EngineStatistics {
 public:
  /// What an engine's factory calls: checks the options that are common to all backends, takes the directory, and
  /// opens the engine in it. A failure, of `opener` too, leaves nothing behind.
  static Result<std::unique_ptr<KeyedStateBackend>> Create(std::string_view name, const BackendOptions& options,
                                                           std::unique_ptr<const StoreOpener> opener);
  ~EmbeddedBackend() override;

  void* GetExtension(std::string_view id) override;
  Result<EngineCounters> Collect() override;
  Status Flush(bool compact) override;

 private:
  EmbeddedBackend(std::string_view name, const BackendOptions& options, std::unique_ptr<WorkingDirectory> directory,
                  std::unique_ptr<const StoreOpener> opener);

  Result<std::unique_ptr<InternalKVState>> MakeState(SerializerPtr namespace_serializer,
                                                     const StateDescriptor& descriptor,
                                                     const Restored* restored) override;
  bool HasCompactionFilter() const override { return opener_->has_compaction_filter(); }
  std::unique_ptr<TtlWalk> MakeWalk(InternalKVState& state) override;
  std::unique_ptr<InternalKVState> MakeTtlValueState(TtlStateParts parts) override;
  Status SweepEngine(InternalKVState& state) override;
  void AddEngineFigures(InternalKVState& state, TtlFigures* figures) const override;
  Status DropState(InternalKVState& state) override;
  Result<std::unique_ptr<KeyIterator>> WalkKeys(InternalKVState& state, const ByteView* state_namespace) override;
  Result<uint64_t> CountEntries(InternalKVState& state) override;
  Status DropUnclaimed(const SavedState& state) override;
  Result<uint64_t> CountUnclaimed(const SavedState& state) override;
  Result<std::unique_ptr<SnapshotWork>> BeginSnapshot(const SnapshotWriter& writer,
                                                      const KeyedStateHandle& handle) override;
  void OnConfirmed(uint64_t checkpoint_id) override;
  void OnAborted(uint64_t checkpoint_id) override;
  bool Restores(std::string_view format) const override;
  Status RestoreFrom(const RestorePlan& plan) override;
  Status EmptyAgain() override;
  std::string EngineDataOf(InternalKVState& state) const override;
  bool HasNamespace(InternalKVState& state) const override;
  bool HasTimerStore() const override { return true; }
  Result<std::unique_ptr<BackendTimerQueue>> MakeStoreQueue(SerializerPtr namespace_serializer, std::string_view queue,
                                                            const SavedState& saved, bool restored) override;
  Status ForEachUnclaimedTimer(const SavedState& state,
                               const std::function<Status(uint32_t key_group, ByteView key)>& visit) override;
  Status Close() override;

  bool has_files() const { return !opener_->files_format().empty(); }
  std::string store_path() const { return directory_->engine_path() + "/store"; }
  /// An empty directory at store_path().
  Status MakeStoreDirectory() const;
  Status CloseStore();
  /// FAILED_PRECONDITION when there is no store, or none that can be relied on.
  Status CheckStore() const;
  size_t UnclaimedIndex(std::string_view state_name) const;
  Result<std::unique_ptr<StoreTable>> TableFor(const StateDescriptor& descriptor, const Restored* restored);
  /// For a queue of timers: a new table, or that of the unclaimed state of its name.
  Result<std::unique_ptr<StoreTable>> MakeTimersTable(const TableOptions& options, bool restored);
  /// What the table of a restored state has, before it is claimed.
  Status MigrateTable(StoreTable& table, const TableOptions& options, ValueMigration& migration);
  /// One for each of the handle's states.
  std::vector<StoreTable*> Tables() const;
  std::shared_ptr<StreamChainPlan> BeginChain(const SnapshotWriter& writer, const std::vector<SavedState>& states);
  Status OpenFromFiles(const RestorePlan& plan);
  void Claim(const KeyedStateHandle& handle, std::string_view location, uint64_t entries);

  std::unique_ptr<WorkingDirectory> directory_;
  const std::unique_ptr<const StoreOpener> opener_;
  std::unique_ptr<OrderedStore> store_;                        ///< Null when disposed of, or when a restore failed.
  uint64_t store_writes_ = 0;                                  ///< Writes to all tables; see StateTable.
  std::vector<std::unique_ptr<StoreTable>> unclaimed_tables_;  ///< One for each of unclaimed().
  std::vector<StoreTimerQueue*> timer_queues_;                 ///< In the order in which they were made.

  std::optional<std::string> half_migrated_;  ///< A state that is neither the old nor the new one.

  // Of engines with files.
  FileBases file_bases_;
  // Of the others.
  ChangeTracker changes_;
  DeltaChains chains_;
  std::vector<std::shared_ptr<StreamChainPlan>> pending_chains_;
  uint64_t full_in_a_row_ = 0;  ///< Full checkpoints since the last incremental one.
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_BACKEND_H_
