#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/embedded/embedded_backend.h"
#include "kvstate/extension.h"
#include "kvstate/keyed_backend.h"
#include "kvstate/ttl_sweep.h"
#include "tests/support/status_testing.h"

namespace kvstate::backends {
namespace {

using Entries = std::map<std::string, std::string, std::less<>>;

/// What the tests ask of the engine, and see of it.
struct Engine {
  Entries entries;
  int64_t deletes_left = INT64_MAX;  ///< Later ones fail.
  int reclaims = 0;
  int asked_for_all = 0;
  int reclaims_of_all = 0;
  bool busy = false;
  uint64_t open_iterators = 0;
};

class EngineIterator final : public StoreIterator {
 public:
  explicit EngineIterator(Engine& engine) : engine_(engine) { ++engine_.open_iterators; }
  ~EngineIterator() override { --engine_.open_iterators; }
  EngineIterator(const EngineIterator&) = delete;
  EngineIterator& operator=(const EngineIterator&) = delete;

  Status Seek(ByteView key) override {
    at_ = engine_.entries.lower_bound(key);
    return Status();
  }
  Status Next() override {
    ++at_;
    return Status();
  }
  bool Valid() const override { return at_ != engine_.entries.end(); }
  ByteView key() const override { return at_->first; }
  ByteView value() const override { return at_->second; }

 private:
  Engine& engine_;
  Entries::const_iterator at_;
};

/// A table in memory whose iterators a write invalidates, and which has no DeleteMany of its own.
class EngineTable final : public StoreTable {
 public:
  explicit EngineTable(Engine& engine) : engine_(engine) {}

  Result<bool> Get(ByteView key, ByteView* value) override {
    const auto found = engine_.entries.find(key);
    if (found == engine_.entries.end()) return false;
    *value = found->second;
    return true;
  }
  Status Put(ByteView key, ByteView value) override {
    EXPECT_EQ(engine_.open_iterators, 0U);
    engine_.entries.insert_or_assign(std::string(key), std::string(value));
    return Status();
  }
  Status Delete(ByteView key) override {
    EXPECT_EQ(engine_.open_iterators, 0U);
    if (engine_.deletes_left-- <= 0) return UnavailableError("the disk went away");
    engine_.entries.erase(std::string(key));
    return Status();
  }
  bool ReclaimMemory() override {
    ++engine_.reclaims;
    return true;
  }
  bool ReclaimAll() override {
    ++engine_.asked_for_all;
    if (engine_.busy) return false;
    ++engine_.reclaims_of_all;
    return true;
  }
  bool appends() const override { return false; }
  Status Append(ByteView, ByteView) override { return UnimplementedError("this table does not append"); }
  Result<std::unique_ptr<StoreIterator>> NewIterator(ByteView, ByteView) override {
    return std::unique_ptr<StoreIterator>(std::make_unique<EngineIterator>(engine_));
  }
  bool iterators_survive_writes() const override { return false; }
  Result<bool> ConcurrentGet(ByteView, std::string*) override { return UnimplementedError("not for other threads"); }
  Status ConcurrentScan(ByteView, const std::function<void(ByteView, ByteView)>&) override {
    return UnimplementedError("not for other threads");
  }

 private:
  Engine& engine_;
};

class EngineStore final : public OrderedStore {
 public:
  explicit EngineStore(Engine& engine) : engine_(engine) {}
  Result<std::unique_ptr<StoreTable>> CreateTable(const TableOptions&) override {
    return std::unique_ptr<StoreTable>(std::make_unique<EngineTable>(engine_));
  }
  Status DropTable(std::unique_ptr<StoreTable>) override { return Status(); }
  Result<std::unique_ptr<StoreView>> NewView(std::span<StoreTable* const>) override {
    return UnimplementedError("this engine has no views");
  }
  Result<EngineCounters> Collect() override { return EngineCounters(); }
  Status Flush(bool) override { return Status(); }
  Status Close() override { return Status(); }

 private:
  Engine& engine_;
};

class EngineOpener final : public StoreOpener {
 public:
  explicit EngineOpener(Engine& engine) : engine_(engine) {}
  Result<std::unique_ptr<OrderedStore>> OpenEmpty(const std::string&) const override {
    return std::unique_ptr<OrderedStore>(std::make_unique<EngineStore>(engine_));
  }

