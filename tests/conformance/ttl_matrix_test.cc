#include <algorithm>
#include <array>
#include <random>
#include <string>

#include "kvstate/engine_statistics.h"
#include "tests/conformance/snapshot_testing.h"
#include "tests/conformance/ttl_subject.h"
#include "tests/conformance/ttl_testing.h"

// Every combination of kind, update, visibility and cleanup does in a random program what the model of it does.

namespace kvstate::conformance {
namespace {

enum class Cleanup { kNone, kFullSnapshot, kIncremental, kPerRecord, kCompactionFilter, kSweep };

struct MatrixCase {
  StateKind kind;
  TtlConfig::Update update;
  TtlConfig::Visibility visibility;
  Cleanup cleanup;
};

constexpr std::array kKinds = {StateKind::kValue,    StateKind::kList,        StateKind::kMap,
                               StateKind::kReducing, StateKind::kAggregating, StateKind::kFolding};
constexpr std::array<std::pair<TtlConfig::Update, const char*>, 3> kUpdates = {
    {{TtlConfig::Update::kOnCreateAndWrite, "OnCreateAndWrite"},
     {TtlConfig::Update::kOnReadAndWrite, "OnReadAndWrite"},
     {TtlConfig::Update::kDisabled, "Disabled"}}};
constexpr std::array<std::pair<TtlConfig::Visibility, const char*>, 2> kVisibilities = {
    {{TtlConfig::Visibility::kNeverReturnExpired, "NeverReturnExpired"},
     {TtlConfig::Visibility::kReturnExpiredIfNotCleanedUp, "ReturnExpiredIfNotCleanedUp"}}};
constexpr std::array<std::pair<Cleanup, const char*>, 6> kCleanups = {{{Cleanup::kNone, "no_cleanup"},
                                                                       {Cleanup::kFullSnapshot, "full_snapshot"},
                                                                       {Cleanup::kIncremental, "incremental"},
                                                                       {Cleanup::kPerRecord, "per_record"},
                                                                       {Cleanup::kCompactionFilter, "filter"},
                                                                       {Cleanup::kSweep, "sweep"}}};

TtlConfig ConfigOf(const MatrixCase& of) {
  TtlConfig ttl = Uncleaned();
  ttl.update = of.update;
  ttl.visibility = of.visibility;
  switch (of.cleanup) {
    case Cleanup::kNone:
      break;
    case Cleanup::kFullSnapshot:
      ttl.cleanup.in_full_snapshots = true;
      break;
    case Cleanup::kPerRecord:
      ttl.cleanup.incremental_per_record = true;
      [[fallthrough]];
    case Cleanup::kIncremental:
      ttl.cleanup.incremental_entries = 5;
      break;
    case Cleanup::kCompactionFilter:
      ttl.cleanup.compaction_filter = true;
      ttl.cleanup.compaction_filter_query_entries = 1;
      break;
    case Cleanup::kSweep:
      ttl.cleanup = TtlCleanup();
  }
  return ttl;
}

bool HasCompactionFilter(const std::string& backend) { return backend == "rocksdb"; }

class TtlMatrixTest : public OnManualClock<BackendTest> {
 public:
  TtlMatrixTest(const MatrixCase& of, const std::string& backend)
      : OnManualClock(backend), case_(of), ttl_(ConfigOf(of)), backend_name_(backend) {}

  void TestBody() override;

 private:
  bool expires() const { return case_.update != TtlConfig::Update::kDisabled; }
  /// Whether a sweep visits every entry of the state.
  bool IsSwept() const {
    if (case_.cleanup == Cleanup::kSweep) return !HasCompactionFilter(backend_name_);
    return case_.cleanup == Cleanup::kIncremental || case_.cleanup == Cleanup::kPerRecord;
  }
  void MoveClock(std::mt19937_64& random, const TtlSubject& subject) {
    static constexpr std::array<int64_t, 6> kSteps = {0, 1, 7, 30, kTtl - 1, kTtl};
    // Mostly little, so that there is something of every age.
    clock().AdvanceMillis(kSteps[random() % (random() % 12 == 0 ? kSteps.size() : 4)]);
    latest_ = std::max(latest_, clock().NowMillis());
    latest_expiry_ = std::max(latest_expiry_, subject.model().LatestExpiry(clock().NowMillis()));
    if (random() % 16 != 0) return;
    // Back, but to where nothing that has expired would live: it may be gone.
    const auto back = static_cast<int64_t>(random() % kTtl);
    clock().SetMillis(std::max(latest_expiry_, clock().NowMillis() - back));
  }
  void Clean(KeyedStateBackend& backend, TtlSubject& subject);
  void CheckSavepoint(KeyedStateBackend& backend, TtlSubject& subject);
  void CheckAllGoes(KeyedStateBackend& backend, TtlSubject& subject);

