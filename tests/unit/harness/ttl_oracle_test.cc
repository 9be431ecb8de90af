#include "harness/run/ttl_oracle.h"

#include <gtest/gtest.h>

#include <string>

#include "harness/replay/memory_trace.h"
#include "kvstate/descriptors.h"
#include "kvstate/namespaces.h"
#include "tests/support/status_testing.h"

namespace kvstate::harness {
namespace {

constexpr int64_t kTtlMs = 100;

StateDescriptor WithTtl(StateDescriptor descriptor, TtlConfig::Update update = TtlConfig::Update::kOnCreateAndWrite) {
  TtlConfig& ttl = descriptor.ttl.emplace();
  ttl.ttl_millis = kTtlMs;
  ttl.update = update;
  return descriptor;
}

/// Writes a trace by hand; all its moments are asked for with a resolution of 50 ms.
class TtlOracleTest : public ::testing::Test {
 protected:
  void Begin(const StateDescriptor& descriptor) {
    ASSERT_OK(trace_.Begin({SerializerFor<int64_t>(), 128}));
    ASSERT_OK(trace_.AddState({SerializerFor<VoidNamespace>(), descriptor}));
  }
  void Append(int64_t time_ms, int64_t key, TraceOperation operation) {
    const std::string bytes = Encode(key);
    operation.sets_key = true;
    operation.key = bytes;
    operation.time_ms = time_ms;
    ASSERT_OK(trace_.Append(operation));
  }
  std::vector<TtlMoment> Expect(size_t moments) {
    EXPECT_OK(trace_.Finish());
    auto expected = ExpectTtl(trace_, moments, [] { return false; });
    EXPECT_OK(expected);
    return expected.ok() ? *expected : std::vector<TtlMoment>();
  }

