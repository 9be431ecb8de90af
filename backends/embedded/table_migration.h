#ifndef KVSTATE_BACKENDS_EMBEDDED_TABLE_MIGRATION_H_
#define KVSTATE_BACKENDS_EMBEDDED_TABLE_MIGRATION_H_

#include <cstdint>

#include "backends/common/value_migration.h"
#include "backends/embedded/ordered_store.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// Takes one table of a restored state into the format of the state that claims it. REQUIRES: before its Claim.
class TableMigration {
 public:
  /// `options` are those that the table will be claimed with.
  TableMigration(StoreTable& table, const TableOptions& options, ValueMigration& migration)
      : table_(table), options_(options), migration_(migration) {}

  /// Goes through all entries and changes none. A failure says what cannot be migrated.
  Status Check();
  /// Writes them anew, those that differ. Grows `store_writes` as it does. After a failure some are in one format and
  /// some in the other.
  Status Run(uint64_t* store_writes);

 private:
  /// What stands in an entry, migrated; false when nothing of it is left.
  Result<bool> Migrate(const StoreIterator& entry, ByteWriter& migrated);

  StoreTable& table_;
  const TableOptions& options_;
  ValueMigration& migration_;
};

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_TABLE_MIGRATION_H_
