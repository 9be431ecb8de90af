// FROZEN: a program of a user's that takes, keeps, reads and restores checkpoints by the public headers alone, in a
// storage of its own. It must compile and run as it stands against every later version; api/STABILITY.md says when it
// may change.
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kvstate/checkpoint.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/checkpoint_store.h"
#include "kvstate/kvstate.h"
#include "kvstate/savepoint_reader.h"
#include "kvstate/snapshots.h"

using kvstate::ByteView;
using kvstate::CheckpointMetadata;
using kvstate::CheckpointStorage;
using kvstate::CheckpointStore;
using kvstate::KeyedBackend;
using kvstate::KeyedStateHandle;
using kvstate::Result;
using kvstate::SnapshotKind;
using kvstate::SnapshotResult;
using kvstate::Snapshots;
using kvstate::Status;
using kvstate::StatusCode;

namespace {

#define CHECK(condition)                                                                             \
  do {                                                                                               \
    if (!(condition)) {                                                                              \
      std::cerr << "frozen_checkpoint_client.cc:" << __LINE__ << ": " #condition " does not hold\n"; \
      std::exit(1);                                                                                  \
    }                                                                                                \
  } while (false)

void Must(const Status& status) {
  if (status.ok()) return;
  std::cerr << status.ToString() << "\n";
  std::exit(1);
}
template <class T>
T Must(Result<T> result) {
  Must(result.status());
  return std::move(result).value();
}

/// An object store, as far as this program is concerned.
class Objects final : public CheckpointStorage {
 public:
  std::string_view location() const override { return "the object store"; }
  Result<std::unique_ptr<kvstate::StorageWriter>> Create(std::string_view path) override {
    const std::lock_guard lock(mutex_);
    if (!files_.emplace(path, "").second) return kvstate::AlreadyExistsError(std::string(path));
    return std::unique_ptr<kvstate::StorageWriter>(std::make_unique<Writer>(*this, std::string(path)));
  }
  Status Publish(std::string_view path, ByteView bytes) override {
    const std::lock_guard lock(mutex_);
    files_[std::string(path)] = bytes;
    return Status();
  }
  Result<std::unique_ptr<kvstate::StorageReader>> Open(std::string_view path) override {
    const std::lock_guard lock(mutex_);
    const auto file = files_.find(path);
    if (file == files_.end()) return kvstate::NotFoundError(std::string(path));
    return std::unique_ptr<kvstate::StorageReader>(std::make_unique<Reader>(file->second));
  }
  Status Remove(std::string_view path) override {
    const std::lock_guard lock(mutex_);
    files_.erase(std::string(path));
    return Status();
  }
  Result<std::vector<kvstate::StorageEntry>> List(std::string_view prefix) override {
    const std::lock_guard lock(mutex_);
    std::vector<kvstate::StorageEntry> entries;
    for (const auto& [path, bytes] : files_) {
      if (path.starts_with(prefix)) entries.push_back({path, bytes.size()});
    }
    return entries;
  }

 private:
  class Writer final : public kvstate::StorageWriter {
   public:
    Writer(Objects& objects, std::string path) : objects_(objects), path_(std::move(path)) {}
    ~Writer() override {
      if (!closed_) objects_.Remove(path_).IgnoreError();
    }
    Status Append(ByteView bytes) override {
      bytes_.append(bytes);
      return Status();
    }
    Status Close() override {
      closed_ = true;
      return objects_.Publish(path_, bytes_);
    }

   private:
    Objects& objects_;
    const std::string path_;
    std::string bytes_;
    bool closed_ = false;
  };
  class Reader final : public kvstate::StorageReader {
   public:
    explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}
    uint64_t size() const override { return bytes_.size(); }
    Status Read(uint64_t offset, size_t n, std::string* out) const override {
      if (offset > bytes_.size() || n > bytes_.size() - offset) return kvstate::DataLossError("too short");
      out->assign(bytes_, offset, n);
      return Status();
    }

   private:
    const std::string bytes_;
  };

  std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> files_;
};

std::unique_ptr<kvstate::KeyedStateBackend> NewBackend(const kvstate::BackendRegistry& registry) {
  kvstate::BackendOptions options;
  options.key_serializer = kvstate::SerializerFor<std::string>();
  return Must(registry.Create("hashmap", options));
}

void TakeOne(Snapshots& snapshots, CheckpointStore& store, SnapshotKind kind) {
  kvstate::SnapshotOptions options;
  options.kind = kind;
  options.compress = true;
  options.transfer_threads = 2;
  const uint64_t id = store.Begin();
  const auto task = Must(snapshots.Snapshot(id, store.storage(), options));
  const SnapshotResult result = Must(task->Run());
  CHECK(result.figures.bytes_written > 0 && result.figures.files_new > 0 && result.handle.checkpoint_id == id);
  CHECK(result.figures.entries_written.value_or(0) > 0 || result.figures.bytes_reused > 0);
  Must(store.Complete(id, kind, {result.handle}));
  Must(snapshots.NotifyComplete(id));
}

void GiveUpTwo(Snapshots& snapshots, CheckpointStore& store) {
  for (const bool run : {false, true}) {
    const uint64_t id = store.Begin();
    const auto task = Must(snapshots.Snapshot(id, store.storage(), {}));
    if (!run) task->Cancel();
    CHECK(task->Run().ok() == run);
    Must(store.Abort(id));
    Must(snapshots.NotifyAborted(id));
  }
}

