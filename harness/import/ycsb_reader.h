#ifndef KVSTATE_HARNESS_IMPORT_YCSB_READER_H_
#define KVSTATE_HARNESS_IMPORT_YCSB_READER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/import/access_reader.h"

namespace kvstate::harness {

/// What YCSB's binding "basic" prints, one operation a line:
///
///   READ table key [ field … ]      or  [ <all fields>]
///   INSERT table key [ field=value … ]      and UPDATE
///   SCAN table key count [ field … ]
///   DELETE table key
///
/// Values may have spaces; where the next field begins is told by its name, which is the first field's with another
/// number. Properties, figures and progress, which YCSB prints too, are passed over; any other line is a bad one. There
/// are no times: the accesses' are 0, 1, 2, … ms.
class YcsbReader final : public TextAccessReader {
 public:
  YcsbReader(std::unique_ptr<InputFile> file, bool skip_bad_rows) : TextAccessReader(std::move(file), skip_bad_rows) {}

  /// Fields of a table whose names are remembered.
  static constexpr size_t kMaxFields = 4096;

 private:
  std::string ParseLine(std::string_view line, std::vector<StoreAccess>* accesses) override;
  std::string ParseRead(const StoreAccess& access, std::string_view rest, std::vector<StoreAccess>* accesses);
  std::string ParseWrite(const StoreAccess& access, std::string_view rest, std::vector<StoreAccess>* accesses);
  std::string AddField(const StoreAccess& access, std::string_view field, std::string_view value,
                       std::vector<StoreAccess>* accesses);

  /// Of each table, the names of the fields that were written: no record can have more.
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> fields_;
  int64_t operations_ = 0;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_IMPORT_YCSB_READER_H_
