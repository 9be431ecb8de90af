#ifndef KVSTATE_TESTS_FUZZ_FILE_SOURCE_READING_H_
#define KVSTATE_TESTS_FUZZ_FILE_SOURCE_READING_H_

#include <memory>
#include <string_view>

#include "harness/import/file_source.h"
#include "tests/fuzz/memory_file.h"

namespace kvstate::harness {

/// Reads to the end or to the first error; what is given keeps the promises of an event source.
inline void ReadAll(Result<std::unique_ptr<FileSource>> source, const FileSourceOptions& options) {
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

}  // namespace kvstate::harness

#endif  // KVSTATE_TESTS_FUZZ_FILE_SOURCE_READING_H_
