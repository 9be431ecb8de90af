#include "harness/import/import_accesses.h"
#include "harness/replay/memory_trace.h"
#include "tests/fuzz/memory_file.h"

namespace kvstate::harness {
namespace {

/// Reads to the end or to the first error; a trace that is made can be read.
void ImportAll(const AccessImportOptions& options) {
  MemoryTrace trace;
  const auto report = ImportAccesses(options, &trace);
  if (!report.ok()) {
    FUZZ_CHECK(!report.status().message().empty());
    return;
  }
  FUZZ_CHECK(options.skip_bad_rows || report->bad_rows == 0);
  FUZZ_CHECK((report->bad_rows == 0) == report->first_bad_row.empty());
  uint64_t operations = 0;
  for (;;) {
    const auto chunk = trace.NextChunk();
    FUZZ_CHECK(chunk.ok());
    if ((*chunk)->empty()) break;
    for (const TraceOperation& operation : **chunk) FUZZ_CHECK(operation.key.size() <= kMaxKeyBytes);
    operations += (*chunk)->size();
  }
  FUZZ_CHECK(operations == trace.totals().operations);
}

}  // namespace
}  // namespace kvstate::harness

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = kvstate::fuzz::BytesOf(data, size);
  const kvstate::fuzz::MemoryFile file(bytes);
  for (const std::string_view format : kvstate::harness::AccessFormats()) {
    kvstate::harness::AccessImportOptions options;
    options.path = file.path();
    options.format = format;
    kvstate::harness::ImportAll(options);
    options.skip_bad_rows = true;
    options.key_prefix_bytes = format == "ycsb" ? 0 : 2;
    kvstate::harness::ImportAll(options);
  }
  return 0;
}
