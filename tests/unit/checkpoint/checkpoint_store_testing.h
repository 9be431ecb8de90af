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

}  // namespace kvstate::testing_support

#endif  // KVSTATE_TESTS_UNIT_CHECKPOINT_CHECKPOINT_STORE_TESTING_H_
