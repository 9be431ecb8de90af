#include <string>
#include <vector>

#include "harness/replay/trace_block.h"
#include "tests/fuzz/fuzz_target.h"

namespace kvstate::harness {
namespace {

constexpr size_t kStates = 3;

bool Same(const TraceOperation& a, const TraceOperation& b) {
  return a.operation == b.operation && a.state == b.state && a.null_value == b.null_value &&
         a.reads_keys == b.reads_keys && a.reads_values == b.reads_values && a.time_ms == b.time_ms &&
         a.user_key == b.user_key && a.value == b.value && a.iterator == b.iterator && a.count == b.count;
}

}  // namespace
}  // namespace kvstate::harness

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using kvstate::harness::DecodeBlock;
  using kvstate::harness::kStates;
  const auto bytes = kvstate::fuzz::BytesOf(data, size);
  std::vector<kvstate::harness::TraceOperation> operations;
  const kvstate::Status status = DecodeBlock(bytes, kStates, &operations);
  if (!status.ok()) {
    FUZZ_CHECK(status.code() == kvstate::StatusCode::kDataLoss);
    return 0;
  }
  if (operations.empty()) return 0;
  kvstate::harness::BlockEncoder encoder;
  for (const auto& operation : operations) {
    FUZZ_CHECK(operation.state < kStates);
    encoder.Append(operation);
  }
  const std::string again(encoder.Finish());
  std::vector<kvstate::harness::TraceOperation> decoded;
  FUZZ_CHECK(DecodeBlock(again, kStates, &decoded).ok());
  FUZZ_CHECK(decoded.size() == operations.size());
  for (size_t i = 0; i < decoded.size(); ++i) FUZZ_CHECK(kvstate::harness::Same(decoded[i], operations[i]));
  return 0;
}
