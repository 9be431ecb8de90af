#include <algorithm>
#include <atomic>
#include <filesystem>
#include <system_error>
#include <utility>

#include "backends/common/composite_key.h"
#include "backends/common/file_error.h"
#include "backends/embedded/embedded_backend.h"
#include "backends/embedded/embedded_restore.h"
#include "backends/embedded/embedded_state.h"

namespace kvstate::backends {

namespace {

// Fewer changes than that are never worth to stop noting them.
constexpr uint64_t kLeastMostChanges = uint64_t{1} << 16;

StoreTable& TableOf(InternalKVState& state) { return dynamic_cast<EmbeddedState&>(state).table().store_table(); }

}  // namespace

std::string EmbeddedBackend::EngineDataOf(InternalKVState& state) const { return store_->EngineDataOf(TableOf(state)); }

std::vector<StoreTable*> EmbeddedBackend::Tables() const {
  std::vector<StoreTable*> tables;
  for (InternalKVState* state : States()) tables.push_back(&TableOf(*state));
  for (StoreTimerQueue* queue : timer_queues_) tables.push_back(&queue->store_table());
  for (const auto& table : unclaimed_tables_) tables.push_back(table.get());
  return tables;
}

Result<std::unique_ptr<SnapshotWork>> EmbeddedBackend::BeginSnapshot(const SnapshotWriter& writer,
                                                                     const KeyedStateHandle& new_handle) {
  KVSTATE_RETURN_IF_ERROR(CheckStore());
  for (StoreTimerQueue* queue : timer_queues_) KVSTATE_RETURN_IF_ERROR(queue->WriteHeld());
  KeyedStateHandle handle = new_handle;
  const std::vector<StoreTable*> tables = Tables();
  const bool is_savepoint = writer.options().kind == SnapshotKind::kSavepoint;
  if (has_files() && !is_savepoint) {
    handle.format = opener_->files_format();
    for (size_t i = 0; i < tables.size(); ++i) handle.states[i].engine_data = store_->EngineDataOf(*tables[i]);
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<StoreFiles> files, store_->LinkFiles());
    return MakeFileWork(std::move(handle), std::move(files), file_bases_.BaseFor(writer),
                        file_bases_.Begin(writer.checkpoint_id()));
  }
  for (SavedState& state : handle.states) state.engine_data.clear();
  // What a view's transaction takes, iterators of the live one lose.
  ++store_writes_;
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<StoreView> view, store_->NewView(tables));
  std::vector<SnapshotFilter> filters;
  for (InternalKVState* state : States()) filters.emplace_back(state->descriptor(), *clock());
  filters.resize(tables.size());
  auto plan = is_savepoint ? nullptr : BeginChain(writer, handle.states);
  return MakeStreamWork(std::move(handle), std::move(view), std::move(filters), KeyGroupPrefixBytes(max_parallelism()),
                        std::move(plan));
}

std::shared_ptr<StreamChainPlan> EmbeddedBackend::BeginChain(const SnapshotWriter& writer,
                                                             const std::vector<SavedState>& states) {
  const uint64_t id = writer.checkpoint_id();
  auto plan = std::make_shared<StreamChainPlan>();
  plan->chain = chains_.Begin(id, writer.storage().location());
  pending_chains_.push_back(plan);
  changes_.EndEpoch(id);
  const bool incremental = writer.options().kind == SnapshotKind::kIncrementalCheckpoint;
  // Who takes full checkpoints alone need not pay for what increments need.
  full_in_a_row_ = incremental ? 0 : full_in_a_row_ + 1;
  if (full_in_a_row_ > 1) {
    changes_.Stop();
    return plan;
  }
  const DeltaChain& built_on = plan->chain->built_on();
  if (incremental && !built_on.files.empty()) {
    plan->since_confirmed = changes_.Between(built_on.checkpoint_id, id, states);
    if (built_on.whole_id != 0) plan->since_whole = changes_.Between(built_on.whole_id, id, states);
  }
  if (!changes_.on()) changes_.Start(id);
  return plan;
}

void EmbeddedBackend::OnConfirmed(uint64_t checkpoint_id) {
  if (has_files()) {
    file_bases_.Confirm(checkpoint_id);
    return;
  }
  const auto confirmed = std::find_if(pending_chains_.begin(), pending_chains_.end(),
                                      [&](const auto& plan) { return plan->chain->checkpoint_id() == checkpoint_id; });
  const std::shared_ptr<StreamChainPlan> plan = *confirmed;
  pending_chains_.erase(confirmed);
  if (!chains_.Confirm(checkpoint_id)) return;
  const DeltaChain& chain = chains_.confirmed();
  if (plan->is_folded.load(std::memory_order_acquire)) {
    changes_.Replace(chain.whole_id, checkpoint_id, plan->states, plan->folded);
  }
  changes_.DropUpTo(chain.whole_id != 0 ? chain.whole_id : checkpoint_id, checkpoint_id);
  changes_.SetMostChanges(std::max(chain.whole_weight, kLeastMostChanges));
}

