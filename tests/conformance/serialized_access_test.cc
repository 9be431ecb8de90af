#include "kvstate/serialized_access.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kvstate/extension.h"
#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

struct Count {
  int64_t Create() const { return 100; }
  void Add(int64_t& a, const std::string& in) const { a += static_cast<int64_t>(in.size()); }
  std::string Result(const int64_t& a) const { return std::to_string(a); }
  void Merge(int64_t& a, const int64_t& b) const { a += b - 100; }
};

class SerializedAccessTest : public BackendTest {
 protected:
  static SerializedAccess& Access(InternalKVState* state) {
    auto* access = GetExtension<SerializedAccess>(*state);
    if (access == nullptr) throw std::runtime_error("every state has serialized access");
    return *access;
  }
  static std::optional<std::string> Bytes(SerializedAccess& access) {
    ByteView value = "left from before";
    const bool there = Must(access.GetBytes(&value));
    return there ? std::optional<std::string>(value) : std::nullopt;
  }
};
KVSTATE_ON_EVERY_BACKEND(SerializedAccessTest);

TEST_P(SerializedAccessTest, UnknownExtensionsAreNull) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  EXPECT_EQ(state.internal()->GetExtension("kvstate.no_such_power.1"), nullptr);
  EXPECT_EQ(backend.backend().GetExtension("kvstate.no_such_power.1"), nullptr);
}

TEST_P(SerializedAccessTest, ReadsAndWritesValues) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState(ValueStateDescriptor<std::string>("v").WithDefault("default")));
  SerializedAccess& access = Access(state.internal());
  Must(backend.SetCurrentKey("k"));
  EXPECT_EQ(Bytes(access), std::nullopt) << "defaults are not applied";
  EXPECT_OK(access.PutBytes(Encode(std::string("bytes"))));
  EXPECT_EQ(Current(state), "bytes");
  Must(state.Update(std::string("typed")));
  EXPECT_EQ(Bytes(access), Encode(std::string("typed")));
  Must(state.Clear());
  EXPECT_EQ(Bytes(access), std::nullopt);
}

TEST_P(SerializedAccessTest, AnEmptyValueIsThere) {
  auto backend = OpenRaw();
  auto state = Must(backend.GetState(ValueStateDescriptor<std::string>("v", RawBytesSerializer())));
  SerializedAccess& access = Access(state.internal());
  Must(backend.SetCurrentKey("k"));
  EXPECT_OK(access.PutBytes(""));
  EXPECT_EQ(Bytes(access), "");
  EXPECT_EQ(Current(state), "");
}

TEST_P(SerializedAccessTest, ReadsWritesAndAddsToLists) {
  auto backend = Open<std::string>();
  auto fixed = Must(backend.GetState(ListStateDescriptor<int16_t>("fixed")));
  auto raw = Must(backend.GetState(ListStateDescriptor<std::string>("raw", RawBytesSerializer())));
  Must(backend.SetCurrentKey("k"));
  SerializedAccess& access = Access(fixed.internal());
  EXPECT_EQ(Bytes(access), std::nullopt);
  EXPECT_OK(access.AddBytes(Encode(int16_t{1})));
  Must(fixed.Add(2));
  EXPECT_OK(access.AddBytes(Encode(int16_t{3})));
  EXPECT_EQ(Current(fixed), (std::vector<int16_t>{1, 2, 3}));
  EXPECT_EQ(Bytes(access), std::string("\0\1\0\2\0\3", 6));
  EXPECT_OK(access.PutBytes(std::string("\0\7", 2)));
  EXPECT_EQ(Current(fixed), (std::vector<int16_t>{7}));
  EXPECT_OK(access.PutBytes("")) << "an empty list clears";
  EXPECT_EQ(Bytes(access), std::nullopt);
  EXPECT_EQ(Must(fixed.Get()), nullptr);

  SerializedAccess& raw_access = Access(raw.internal());
  EXPECT_OK(raw_access.AddBytes("abc"));
  EXPECT_OK(raw_access.AddBytes("")) << "an element without bytes is an element";
  EXPECT_EQ(Current(raw), (std::vector<std::string>{"abc", ""}));
  EXPECT_EQ(Bytes(raw_access), std::string("\3abc\0", 5));
}

