#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "kvstate/codec.h"
#include "tests/unit/hashmap/hashmap_testing.h"

namespace kvstate::backends::hashmap {
namespace {

const std::string kVoid = Encode(VoidNamespace());

TEST(HashMapQueryable, ReadersOnOtherThreadsSeeWholeValuesBesideTheOwner) {
  auto backend = OpenHashMap<int64_t>(4);
  ValueStateDescriptor<std::string> value_descriptor("v");
  value_descriptor.queryable_name = "v";
  MapStateDescriptor<int64_t, std::string> map_descriptor("m");
  map_descriptor.queryable_name = "m";
  ASSERT_OK_AND_ASSIGN(auto values, backend.GetState(value_descriptor));
  ASSERT_OK_AND_ASSIGN(auto maps, backend.GetState(map_descriptor));
  std::atomic<bool> done{false};
  std::atomic<uint64_t> found{0};
  const auto read = [&] {
    std::string out;
    for (int64_t key = 0; !done; key = (key + 1) % 50) {
      const auto has_value = values.internal()->GetSerialized(Encode(key), kVoid, &out);
      ASSERT_OK(has_value);
      if (*has_value) {
        const auto text = Decode<std::string>(out);
        ASSERT_OK(text);
        ASSERT_EQ(*text, std::string(text->size(), (*text)[0])) << "half a value";
        ++found;
      }
      ASSERT_OK(maps.internal()->GetSerialized(Encode(key), kVoid, &out));
    }
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) readers.emplace_back(read);
  for (int64_t round = 0; round < 3000 || found == 0; ++round) {
    ASSERT_OK(backend.SetCurrentKey(round % 50));
    ASSERT_OK(values.Update(std::string(static_cast<size_t>(1 + round % 100), static_cast<char>('a' + round % 26))));
    ASSERT_OK(maps.Put(round % 7, "x"));
    if (round % 11 == 0) {
      ASSERT_OK(values.Clear());
    }
    if (round % 3 == 0) {
      ASSERT_OK_AND_ASSIGN(auto entries, maps.Entries());
      ASSERT_OK(entries.Next());
      ASSERT_OK(entries.Remove());
    }
    if (round % 100 == 0) {
      ASSERT_OK_AND_ASSIGN(auto visitor, values.internal()->Visit());
      ASSERT_OK_AND_ASSIGN(const auto batch, visitor->NextBatch(5));
      if (!batch.empty()) {
        ASSERT_OK(visitor->Remove(batch[0]));
      }
    }
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
}

TEST(HashMapQueryable, AKeyOfAnotherInstancesGroupsIsAbsent) {
  BackendOptions options = HashMapOptions(SerializerFor<int64_t>(), 128);
  options.key_groups = {0, 63};
  auto made = MakeFactory()->Create(options);
  ASSERT_OK(made);
  KeyedBackend<int64_t> backend(std::move(made).value());
  ValueStateDescriptor<int64_t> descriptor("v");
  descriptor.queryable_name = "v";
  ASSERT_OK_AND_ASSIGN(auto state, backend.GetState(descriptor));
  std::string out = "left over";
  // Key group 94.
  ASSERT_OK_AND_ASSIGN(const bool found, state.internal()->GetSerialized(Encode(int64_t{0}), kVoid, &out));
  EXPECT_FALSE(found);
  EXPECT_EQ(out, "");
  EXPECT_CODE(state.internal()->GetSerialized("short", kVoid, &out), kInvalidArgument);
  EXPECT_CODE(state.internal()->GetSerialized(Encode(int64_t{2}), "xx", &out), kInvalidArgument);
}

}  // namespace
}  // namespace kvstate::backends::hashmap
