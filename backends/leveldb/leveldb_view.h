#ifndef KVSTATE_BACKENDS_LEVELDB_LEVELDB_VIEW_H_
#define KVSTATE_BACKENDS_LEVELDB_LEVELDB_VIEW_H_

#include <leveldb/db.h>

#include <memory>
#include <string>
#include <vector>

#include "backends/embedded/ordered_store.h"

namespace kvstate::backends::leveldb {

/// The tables of these prefixes as they are now.
std::unique_ptr<StoreView> MakeView(::leveldb::DB& db, std::vector<std::string> prefixes);

}  // namespace kvstate::backends::leveldb

#endif  // KVSTATE_BACKENDS_LEVELDB_LEVELDB_VIEW_H_
