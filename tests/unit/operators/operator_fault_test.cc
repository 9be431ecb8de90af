#include <xxhash.h>

#include "backends/checkpoint/part_file.h"
#include "tests/support/failing_storage.h"
#include "tests/unit/operators/operators_testing.h"

namespace kvstate {
namespace {

using namespace testing_support;

constexpr uint64_t kMostOperations = 200;

/// What goes wrong with the storage, of operator state and of raw streams.
class OperatorFaultTest : public testing::Test {
 protected:
  static Backend Filled() {
    Backend backend = MakeSubtask();
    Must(ListOf(*backend).AddAll({1, 2, 3}));
    Must(ListOf(*backend, "all", OperatorStateMode::kUnion).Add(4));
    Must(RulesOf(*backend).Put("a", 5));
    return backend;
  }
  static void ExpectFilled(OperatorStateBackend& backend) {
    EXPECT_EQ(ListOf(backend).Get(), (Numbers{1, 2, 3}));
    EXPECT_EQ(ListOf(backend, "all", OperatorStateMode::kUnion).Get(), Numbers{4});
    EXPECT_EQ(EntriesIn(RulesOf(backend)), (std::map<std::string, int64_t>{{"a", 5}}));
  }
  Result<RawKeyedStateHandle> TryWriteRaw(const std::shared_ptr<CheckpointStorage>& storage) {
    KVSTATE_ASSIGN_OR_RETURN(const auto writer,
                             RawKeyedStateWriter::Create({storage, 1, SnapshotKind::kFullCheckpoint, "op"}, 4, {0, 3}));
    for (const uint32_t group : {1u, 2u}) {
      KVSTATE_RETURN_IF_ERROR(writer->StartKeyGroup(group));
      KVSTATE_RETURN_IF_ERROR(writer->Append(group == 1 ? "one" : "two"));
    }
    return writer->Finish();
  }
  static Result<std::string> TryReadRaw(const std::shared_ptr<CheckpointStorage>& storage,
                                        const RawKeyedStateHandle& handle, KeyGroupRange range = {0, 3}) {
    KVSTATE_ASSIGN_OR_RETURN(const auto reader, OpenRawKeyedState(storage, {&handle, 1}, "op", 4, range));
    std::string all;
    for (uint64_t id = 0;;) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, reader->NextStream(&id));
      if (!more) return all;
      KVSTATE_ASSIGN_OR_RETURN(const std::string bytes, reader->ReadAll());
      all += std::to_string(id) + bytes;
    }
  }
  Status TryRestore(const OperatorStateHandle& handle, Backend* backend) {
    *backend = MakeSubtask();
    return (*backend)->Restore({&handle, 1}, storage_);
  }

  const std::shared_ptr<CheckpointStorage> storage_ = MakeMemoryStorage(1 << 20);
  const std::shared_ptr<FailingStorage> failing_ = std::make_shared<FailingStorage>(storage_);
};

TEST_F(OperatorFaultTest, ASnapshotThatFailsAtAnyOperationLeavesNoFileAndTheNextOneSucceeds) {
  for (const bool half_append : {false, true}) {
    Backend backend = Filled();
    uint64_t id = 0;
    for (FailurePlan plan{.fail_at = 1, .half_append = half_append};; ++plan.fail_at) {
      ASSERT_LT(plan.fail_at, kMostOperations);
      failing_->Arm(plan);
      const auto handle = TrySnapshot(*backend, ++id, failing_);
      const bool failed = failing_->failed();
      failing_->Disarm();
      if (!failed) {
        EXPECT_GT(plan.fail_at, 3u);
        Backend restored;
        ASSERT_OK(TryRestore(*handle, &restored));
        ExpectFilled(*restored);
        Must(storage_->Remove(handle->files[0].file.path));
        break;
      }
      EXPECT_CODE(handle, kInternal);
      EXPECT_EQ(PathsIn(*storage_), std::vector<std::string>()) << "operation " << plan.fail_at;
    }
  }
}

