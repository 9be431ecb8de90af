#ifndef KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_BACKEND_H_
#define KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_BACKEND_H_

#include <memory>
#include <string>
#include <string_view>

#include "backends/checkpoint/snapshot_backend.h"
#include "backends/common/working_directory.h"
#include "backends/embedded/ordered_store.h"
#include "kvstate/backend_registry.h"
#include "kvstate/engine_statistics.h"

namespace kvstate::backends {

/// Keyed state over an ordered byte store: a table a state, a composite key an entry.
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
                  std::unique_ptr<const StoreOpener> opener, std::unique_ptr<OrderedStore> store);

  Result<std::unique_ptr<InternalKVState>> MakeState(SerializerPtr namespace_serializer,
                                                     const StateDescriptor& descriptor,
                                                     const SavedState* restored) override;
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
  bool HasNamespace(InternalKVState& state) const override;
  Status Close() override;

  std::unique_ptr<WorkingDirectory> directory_;
  const std::unique_ptr<const StoreOpener> opener_;
  std::unique_ptr<OrderedStore> store_;  ///< Null when disposed of.
  uint64_t store_writes_ = 0;            ///< Writes to all tables; see StateTable.
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_BACKEND_H_
