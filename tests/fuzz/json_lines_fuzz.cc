#include "harness/import/json_lines_source.h"
#include "tests/fuzz/file_source_reading.h"
#include "tests/fuzz/memory_file.h"

using kvstate::harness::JsonLinesSource;
using kvstate::harness::ReadAll;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = kvstate::fuzz::BytesOf(data, size);
  const kvstate::fuzz::MemoryFile file(bytes);
  kvstate::harness::FileSourceOptions options;
  options.path = file.path();
  options.key_column = "k";
  options.time_column = "t";
  ReadAll(JsonLinesSource::Open(options), options);
  options.skip_bad_rows = true;
  options.stream_column = "s";
  options.key_column = "k.k";
  options.value_column = "v";
  options.time_unit = kvstate::harness::TimeUnit::kSeconds;
  ReadAll(JsonLinesSource::Open(options), options);
  return 0;
}
