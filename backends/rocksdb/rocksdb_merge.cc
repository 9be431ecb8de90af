#include "backends/rocksdb/rocksdb_merge.h"

#include <rocksdb/env.h>

#include <deque>
#include <utility>
#include <vector>

namespace kvstate::backends::rocksdb {

namespace {

using ::rocksdb::Logger;
using ::rocksdb::Slice;

thread_local size_t merged_operands = 0;

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

class ReduceOperator final : public ::rocksdb::MergeOperator {
 public:
  using Reduce = std::function<Status(std::string* accumulator, ByteView value)>;
  explicit ReduceOperator(Reduce reduce) : reduce_(std::move(reduce)) {}

  const char* Name() const override { return "kvstate.reduce.1"; }

  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    merged_operands += in.operand_list.size();
    if (in.existing_value == nullptr) return Fold(in.operand_list, &out->new_value, in.logger);
    out->new_value.assign(in.existing_value->data(), in.existing_value->size());
    for (const Slice& operand : in.operand_list) {
      if (!FoldOne(operand, &out->new_value, in.logger)) return false;
    }
    return true;
  }

  bool PartialMergeMulti(const Slice&, const std::deque<Slice>& operands, std::string* folded,
                         Logger* logger) const override {
    return Fold(operands, folded, logger);
  }

 private:
  bool FoldOne(const Slice& operand, std::string* accumulator, Logger* logger) const {
    const Status status = reduce_(accumulator, ByteView(operand.data(), operand.size()));
    if (!status.ok()) ::rocksdb::Log(logger, "kvstate reduce: %s", status.ToString().c_str());
    return status.ok();
  }
  template <class Operands>
  bool Fold(const Operands& operands, std::string* accumulator, Logger* logger) const {
    bool first = true;
    for (const Slice& operand : operands) {
      if (first) {
        accumulator->assign(operand.data(), operand.size());
      } else if (!FoldOne(operand, accumulator, logger)) {
        return false;
      }
      first = false;
    }
    return true;
  }

  const Reduce reduce_;
};

}  // namespace

size_t TakeMergedOperands() { return std::exchange(merged_operands, 0); }

std::shared_ptr<::rocksdb::MergeOperator> MakeConcatOperator() { return std::make_shared<ConcatOperator>(); }

std::shared_ptr<::rocksdb::MergeOperator> MakeReduceOperator(
    std::function<Status(std::string* accumulator, ByteView value)> reduce) {
  return std::make_shared<ReduceOperator>(std::move(reduce));
}

}  // namespace kvstate::backends::rocksdb
