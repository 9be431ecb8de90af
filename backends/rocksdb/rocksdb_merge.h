#ifndef KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_MERGE_H_
#define KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_MERGE_H_

#include <rocksdb/merge_operator.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::backends::rocksdb {

/// The value is its operands one after another.
std::shared_ptr<::rocksdb::MergeOperator> MakeConcatOperator();

/// The value is its operands folded by a function, which is associative and thread-safe. A restored state's operator
/// is made without one, and bound to it when somebody asks for the state. Until then operands are folded by nobody: a
/// read that would have to fails, but for those under an OperandCapture. Thread-safe.
class ReduceOperator final : public ::rocksdb::MergeOperator {
 public:
  using Reduce = std::function<Status(std::string* accumulator, ByteView value)>;

  /// Once.
  void Bind(Reduce reduce);
  /// Of an operator that will never be bound: all operands have a newer value above them, and what a compaction makes
  /// of them is seen by nobody.
  void Retire() { retired_.store(true, std::memory_order_release); }
  bool is_bound() const { return bound_.load(std::memory_order_acquire); }

  const char* Name() const override { return "kvstate.reduce.1"; }
  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override;
  bool PartialMergeMulti(const ::rocksdb::Slice& key, const std::deque<::rocksdb::Slice>& operands, std::string* folded,
                         ::rocksdb::Logger* logger) const override;

 private:
  Reduce reduce_;
  std::atomic<bool> bound_{false};
  std::atomic<bool> retired_{false};
};

/// While it lives, this thread's reads of entries that no function folds yet succeed, with an empty value, and leave
/// their operands here. Not for threads that write what they read.
class OperandCapture {
 public:
  explicit OperandCapture(std::vector<std::string>& operands);
  ~OperandCapture();
  OperandCapture(const OperandCapture&) = delete;
  OperandCapture& operator=(const OperandCapture&) = delete;
};

/// How many operands this thread's full merges have combined since the last call: what a read had to work for.
size_t TakeMergedOperands();

/// Whether this thread had to fold operands without a function since the last call.
bool TakeRefusedFold();

}  // namespace kvstate::backends::rocksdb

#endif  // KVSTATE_BACKENDS_ROCKSDB_ROCKSDB_MERGE_H_
