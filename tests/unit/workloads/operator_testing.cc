#include "tests/unit/workloads/operator_testing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "kvstate/backends.h"
#include "kvstate/clock.h"
#include "kvstate/serializers.h"
#include "workloads/output_digest.h"

namespace kvstate::workloads {
namespace {

std::unique_ptr<KeyedStateBackend> MakeBackend(const BackendRegistry& registry, const std::string& name,
                                               std::shared_ptr<const Clock> clock) {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const auto directory = std::filesystem::path(::testing::TempDir()) /
                         (std::string(test->test_suite_name()) + "." + test->name() + "." + name);
  std::filesystem::remove_all(directory);
  BackendOptions options;
  options.key_serializer = RawBytesSerializer();
  options.directory = directory;
  options.clock = std::move(clock);
  auto backend = registry.Create(name, options);
  EXPECT_TRUE(backend.ok()) << backend.status().ToString();
  return backend.ok() ? std::move(backend).value() : nullptr;
}

void Run(Operator& op, const std::vector<OwnedEvent>& events, ManualClock& clock) {
  for (const OwnedEvent& event : events) {
    clock.SetMillis(std::max(clock.NowMillis(), event.time_ms));
    const Status status = op.Process({event.time_ms, event.key, event.value});
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  const Status status = op.Finish();
  ASSERT_TRUE(status.ok()) << status.ToString();
}

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
    events.push_back({event.time_ms, std::string(event.key), std::string(event.value)});
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
  for (const std::string& name : registry.Names()) {
    SCOPED_TRACE(name);
    const auto clock = std::make_shared<ManualClock>();
    const auto backend = MakeBackend(registry, name, clock);
    ASSERT_NE(backend, nullptr);
    auto made = (*spec)->make_operator(parameters);
    ASSERT_TRUE(made.ok()) << made.status().ToString();
    Operator& op = **made;
    const Status opened = op.Open(*backend);
    ASSERT_TRUE(opened.ok()) << opened.ToString();
    ASSERT_NO_FATAL_FAILURE(Run(op, events, *clock));
    EXPECT_EQ(op.output_rows(), rows.size());
    EXPECT_EQ(op.output_digest(), expected.value());
    if (!entries_left.has_value()) continue;
    const auto entries = backend->NumEntries();
    ASSERT_TRUE(entries.ok()) << entries.status().ToString();
    EXPECT_EQ(*entries, *entries_left);
  }
}

}  // namespace kvstate::workloads
