#include "backends/embedded/table_migration.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kvstate::backends {

namespace {

// What is written at once, so that an iterator that does not survive writes seeks its place again seldom.
constexpr size_t kBatchBytes = size_t{1} << 20;

struct Write {
  std::string key;
  std::string value;
  bool removed = false;
};

Status Apply(const std::vector<Write>& writes, StoreTable& table) {
  for (const Write& write : writes) {
    KVSTATE_RETURN_IF_ERROR(write.removed ? table.Delete(write.key) : table.Put(write.key, write.value));
  }
  return Status();
}

}  // namespace

Result<bool> TableMigration::Migrate(const StoreIterator& entry, ByteWriter& migrated) {
  const std::vector<std::string>& operands = entry.operands();
  if (operands.empty()) {
    KVSTATE_ASSIGN_OR_RETURN(const ValueMigration::Outcome outcome, migration_.Migrate(entry.value(), migrated));
    return outcome == ValueMigration::Outcome::kRewritten;
  }
  // Nobody can fold them in the old format; each is a value, and can be migrated by itself.
  if (!options_.reduce) return InternalError("values to be reduced, in a state that does not reduce");
  std::string folded;
  bool any = false;
  for (const std::string& operand : operands) {
    KVSTATE_ASSIGN_OR_RETURN(const ValueMigration::Outcome outcome, migration_.Migrate(operand, migrated));
    if (outcome == ValueMigration::Outcome::kDropped) continue;
    if (any) {
      KVSTATE_RETURN_IF_ERROR(options_.reduce(&folded, migrated.view()));
    } else {
      folded.assign(migrated.view());
    }
    any = true;
  }
  migrated.Clear();
  migrated.PutBytes(folded);
  return any;
}

Status TableMigration::Check() {
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StoreIterator> entries, table_.NewIterator({}, {}));
  KVSTATE_RETURN_IF_ERROR(entries->Seek({}));
  ByteWriter migrated;
  while (entries->Valid()) {
    KVSTATE_RETURN_IF_ERROR(Migrate(*entries, migrated).status());
    KVSTATE_RETURN_IF_ERROR(entries->Next());
  }
  return Status();
}

Status TableMigration::Run(uint64_t* store_writes) {
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StoreIterator> entries, table_.NewIterator({}, {}));
  KVSTATE_RETURN_IF_ERROR(entries->Seek({}));
  ByteWriter migrated;
  std::vector<Write> writes;
  size_t bytes = 0;
  std::string last;
  while (entries->Valid()) {
    KVSTATE_ASSIGN_OR_RETURN(const bool left, Migrate(*entries, migrated));
    if (!left || !entries->operands().empty() || entries->value() != migrated.view()) {
      writes.push_back({std::string(entries->key()), left ? std::string(migrated.view()) : std::string(), !left});
      bytes += writes.back().key.size() + writes.back().value.size();
    }
    if (bytes < kBatchBytes) {
      KVSTATE_RETURN_IF_ERROR(entries->Next());
      continue;
    }
    last.assign(entries->key());
    last.push_back('\0');
    ++*store_writes;
    KVSTATE_RETURN_IF_ERROR(Apply(writes, table_));
    writes.clear();
    bytes = 0;
    KVSTATE_RETURN_IF_ERROR(entries->Seek(last));
  }
  ++*store_writes;
  return Apply(writes, table_);
}

}  // namespace kvstate::backends
