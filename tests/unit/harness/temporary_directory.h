#ifndef KVSTATE_TESTS_UNIT_HARNESS_TEMPORARY_DIRECTORY_H_
#define KVSTATE_TESTS_UNIT_HARNESS_TEMPORARY_DIRECTORY_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "harness/run/work_directory.h"

namespace kvstate::harness {

/// A directory of one test, gone after it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    auto made = WorkDirectory::Create(::testing::TempDir());
    EXPECT_TRUE(made.ok()) << made.status().ToString();
    directory_ = std::move(made).value();
  }
  std::string File(const std::string& name) const { return directory_->path() + "/" + name; }
  const std::string& path() const { return directory_->path(); }
  WorkDirectory& work() { return *directory_; }
  std::string Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(File(name), std::ios::binary) << bytes;
    return File(name);
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  size_t Files() const { return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path()), {})); }

 private:
  std::unique_ptr<WorkDirectory> directory_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_TESTS_UNIT_HARNESS_TEMPORARY_DIRECTORY_H_