  const MatrixCase case_;
  const TtlConfig ttl_;
  const std::string backend_name_;
  int64_t latest_ = kStart;  ///< That the clock has shown.
  int64_t latest_expiry_ = INT64_MIN;
};

void TtlMatrixTest::Clean(KeyedStateBackend& backend, TtlSubject& subject) {
  if (case_.cleanup == Cleanup::kCompactionFilter) Must(GetExtension<EngineStatistics>(backend)->Flush(true));
  if (case_.cleanup != Cleanup::kSweep && case_.cleanup != Cleanup::kIncremental) return;
  SweepAll(backend);
  if (!expires() || !IsSwept()) return;
  subject.model().Purge(clock().NowMillis());
  EXPECT_EQ(Must(backend.NumEntries()), subject.model().LivingEntries(clock().NowMillis())) << "after a sweep";
}

void TtlMatrixTest::CheckSavepoint(KeyedStateBackend& backend, TtlSubject& subject) {
  const auto storage = MakeMemoryStorage(uint64_t{1} << 30);
  // What runs in the background ends first; nothing more is dropped there while a savepoint is being taken.
  if (HasCompactionFilter(backend_name_)) Must(GetExtension<EngineStatistics>(backend)->Flush(true));
  const auto task = Must(GetExtension<Snapshots>(backend)->Snapshot(1, storage, OfKind(SnapshotKind::kSavepoint)));
  const uint64_t entries = Must(backend.NumEntries());
  const SnapshotResult result = Must(task->Run());
  // What would expire by the entry's own time is not written; what is there, is as it was.
  const uint64_t expected = case_.cleanup == Cleanup::kFullSnapshot && expires()
                                ? subject.model().LivingEntries(clock().NowMillis())
                                : entries;
  EXPECT_EQ(result.figures.entries_written, expected);
}

void TtlMatrixTest::CheckAllGoes(KeyedStateBackend& backend, TtlSubject& subject) {
  clock().SetMillis(latest_ + kTtl);
  if (case_.cleanup == Cleanup::kCompactionFilter) {
    // Until the engine has rewritten what it has.
    for (int i = 0; i < 3; ++i) {
      SweepAll(backend);
      Must(GetExtension<EngineStatistics>(backend)->Flush(true));
    }
  } else if (IsSwept()) {
    SweepAll(backend);
  } else {
    return;
  }
  EXPECT_EQ(Must(backend.NumEntries()), 0u);
  subject.model().Purge(clock().NowMillis());
  EXPECT_EQ(subject.ReadAll(clock().NowMillis()), "") << "what was cleaned is gone under every visibility";
}

void TtlMatrixTest::TestBody() {
  KeyedBackend<std::string> backend = OpenRaw();
  TtlSubject subject(backend.backend(), TtlSubjectDescriptor(case_.kind, ttl_));
  std::mt19937_64 random(4711 + static_cast<uint64_t>(case_.kind));
  for (int step = 0; step < 240; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    ASSERT_EQ(subject.Step(random, clock().NowMillis()), "");
    if (step % 20 == 19) {
      ASSERT_EQ(subject.Look(clock().NowMillis()), "");
    }
    MoveClock(random, subject);
    if (step % 60 == 59) Clean(backend.backend(), subject);
  }
  ASSERT_EQ(subject.Look(clock().NowMillis()), "");
  CheckSavepoint(backend.backend(), subject);
  ASSERT_EQ(subject.ReadAll(clock().NowMillis()), "");
  if (expires()) CheckAllGoes(backend.backend(), subject);
}

void Register(const MatrixCase& of, const std::string& name) {
  for (const std::string& backend : TestedBackendNames()) {
    if (of.cleanup == Cleanup::kCompactionFilter && !HasCompactionFilter(backend)) continue;
    ::testing::RegisterTest("TtlMatrix", (name + "/" + backend).c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [of, backend]() -> OnManualClock<BackendTest>* { return new TtlMatrixTest(of, backend); });
  }
}

}  // namespace

void RegisterTtlMatrix() {
  for (const StateKind kind : kKinds) {
    for (const auto& [update, update_name] : kUpdates) {
      for (const auto& [visibility, visibility_name] : kVisibilities) {
        for (const auto& [cleanup, cleanup_name] : kCleanups) {
          Register({kind, update, visibility, cleanup},
                   std::string(StateKindName(kind)) + "_" + update_name + "_" + visibility_name + "_" + cleanup_name);
        }
      }
    }
  }
}

}  // namespace kvstate::conformance
