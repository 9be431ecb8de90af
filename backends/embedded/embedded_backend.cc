#include "backends/embedded/embedded_backend.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "backends/common/timer_format.h"
#include "backends/common/ttl_descriptor.h"
#include "backends/embedded/embedded_states.h"
#include "backends/embedded/embedded_walks.h"
#include "backends/embedded/key_group_bounds.h"
#include "backends/embedded/table_migration.h"

namespace kvstate::backends {

namespace {

/// Every state of an embedded backend is one: MakeState makes no other.
EmbeddedState& AsEmbedded(InternalKVState& state) { return dynamic_cast<EmbeddedState&>(state); }

std::unique_ptr<InternalKVState> MakeStateOfKind(StateParts parts) {
  switch (parts.descriptor.kind) {
    case StateKind::kValue:
      return MakeEmbeddedValueState(std::move(parts));
    case StateKind::kList:
      return MakeEmbeddedListState(std::move(parts));
    case StateKind::kMap:
      return MakeEmbeddedMapState(std::move(parts));
    case StateKind::kReducing:
      return MakeEmbeddedReducingState(std::move(parts));
    case StateKind::kAggregating:
      return MakeEmbeddedAggregatingState(std::move(parts));
    case StateKind::kFolding:
      return MakeEmbeddedFoldingState(std::move(parts));
  }
  return nullptr;
}

Result<uint64_t> CountIn(StoreTable& table) {
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StoreIterator> entries, table.NewIterator({}, {}));
  KVSTATE_RETURN_IF_ERROR(entries->Seek({}));
  uint64_t count = 0;
  for (; entries->Valid(); ++count) KVSTATE_RETURN_IF_ERROR(entries->Next());
  return count;
}

}  // namespace

void SetAppendOptions(const StateDescriptor& descriptor, TableOptions* options) {
  if (descriptor.kind == StateKind::kList) options->append = AppendKind::kConcat;
  if (descriptor.kind != StateKind::kReducing) return;
  if (descriptor.reduce->ThreadSafe()) options->append = AppendKind::kReduce;
  options->reduce = [format = StoredValueFormat(descriptor.value_serializer, false), function = descriptor.reduce](
                        std::string* accumulator, ByteView value) -> Status {
    TypedObject into(format.serializer());
    TypedObject from(format.serializer());
    bool is_null = false;
    KVSTATE_RETURN_IF_ERROR(format.Decode(*accumulator, into.get(), &is_null));
    KVSTATE_RETURN_IF_ERROR(format.Decode(value, from.get(), &is_null));
    function->Reduce(into.get(), from.get());
    ByteWriter encoded;
    KVSTATE_RETURN_IF_ERROR(format.Encode(into.get(), encoded));
    accumulator->assign(encoded.view());
    return Status();
  };
}

Result<std::unique_ptr<KeyedStateBackend>> EmbeddedBackend::Create(std::string_view name, const BackendOptions& options,
                                                                   std::unique_ptr<const StoreOpener> opener) {
  KVSTATE_RETURN_IF_ERROR(CheckOptions(options, /*needs_directory=*/true));
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<WorkingDirectory> directory, WorkingDirectory::Open(options.directory));
  std::unique_ptr<EmbeddedBackend> backend(new EmbeddedBackend(name, options, std::move(directory), std::move(opener)));
  KVSTATE_RETURN_IF_ERROR(backend->MakeStoreDirectory());
  KVSTATE_ASSIGN_OR_RETURN(backend->store_, backend->opener_->OpenEmpty(backend->store_path()));
  return std::unique_ptr<KeyedStateBackend>(std::move(backend));
}

EmbeddedBackend::EmbeddedBackend(std::string_view name, const BackendOptions& options,
                                 std::unique_ptr<WorkingDirectory> directory, std::unique_ptr<const StoreOpener> opener)
    : SnapshotBackend(name, options), directory_(std::move(directory)), opener_(std::move(opener)) {}

EmbeddedBackend::~EmbeddedBackend() { DisposeInDestructor(); }

void* EmbeddedBackend::GetExtension(std::string_view id) {
  return id == EngineStatistics::kExtensionId ? static_cast<EngineStatistics*>(this)
                                              : SnapshotBackend::GetExtension(id);
}

Result<EngineCounters> EmbeddedBackend::Collect() {
  if (store_ == nullptr) return FailedPreconditionError("the backend is disposed of; make a new one");
  return store_->Collect();
}

Status EmbeddedBackend::Flush(bool compact) {
  if (store_ == nullptr) return FailedPreconditionError("the backend is disposed of; make a new one");
  for (StoreTimerQueue* queue : timer_queues_) KVSTATE_RETURN_IF_ERROR(queue->WriteHeld());
  return store_->Flush(compact);
}

