#include <algorithm>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/conformance/snapshot_testing.h"

namespace kvstate {
namespace {

using conformance::Handles;
using testing_support::Content;
using testing_support::DifferenceOf;
using testing_support::Job;
using testing_support::JobOptions;
using testing_support::Must;
using testing_support::OfKind;

std::string ReadAll(CheckpointStorage& storage, const std::string& path) {
  const auto reader = Must(storage.Open(path));
  std::string bytes;
  Must(reader->Read(0, reader->size(), &bytes));
  return bytes;
}

void Overwrite(CheckpointStorage& storage, const std::string& path, const std::string& bytes) {
  Must(storage.Remove(path));
  const auto writer = Must(storage.Create(path));
  Must(writer->Append(bytes));
  Must(writer->Close());
}

/// What may have become of a file.
struct Damage {
  std::string what;
  std::optional<std::string> bytes;  ///< Absent: the file is.
};

/// `flips` single bits, `cuts` truncations, a longer file, none, and each of `others` in its place.
std::vector<Damage> DamagesOf(const std::string& bytes, int flips, int cuts, const std::vector<std::string>& others,
                              std::mt19937_64& random) {
  std::vector<Damage> damages = {{"removed", std::nullopt}, {"longer", bytes + '\0'}};
  for (int i = 0; i < flips && !bytes.empty(); ++i) {
    const size_t at = random() % bytes.size();
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (random() % 8)));
    damages.push_back({"flipped at " + std::to_string(at) + " of " + std::to_string(bytes.size()), flipped});
  }
  for (int i = 0; i < cuts && !bytes.empty(); ++i) {
    const size_t size = i == 0 ? 0 : random() % bytes.size();
    damages.push_back({"cut to " + std::to_string(size), bytes.substr(0, size)});
  }
  for (const std::string& other : others) {
    if (other != bytes) damages.push_back({"an older one", other});
  }
  return damages;
}

class CheckpointDamageTest : public conformance::SnapshotTest {
 protected:
  static JobOptions Small() {
    JobOptions options;
    options.states = testing_support::TwoStates();
    options.keys = 60;
    return options;
  }

  /// Three increments in a row, then a snapshot of `kind`; `older` gets the bytes of earlier files by name.
  Handles Build(SnapshotKind kind, Content* content, std::multimap<std::string, std::string>* older) {
    Job job = NewJob(Small());
    job.Change(1, 300);
    for (uint64_t id = 1; id < 5; ++id) {
      const SnapshotKind now = id < 4 ? SnapshotKind::kIncrementalCheckpoint : kind;
      const Handles handles = Must(job.Snapshot(id, storage(), OfKind(now)));
      Must(job.NotifyComplete(id));
      *content = job.Read();
      if (id == 4) return handles;
      for (const SnapshotFile& file : handles[0].files) older->emplace(file.name, ReadAll(*storage(), file.file.path));
      job.Change(id + 1, 60);
    }
    return {};
  }

