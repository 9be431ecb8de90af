#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "workloads/workload.h"

namespace kvstate::workloads {
namespace {

/// The first cells of the rows of tables, of which `begin` stands before what is given.
std::multiset<std::string> FirstCells(const std::string& file_name, const std::string& begin, char end) {
  std::ifstream file(KVSTATE_DOCS_DIR "/" + file_name);
  EXPECT_TRUE(file.is_open()) << file_name;
  std::multiset<std::string> cells;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(begin)) continue;
    cells.insert(line.substr(begin.size(), line.find(end, begin.size()) - begin.size()));
  }
  return cells;
}

TEST(WorkloadDocumentationTest, EachWorkloadHasOneRowAndEachRowIsOfAWorkload) {
  const std::multiset<std::string> rows = FirstCells("workloads.md", "| `", '`');
  const std::multiset<std::string> queries = FirstCells("nexmark.md", "| ", ' ');
  for (const std::string& name : rows) EXPECT_TRUE(FindWorkload(name).ok()) << name << " is no workload";
  const std::string nexmark = "nexmark_q";
  for (const WorkloadSpec& workload : Workloads()) {
    if (workload.name.starts_with(nexmark)) {
      EXPECT_EQ(queries.count(workload.name.substr(nexmark.size())), 1u) << workload.name << " in nexmark.md";
    } else {
      EXPECT_EQ(rows.count(workload.name), 1u) << workload.name << " in workloads.md";
    }
  }
}

}  // namespace
}  // namespace kvstate::workloads
