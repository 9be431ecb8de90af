#include "harness/import/csv_source.h"
#include "tests/fuzz/memory_file.h"

namespace kvstate::harness {
namespace {

/// Reads to the end or to the first error; what is given keeps the promises of an event source.
void ReadAll(const FileSourceOptions& options) {
  auto source = CsvSource::Open(options);
  if (!source.ok()) {
    FUZZ_CHECK(!source.status().message().empty());
    return;
  }
  workloads::Event event;
  for (;;) {
    const auto more = (*source)->Next(&event);
    if (!more.ok()) {
      FUZZ_CHECK(more.status().code() == StatusCode::kDataLoss);
      FUZZ_CHECK(more.status().message().find(options.path) != std::string_view::npos);
      return;
    }
    if (!*more) break;
    FUZZ_CHECK(event.key.size() <= kMaxKeyBytes);
  }
  FUZZ_CHECK(options.skip_bad_rows || (*source)->bad_rows() == 0);
  FUZZ_CHECK(((*source)->bad_rows() == 0) == (*source)->first_bad_row().empty());
}

}  // namespace
}  // namespace kvstate::harness

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = kvstate::fuzz::BytesOf(data, size);
  const kvstate::fuzz::MemoryFile file(bytes);
  kvstate::harness::FileSourceOptions options;
  options.path = file.path();
  kvstate::harness::ReadAll(options);
  options.skip_bad_rows = true;
  options.value_column = "2";
  options.time_unit = kvstate::harness::TimeUnit::kSeconds;
  kvstate::harness::ReadAll(options);
  options.header = true;
  options.key_column = "key";
  options.time_column = "time";
  options.value_column = "value";
  options.time_unit = kvstate::harness::TimeUnit::kMicroseconds;
  kvstate::harness::ReadAll(options);
  return 0;
}
