#ifndef KVSTATE_HARNESS_IMPORT_GADGET_READER_H_
#define KVSTATE_HARNESS_IMPORT_GADGET_READER_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/import/access_reader.h"
#include "harness/import/file_source.h"

namespace kvstate::harness {

/// The text of the Gadget benchmark (Asyabi et al., EuroSys 2022), which its file "store" writes and its replayer of
/// Flink's accesses reads: one access a line, words with one space between them: time, get, put, merge, delete, seek
/// (or scan) or next, key, value, and more that says nothing. Reads and deletes have a value too, which means nothing.
class GadgetReader final : public TextAccessReader {
 public:
  GadgetReader(std::unique_ptr<InputFile> file, TimeUnit time_unit, bool skip_bad_rows)
      : TextAccessReader(std::move(file), skip_bad_rows), time_unit_(time_unit) {}

 private:
  std::string ParseLine(std::string_view line, std::vector<StoreAccess>* accesses) override;

  const TimeUnit time_unit_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_IMPORT_GADGET_READER_H_
