#ifndef KVSTATE_HARNESS_REPORT_TABLE_H_
#define KVSTATE_HARNESS_REPORT_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "harness/report/results.h"

namespace kvstate::harness {

/// Columns of text, the first ones left-aligned and the others right-aligned. Columns that do not fit are put below,
/// under the first column once more. Text is UTF-8; a character counts as one column wide.
class Table {
 public:
  explicit Table(std::vector<std::string> header, size_t left_columns = 1) : left_columns_(left_columns) {
    rows_.push_back(std::move(header));
  }
  /// REQUIRES: as many cells as the header has.
  void AddRow(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// Lines of at most `width` columns where the first column and another fit; 0: no limit. `bold` prints the header in
  /// bold with escapes of terminals.
  std::string ToText(size_t width, bool bold) const;

 private:
  std::vector<std::vector<std::string>> rows_;
  size_t left_columns_;
};

struct TableStyle {
  size_t width = 0;     ///< Of the terminal; 0: no limit.
  bool colour = false;  ///< For a terminal alone.
};

/// What is shown of one workload: a line about it, and a table with a row for each backend; others of checkpoints, of
/// ways of cleanup and of load where they were asked for.
std::string WorkloadTable(const WorkloadRun& run, const TableStyle& style);

/// Numbers for people: "1.23 M", "456", "12.3 k"; at most three or four digits.
std::string ShortNumber(double value);
/// "1.2 MiB".
std::string ShortBytes(double bytes);
/// "12.3 ms".
std::string ShortTime(double nanoseconds);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPORT_TABLE_H_