TEST_P(SerializedAccessTest, ReadsWritesAndAddsToAccumulators) {
  auto backend = Open<std::string>();
  for (const bool thread_safe : {false, true}) {
    const std::string name = thread_safe ? "put off" : "at once";
    auto reducing = Must(backend.GetState(ReducingStateDescriptor<std::string>(name, Concatenate(thread_safe))));
    SerializedAccess& access = Access(reducing.internal());
    Must(backend.SetCurrentKey("k"));
    EXPECT_OK(access.AddBytes(Encode(std::string("a"))));
    Must(reducing.Add("b"));
    EXPECT_OK(access.AddBytes(Encode(std::string("c"))));
    EXPECT_EQ(Bytes(access), Encode(std::string("abc")));
    EXPECT_OK(access.PutBytes(Encode(std::string("x"))));
    EXPECT_OK(access.AddBytes(Encode(std::string("y"))));
    EXPECT_EQ(Current(reducing), "xy");
  }
  auto aggregating = Must(backend.GetState(AggregatingStateDescriptor<std::string, int64_t, std::string>(
      "a", MakeAggregateFunction<std::string, int64_t, std::string>(Count()))));
  SerializedAccess& aggregate = Access(aggregating.internal());
  EXPECT_OK(aggregate.AddBytes(Encode(std::string("four"))));
  EXPECT_EQ(Bytes(aggregate), Encode(int64_t{104})) << "what is stored: the accumulator";
  EXPECT_EQ(Current(aggregating), "104");
  EXPECT_OK(aggregate.PutBytes(Encode(int64_t{5})));
  EXPECT_EQ(Current(aggregating), "5");

  auto folding = Must(backend.GetState(FoldingStateDescriptor<int32_t, std::string>(
      "f", "start",
      MakeFoldFunction<int32_t, std::string>([](std::string& a, const int32_t& in) { a += std::to_string(in); }))));
  SerializedAccess& fold = Access(folding.internal());
  EXPECT_OK(fold.AddBytes(Encode(int32_t{7})));
  EXPECT_EQ(Bytes(fold), Encode(std::string("start7")));
  EXPECT_EQ(Current(folding), "start7");
}

TEST_P(SerializedAccessTest, ReadsAndWritesMapEntries) {
  auto backend = Open<std::string>();
  auto map = Must(backend.GetState(MapStateDescriptor<int32_t, std::string>("m")));
  SerializedAccess& access = Access(map.internal());
  Must(backend.SetCurrentKey("k"));
  const std::string key = Encode(int32_t{1});
  ByteView value = "left from before";
  bool is_null = true;
  EXPECT_FALSE(Must(access.GetEntryBytes(key, &value, &is_null)));
  EXPECT_FALSE(Must(access.ContainsEntryBytes(key)));
  EXPECT_OK(access.PutEntryBytes(key, Encode(std::string("v")), false));
  EXPECT_EQ(Current(map, 1), "v");
  ASSERT_TRUE(Must(access.GetEntryBytes(key, &value, &is_null)));
  EXPECT_EQ(value, Encode(std::string("v")));
  EXPECT_FALSE(is_null);
  EXPECT_OK(access.PutEntryBytes(key, "", true));
  ASSERT_TRUE(Must(access.GetEntryBytes(key, &value, &is_null)));
  EXPECT_TRUE(is_null);
  EXPECT_EQ(value, "");
  EXPECT_TRUE(Must(access.ContainsEntryBytes(key)));
  EXPECT_TRUE(Must(map.Contains(1)));
  EXPECT_EQ(Current(map, 1), std::nullopt);
  EXPECT_OK(access.RemoveEntryBytes(key));
  EXPECT_OK(access.RemoveEntryBytes(key)) << "no such entry is fine";
  EXPECT_TRUE(Must(map.IsEmpty()));
}

TEST_P(SerializedAccessTest, WorksUnderTheCurrentNamespace) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState<TimeWindow>(ValueStateDescriptor<int64_t>("v")));
  SerializedAccess& access = Access(state.internal());
  Must(backend.SetCurrentKey("k"));
  EXPECT_CODE(access.PutBytes(Encode(int64_t{1})), kFailedPrecondition) << "no namespace";
  Must(state.SetCurrentNamespace(TimeWindow{0, 1}));
  Must(access.PutBytes(Encode(int64_t{1})));
  Must(state.SetCurrentNamespace(TimeWindow{1, 2}));
  EXPECT_EQ(Bytes(access), std::nullopt);
}

TEST_P(SerializedAccessTest, CallsOfAnotherKindAreRefused) {
  auto backend = Open<std::string>();
  auto value = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  auto map = Must(backend.GetState(MapStateDescriptor<int64_t, int64_t>("m")));
  Must(backend.SetCurrentKey("k"));
  const std::string number = Encode(int64_t{1});
  ByteView out;
  bool is_null = false;
  SerializedAccess& of_value = Access(value.internal());
  EXPECT_CODE(of_value.AddBytes(number), kFailedPrecondition);
  EXPECT_CODE(of_value.GetEntryBytes(number, &out, &is_null), kFailedPrecondition);
  EXPECT_CODE(of_value.PutEntryBytes(number, number, false), kFailedPrecondition);
  EXPECT_CODE(of_value.RemoveEntryBytes(number), kFailedPrecondition);
  EXPECT_CODE(of_value.ContainsEntryBytes(number), kFailedPrecondition);
  SerializedAccess& of_map = Access(map.internal());
  EXPECT_CODE(of_map.GetBytes(&out), kFailedPrecondition);
  EXPECT_CODE(of_map.PutBytes(number), kFailedPrecondition);
  EXPECT_CODE(of_map.AddBytes(number), kFailedPrecondition);
}

}  // namespace
}  // namespace kvstate::conformance
