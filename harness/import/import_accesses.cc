#include "harness/import/import_accesses.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "harness/import/access_mapper.h"
#include "harness/import/gadget_reader.h"
#include "harness/import/rocksdb_trace_reader.h"
#include "harness/import/ycsb_reader.h"

namespace kvstate::harness {

namespace {

constexpr uint64_t kAccessesBetweenChecks = 4096;

Result<std::unique_ptr<AccessReader>> OpenReader(const AccessImportOptions& options) {
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<InputFile> file, InputFile::Open(options.path));
  if (!file->is_regular()) {
    return InvalidArgumentError("--input: " + options.path +
                                " is no plain file, and this format is read twice; save it first");
  }
  if (options.format == "gadget") {
    return std::unique_ptr<AccessReader>(
        std::make_unique<GadgetReader>(std::move(file), options.time_unit, options.skip_bad_rows));
  }
  if (options.format == "ycsb") {
    return std::unique_ptr<AccessReader>(std::make_unique<YcsbReader>(std::move(file), options.skip_bad_rows));
  }
  return RocksDBTraceReader::Open(std::move(file), options.seek_steps, options.skip_bad_rows);
}

/// Gives each access to `take`; the report of the reading. `pass`: 0 or 1.
Result<ReadingReport> Pass(const AccessImportOptions& options, uint64_t pass,
                           const std::function<Status(const StoreAccess&)>& take) {
  KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<AccessReader> reader, OpenReader(options));
  StoreAccess access;
  for (uint64_t accesses = 0;; ++accesses) {
    if (accesses % kAccessesBetweenChecks == 0) {
      if (options.stopped()) return CancelledError("interrupted");
      const uint64_t bytes = reader->file().stored_bytes();
      options.progress(pass * bytes + reader->file().stored_bytes_read(), 2 * bytes);
    }
    KVSTATE_ASSIGN_OR_RETURN(const bool more, reader->Next(&access));
    if (!more) return reader->report();
    KVSTATE_RETURN_IF_ERROR(take(access));
  }
}

}  // namespace

const std::vector<std::string_view>& AccessFormats() {
  static const std::vector<std::string_view> kFormats = {"gadget", "rocksdb_trace", "ycsb"};
  return kFormats;
}

Result<ReadingReport> ImportAccesses(const AccessImportOptions& options, TraceSink* sink) {
  AccessMapper mapper(options.key_prefix_bytes, sink);
  KVSTATE_RETURN_IF_ERROR(Pass(options, 0, [&](const StoreAccess& access) { return mapper.Learn(access); }).status());
  KVSTATE_RETURN_IF_ERROR(mapper.Begin());
  KVSTATE_ASSIGN_OR_RETURN(ReadingReport report,
                           Pass(options, 1, [&](const StoreAccess& access) { return mapper.Take(access); }));
  KVSTATE_RETURN_IF_ERROR(mapper.Finish());
  for (const auto& [what, count] : mapper.left_out()) report.left_out[what] += count;
  return report;
}

}  // namespace kvstate::harness
