#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "kvstate/engine_statistics.h"
#include "kvstate/extension.h"
#include "tests/unit/hashmap/hashmap_testing.h"

namespace kvstate::backends::hashmap {

/// An object that knows whether it is where its type says it may be.
template <size_t kAlignment, size_t kSize>
struct alignas(kAlignment) Aligned {
  int64_t number = 0;
  char padding[kSize - sizeof(int64_t)] = {};
  bool InPlace() const { return reinterpret_cast<uintptr_t>(this) % kAlignment == 0; }
};

}  // namespace kvstate::backends::hashmap

namespace kvstate {

template <size_t kAlignment, size_t kSize>
struct Codec<backends::hashmap::Aligned<kAlignment, kSize>> {
  using T = backends::hashmap::Aligned<kAlignment, kSize>;
  static constexpr size_t kEncodedSize = 8;
  static void Write(const T& value, ByteWriter& out) { Codec<int64_t>::Write(value.number, out); }
  static Status Read(ByteReader& in, T& value) { return Codec<int64_t>::Read(in, value.number); }
  static uint32_t KeyHash(ByteView encoded) { return JavaBytesHash(encoded); }
  static SerializerSnapshot Snapshot() { return {"aligned", 1, {}}; }
};

}  // namespace kvstate

namespace kvstate::backends::hashmap {
namespace {

template <class T>
class ObjectsTest : public ::testing::Test {};

using Objects = ::testing::Types<Aligned<8, 8>, Aligned<16, 48>, Aligned<32, 96>, Aligned<64, 128>, Aligned<128, 128>,
                                 Aligned<4096, 8192>, Aligned<8, 256>, Aligned<8, 264>, Aligned<8, 70000>>;
TYPED_TEST_SUITE(ObjectsTest, Objects);

TYPED_TEST(ObjectsTest, AreKeptAtTheirAlignmentInValuesAndMaps) {
  auto backend = OpenHashMap<std::string>(2);
  ASSERT_OK_AND_ASSIGN(auto values, backend.GetState(ValueStateDescriptor<TypeParam>("v")));
  ASSERT_OK_AND_ASSIGN(auto maps, (backend.GetState(MapStateDescriptor<int16_t, TypeParam>("m"))));
  TypeParam object;
  constexpr int kKeys = 70;
  for (int i = 0; i < kKeys; ++i) {
    ASSERT_OK(backend.SetCurrentKey("key " + std::to_string(i)));
    object.number = i;
    ASSERT_OK(values.Update(object));
    for (int16_t user_key = 0; user_key < 3; ++user_key) ASSERT_OK(maps.Put(user_key, object));
  }
  ASSERT_OK(backend.SetCurrentKey("one large map"));
  for (int16_t user_key = 0; user_key < kKeys; ++user_key) {
    object.number = user_key;
    ASSERT_OK(maps.Put(user_key, object));
  }
  for (int16_t user_key = 0; user_key < kKeys; ++user_key) {
    ASSERT_OK_AND_ASSIGN(const TypeParam* found, maps.Get(user_key));
    ASSERT_NE(found, nullptr);
    EXPECT_TRUE(found->InPlace());
    EXPECT_EQ(found->number, user_key);
  }
  for (int i = 0; i < kKeys; ++i) {
    ASSERT_OK(backend.SetCurrentKey("key " + std::to_string(i)));
    ASSERT_OK_AND_ASSIGN(const TypeParam* found, values.Get());
    ASSERT_NE(found, nullptr);
    EXPECT_TRUE(found->InPlace());
    EXPECT_EQ(found->number, i);
    if (i % 2 == 0) {
      ASSERT_OK(values.Clear());
    }
  }
  ASSERT_OK_AND_ASSIGN(const uint64_t entries, backend.backend().NumEntries());
  EXPECT_EQ(entries, uint64_t{kKeys / 2 + kKeys * 3 + kKeys});
}

uint64_t MemoryBytes(KeyedStateBackend& backend) {
  const auto counters = GetExtension<EngineStatistics>(backend)->Collect();
  EXPECT_OK(counters);
  return counters->memory_bytes.value_or(0);
}

TEST(HashMapMemory, IsToldWhereItIsKnownExactlyAndGrowsWithTheEntries) {
  auto backend = OpenHashMap<int64_t>();
  ASSERT_OK_AND_ASSIGN(auto state, backend.GetState(ValueStateDescriptor<int64_t>("v")));
  const uint64_t empty = MemoryBytes(backend.backend());
  constexpr int64_t kKeys = 100000;
  for (int64_t key = 0; key < kKeys; ++key) {
    ASSERT_OK(backend.SetCurrentKey(key));
    ASSERT_OK(state.Update(key));
  }
  const uint64_t full = MemoryBytes(backend.backend());
  EXPECT_GE(full, empty + kKeys * 17);
  EXPECT_LE(full, empty + kKeys * 64);
  for (int64_t key = 0; key < kKeys; ++key) {
    ASSERT_OK(backend.SetCurrentKey(key));
    ASSERT_OK(state.Clear());
  }
  EXPECT_LE(MemoryBytes(backend.backend()), full / 50);
}

TEST(HashMapMemory, IsAbsentWhereValuesAllocateForThemselves) {
  auto backend = OpenHashMap<int64_t>();
  ASSERT_OK(backend.GetState(ValueStateDescriptor<std::string>("v")));
  ASSERT_OK_AND_ASSIGN(const EngineCounters counters, GetExtension<EngineStatistics>(backend.backend())->Collect());
  EXPECT_FALSE(counters.memory_bytes.has_value());
  EXPECT_FALSE(counters.disk_bytes.has_value());
}

TEST(HashMapMemory, CountsLongKeysAndBoxedValues) {
  auto backend = OpenHashMap<std::string>(1);
  ASSERT_OK_AND_ASSIGN(auto state, (backend.GetState(ValueStateDescriptor<Aligned<8, 70000>>("v"))));
  ASSERT_OK(backend.SetCurrentKey(std::string(5000, 'k')));
  const uint64_t before = MemoryBytes(backend.backend());
  ASSERT_OK(state.Update(Aligned<8, 70000>()));
  EXPECT_GE(MemoryBytes(backend.backend()), before + 75000);
  ASSERT_OK(state.Clear());
  EXPECT_LE(MemoryBytes(backend.backend()), before + 1000);
}

}  // namespace
}  // namespace kvstate::backends::hashmap
