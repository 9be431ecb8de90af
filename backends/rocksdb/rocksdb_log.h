#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_LOG_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_LOG_H_

#include <rocksdb/env.h>
#include <rocksdb/options.h>

#include <memory>
#include <string>

namespace kvstate::backends::rocksdb {

/// RocksDB's messages, in `directory`/LOG and, as that fills up, LOG.1 (the newest full one), LOG.2, …: as many files
/// and of such size as `options` say. What cannot be written is left out: RocksDB's own logger, built with assertions
/// as Debian does, aborts the process when the disk is full.
std::shared_ptr<::rocksdb::Logger> MakeLog(const std::string& directory, const ::rocksdb::DBOptions& options);

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_LOG_H_
