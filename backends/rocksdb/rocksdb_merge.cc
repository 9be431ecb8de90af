#include "backends/rocksdb/rocksdb_merge.h"

#include <rocksdb/env.h>

#include <cassert>
#include <deque>
#include <utility>
#include <vector>

namespace kvstate::backends::rocksdb {

namespace {

using ::rocksdb::Logger;
using ::rocksdb::Slice;

thread_local size_t merged_operands = 0;
thread_local bool refused_fold = false;
thread_local std::vector<std::string>* captured_operands = nullptr;

template <class Operands>
void Concat(const Operands& operands, std::string* joined) {
  size_t bytes = joined->size();
  for (const Slice& operand : operands) bytes += operand.size();
  joined->reserve(bytes);
  for (const Slice& operand : operands) joined->append(operand.data(), operand.size());
}

class ConcatOperator final : public ::rocksdb::MergeOperator {
 public:
  const char* Name() const override { return "kvstate.concat.1"; }

  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    merged_operands += in.operand_list.size();
    if (in.existing_value == nullptr && in.operand_list.size() == 1) {
      out->existing_operand = in.operand_list.front();
      return true;
    }
    out->new_value.clear();
    if (in.existing_value != nullptr) {
      size_t bytes = in.existing_value->size();
      for (const Slice& operand : in.operand_list) bytes += operand.size();
      out->new_value.reserve(bytes);
      out->new_value.assign(in.existing_value->data(), in.existing_value->size());
    }
    Concat(in.operand_list, &out->new_value);
    return true;
  }

  bool PartialMergeMulti(const Slice&, const std::deque<Slice>& operands, std::string* joined, Logger*) const override {
    joined->clear();
    Concat(operands, joined);
    return true;
  }
};

bool FoldOne(const ReduceOperator::Reduce& reduce, const Slice& operand, std::string* accumulator, Logger* logger) {
  const Status status = reduce(accumulator, ByteView(operand.data(), operand.size()));
  if (!status.ok()) ::rocksdb::Log(logger, "kvstate reduce: %s", status.ToString().c_str());
  return status.ok();
}

template <class Operands>
bool Fold(const ReduceOperator::Reduce& reduce, const Operands& operands, std::string* accumulator, Logger* logger) {
  bool first = true;
  for (const Slice& operand : operands) {
    if (first) {
      accumulator->assign(operand.data(), operand.size());
    } else if (!FoldOne(reduce, operand, accumulator, logger)) {
      return false;
    }
    first = false;
  }
  return true;
}

/// Of an operator that has no function.
bool KeepApart(bool retired, const ::rocksdb::MergeOperator::MergeOperationInput& in,
               ::rocksdb::MergeOperator::MergeOperationOutput* out) {
  if (in.existing_value == nullptr && in.operand_list.size() == 1) {
    out->existing_operand = in.operand_list.front();
    return true;
  }
  if (captured_operands == nullptr && retired) {
    out->existing_operand = in.operand_list.back();
    return true;
  }
  if (captured_operands == nullptr) {
    refused_fold = true;
    return false;
  }
  captured_operands->clear();
  if (in.existing_value != nullptr) captured_operands->push_back(in.existing_value->ToString());
  for (const Slice& operand : in.operand_list) captured_operands->push_back(operand.ToString());
  out->new_value.clear();
  return true;
}

}  // namespace

void ReduceOperator::Bind(Reduce reduce) {
  assert(!is_bound());
  reduce_ = std::move(reduce);
  bound_.store(true, std::memory_order_release);
}

bool ReduceOperator::FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const {
  if (!is_bound()) [[unlikely]]
    return KeepApart(retired_.load(std::memory_order_acquire), in, out);
  merged_operands += in.operand_list.size();
  if (in.existing_value == nullptr) return Fold(reduce_, in.operand_list, &out->new_value, in.logger);
  out->new_value.assign(in.existing_value->data(), in.existing_value->size());
  for (const Slice& operand : in.operand_list) {
    if (!FoldOne(reduce_, operand, &out->new_value, in.logger)) return false;
  }
  return true;
}

bool ReduceOperator::PartialMergeMulti(const Slice&, const std::deque<Slice>& operands, std::string* folded,
                                       Logger* logger) const {
  // RocksDB keeps operands as they are when they cannot be folded among themselves.
  return is_bound() && Fold(reduce_, operands, folded, logger);
}

OperandCapture::OperandCapture(std::vector<std::string>& operands) {
  assert(captured_operands == nullptr);
  operands.clear();
  captured_operands = &operands;
}

OperandCapture::~OperandCapture() { captured_operands = nullptr; }

size_t TakeMergedOperands() { return std::exchange(merged_operands, 0); }

bool TakeRefusedFold() { return std::exchange(refused_fold, false); }

std::shared_ptr<::rocksdb::MergeOperator> MakeConcatOperator() { return std::make_shared<ConcatOperator>(); }

}  // namespace kvstate::backends::rocksdb
