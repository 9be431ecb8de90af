#ifndef KVSTATE_TESTS_CONFORMANCE_SNAPSHOT_TESTING_H_
#define KVSTATE_TESTS_CONFORMANCE_SNAPSHOT_TESTING_H_

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kvstate/checkpoint_store.h"
#include "kvstate/extension.h"
#include "kvstate/snapshots.h"
#include "tests/conformance/conformance.h"
#include "tests/support/job.h"

namespace kvstate::conformance {

using testing_support::Content;
using testing_support::DifferenceOf;
using testing_support::Job;
using testing_support::JobOptions;
using testing_support::OfKind;

using Handles = std::vector<KeyedStateHandle>;
/// Paths and sizes of files, ascending by path.
using Files = std::vector<std::pair<std::string, uint64_t>>;

inline constexpr std::array kSnapshotKinds = {SnapshotKind::kFullCheckpoint, SnapshotKind::kIncrementalCheckpoint,
                                              SnapshotKind::kSavepoint};

/// A backend under test with a storage in memory for its snapshots.
class SnapshotTest : public BackendTest {
 protected:
  const std::shared_ptr<CheckpointStorage>& storage() const { return storage_; }
  /// Storage in a directory of its own.
  std::shared_ptr<CheckpointStorage> NewFileSystemStorage() { return Must(OpenFileSystemStorage(NewPath())); }

  /// Of the backend under test, or of another, in a directory of its own.
  Job NewJob(JobOptions options = {}, const std::string& backend = GetParam());
  /// Checks that a new job, of such options, has exactly `content` after a restore.
  void ExpectRestores(const Handles& handles, const Content& content, const JobOptions& options = {},
                      const std::shared_ptr<CheckpointStorage>& from = nullptr);

  template <class K>
  KeyedBackend<K> OpenRestored(const Handles& handles, bool claim = false) {
    auto backend = Open<K>();
    RestoreOptions options;
    options.claim = claim;
    Must(SnapshotsOf(backend.backend()).Restore(handles, storage_, options));
    return backend;
  }

  static Snapshots& SnapshotsOf(KeyedStateBackend& backend);
  std::unique_ptr<SnapshotTask> Begin(KeyedStateBackend& backend, uint64_t id, SnapshotKind kind) {
    return Must(SnapshotsOf(backend).Snapshot(id, storage_, OfKind(kind)));
  }
  /// Begins and runs one.
  SnapshotResult Take(KeyedStateBackend& backend, uint64_t id, SnapshotKind kind) {
    return Must(Begin(backend, id, kind)->Run());
  }
  /// The same of a checkpoint, which is confirmed.
  SnapshotResult TakeConfirmed(KeyedStateBackend& backend, uint64_t id, SnapshotKind kind) {
    SnapshotResult result = Take(backend, id, kind);
    Must(SnapshotsOf(backend).NotifyComplete(id));
    return result;
  }

  static Files FilesIn(CheckpointStorage& storage, const std::string& prefix = "");
  Files FilesIn() const { return FilesIn(*storage_); }
  /// What a CheckpointStore does to a checkpoint that is never completed: all that it alone wrote goes.
  void RemoveFilesOf(uint64_t id);

 private:
  const std::shared_ptr<CheckpointStorage> storage_ = MakeMemoryStorage(uint64_t{1} << 30);
};

/// Paths and sizes of the files that a handle refers to, ascending.
Files FilesOf(const KeyedStateHandle& handle);

}  // namespace kvstate::conformance

#endif  // KVSTATE_TESTS_CONFORMANCE_SNAPSHOT_TESTING_H_
