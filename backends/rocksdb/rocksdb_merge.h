#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_MERGE_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_MERGE_H_

#include <rocksdb/merge_operator.h>

#include <functional>
#include <memory>
#include <string>

#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::backends::rocksdb {

/// The value is its operands one after another.
std::shared_ptr<::rocksdb::MergeOperator> MakeConcatOperator();

/// The value is its operands folded by `reduce`, which is associative and thread-safe.
std::shared_ptr<::rocksdb::MergeOperator> MakeReduceOperator(
    std::function<Status(std::string* accumulator, ByteView value)> reduce);

/// How many operands this thread's full merges have combined since the last call: what a read had to work for.
size_t TakeMergedOperands();

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_MERGE_H_