  static std::vector<std::string> OlderOnes(const std::multimap<std::string, std::string>& older,
                                            const std::string& name) {
    std::vector<std::string> found;
    const auto [from, to] = older.equal_range(name);
    for (auto at = from; at != to; ++at) found.push_back(at->second);
    // An engine numbers its table files: there is none of the same name, but others that would open.
    if (found.empty() && !older.empty()) found.push_back(older.begin()->second);
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

  /// Does that to a file of the storage, and undoes it.
  void With(const std::string& path, const std::string& bytes, const Damage& damage, const auto& check) {
    SCOPED_TRACE(path + ": " + damage.what);
    if (damage.bytes.has_value()) {
      Overwrite(*storage(), path, *damage.bytes);
    } else {
      Must(storage()->Remove(path));
    }
    check();
    Overwrite(*storage(), path, bytes);
  }

  std::mt19937_64 random_{20240229};
};
KVSTATE_ON_EVERY_BACKEND(CheckpointDamageTest);

TEST_P(CheckpointDamageTest, OfAnyFileIsFoundBeforeStateIsServed) {
  int damages = 0;
  for (const SnapshotKind kind : conformance::kSnapshotKinds) {
    Content content;
    std::multimap<std::string, std::string> older;
    const Handles handles = Build(kind, &content, &older);
    const size_t files = handles[0].files.size();
    ASSERT_GE(files, 1u);
    // One backend takes all the failures, and is as good as new after each.
    Job job = NewJob(Small());
    for (const SnapshotFile& file : handles[0].files) {
      const std::string path = file.file.path;
      const std::string bytes = ReadAll(*storage(), path);
      const int flips = static_cast<int>(120 / files) + 12;
      for (const Damage& damage : DamagesOf(bytes, flips, flips / 3, OlderOnes(older, file.name), random_)) {
        With(path, bytes, damage, [&] {
          const Status status = job.snapshots().Restore(handles, storage(), RestoreOptions{});
          EXPECT_CODE(status, kDataLoss);
          EXPECT_MENTIONS(status, path);
          EXPECT_TRUE(job.snapshots().UnclaimedStates().empty());
          EXPECT_EQ(Must(job.backend().NumEntries()), 0u);
          ++damages;
        });
        ASSERT_FALSE(HasFailure());
      }
    }
    ASSERT_OK(job.snapshots().Restore(handles, storage(), RestoreOptions{}));
    EXPECT_EQ(DifferenceOf(content, job.Read()), "");
    for (const auto& [path, bytes] : FilesIn()) Must(storage()->Remove(path));
  }
  RecordProperty("damages", damages);
  EXPECT_GE(damages, 500);
}

TEST_P(CheckpointDamageTest, OfAnyFileIsFoundByVerification) {
  Content content;
  std::multimap<std::string, std::string> older;
  const Handles handles = Build(SnapshotKind::kIncrementalCheckpoint, &content, &older);
  const CheckpointMetadata metadata{4, SnapshotKind::kIncrementalCheckpoint, 0, handles};
  ASSERT_OK(VerifyCheckpoint(*storage(), metadata));
  for (const SnapshotFile& file : handles[0].files) {
    const std::string bytes = ReadAll(*storage(), file.file.path);
    for (const Damage& damage : DamagesOf(bytes, 10, 4, OlderOnes(older, file.name), random_)) {
      With(file.file.path, bytes, damage, [&] {
        const Status status = VerifyCheckpoint(*storage(), metadata);
        EXPECT_CODE(status, kDataLoss);
        EXPECT_MENTIONS(status, file.file.path);
      });
    }
  }
  EXPECT_OK(VerifyCheckpoint(*storage(), metadata));
}

TEST_P(CheckpointDamageTest, OfMetadataIsFoundAndNothingIsRemoved) {
  Job job = NewJob(Small());
  CheckpointStoreOptions options;
  options.retained = 2;
  {
    const auto store = Must(CheckpointStore::Open(storage(), options));
    job.Change(1, 200);
    ASSERT_OK(job.Checkpoint(*store, OfKind(SnapshotKind::kIncrementalCheckpoint)));
    job.Change(2, 50);
    ASSERT_OK(job.Checkpoint(*store, OfKind(SnapshotKind::kIncrementalCheckpoint)));
  }
  const std::string path = "chk-2/_metadata";
  const std::string bytes = ReadAll(*storage(), path);
  const std::string older = ReadAll(*storage(), "chk-1/_metadata");
  const auto files = FilesIn().size();
  for (const Damage& damage : DamagesOf(bytes, 150, 40, {older}, random_)) {
    if (!damage.bytes.has_value()) continue;  // Then there is no such checkpoint.
    With(path, bytes, damage, [&] {
      for (const Status& status :
           {ReadCheckpointMetadata(*storage(), "chk-2").status(), CheckpointStore::Open(storage(), options).status()}) {
        // A version of the future is refused as such.
        if (status.code() != StatusCode::kUnimplemented) {
          EXPECT_CODE(status, kDataLoss);
        }
        EXPECT_MENTIONS(status, "chk-2");
      }
      EXPECT_EQ(FilesIn().size(), files);
    });
  }
  const auto store = Must(CheckpointStore::Open(storage(), options));
  ExpectRestores(Must(store->Latest()).handles, job.Read(), Small());
}

class LocalRecoveryDamageTest : public CheckpointDamageTest {
 protected:
  /// From any thread.
  void Log(std::string_view message) {
    const std::lock_guard lock(mutex_);
    log_.emplace_back(message);
  }
  std::shared_ptr<CheckpointStorage> Both() {
    return MakeLocalRecoveryStorage(durable_, near_, [this](std::string_view message) { Log(message); });
  }
  bool LogMentions(const std::string& text) const {
    return std::any_of(log_.begin(), log_.end(),
                       [&](const std::string& line) { return line.find(text) != std::string::npos; });
  }

