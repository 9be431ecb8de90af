#ifndef KVSTATE_TESTS_FAULT_OLDER_CHECKPOINTS_H_
#define KVSTATE_TESTS_FAULT_OLDER_CHECKPOINTS_H_

#include <string_view>
#include <vector>

namespace kvstate {

struct OlderFile {
  std::string_view path;
  std::string_view hex;
};

/// All files of a storage that an earlier version of this library wrote.
struct OlderCheckpoint {
  std::string_view backend;  ///< That reads it; empty for a savepoint, which every one reads.
  std::vector<OlderFile> files;
};

/// One of each format there has been.
const std::vector<OlderCheckpoint>& OlderCheckpoints();

}  // namespace kvstate

#endif  // KVSTATE_TESTS_FAULT_OLDER_CHECKPOINTS_H_
