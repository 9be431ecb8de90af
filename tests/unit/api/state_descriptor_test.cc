#include "kvstate/state_descriptor.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/descriptors.h"
#include "tests/support/status_testing.h"

namespace kvstate {
namespace {

std::shared_ptr<const ReduceFunction> Sum() {
  return MakeReduceFunction<int64_t>([](int64_t& a, const int64_t& v) { a += v; });
}

struct Average {
  std::pair<int64_t, int64_t> Create() const { return {0, 0}; }
  void Add(std::pair<int64_t, int64_t>& a, const int64_t& v) const { a = {a.first + v, a.second + 1}; }
  double Result(const std::pair<int64_t, int64_t>& a) const {
    return static_cast<double>(a.first) / static_cast<double>(a.second);
  }
  void Merge(std::pair<int64_t, int64_t>& a, const std::pair<int64_t, int64_t>& b) const {
    a = {a.first + b.first, a.second + b.second};
  }
};

std::shared_ptr<const AggregateFunction> MakeAverage() {
  return MakeAggregateFunction<int64_t, std::pair<int64_t, int64_t>, double>(Average());
}
std::shared_ptr<const FoldFunction> Append() {
  return MakeFoldFunction<int64_t, std::string>([](std::string& a, const int64_t& v) { a += std::to_string(v); });
}

StateDescriptor Value() { return ValueStateDescriptor<int64_t>("v"); }
StateDescriptor List() { return ListStateDescriptor<int64_t>("l"); }
StateDescriptor Map() { return MapStateDescriptor<int64_t, int64_t>("m"); }
StateDescriptor Reducing() { return ReducingStateDescriptor<int64_t>("r", Sum()); }
StateDescriptor Aggregating() {
  return AggregatingStateDescriptor<int64_t, std::pair<int64_t, int64_t>, double>("a", MakeAverage());
}
StateDescriptor Folding() { return FoldingStateDescriptor<int64_t, std::string>("f", "start", Append()); }

TEST(StateDescriptorTest, MakersFillInWhatEachKindNeeds) {
  for (const StateDescriptor& descriptor : {Value(), List(), Map(), Reducing(), Aggregating(), Folding()}) {
    EXPECT_OK(descriptor.Validate()) << descriptor.name;
  }
  EXPECT_OK(ValueStateDescriptor<int64_t>("v").WithDefault(7).Validate());
}

struct Wrong {
  std::string what;
  StateDescriptor descriptor;
  std::function<void(StateDescriptor&)> spoil;
  std::string mentions;
};

TEST(StateDescriptorTest, EachWrongMemberIsNamed) {
  const auto int64 = SerializerFor<int64_t>();
  const auto object = std::make_shared<TypedObject>(int64);
  const std::vector<Wrong> all = {
      {"no name", Value(), [](auto& d) { d.name = ""; }, "name"},
      {"long name", Value(), [](auto& d) { d.name = std::string(256, 'n'); }, "name"},
      {"no such kind", Value(), [](auto& d) { d.kind = static_cast<StateKind>(9); }, "kind"},
      {"no value serializer", Value(), [](auto& d) { d.value_serializer = nullptr; }, "value_serializer"},
      {"a list of no list", List(), [&](auto& d) { d.value_serializer = int64; }, "ListSerializer"},
      {"map without key", Map(), [](auto& d) { d.user_key_serializer = nullptr; }, "user_key_serializer"},
      {"value with a user key", Value(), [&](auto& d) { d.user_key_serializer = int64; }, "user_key_serializer"},
      {"value with an input", Value(), [&](auto& d) { d.input_serializer = int64; }, "input_serializer"},
      {"fold without an input", Folding(), [](auto& d) { d.input_serializer = nullptr; }, "input_serializer"},
      {"aggregate without an input", Aggregating(), [](auto& d) { d.input_serializer = nullptr; }, "input_serializer"},
      {"aggregate without output", Aggregating(), [](auto& d) { d.output_serializer = nullptr; }, "output_serializer"},
      {"fold with an output", Folding(), [&](auto& d) { d.output_serializer = int64; }, "output_serializer"},
      {"no reduce function", Reducing(), [](auto& d) { d.reduce = nullptr; }, "reduce"},
      {"value with reduce", Value(), [](auto& d) { d.reduce = Sum(); }, "reduce"},
      {"no aggregate function", Aggregating(), [](auto& d) { d.aggregate = nullptr; }, "aggregate"},
      {"reducing with aggregate", Reducing(), [](auto& d) { d.aggregate = MakeAverage(); }, "aggregate"},
      {"no fold function", Folding(), [](auto& d) { d.fold = nullptr; }, "fold"},
      {"list with fold", List(), [](auto& d) { d.fold = Append(); }, "fold"},
      {"fold without an initial value", Folding(), [](auto& d) { d.default_value = nullptr; }, "default_value"},
      {"list with a default", List(), [&](auto& d) { d.default_value = object; }, "default_value"},
      {"no time to live", Value(), [](auto& d) { d.ttl = TtlConfig{}; }, "time to live"},
      {"negative time to live", Value(), [](auto& d) { d.ttl = TtlConfig{.ttl_millis = -1}; }, "time to live"},
  };
  for (const Wrong& wrong : all) {
    StateDescriptor descriptor = wrong.descriptor;
    wrong.spoil(descriptor);
    EXPECT_CODE(descriptor.Validate(), kInvalidArgument) << wrong.what;
    EXPECT_MENTIONS(descriptor.Validate(), wrong.mentions) << wrong.what;
    EXPECT_MENTIONS(descriptor.Validate(), "'" + descriptor.name + "'") << wrong.what;
  }
}

TEST(StateDescriptorTest, ANameMayHave1To255Bytes) {
  StateDescriptor descriptor = Value();
  descriptor.name = std::string(255, '\0');
  EXPECT_OK(descriptor.Validate());
}

TEST(StateDescriptorTest, KindsHaveTheirNamesAndStoredNumbers) {
  const std::vector<std::pair<StateKind, std::string>> all = {{StateKind::kValue, "value"},
                                                              {StateKind::kList, "list"},
                                                              {StateKind::kMap, "map"},
                                                              {StateKind::kReducing, "reducing"},
                                                              {StateKind::kAggregating, "aggregating"},
                                                              {StateKind::kFolding, "folding"}};
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(StateKindName(all[i].first), all[i].second);
    EXPECT_EQ(static_cast<size_t>(all[i].first), i + 1);
  }
}

TEST(FunctionsTest, CallablesBecomeFunctions) {
  int64_t sum = 5;
  const int64_t more = 7;
  Sum()->Reduce(&sum, &more);
  EXPECT_EQ(sum, 12);
  EXPECT_FALSE(Sum()->ThreadSafe());
  EXPECT_TRUE(MakeReduceFunction<int64_t>([](int64_t&, const int64_t&) {}, true)->ThreadSafe());

  std::pair<int64_t, int64_t> accumulator{9, 9};
  double result = 0;
  const auto average = MakeAverage();
  average->CreateAccumulator(&accumulator);
  average->Add(&accumulator, &sum);
  average->Add(&accumulator, &more);
  const std::pair<int64_t, int64_t> other{1, 2};
  average->Merge(&accumulator, &other);
  average->GetResult(&accumulator, &result);
  EXPECT_EQ(accumulator, (std::pair<int64_t, int64_t>{20, 4}));
  EXPECT_EQ(result, 5.0);

  std::string text = "n";
  Append()->Fold(&text, &more);
  EXPECT_EQ(text, "n7");
}

}  // namespace
}  // namespace kvstate
