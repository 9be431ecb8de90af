#include "harness/load/trace_splitter.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/run/backend_choice.h"
#include "kvstate/backends.h"
#include "kvstate/key_group.h"
#include "kvstate/keyed_backend.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/mixed_trace.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

constexpr uint32_t kMaxParallelism = 128;

bool IsForAll(Operation operation) {
  return operation == Operation::kKeys || operation == Operation::kKeysAndNamespaces ||
         operation == Operation::kRemoveState;
}

class TraceSplitterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(RegisterBuiltinBackends(registry_));
    ASSERT_OK_AND_ASSIGN(
        timers_, MakeBackend(registry_, {"hashmap", {}}, SerializerFor<int64_t>(), kMaxParallelism, directory_.work()));
  }
  uint32_t InstanceOf(ByteView key, uint32_t parallelism) {
    const uint32_t group = KeyGroupOf(SerializerFor<int64_t>()->KeyHash(key), kMaxParallelism);
    return SubtaskOf(kMaxParallelism, parallelism, group);
  }

  BackendRegistry registry_;
  TemporaryDirectory directory_;
  std::unique_ptr<KeyedStateBackend> timers_;
  MemoryTrace trace_;
};

TEST_F(TraceSplitterTest, EveryOperationIsInOnePartOfTheInstanceThatOwnsItsKey) {
  constexpr uint32_t kParallelism = 5;
  ASSERT_OK(RecordMixedTrace(registry_, directory_.work(), 2000, &trace_));
  ASSERT_OK(trace_.Rewind());
  TraceSplitter splitter(trace_.header(), kParallelism, timers_.get());
  std::string key;
  std::map<uint32_t, std::string> key_of_instance;
  std::map<uint32_t, uint64_t> of_instance;
  uint64_t for_all = 0;
  while (true) {
    ASSERT_OK_AND_ASSIGN(const std::vector<TraceOperation>* chunk, trace_.NextChunk());
    if (chunk->empty()) break;
    for (const TraceOperation& operation : *chunk) {
      if (operation.sets_key) key = std::string(operation.key);
      ASSERT_OK_AND_ASSIGN(const auto parts, splitter.Split(operation, trace_.states()));
      if (IsForAll(operation.operation)) {
        ASSERT_EQ(parts.size(), kParallelism);
        ++for_all;
        for (uint32_t i = 0; i < kParallelism; ++i) EXPECT_EQ(parts[i].instance, i);
      } else {
        ASSERT_EQ(parts.size(), 1u);
      }
      for (const TraceSplitter::Part& part : parts) {
        ++of_instance[part.instance];
        EXPECT_EQ(part.operation.operation, operation.operation);
        EXPECT_EQ(part.operation.value, operation.value);
        if (part.operation.sets_key) {
          // No instance sees a key that is not its own.
          EXPECT_EQ(InstanceOf(part.operation.key, kParallelism), part.instance);
          key_of_instance[part.instance] = std::string(part.operation.key);
        }
        const bool under_key =
            !IsForAll(operation.operation) && operation.operation < Operation::kTimerAdd &&
            (operation.operation < Operation::kIteratorAdvance || operation.operation > Operation::kIteratorClose);
        if (under_key) {
          EXPECT_EQ(key_of_instance[part.instance], key);
        }
      }
    }
  }
  EXPECT_GT(for_all, 10u);
  EXPECT_EQ(of_instance.size(), kParallelism);
}

TEST_F(TraceSplitterTest, AKeyThatIsSetForAnotherInstanceIsBroughtWhereItIsNeeded) {
  // Two keys of different instances.
  std::string first = Encode<int64_t>(0);
  std::string second;
  for (int64_t i = 1; second.empty(); ++i) {
    if (InstanceOf(Encode(i), 2) != InstanceOf(first, 2)) second = Encode(i);
  }
  ASSERT_OK(trace_.Begin({SerializerFor<int64_t>(), kMaxParallelism}));
  TraceState state{SerializerFor<TimeWindow>(), MapStateDescriptor<int64_t, int64_t>("m")};
  const std::vector<TraceState> states = {state, state};
  TraceSplitter splitter(trace_.header(), 2, timers_.get());
  const std::string window = Encode(TimeWindow{1, 2});

  TraceOperation open{.operation = Operation::kIteratorOpen, .sets_key = true, .sets_namespace = true};
  open.key = first;
  open.state_namespace = window;
  ASSERT_OK(splitter.Split(open, states));
  // The key changes with an operation of an iterator, which goes where it was opened, without the key.
  TraceOperation advance{.operation = Operation::kIteratorAdvance, .sets_key = true};
  advance.key = second;
  {
    ASSERT_OK_AND_ASSIGN(const auto parts, splitter.Split(advance, states));
    EXPECT_EQ(parts[0].instance, InstanceOf(first, 2));
    EXPECT_FALSE(parts[0].operation.sets_key);
  }
  // The next one needs the key, and the namespace that was set for the other instance.
  const TraceOperation get{.operation = Operation::kMapIsEmpty};
  {
    ASSERT_OK_AND_ASSIGN(const auto parts, splitter.Split(get, states));
    EXPECT_EQ(parts[0].instance, InstanceOf(second, 2));
    EXPECT_TRUE(parts[0].operation.sets_key);
    EXPECT_EQ(parts[0].operation.key, second);
    EXPECT_TRUE(parts[0].operation.sets_namespace);
    EXPECT_EQ(parts[0].operation.state_namespace, window);
  }
  // Once there, neither is set again; another state has no namespace.
  {
    ASSERT_OK_AND_ASSIGN(const auto parts, splitter.Split(get, states));
    EXPECT_FALSE(parts[0].operation.sets_key);
    EXPECT_FALSE(parts[0].operation.sets_namespace);
  }
  const TraceOperation other{.operation = Operation::kMapIsEmpty, .state = 1};
  ASSERT_OK_AND_ASSIGN(const auto parts, splitter.Split(other, states));
  EXPECT_FALSE(parts[0].operation.sets_namespace);
}

TEST_F(TraceSplitterTest, OneInstanceGetsTheTraceAsItIs) {
  ASSERT_OK(RecordMixedTrace(registry_, directory_.work(), 300, &trace_));
  ASSERT_OK(trace_.Rewind());
  TraceSplitter splitter(trace_.header(), 1, nullptr);
  ASSERT_OK_AND_ASSIGN(const std::vector<TraceOperation>* chunk, trace_.NextChunk());
  for (const TraceOperation& operation : *chunk) {
    ASSERT_OK_AND_ASSIGN(const auto parts, splitter.Split(operation, trace_.states()));
    ASSERT_EQ(parts.size(), 1u);
    EXPECT_EQ(parts[0].operation.sets_key, operation.sets_key);
    EXPECT_EQ(parts[0].operation.sets_namespace, operation.sets_namespace);
  }
}

}  // namespace
}  // namespace kvstate::harness
