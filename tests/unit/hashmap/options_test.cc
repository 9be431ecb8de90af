#include <gtest/gtest.h>

#include <string>

#include "kvstate/engine_statistics.h"
#include "kvstate/extension.h"
#include "tests/unit/hashmap/hashmap_testing.h"

namespace kvstate::backends::hashmap {
namespace {

TEST(HashMapOptions, RefusesAnUnknownEngineOptionAndSaysWhatExists) {
  BackendOptions options = HashMapOptions(SerializerFor<int64_t>(), 128);
  options.engine["write_buffer_size"] = "1";
  const auto backend = MakeFactory()->Create(options);
  EXPECT_CODE(backend, kInvalidArgument);
  EXPECT_MENTIONS(backend, "write_buffer_size");
  EXPECT_MENTIONS(backend, "none");
  EXPECT_TRUE(MakeFactory()->options().empty());
}

TEST(HashMapOptions, NeedsNoDirectory) {
  EXPECT_FALSE(MakeFactory()->needs_directory());
  EXPECT_OK(MakeFactory()->Create(HashMapOptions(SerializerFor<int64_t>(), 1)));
}

TEST(HashMapOptions, StatisticsEndWithTheBackend) {
  auto backend = OpenHashMap<int64_t>();
  auto* statistics = GetExtension<EngineStatistics>(backend.backend());
  ASSERT_NE(statistics, nullptr);
  EXPECT_OK(statistics->Flush(true));
  EXPECT_OK(statistics->Collect());
  ASSERT_OK(backend.backend().Dispose());
  EXPECT_CODE(statistics->Flush(false), kFailedPrecondition);
  EXPECT_CODE(statistics->Collect(), kFailedPrecondition);
}

TEST(HashMapNamespaces, TheVoidNamespaceIsOneZeroByte) {
  auto backend = OpenHashMap<int64_t>();
  ASSERT_OK_AND_ASSIGN(auto state, backend.GetState(ValueStateDescriptor<int64_t>("v")));
  EXPECT_EQ(state.internal()->current_namespace(), ByteView("\0", 1));
  EXPECT_OK(state.internal()->SetCurrentNamespace(ByteView("\0", 1)));
  EXPECT_CODE(state.internal()->SetCurrentNamespace("\1"), kInvalidArgument);
  EXPECT_CODE(state.internal()->SetCurrentNamespace(""), kInvalidArgument);
  state.ClearCurrentNamespace();
  EXPECT_EQ(state.internal()->current_namespace(), ByteView("\0", 1));
}

}  // namespace
}  // namespace kvstate::backends::hashmap