 private:
  Engine& engine_;
};

class TtlWalkTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string made = (std::filesystem::temp_directory_path() / "kvstate-walk-XXXXXX").string();
    ASSERT_NE(mkdtemp(made.data()), nullptr);
    directory_ = made;
    BackendOptions options;
    options.key_serializer = SerializerFor<int64_t>();
    options.directory = made + "/backend";
    options.clock = clock_;
    auto created = EmbeddedBackend::Create("engine", options, std::make_unique<EngineOpener>(engine_));
    ASSERT_OK(created);
    backend_ = std::make_unique<KeyedBackend<int64_t>>(std::move(created).value());
    ValueStateDescriptor<int64_t> descriptor("value");
    descriptor.ttl = TtlConfig{.ttl_millis = 100};
    descriptor.ttl->cleanup.incremental_entries = 0;
    ASSERT_OK_AND_ASSIGN(value_, backend_->GetState(descriptor));
    sweep_ = GetExtension<TtlSweep>(backend_->backend());
  }
  void TearDown() override {
    backend_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Put(int64_t from, int64_t to) {
    for (int64_t key = from; key < to; ++key) {
      ASSERT_OK(backend_->SetCurrentKey(key));
      ASSERT_OK(value_.Update(key));
    }
  }
  void SweepAll() {
    for (bool complete = false; !complete;) {
      ASSERT_OK_AND_ASSIGN(complete, sweep_->Sweep(1000));
    }
  }

  Engine engine_;
  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(1000);
  std::filesystem::path directory_;
  std::unique_ptr<KeyedBackend<int64_t>> backend_;
  ValueState<int64_t> value_;
  TtlSweep* sweep_ = nullptr;
};

TEST_F(TtlWalkTest, ARemovalThatFailsInTheMiddleOfAStepLosesNothingAndSaysWhere) {
  Put(0, 50);
  clock_->AdvanceMillis(100);
  Put(50, 80);
  engine_.deletes_left = 20;
  const auto failed = sweep_->Sweep(1000);
  EXPECT_CODE(failed, kUnavailable);
  EXPECT_MENTIONS(failed, "the disk went away");
  EXPECT_MENTIONS(failed, "removal of expired values of state 'value'");
  // Of those that had expired the rest is still there, and counted as that.
  EXPECT_EQ(engine_.entries.size(), 60U);
  EXPECT_EQ(sweep_->Figures().at(0).entries_removed, 20U);
  engine_.deletes_left = INT64_MAX;
  SweepAll();
  EXPECT_EQ(engine_.entries.size(), 30U);
  EXPECT_EQ(sweep_->Figures().at(0).entries_removed, 50U);
  for (int64_t key = 50; key < 80; ++key) {
    ASSERT_OK(backend_->SetCurrentKey(key));
    ASSERT_OK_AND_ASSIGN(const int64_t* const read, value_.Get());
    ASSERT_NE(read, nullptr) << key;
    EXPECT_EQ(*read, key);
  }
}

TEST_F(TtlWalkTest, AnEngineIsAskedToReclaimWhatManyRemovalsLeaveButNotAFew) {
  Put(0, 7'000);
  clock_->AdvanceMillis(100);
  SweepAll();
  EXPECT_TRUE(engine_.entries.empty());
  EXPECT_EQ(engine_.reclaims, 0);
  // Each time half as many as there are, though nobody knows at first how many there will be.
  Put(0, 100'000);
  clock_->AdvanceMillis(100);
  SweepAll();
  EXPECT_TRUE(engine_.entries.empty());
  EXPECT_GE(engine_.reclaims + engine_.reclaims_of_all, 3);
  EXPECT_LE(engine_.reclaims + engine_.reclaims_of_all, 8);
}

TEST_F(TtlWalkTest, AnEngineIsAskedToReclaimWhatIsOverwrittenToo) {
  for (int round = 0; round < 40; ++round) {
    Put(0, 1'000);
    SweepAll();
  }
  EXPECT_EQ(engine_.entries.size(), 1'000u);
  EXPECT_EQ(engine_.reclaims, 2);  // Of 40,000 writes.
  EXPECT_EQ(engine_.asked_for_all, 0);
}

TEST_F(TtlWalkTest, AnEngineIsAskedToReclaimAllOnceManyMoreWereRemovedThanAreLeft) {
  // What comes and goes is an entry for each that is left.
  Put(0, 30'000);
  clock_->AdvanceMillis(100);
  Put(10'000, 30'000);
  SweepAll();
  SweepAll();
  EXPECT_EQ(engine_.entries.size(), 20'000u);
  EXPECT_EQ(engine_.asked_for_all, 0);
  // A load that is over: 2,000 stay.
  Put(0, 30'000);
  SweepAll();
  clock_->AdvanceMillis(100);
  Put(0, 2'000);
  engine_.busy = true;
  SweepAll();
  // How many are left is known after a pass.
  SweepAll();
  EXPECT_GT(engine_.asked_for_all, 0);
  // An engine that is busy is asked again, and then no more.
  engine_.busy = false;
  SweepAll();
  EXPECT_EQ(engine_.entries.size(), 2'000u);
  EXPECT_EQ(engine_.reclaims_of_all, 1);
  for (int i = 0; i < 10; ++i) SweepAll();
  EXPECT_EQ(engine_.reclaims_of_all, 1);
}

}  // namespace
}  // namespace kvstate::backends
