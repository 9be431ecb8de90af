#include "harness/replay/trace_file.h"
#include "harness/rewrite/trace_salvage.h"
#include "tests/fuzz/memory_file.h"

namespace kvstate::harness {
namespace {

bool IsKnownFailure(const Status& status) {
  return status.code() == StatusCode::kDataLoss || status.code() == StatusCode::kInvalidArgument;
}

/// What can be saved of the file is as many operations as it is said to be.
void Salvage(const std::string& path) {
  auto salvage = TraceSalvage::Open(path);
  if (!salvage.ok()) {
    FUZZ_CHECK(IsKnownFailure(salvage.status()));
    return;
  }
  uint64_t operations = 0;
  for (;;) {
    const auto chunk = (*salvage)->NextChunk();
    if (!chunk.ok()) {
      FUZZ_CHECK(IsKnownFailure(chunk.status()));
      return;
    }
    if ((*chunk)->empty()) break;
    operations += (*chunk)->size();
  }
  FUZZ_CHECK(operations == (*salvage)->operations());
}

}  // namespace
}  // namespace kvstate::harness

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using kvstate::harness::IsKnownFailure;
  const kvstate::fuzz::MemoryFile file(kvstate::fuzz::BytesOf(data, size));
  kvstate::harness::Salvage(file.path());
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
  // The whole file could be read: what is sought is found, unless the index lies.
  const uint64_t operations = (*reader)->operations();
  for (const uint64_t wanted : {uint64_t{0}, operations / 2, operations - 1, operations}) {
    const kvstate::Status sought = (*reader)->SeekToOperation(wanted);
    if (!sought.ok()) {
      FUZZ_CHECK(IsKnownFailure(sought));
      return 0;
    }
    const uint64_t first = (*reader)->next_operation();
    FUZZ_CHECK(first <= operations);
    const auto chunk = (*reader)->NextChunk();
    if (!chunk.ok()) {
      FUZZ_CHECK(IsKnownFailure(chunk.status()));
      return 0;
    }
    FUZZ_CHECK((*reader)->next_operation() == first + (*chunk)->size());
  }
  const kvstate::Status sought = (*reader)->SeekToTime((*reader)->totals().last_time_ms);
  FUZZ_CHECK(sought.ok() || IsKnownFailure(sought));
  return 0;
}