TEST_F(OperatorFaultTest, ARestoreThatFailsAtAnyOperationLeavesAnEmptyBackend) {
  const OperatorStateHandle handle = Must(TrySnapshot(*Filled(), 1, storage_));
  const Backend backend = MakeSubtask();
  for (FailurePlan plan{.fail_at = 1};; ++plan.fail_at) {
    ASSERT_LT(plan.fail_at, kMostOperations);
    failing_->Arm(plan);
    const Status status = backend->Restore({&handle, 1}, failing_);
    if (!failing_->failed()) {
      ASSERT_OK(status);
      break;
    }
    EXPECT_CODE(status, kInternal);
    EXPECT_MENTIONS(status, handle.files[0].file.path);
    EXPECT_TRUE(backend->UnclaimedStates().empty());
  }
  ExpectFilled(*backend);
}

TEST_F(OperatorFaultTest, RawStreamsThatFailAtAnyOperationLeaveNoFile) {
  for (FailurePlan plan{.fail_at = 1};; ++plan.fail_at) {
    ASSERT_LT(plan.fail_at, kMostOperations);
    failing_->Arm(plan);
    const auto handle = TryWriteRaw(failing_);
    const bool failed = failing_->failed();
    if (!failed) {
      EXPECT_EQ(Must(TryReadRaw(storage_, *handle)), "1one2two");
      break;
    }
    EXPECT_CODE(handle, kInternal);
    EXPECT_EQ(PathsIn(*storage_), std::vector<std::string>());
  }
}

TEST_F(OperatorFaultTest, AFullStorageIsSaidToBeFull) {
  const auto full = MakeMemoryStorage(20);
  EXPECT_CODE(TrySnapshot(*Filled(), 1, full), kResourceExhausted);
  EXPECT_CODE(TryWriteRaw(full), kResourceExhausted);
  EXPECT_EQ(PathsIn(*full), std::vector<std::string>());
}

TEST_F(OperatorFaultTest, EveryDamagedByteIsDataLossThatNamesTheFile) {
  const OperatorStateHandle handle = Must(TrySnapshot(*Filled(), 1, storage_));
  const RawKeyedStateHandle raw = Must(TryWriteRaw(storage_));
  for (const std::string& path : {handle.files[0].file.path, raw.files[0].file.path}) {
    const std::string intact = BytesOf(*storage_, path);
    const auto read = [&]() -> Status {
      if (path == raw.files[0].file.path) return TryReadRaw(storage_, raw).status();
      Backend backend;
      return TryRestore(handle, &backend);
    };
    for (size_t bit = 0; bit < intact.size() * 8; ++bit) {
      std::string damaged = intact;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
      Must(storage_->Publish(path, damaged));
      const Status status = read();
      ASSERT_PRED_FORMAT2(HasCode, status, StatusCode::kDataLoss) << "bit " << bit;
      ASSERT_PRED_FORMAT2(Mentions, status, path);
    }
    for (size_t size = 0; size <= intact.size() + 1; ++size) {
      if (size == intact.size()) continue;
      Must(storage_->Publish(path, (intact + "x").substr(0, size)));
      const Status status = read();
      ASSERT_PRED_FORMAT2(HasCode, status, StatusCode::kDataLoss) << "size " << size;
      ASSERT_PRED_FORMAT2(Mentions, status, path);
    }
    Must(storage_->Remove(path));
    EXPECT_CODE(read(), kDataLoss);
    Must(storage_->Publish(path, intact));
    EXPECT_OK(read());
  }
}

TEST_F(OperatorFaultTest, AReaderTakesItsOwnPartsAndTrustsNoOther) {
  const RawKeyedStateHandle raw = Must(TryWriteRaw(storage_));
  const std::string path = raw.files[0].file.path;
  std::string bytes = BytesOf(*storage_, path);
  bytes[bytes.find("one")] = 'O';
  Must(storage_->Publish(path, bytes));
  EXPECT_EQ(Must(TryReadRaw(storage_, raw, {2, 3})), "2two");
  EXPECT_CODE(TryReadRaw(storage_, raw, {1, 1}), kDataLoss);
}