  const std::shared_ptr<CheckpointStorage> durable_ = NewFileSystemStorage();
  const std::shared_ptr<CheckpointStorage> near_ = NewFileSystemStorage();
  std::mutex mutex_;
  std::vector<std::string> log_;
};
KVSTATE_ON_EVERY_BACKEND(LocalRecoveryDamageTest);

TEST_P(LocalRecoveryDamageTest, OfTheNearCopyIsRecoveredFromTheDurableOneAndLogged) {
  for (const SnapshotKind kind : conformance::kSnapshotKinds) {
    Job job = NewJob(Small());
    job.Change(1, 300);
    const Content content = job.Read();
    const Handles handles = Must(job.Snapshot(1, Both(), OfKind(kind)));
    log_.clear();
    ExpectRestores(handles, content, Small(), Both());
    EXPECT_TRUE(log_.empty()) << log_.front();
    for (const SnapshotFile& file : handles[0].files) {
      const std::string path = file.file.path;
      const std::string bytes = ReadAll(*durable_, path);
      for (const Damage& damage : DamagesOf(bytes, 2, 1, {}, random_)) {
        SCOPED_TRACE(path + ": " + damage.what);
        Must(near_->Remove(path));
        if (damage.bytes.has_value()) Overwrite(*near_, path, *damage.bytes);
        log_.clear();
        ExpectRestores(handles, content, Small(), Both());
        EXPECT_TRUE(LogMentions(path)) << log_.size() << " lines";
        EXPECT_EQ(ReadAll(*durable_, path), bytes);
      }
      Overwrite(*near_, path, bytes);
    }
    for (const auto& [path, bytes] : FilesIn(*durable_)) Must(durable_->Remove(path));
    for (const auto& [path, bytes] : FilesIn(*near_)) Must(near_->Remove(path));
  }
}

TEST_P(LocalRecoveryDamageTest, OfTheDurableOneIsNoMatterWhileTheNearCopyIsIntactAndDataLossElse) {
  Job job = NewJob(Small());
  job.Change(1, 300);
  const Content content = job.Read();
  const Handles handles = Must(job.Snapshot(1, Both(), OfKind(SnapshotKind::kIncrementalCheckpoint)));
  for (const SnapshotFile& file : handles[0].files) {
    const std::string path = file.file.path;
    const std::string bytes = ReadAll(*durable_, path);
    std::string damaged = bytes;
    damaged.back() = static_cast<char>(damaged.back() ^ 1);
    Overwrite(*durable_, path, damaged);
    ExpectRestores(handles, content, Small(), Both());
    Must(near_->Remove(path));
    Job lost = NewJob(Small());
    const Status status = lost.Restore(handles, Both(), false);
    EXPECT_CODE(status, kDataLoss);
    EXPECT_MENTIONS(status, path);
    Overwrite(*durable_, path, bytes);
    Overwrite(*near_, path, bytes);
  }
}

TEST_P(LocalRecoveryDamageTest, ANearCopyThatCannotBeWrittenFailsNothing) {
  Job job = NewJob(Small());
  job.Change(1, 300);
  const Content content = job.Read();
  const auto full = MakeMemoryStorage(100);
  const auto both = MakeLocalRecoveryStorage(durable_, full, [this](std::string_view message) { Log(message); });
  const auto handles = job.Snapshot(1, both, OfKind(SnapshotKind::kIncrementalCheckpoint));
  ASSERT_OK(handles);
  EXPECT_FALSE(log_.empty());
  ExpectRestores(*handles, content, Small(), both);
  ExpectRestores(*handles, content, Small(), durable_);
}

}  // namespace
}  // namespace kvstate
