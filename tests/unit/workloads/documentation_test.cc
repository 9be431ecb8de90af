#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "workloads/workload.h"

namespace kvstate::workloads {
namespace {

TEST(WorkloadDocumentationTest, EachWorkloadHasOneRowAndEachRowIsOfAWorkload) {
  std::ifstream file(KVSTATE_DOCS_DIR "/workloads.md");
  ASSERT_TRUE(file.is_open());
  std::set<std::string> rows;
  std::string line;
  while (std::getline(file, line)) {
    if (!line.starts_with("| `")) continue;
    const std::string name = line.substr(3, line.find('`', 3) - 3);
    EXPECT_TRUE(rows.insert(name).second) << name << " has two rows in docs/workloads.md";
    EXPECT_TRUE(FindWorkload(name).ok()) << "docs/workloads.md has a row of \"" << name << "\", which is no workload";
  }
  for (const WorkloadSpec& workload : Workloads()) {
    EXPECT_TRUE(rows.contains(workload.name)) << "docs/workloads.md has no row of " << workload.name;
  }
}

}  // namespace
}  // namespace kvstate::workloads
