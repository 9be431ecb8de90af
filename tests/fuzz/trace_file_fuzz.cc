#include "harness/replay/trace_file.h"
#include "tests/fuzz/memory_file.h"

namespace kvstate::harness {
namespace {

bool IsKnownFailure(const Status& status) {
  return status.code() == StatusCode::kDataLoss || status.code() == StatusCode::kInvalidArgument;
}

}  // namespace
}  // namespace kvstate::harness

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using kvstate::harness::IsKnownFailure;
  const kvstate::fuzz::MemoryFile file(kvstate::fuzz::BytesOf(data, size));
  auto reader = kvstate::harness::TraceReader::Open(file.path());
  if (!reader.ok()) {
    FUZZ_CHECK(IsKnownFailure(reader.status()));
    FUZZ_CHECK(reader.status().message().find(file.path()) != std::string_view::npos);
    return 0;
  }
  for (int pass = 0; pass < 2; ++pass) {
    for (;;) {
      const auto chunk = (*reader)->NextChunk();
      if (!chunk.ok()) {
        FUZZ_CHECK(IsKnownFailure(chunk.status()));
        return 0;
      }
      if ((*chunk)->empty()) break;
      for (const auto& operation : **chunk) FUZZ_CHECK(operation.state < (*reader)->states().size());
    }
    FUZZ_CHECK((*reader)->Rewind().ok());
  }
  return 0;
}
