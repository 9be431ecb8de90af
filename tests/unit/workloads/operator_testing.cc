#include "tests/unit/workloads/operator_testing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "kvstate/backends.h"
#include "kvstate/checkpoint_storage.h"
#include "kvstate/clock.h"
#include "kvstate/extension.h"
#include "kvstate/serializers.h"
#include "kvstate/snapshots.h"
#include "workloads/output_digest.h"

namespace kvstate::workloads {
namespace {

/// An operator on a backend of its own.
class Task {
 public:
  /// `from`: null for an empty backend.
  void Start(const std::string& backend, const WorkloadSpec& spec, const Parameters& parameters, Task* from) {
    ASSERT_NO_FATAL_FAILURE(MakeBackend(backend));
    if (from != nullptr) {
      ASSERT_NO_FATAL_FAILURE(Restore(*from));
    }
    auto made = spec.make_operator(parameters);
    ASSERT_TRUE(made.ok()) << made.status().ToString();
    op_ = std::move(made).value();
    const Status opened = op_->Open(*backend_);
    ASSERT_TRUE(opened.ok()) << opened.ToString();
    if (from == nullptr) return;
    const Status restored = op_->RestoreProgress(from->op_->Progress());
    ASSERT_TRUE(restored.ok()) << restored.ToString();
  }
  void Process(const std::vector<OwnedEvent>& events, size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const OwnedEvent& event = events[i];
      clock_->SetMillis(std::max(clock_->NowMillis(), event.time_ms));
      const Status status = op_->Process({event.time_ms, event.key, event.value, event.stream});
      ASSERT_TRUE(status.ok()) << status.ToString();
    }
  }
  void ExpectAtEnd(const OutputDigest& expected, std::optional<uint64_t> entries_left) {
    const Status status = op_->Finish();
    ASSERT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(op_->output_rows(), expected.rows());
    EXPECT_EQ(op_->output_digest(), expected.value());
    if (!entries_left.has_value()) return;
    const auto entries = backend_->NumEntries();
    ASSERT_TRUE(entries.ok()) << entries.status().ToString();
    EXPECT_EQ(*entries, *entries_left);
  }

 private:
  void MakeBackend(const std::string& name) {
    BackendRegistry registry;
    ASSERT_TRUE(RegisterBuiltinBackends(registry).ok());
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    static int made = 0;
    const auto directory =
        std::filesystem::path(::testing::TempDir()) /
        (std::string(test->test_suite_name()) + "." + test->name() + "." + name + std::to_string(++made));
    std::filesystem::remove_all(directory);
    BackendOptions options;
    options.key_serializer = RawBytesSerializer();
    options.directory = directory;
    options.clock = clock_;
    auto backend = registry.Create(name, options);
    ASSERT_TRUE(backend.ok()) << backend.status().ToString();
    backend_ = std::move(backend).value();
  }
  void Restore(Task& from) {
    const auto storage = MakeMemoryStorage(UINT64_MAX);
    SnapshotOptions options;
    options.kind = SnapshotKind::kSavepoint;
    const auto task = GetExtension<Snapshots>(*from.backend_)->Snapshot(1, storage, options);
    ASSERT_TRUE(task.ok()) << task.status().ToString();
    const auto written = (*task)->Run();
    ASSERT_TRUE(written.ok()) << written.status().ToString();
    clock_->SetMillis(from.clock_->NowMillis());
    const Status restored = GetExtension<Snapshots>(*backend_)->Restore({&written->handle, 1}, storage, {});
    ASSERT_TRUE(restored.ok()) << restored.ToString();
  }

  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::unique_ptr<KeyedStateBackend> backend_;
  std::unique_ptr<Operator> op_;
};

}  // namespace

std::vector<OwnedEvent> ReadEvents(const std::string& workload, const Parameters& source, uint64_t seed) {
  std::vector<OwnedEvent> events;
  const auto spec = FindWorkload(workload);
  EXPECT_TRUE(spec.ok());
  if (!spec.ok()) return events;
  auto made = (*spec)->make_source(source, seed);
  EXPECT_TRUE(made.ok()) << made.status().ToString();
  if (!made.ok()) return events;
  Event event;
  while (true) {
    const auto more = (*made)->Next(&event);
    EXPECT_TRUE(more.ok()) << more.status().ToString();
    if (!more.ok() || !*more) return events;
    events.push_back({event.time_ms, std::string(event.key), std::string(event.value), event.stream});
  }
}

void ExpectOutput(const std::string& workload, const Parameters& parameters, const std::vector<OwnedEvent>& events,
                  const std::vector<std::string>& rows, std::optional<uint64_t> entries_left) {
  OutputDigest expected;
  for (const std::string& row : rows) expected.Add(row);
  BackendRegistry registry;
  const Status registered = RegisterBuiltinBackends(registry);
  ASSERT_TRUE(registered.ok()) << registered.ToString();
  ASSERT_FALSE(registry.Names().empty());
  const auto spec = FindWorkload(workload);
  ASSERT_TRUE(spec.ok()) << spec.status().ToString();
  const std::vector<std::string> names = registry.Names();
  for (size_t i = 0; i < names.size(); ++i) {
    SCOPED_TRACE(names[i]);
    Task whole;
    ASSERT_NO_FATAL_FAILURE(whole.Start(names[i], **spec, parameters, nullptr));
    ASSERT_NO_FATAL_FAILURE(whole.Process(events, 0, events.size()));
    ASSERT_NO_FATAL_FAILURE(whole.ExpectAtEnd(expected, entries_left));

    const std::string& next = names[(i + 1) % names.size()];
    SCOPED_TRACE("restored on " + next);
    Task begun;
    ASSERT_NO_FATAL_FAILURE(begun.Start(names[i], **spec, parameters, nullptr));
    ASSERT_NO_FATAL_FAILURE(begun.Process(events, 0, events.size() / 2));
    Task restored;
    ASSERT_NO_FATAL_FAILURE(restored.Start(next, **spec, parameters, &begun));
    ASSERT_NO_FATAL_FAILURE(restored.Process(events, events.size() / 2, events.size()));
    ASSERT_NO_FATAL_FAILURE(restored.ExpectAtEnd(expected, entries_left));
  }
}

void ExpectRefused(const std::vector<RefusedParameters>& refused) {
  for (const RefusedParameters& one : refused) {
    SCOPED_TRACE(one.workload);
    const auto spec = FindWorkload(one.workload);
    ASSERT_TRUE(spec.ok());
    const Status status = (*spec)->make_operator(one.parameters).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find(one.says), std::string::npos) << status.message();
  }
}

}  // namespace kvstate::workloads