  MemoryTrace trace_;
};

TEST_F(TtlOracleTest, AValueExpiresUnlessItIsWrittenAgain) {
  Begin(WithTtl(ValueStateDescriptor<int64_t>("value")));
  const std::string value = Encode(int64_t{5});
  const TraceOperation update{.operation = Operation::kUpdate, .state = 0, .value = value};
  Append(0, 1, update);  // Expires at 100.
  Append(0, 2, update);  // Written again at 99.
  Append(0, 3, update);  // Removed at 50.
  Append(50, 3, {.operation = Operation::kClear});
  Append(99, 2, update);                           // Expires at 199.
  Append(150, 1, {.operation = Operation::kGet});  // Does not count.
  Append(160, 1, update);                          // Expires at 260.
  Append(200, 4, {.operation = Operation::kGet});
  const auto moments = Expect(4);
  ASSERT_EQ(moments.size(), 4u);
  constexpr uint64_t kEach = 1 + 8 + 1 + 8;  // Key group, key, the void namespace, value.
  EXPECT_EQ(moments[0], (TtlMoment{4, 50, 2, 2 * kEach, 0}));
  EXPECT_EQ(moments[1], (TtlMoment{5, 100, 1, kEach, 1}));
  EXPECT_EQ(moments[2], (TtlMoment{6, 150, 1, kEach, 0}));
  EXPECT_EQ(moments[3], (TtlMoment{8, 200, 1, kEach, 1}));
}

TEST_F(TtlOracleTest, AReadCountsWhereReadsRefresh) {
  Begin(WithTtl(ValueStateDescriptor<int64_t>("value"), TtlConfig::Update::kOnReadAndWrite));
  const std::string value = Encode(int64_t{5});
  Append(0, 1, {.operation = Operation::kUpdate, .state = 0, .value = value});
  Append(90, 1, {.operation = Operation::kGet});   // Until 190.
  Append(190, 1, {.operation = Operation::kGet});  // Too late.
  Append(200, 2, {.operation = Operation::kGet});
  const auto moments = Expect(2);
  ASSERT_EQ(moments.size(), 2u);
  EXPECT_EQ(moments[0].live_values, 1u);
  EXPECT_EQ(moments[1].live_values, 0u);
  EXPECT_EQ(moments[1].values_expired, 1u);
}

TEST_F(TtlOracleTest, ElementsOfAListExpireOneByOneAndKeepTheirTimesWhenMerged) {
  ASSERT_OK(trace_.Begin({SerializerFor<int64_t>(), 128}));
  ASSERT_OK(trace_.AddState({SerializerFor<TimeWindow>(), WithTtl(ListStateDescriptor<int64_t>("list"))}));
  const std::string element = Encode(int64_t{5});
  const std::string source = Encode(TimeWindow{0, 1});
  const std::string target = Encode(TimeWindow{1, 2});
  TraceOperation add{.operation = Operation::kAdd, .state = 0, .sets_namespace = true};
  add.state_namespace = source;
  add.value = element;
  Append(0, 1, add);
  Append(60, 1, add);
  ByteWriter sources;
  sources.PutLengthPrefixed(source);
  TraceOperation merge{.operation = Operation::kMerge, .state = 0};
  merge.user_key = target;
  merge.value = sources.view();
  Append(70, 1, merge);
  Append(200, 1, {.operation = Operation::kGet});
  const auto moments = Expect(4);
  ASSERT_EQ(moments.size(), 4u);
  EXPECT_EQ(moments[0].live_values, 1u);
  EXPECT_EQ(moments[1].live_values, 1u);
  EXPECT_EQ(moments[1].values_expired, 1u);
  EXPECT_EQ(moments[2].live_values, 1u);
  EXPECT_EQ(moments[3].live_values, 0u);
  EXPECT_EQ(moments[3].values_expired, 1u);
}

TEST_F(TtlOracleTest, AMapIsClearedWholeAndItsEntriesExpireOneByOne) {
  Begin(WithTtl(MapStateDescriptor<int64_t, int64_t>("map")));
  const std::string first = Encode(int64_t{1});
  const std::string second = Encode(int64_t{2});
  const TraceOperation put_first{.operation = Operation::kMapPut, .state = 0, .user_key = first, .value = first};
  const TraceOperation put_second{.operation = Operation::kMapPut, .state = 0, .user_key = second, .value = first};
  Append(0, 1, put_first);
  Append(0, 2, put_first);
  Append(0, 2, put_second);
  Append(40, 2, {.operation = Operation::kClear});
  Append(60, 1, put_second);
  Append(200, 1, {.operation = Operation::kMapIsEmpty});
  const auto moments = Expect(4);
  ASSERT_EQ(moments.size(), 4u);
  EXPECT_EQ(moments[0].live_values, 1u);
  EXPECT_EQ(moments[1].live_values, 1u);
  EXPECT_EQ(moments[1].values_expired, 1u);
  EXPECT_EQ(moments[3].live_values, 0u);
  EXPECT_EQ(moments[3].values_expired, 1u);
}

TEST_F(TtlOracleTest, WhatATraceDoesNotTellIsNotMadeUp) {
  Begin(WithTtl(MapStateDescriptor<int64_t, int64_t>("map")));
  Append(0, 1, {.operation = Operation::kIteratorRemove});
  ASSERT_OK(trace_.Finish());
  const auto expected = ExpectTtl(trace_, 4, [] { return false; });
  EXPECT_CODE(expected, kUnimplemented);
  EXPECT_MENTIONS(expected, "iterator_remove");
}

TEST_F(TtlOracleTest, StatesThatDoNotExpireDoNotCount) {
  Begin(ValueStateDescriptor<int64_t>("value"));
  const std::string value = Encode(int64_t{5});
  Append(0, 1, {.operation = Operation::kUpdate, .state = 0, .value = value});
  Append(500, 1, {.operation = Operation::kGet});
  const auto moments = Expect(2);
  ASSERT_EQ(moments.size(), 2u);
  EXPECT_EQ(moments[1], (TtlMoment{2, 500, 0, 0, 0}));
}

}  // namespace
}  // namespace kvstate::harness