Result<std::unique_ptr<StoreTable>> EmbeddedBackend::TableFor(const StateDescriptor& descriptor,
                                                              const Restored* restored) {
  TableOptions table_options;
  table_options.name = descriptor.name;
  table_options.concurrent_reads = !descriptor.queryable_name.empty();
  table_options.key_prefix_bytes = KeyGroupPrefixBytes(max_parallelism());
  SetAppendOptions(descriptor, &table_options);
  table_options.may_expire = HasTtl(descriptor);
  KVSTATE_RETURN_IF_ERROR(CheckStore());
  const auto start_ttl = [&](StoreTable& table) {
    if (!HasTtl(descriptor)) return Status();
    return table.StartTtl(
        std::make_shared<const TableTtl>(TableTtl{TtlFilterOf(descriptor), clock(), descriptor.ttl->cleanup}));
  };
  if (restored == nullptr) {
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<StoreTable> created, store_->CreateTable(table_options));
    const Status started = start_ttl(*created);
    if (started.ok()) return created;
    store_->DropTable(std::move(created)).IgnoreError();
    return started;
  }
  const auto table = unclaimed_tables_.begin() + static_cast<ptrdiff_t>(UnclaimedIndex(descriptor.name));
  if (restored->migration != nullptr) {
    KVSTATE_RETURN_IF_ERROR(MigrateTable(**table, table_options, *restored->migration));
  }
  Status taken = (*table)->Claim(table_options);
  // Last: nothing that a read finds may be without its time any more.
  if (taken.ok()) taken = start_ttl(**table);
  if (!taken.ok()) {
    if (restored->migration != nullptr) half_migrated_ = descriptor.name;
    return taken;
  }
  std::unique_ptr<StoreTable> claimed = std::move(*table);
  unclaimed_tables_.erase(table);
  return claimed;
}

Result<std::unique_ptr<StoreTable>> EmbeddedBackend::MakeTimersTable(const TableOptions& options, bool restored) {
  KVSTATE_RETURN_IF_ERROR(CheckStore());
  if (!restored) return store_->CreateTable(options);
  const auto table = unclaimed_tables_.begin() + static_cast<ptrdiff_t>(UnclaimedIndex(options.name));
  KVSTATE_RETURN_IF_ERROR((*table)->Claim(options));
  std::unique_ptr<StoreTable> claimed = std::move(*table);
  unclaimed_tables_.erase(table);
  return claimed;
}

Result<std::unique_ptr<BackendTimerQueue>> EmbeddedBackend::MakeStoreQueue(SerializerPtr namespace_serializer,
                                                                           std::string_view queue,
                                                                           const SavedState& saved, bool restored) {
  TableOptions options;
  options.name = saved.name;
  options.key_prefix_bytes = KeyGroupPrefixBytes(max_parallelism());
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<StoreTable> table, MakeTimersTable(options, restored));
  TableChanges* const changes = has_files() ? nullptr : changes_.AddState(saved.name);
  auto made = std::make_unique<StoreTimerQueue>(key_context(), std::move(namespace_serializer), std::string(queue),
                                                std::move(table), !restored, &store_writes_, changes);
  timer_queues_.push_back(made.get());
  return std::unique_ptr<BackendTimerQueue>(std::move(made));
}

Status EmbeddedBackend::MigrateTable(StoreTable& table, const TableOptions& options, ValueMigration& migration) {
  KVSTATE_RETURN_IF_ERROR(store_->CheckMigratable());
  TableMigration run(table, options, migration);
  KVSTATE_RETURN_IF_ERROR(run.Check().WithContext("its values cannot be migrated"));
  Status done = run.Run(&store_writes_);
  if (done.ok()) return done;
  half_migrated_ = options.name;
  return done.WithContext("the migration of its values failed halfway; restore the checkpoint again");
}

Result<std::unique_ptr<InternalKVState>> EmbeddedBackend::MakeState(SerializerPtr namespace_serializer,
                                                                    const StateDescriptor& descriptor,
                                                                    const Restored* restored) {
  auto table = TableFor(descriptor, restored);
  if (!table.ok()) return table.status().WithContext("cannot make state '" + descriptor.name + "'");
  StateParts parts;
  parts.keys = &key_context();
  parts.namespace_serializer = std::move(namespace_serializer);
  parts.descriptor = descriptor;
  parts.table = std::move(table).value();
  parts.store_writes = &store_writes_;
  if (!has_files()) {
    // What older streams have of it is in another format.
    const bool other = restored != nullptr && (restored->migration != nullptr || restored->description_changes);
    if (other) changes_.StateRemoved(descriptor.name);
    parts.changes = changes_.AddState(descriptor.name);
  }
  return MakeStateOfKind(std::move(parts));
}