void EmbeddedBackend::OnAborted(uint64_t checkpoint_id) {
  file_bases_.Abort(checkpoint_id);
  chains_.Abort(checkpoint_id);
  std::erase_if(pending_chains_, [&](const auto& plan) { return plan->chain->checkpoint_id() == checkpoint_id; });
}

bool EmbeddedBackend::Restores(std::string_view format) const {
  return format == kStateStreamFormat || (has_files() && format == opener_->files_format());
}

Status EmbeddedBackend::RestoreFrom(const RestorePlan& plan) {
  if (store_ == nullptr) KVSTATE_RETURN_IF_ERROR(EmptyAgain());
  const size_t key_group_bytes = KeyGroupPrefixBytes(max_parallelism());
  const auto is_stream = [](const KeyedStateHandle& handle) { return handle.format == kStateStreamFormat; };
  if (!std::all_of(plan.handles.begin(), plan.handles.end(), is_stream)) KVSTATE_RETURN_IF_ERROR(OpenFromFiles(plan));
  for (const SavedState& state : plan.states) {
    const bool in_files = std::any_of(plan.handles.begin(), plan.handles.end(), [&](const auto& handle) {
      const auto same = [&](const SavedState& other) { return other.name == state.name; };
      return !is_stream(handle) && std::any_of(handle.states.begin(), handle.states.end(), same);
    });
    KVSTATE_ASSIGN_OR_RETURN(
        std::unique_ptr<StoreTable> table,
        in_files ? store_->OpenTable(state) : CreateRestoredTable(*store_, state, key_group_bytes));
    unclaimed_tables_.push_back(std::move(table));
  }
  uint64_t entries = 0;
  for (const KeyedStateHandle& handle : plan.handles) {
    if (!is_stream(handle)) continue;
    KVSTATE_ASSIGN_OR_RETURN(const uint64_t restored,
                             RestoreStreams(plan, handle, key_group_range(), key_group_bytes, unclaimed_tables_));
    entries += restored;
  }
  if (plan.options.claim && plan.handles.size() == 1) Claim(plan.handles.front(), plan.storage->location(), entries);
  return Status();
}

Status EmbeddedBackend::OpenFromFiles(const RestorePlan& plan) {
  KVSTATE_RETURN_IF_ERROR(CloseStore());
  KVSTATE_RETURN_IF_ERROR(MakeStoreDirectory());
  KVSTATE_ASSIGN_OR_RETURN(const std::vector<FetchedFiles> parts,
                           FetchFiles(plan, opener_->files_format(), directory_->engine_path()));
  KVSTATE_ASSIGN_OR_RETURN(
      store_, opener_->OpenFiles(store_path(), parts, key_group_range(), KeyGroupPrefixBytes(max_parallelism())));
  for (const FetchedFiles& part : parts) {
    std::error_code ignored;  // What is left goes with the engine's directory.
    std::filesystem::remove_all(part.directory, ignored);
  }
  return Status();
}

void EmbeddedBackend::Claim(const KeyedStateHandle& handle, std::string_view location, uint64_t entries) {
  if (handle.key_groups != key_group_range() || handle.kind == SnapshotKind::kSavepoint) return;
  if (has_files()) {
    if (handle.format == opener_->files_format()) file_bases_.Claim(std::string(location), handle.files);
    return;
  }
  chains_.Claim({handle.checkpoint_id, 0, std::string(location), handle.files, entries});
  changes_.Start(handle.checkpoint_id);
  changes_.SetMostChanges(std::max(entries, kLeastMostChanges));
}

Status EmbeddedBackend::MakeStoreDirectory() const {
  std::error_code error;
  std::filesystem::remove_all(store_path(), error);
  if (!error) std::filesystem::create_directory(store_path(), error);
  return error ? FileError("cannot make an empty directory", store_path(), error.value()) : Status();
}

Status EmbeddedBackend::EmptyAgain() {
  changes_.Stop();
  CloseStore().IgnoreError();
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory_->engine_path(), error), end; !error && entry != end;
       entry.increment(error)) {
    std::filesystem::remove_all(entry->path(), error);
    if (error) break;
  }
  if (error) return FileError("cannot empty", directory_->engine_path(), error.value());
  KVSTATE_RETURN_IF_ERROR(MakeStoreDirectory());
  KVSTATE_ASSIGN_OR_RETURN(store_, opener_->OpenEmpty(store_path()));
  return Status();
}

}  // namespace kvstate::backends
