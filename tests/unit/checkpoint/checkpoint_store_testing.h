#ifndef KVSTATE_TESTS_UNIT_CHECKPOINT_CHECKPOINT_STORE_TESTING_H_
#define KVSTATE_TESTS_UNIT_CHECKPOINT_CHECKPOINT_STORE_TESTING_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/checkpoint/stored_file.h"
#include "kvstate/checkpoint_store.h"
#include "tests/support/status_testing.h"

namespace kvstate::testing_support {

using Strings = std::vector<std::string>;

/// Writes a file whose bytes follow from its path.
inline StoredFile StoreFile(CheckpointStorage& storage, const std::string& path) {
  auto writer = backends::StoredFileWriter::Create(storage, path);
  EXPECT_OK(writer);
  if (!writer.ok()) return {};
  EXPECT_OK((*writer)->Append("bytes of " + path));
  auto file = (*writer)->Close();
  EXPECT_OK(file);
  return file.ok() ? *file : StoredFile();
}

inline SnapshotFile Named(StoredFile file) {
  const bool shared = file.path.starts_with("shared/");
  std::string name = file.path.substr(file.path.rfind('/') + 1);
  return {std::move(name), std::move(file), shared};
}

/// A handle of all key groups with the given files.
inline KeyedStateHandle HandleOf(uint64_t id, SnapshotKind kind, const std::vector<StoredFile>& files) {
  KeyedStateHandle handle;
  handle.kind = kind;
  handle.checkpoint_id = id;
  handle.backend = "test";
  handle.key_serializer = {"int64", 1, ""};
  for (const StoredFile& file : files) handle.files.push_back(Named(file));
  return handle;
}

inline std::unique_ptr<CheckpointStore> OpenStore(std::shared_ptr<CheckpointStorage> storage, uint32_t retained = 1) {
  CheckpointStoreOptions options;
  options.retained = retained;
  options.clock = std::make_shared<ManualClock>(1234);
  auto store = CheckpointStore::Open(std::move(storage), options);
  EXPECT_OK(store);
  return store.ok() ? std::move(store).value() : nullptr;
}

inline Strings PathsIn(CheckpointStorage& storage) {
  auto entries = storage.List("");
  EXPECT_OK(entries);
  Strings paths;
  if (entries.ok()) {
    for (const StorageEntry& entry : *entries) paths.push_back(entry.path);
  }
  return paths;
}

inline std::vector<uint64_t> CompletedIds(const CheckpointStore& store) {
  std::vector<uint64_t> ids;
  for (const CheckpointMetadata& metadata : store.Completed()) ids.push_back(metadata.checkpoint_id);
  return ids;
}

/// An incremental checkpoint with a file of its own, a new shared one, and shared ones that were there.
inline Status TryCheckpoint(CheckpointStore& store, uint64_t id, std::vector<StoredFile> reused = {}) {
  constexpr SnapshotKind kKind = SnapshotKind::kIncrementalCheckpoint;
  for (const std::string& path : {"shared/" + std::to_string(id) + "-new", "chk-" + std::to_string(id) + "/own"}) {
    KVSTATE_ASSIGN_OR_RETURN(const auto writer, backends::StoredFileWriter::Create(*store.storage(), path));
    KVSTATE_RETURN_IF_ERROR(writer->Append("bytes of " + path));
    KVSTATE_ASSIGN_OR_RETURN(StoredFile file, writer->Close());
    reused.push_back(std::move(file));
  }
  return store.Complete(id, kKind, {HandleOf(id, kKind, reused)});
}

inline uint64_t TakeCheckpoint(CheckpointStore& store, std::vector<StoredFile> reused = {}) {
  const uint64_t id = store.Begin();
  EXPECT_OK(TryCheckpoint(store, id, std::move(reused)));
  return id;
}

inline uint64_t TakeSavepoint(CheckpointStore& store) {
  const uint64_t id = store.Begin();
  const StoredFile file = StoreFile(*store.storage(), "savepoint-" + std::to_string(id) + "/stream");
  EXPECT_OK(store.Complete(id, SnapshotKind::kSavepoint, {HandleOf(id, SnapshotKind::kSavepoint, {file})}));
  return id;
}

/// The shared file that the latest checkpoint wrote.
inline StoredFile NewFileOfLatest(const CheckpointStore& store) {
  const auto latest = store.Latest();
  EXPECT_OK(latest);
  if (!latest.ok()) return {};
  for (const SnapshotFile& file : latest->handles.at(0).files) {
    if (file.file.path.starts_with("shared/" + std::to_string(latest->checkpoint_id) + "-")) return file.file;
  }
  ADD_FAILURE() << "it has no new file";
  return {};
}

}  // namespace kvstate::testing_support

#endif  // KVSTATE_TESTS_UNIT_CHECKPOINT_CHECKPOINT_STORE_TESTING_H_