std::unique_ptr<TtlWalk> EmbeddedBackend::MakeWalk(InternalKVState& state) { return MakeTtlWalk(AsEmbedded(state)); }

std::unique_ptr<InternalKVState> EmbeddedBackend::MakeTtlValueState(TtlStateParts parts) {
  return MakeEmbeddedTtlValueState(std::move(parts));
}

Status EmbeddedBackend::SweepEngine(InternalKVState& state) {
  return AsEmbedded(state).table().store_table().SweepExpired();
}

void EmbeddedBackend::AddEngineFigures(InternalKVState& state, TtlFigures* figures) const {
  AsEmbedded(state).table().store_table().AddTtlFigures(figures);
}

Status EmbeddedBackend::DropState(InternalKVState& state) {
  // Dropping frees pages that other tables' iterators may stand on, as a write does.
  ++store_writes_;
  changes_.StateRemoved(state.descriptor().name);
  return store_->DropTable(AsEmbedded(state).table().Release());
}

Result<std::unique_ptr<KeyIterator>> EmbeddedBackend::WalkKeys(InternalKVState& state,
                                                               const ByteView* state_namespace) {
  return MakeKeyIterator(AsEmbedded(state), state_namespace);
}

bool EmbeddedBackend::HasNamespace(InternalKVState& state) const { return AsEmbedded(state).has_namespace(); }

Result<uint64_t> EmbeddedBackend::CountEntries(InternalKVState& state) {
  return CountIn(AsEmbedded(state).table().store_table());
}

Result<uint64_t> EmbeddedBackend::CountUnclaimed(const SavedState& state) {
  return CountIn(*unclaimed_tables_[UnclaimedIndex(state.name)]);
}

Status EmbeddedBackend::ForEachUnclaimedTimer(const SavedState& state,
                                              const std::function<Status(uint32_t key_group, ByteView key)>& visit) {
  const size_t key_group_bytes = KeyGroupPrefixBytes(max_parallelism());
  StoreTable& table = *unclaimed_tables_[UnclaimedIndex(state.name)];
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StoreIterator> entries, table.NewIterator({}, {}));
  KVSTATE_RETURN_IF_ERROR(entries->Seek({}));
  std::string key;
  while (entries->Valid()) {
    const ByteView in_table = entries->key();
    if (in_table.size() < key_group_bytes + kTimestampBytes) {
      return DataLossError("state '" + state.name + "' has a key of " + std::to_string(in_table.size()) + " bytes");
    }
    key.clear();
    AppendStreamedKey(in_table.substr(key_group_bytes), &key);
    KVSTATE_RETURN_IF_ERROR(visit(KeyGroupOfTableKey(in_table, key_group_bytes), key));
    KVSTATE_RETURN_IF_ERROR(entries->Next());
  }
  return Status();
}

Status EmbeddedBackend::DropUnclaimed(const SavedState& state) {
  ++store_writes_;
  changes_.StateRemoved(state.name);
  const auto table = unclaimed_tables_.begin() + static_cast<ptrdiff_t>(UnclaimedIndex(state.name));
  std::unique_ptr<StoreTable> dropped = std::move(*table);
  unclaimed_tables_.erase(table);
  return store_->DropTable(std::move(dropped));
}

Status EmbeddedBackend::CheckStore() const {
  if (half_migrated_.has_value()) {
    return FailedPreconditionError(
        "state '" + *half_migrated_ +
        "' is in two formats since its migration failed; make a new backend, and restore the "
        "checkpoint again");
  }
  if (store_ != nullptr) return Status();
  return FailedPreconditionError(
      "the backend could not be made empty again after a restore that failed; make a new one");
}

size_t EmbeddedBackend::UnclaimedIndex(std::string_view state_name) const {
  const auto at =
      std::find_if(unclaimed().begin(), unclaimed().end(), [&](const auto& state) { return state.name == state_name; });
  assert(at != unclaimed().end() && unclaimed().size() == unclaimed_tables_.size());
  return static_cast<size_t>(at - unclaimed().begin());
}

Status EmbeddedBackend::CloseStore() {
  timer_queues_.clear();
  unclaimed_tables_.clear();
  if (store_ == nullptr) return Status();
  Status status = store_->Close();
  store_.reset();
  return status;
}

Status EmbeddedBackend::Close() {
  const Status status = CloseStore();
  const Status removed = directory_->Remove();
  return status.ok() ? removed : status;
}

}  // namespace kvstate::backends
