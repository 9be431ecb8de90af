#include "tests/conformance/snapshot_testing.h"

#include <algorithm>
#include <stdexcept>

namespace kvstate::conformance {

Job SnapshotTest::NewJob(JobOptions options, const std::string& backend) {
  options.factory = Must(TestedBackends().Find(backend));
  options.directory = NewPath();
  return Job(std::move(options));
}

void SnapshotTest::ExpectRestores(const Handles& handles, const Content& content, const JobOptions& options,
                                  const std::shared_ptr<CheckpointStorage>& from) {
  Job restored = NewJob(options);
  const Status status = restored.Restore(handles, from == nullptr ? storage_ : from, false);
  ASSERT_OK(status);
  EXPECT_EQ(DifferenceOf(content, restored.Read()), "");
}

Snapshots& SnapshotTest::SnapshotsOf(KeyedStateBackend& backend) {
  auto* snapshots = GetExtension<Snapshots>(backend);
  if (snapshots == nullptr) throw std::runtime_error("a backend without snapshots");
  return *snapshots;
}

Files SnapshotTest::FilesIn(CheckpointStorage& storage, const std::string& prefix) {
  Files files;
  for (const StorageEntry& entry : Must(storage.List(prefix))) files.emplace_back(entry.path, entry.bytes);
  return files;
}

void SnapshotTest::RemoveFilesOf(uint64_t id) {
  const std::string number = std::to_string(id);
  for (const std::string& prefix : {"chk-" + number + "/", "savepoint-" + number + "/", "shared/" + number + "-"}) {
    for (const auto& [path, bytes] : FilesIn(*storage_, prefix)) Must(storage_->Remove(path));
  }
}

Files FilesOf(const KeyedStateHandle& handle) {
  Files files;
  for (const SnapshotFile& file : handle.files) files.emplace_back(file.file.path, file.file.bytes);
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace kvstate::conformance