TEST_F(OperatorFaultTest, AnotherSubtasksFileInAFilesPlaceIsNoticed) {
  std::vector<Backend> two = MakeSubtasks(2);
  for (Backend& subtask : two) Must(ListOf(*subtask).Add(1));
  const auto handles = SnapshotAll(two, 1, storage_);
  const std::string first = handles[0].files[0].file.path;
  const std::string second = handles[1].files[0].file.path;
  ASSERT_EQ(handles[0].files[0].file.bytes, handles[1].files[0].file.bytes);
  Must(storage_->Publish(first, BytesOf(*storage_, second)));
  EXPECT_CODE(MakeSubtask()->Restore(handles, storage_), kDataLoss);
}

TEST_F(OperatorFaultTest, AFileOfANewerVersionIsLeftToItsLibrary) {
  const OperatorStateHandle handle = Must(TrySnapshot(*Filled(), 1, storage_));
  const std::string path = handle.files[0].file.path;
  std::string bytes = BytesOf(*storage_, path);
  bytes[11] = 2;
  // Sealed as a newer library would: docs/formats.md, "Part files".
  std::string seed = bytes.substr(0, 12) + bytes.substr(bytes.size() - 16, 8);
  ByteReader footer(ByteView(bytes).substr(bytes.size() - 16));
  uint64_t offset = 0;
  ASSERT_TRUE(footer.ReadFixed64(&offset));
  const std::string index = bytes.substr(offset, bytes.size() - 16 - offset);
  const uint64_t checksum =
      ToBigEndian(uint64_t{XXH3_64bits_withSeed(index.data(), index.size(), XXH3_64bits(seed.data(), seed.size()))});
  bytes.replace(bytes.size() - 8, 8, reinterpret_cast<const char*>(&checksum), 8);
  Must(storage_->Publish(path, bytes));
  Backend backend;
  const Status status = TryRestore(handle, &backend);
  EXPECT_CODE(status, kUnimplemented);
  EXPECT_MENTIONS(status, path);
  EXPECT_MENTIONS(status, "version 2");
}

TEST_F(OperatorFaultTest, ADamagedNearCopyIsReplacedByTheDurableFile) {
  const auto near = MakeMemoryStorage(1 << 20);
  std::vector<std::string> log;
  const auto both =
      MakeLocalRecoveryStorage(storage_, near, [&](std::string_view message) { log.emplace_back(message); });
  const OperatorStateHandle handle = Must(TrySnapshot(*Filled(), 1, both));
  const std::string path = handle.files[0].file.path;
  const std::string intact = BytesOf(*near, path);
  for (const size_t at : {size_t{0}, size_t{14}, intact.size() - 1}) {
    std::string damaged = intact;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    Must(near->Publish(path, damaged));
    log.clear();
    const Backend backend = MakeSubtask();
    ASSERT_OK(backend->Restore({&handle, 1}, both));
    ExpectFilled(*backend);
    EXPECT_EQ(log.size(), 1u) << "byte " << at;
  }
  Must(near->Publish(path, intact));
  Must(storage_->Publish(path, "damaged"));
  log.clear();
  const Backend backend = MakeSubtask();
  ASSERT_OK(backend->Restore({&handle, 1}, both)) << "the near copy is enough";
  EXPECT_TRUE(log.empty());
}

TEST_F(OperatorFaultTest, ElementsThatDoNotDecodeAreDataLossAndTheStateStays) {
  const Backend written = MakeSubtask();
  Must(Must(GetState(*written,
                     OperatorListStateDescriptor<std::string>("l", OperatorStateMode::kSplit, RawBytesSerializer())))
           .Add("no int64"));
  OperatorStateHandle handle = Must(TrySnapshot(*written, 1, storage_));
  handle.states[0].value_serializer = SerializerFor<std::string>()->Snapshot();  // Which it is not.
  Backend backend;
  ASSERT_OK(TryRestore(handle, &backend));
  const Status status = GetState(*backend, OperatorListStateDescriptor<std::string>("l")).status();
  EXPECT_CODE(status, kDataLoss);
  EXPECT_MENTIONS(status, "operator state 'l'");
  EXPECT_EQ(backend->UnclaimedStates().size(), 1u);
}

}  // namespace
}  // namespace kvstate
