#ifndef KVSTATE_HARNESS_IMPORT_JSON_ROW_H_
#define KVSTATE_HARNESS_IMPORT_JSON_ROW_H_

#include <string>
#include <string_view>
#include <vector>

#include "kvstate/bytes.h"

namespace kvstate::harness {

/// Some members of a JSON object as text, told by their names, with dots between those of nested objects. What is in
/// arrays has no name. Nothing but these members is kept. Not thread-safe.
class JsonRow {
 public:
  enum class Null { kRefused, kEmpty };
  /// The column's number: from 0, in the order of the calls.
  size_t AddColumn(std::string name, Null null);

  /// Takes the columns out of `json`; empty, or what is wrong: it is not JSON or no object, a column is missing, twice
  /// there, an object or an array.
  std::string Parse(std::string_view json);
  /// Of the last row that was good; lives until the next.
  ByteView column(size_t number) const { return columns_[number].text; }

 private:
  class Handler;
  struct Column {
    std::string name;
    Null null = Null::kRefused;
    int times = 0;            ///< Times it was found in the row.
    std::string_view kind{};  ///< "null", "an object", "an array"; empty for one with text.
    std::string text{};
  };

  std::vector<Column> columns_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_IMPORT_JSON_ROW_H_