void ReadSavepoint(const CheckpointStore& store) {
  const CheckpointMetadata savepoint = Must(store.Latest());
  CHECK(savepoint.kind == SnapshotKind::kSavepoint && savepoint.handles.size() == 1);
  const KeyedStateHandle& handle = savepoint.handles.front();
  CHECK(handle.format == kvstate::kStateStreamFormat && handle.states.size() == 1 && handle.states[0].name == "count");
  const auto serializer_of = [](const kvstate::SerializerSnapshot& snapshot) -> Result<kvstate::SerializerPtr> {
    if (snapshot.type_id == "string") return kvstate::SerializerFor<std::string>();
    return kvstate::SerializerFor<kvstate::VoidNamespace>();
  };
  const auto reader = Must(kvstate::OpenSavepoint(store.storage(), handle, handle.key_groups, serializer_of));
  kvstate::SavedEntry entry;
  int entries = 0;
  for (; Must(reader->Next(&entry)); ++entries) {
    CHECK(entry.state == 0 && handle.key_groups.Contains(entry.key_group) && entry.user_key.empty() && !entry.is_null);
    CHECK(Must(kvstate::Decode<std::string>(entry.key)) == "ann");
    CHECK(Must(kvstate::Decode<int64_t>(entry.value)) == 2);
  }
  CHECK(entries == 1);
}

void RestoreFrom(const kvstate::BackendRegistry& registry, CheckpointStore& store, bool claim) {
  const CheckpointMetadata latest = Must(store.Latest());
  Must(kvstate::VerifyCheckpoint(*store.storage(), latest));
  const std::string folder = kvstate::CheckpointFolder(latest.kind, latest.checkpoint_id);
  CHECK(Must(kvstate::ReadCheckpointMetadata(*store.storage(), folder)) == latest);
  CHECK(Must(kvstate::DecodeCheckpointMetadata(kvstate::EncodeCheckpointMetadata(latest))) == latest);

  KeyedBackend<std::string> backend(NewBackend(registry));
  auto* snapshots = kvstate::GetExtension<Snapshots>(backend.backend());
  kvstate::RestoreOptions options;
  options.claim = claim;
  Must(snapshots->Restore(latest.handles, store.storage(), options));
  CHECK(snapshots->UnclaimedStates().size() == 1);
  auto count = Must(backend.GetState(kvstate::ValueStateDescriptor<int64_t>("count")));
  Must(backend.SetCurrentKey("ann"));
  CHECK(*Must(count.Get()) == 2 && snapshots->UnclaimedStates().empty());
}

void UseStorages() {
  const auto small = kvstate::MakeMemoryStorage(10);
  CHECK(small->Publish("file", "more than ten bytes").code() == StatusCode::kResourceExhausted);
  bool replaced = false;
  const auto near = kvstate::MakeMemoryStorage(1000);
  const auto durable = std::make_shared<Objects>();
  const auto both = kvstate::MakeLocalRecoveryStorage(durable, near, [&](std::string_view) { replaced = true; });
  auto* copies = kvstate::GetExtension<kvstate::NearCopies>(*both);
  CHECK(copies != nullptr && &copies->near() == near.get() && &copies->durable() == durable.get() && !replaced);
  CHECK(kvstate::GetExtension<kvstate::LocalFiles>(*durable) == nullptr);
  CHECK(kvstate::OpenFileSystemStorageReadOnly("there-is-no-such-directory").status().code() == StatusCode::kNotFound);
}

}  // namespace

int main() {
  kvstate::BackendRegistry registry;
  Must(kvstate::RegisterBuiltinBackends(registry));
  kvstate::CheckpointStoreOptions options;
  options.retained = 2;
  options.clock = std::make_shared<kvstate::ManualClock>(1000);
  const auto store = Must(CheckpointStore::Open(std::make_shared<Objects>(), options));
  {
    KeyedBackend<std::string> backend(NewBackend(registry));
    auto* snapshots = kvstate::GetExtension<Snapshots>(backend.backend());
    auto count = Must(backend.GetState(kvstate::ValueStateDescriptor<int64_t>("count")));
    Must(backend.SetCurrentKey("ann"));
    Must(count.Update(1));
    TakeOne(*snapshots, *store, SnapshotKind::kFullCheckpoint);
    Must(count.Update(2));
    TakeOne(*snapshots, *store, SnapshotKind::kIncrementalCheckpoint);
    RestoreFrom(registry, *store, /*claim=*/true);
    GiveUpTwo(*snapshots, *store);
    TakeOne(*snapshots, *store, SnapshotKind::kSavepoint);
  }
  ReadSavepoint(*store);
  RestoreFrom(registry, *store, /*claim=*/false);
  CHECK(store->Completed().size() == 3 && store->Completed().back().timestamp_millis == 1000);
  Must(store->Discard(store->Completed().front().checkpoint_id));
  CHECK(Must(store->RemoveOrphans()).empty());
  CHECK(kvstate::SnapshotKindName(SnapshotKind::kSavepoint) == "savepoint");
  UseStorages();
  std::cout << "the frozen checkpoint client runs on kvstate " << kvstate::LibraryVersionString() << "\n";
  return 0;
}
