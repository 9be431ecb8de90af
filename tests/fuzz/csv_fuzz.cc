#include "harness/import/csv_source.h"
#include "tests/fuzz/file_source_reading.h"
#include "tests/fuzz/memory_file.h"

using kvstate::harness::CsvSource;
using kvstate::harness::ReadAll;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = kvstate::fuzz::BytesOf(data, size);
  const kvstate::fuzz::MemoryFile file(bytes);
  kvstate::harness::FileSourceOptions options;
  options.path = file.path();
  ReadAll(CsvSource::Open(options), options);
  options.skip_bad_rows = true;
  options.stream_column = "3";
  options.value_column = "2";
  options.time_unit = kvstate::harness::TimeUnit::kSeconds;
  ReadAll(CsvSource::Open(options), options);
  options.header = true;
  options.key_column = "key";
  options.time_column = "time";
  options.value_column = "value";
  options.time_unit = kvstate::harness::TimeUnit::kMicroseconds;
  ReadAll(CsvSource::Open(options), options);
  return 0;
}
