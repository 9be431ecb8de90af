#include "backends/lmdb/lmdb_store.h"

#include <cassert>
#include <utility>

#include "backends/lmdb/lmdb_table.h"
#include "backends/lmdb/lmdb_view.h"

namespace kvstate::backends::lmdb {

Result<std::unique_ptr<LmdbStore>> LmdbStore::Open(const std::string& directory, const LmdbOptions& options) {
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<Environment> environment, Environment::Open(directory, options));
  return std::unique_ptr<LmdbStore>(new LmdbStore(std::move(environment)));
}

LmdbStore::~LmdbStore() = default;

Result<std::unique_ptr<StoreTable>> LmdbStore::CreateTable(const TableOptions& options) {
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<LmdbTable> table, LmdbTable::Create(*environment_, options, ++tables_made_));
  tables_.push_back(table.get());
  return std::unique_ptr<StoreTable>(std::move(table));
}

Status LmdbStore::DropTable(std::unique_ptr<StoreTable> table) {
  auto& dropped = static_cast<LmdbTable&>(*table);
  logical_bytes_of_dropped_ += dropped.logical_bytes_written();
  std::erase(tables_, &dropped);
  return dropped.Drop();
}

Result<std::unique_ptr<StoreView>> LmdbStore::NewView(std::span<StoreTable* const> tables) {
  const Environment::Lock lock = environment_->LockAsOwner();
  return LmdbView::Create(*environment_, tables);
}

Result<EngineCounters> LmdbStore::Collect() {
  const Environment::Lock lock = environment_->LockAsOwner();
  const FileUse use = environment_->MeasureFileUse();
  uint64_t logical_bytes = logical_bytes_of_dropped_;
  for (const LmdbTable* table : tables_) logical_bytes += table->logical_bytes_written();

  EngineCounters counters;
  counters.logical_bytes_written = logical_bytes;
  counters.pages_written = use.pages_written;
  counters.page_bytes = use.page_bytes;
  counters.storage_bytes_written = use.pages_written * use.page_bytes;
  counters.disk_bytes = use.used_pages * use.page_bytes;
  return counters;
}

Status LmdbStore::Flush(bool) {
  const Environment::Lock lock = environment_->LockAsOwner();
  return environment_->Commit();
}

Status LmdbStore::Close() {
  environment_.reset();
  return Status();
}

}  // namespace kvstate::backends::lmdb
