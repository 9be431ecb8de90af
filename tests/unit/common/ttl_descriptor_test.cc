#include "backends/common/ttl_descriptor.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "backends/common/ttl_serializer.h"
#include "kvstate/descriptors.h"
#include "tests/support/status_testing.h"

namespace kvstate::backends {
namespace {

constexpr int64_t kTtl = 100;

struct Joined {
  std::string Create() const { return "<"; }
  void Add(std::string& accumulator, const std::string& input) const { accumulator += input; }
  std::string Result(const std::string& accumulator) const { return accumulator + ">"; }
  void Merge(std::string& into, const std::string& from) const { into += from; }
};

/// The stored descriptor of a state of strings, and accumulators for its functions.
class TtlDescriptorTest : public ::testing::Test {
 protected:
  StateDescriptor Stored(StateDescriptor descriptor) {
    descriptor.ttl = TtlConfig{.ttl_millis = kTtl};
    return TtlStoredDescriptor(descriptor, clock_);
  }
  StateDescriptor StoredReducing() {
    return Stored(ReducingStateDescriptor<std::string>(
        "s", MakeReduceFunction<std::string>(
                 [](std::string& accumulator, const std::string& value) { accumulator += value; }, true)));
  }
  StateDescriptor StoredAggregating() {
    return Stored(AggregatingStateDescriptor<std::string, std::string, std::string>(
        "s", MakeAggregateFunction<std::string, std::string, std::string>(Joined())));
  }

  /// A stored object as it was written at `timestamp`.
  static TypedObject At(const StateDescriptor& stored, int64_t timestamp, const std::string& value) {
    const BorrowedObject borrowed{.timestamp = timestamp, .value = &value};
    return {stored.value_serializer, &borrowed};
  }
  static std::string ValueOf(const TypedObject& object) {
    const auto& serializer = static_cast<const TtlSerializer&>(*object.serializer());
    return *static_cast<const std::string*>(serializer.ValueOf(object.get()));
  }
  static int64_t TimeOf(const TypedObject& object) { return TtlSerializer::TimestampOf(object.get()); }

  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(1000);
};

TEST_F(TtlDescriptorTest, ReducingCombinesWhatHasNotExpiredAndIsNewThen) {
  const StateDescriptor stored = StoredReducing();
  EXPECT_FALSE(stored.reduce->ThreadSafe());
  TypedObject accumulator = At(stored, 950, "a");
  stored.reduce->Reduce(accumulator.get(), At(stored, 960, "b").get());
  EXPECT_EQ(ValueOf(accumulator), "ab");
  EXPECT_EQ(TimeOf(accumulator), 1000);
}

TEST_F(TtlDescriptorTest, ReducingStartsAnewFromAnExpiredAccumulator) {
  const StateDescriptor stored = StoredReducing();
  TypedObject accumulator = At(stored, 900, "a");
  stored.reduce->Reduce(accumulator.get(), At(stored, 960, "b").get());
  EXPECT_EQ(ValueOf(accumulator), "b");
  EXPECT_EQ(TimeOf(accumulator), 960) << "one that is merged alone keeps its time";
}

TEST_F(TtlDescriptorTest, ReducingLeavesOutWhatIsMergedExpired) {
  const StateDescriptor stored = StoredReducing();
  TypedObject accumulator = At(stored, 901, "a");
  stored.reduce->Reduce(accumulator.get(), At(stored, 900, "b").get());
  EXPECT_EQ(ValueOf(accumulator), "a");
  EXPECT_EQ(TimeOf(accumulator), 901);
}

TEST_F(TtlDescriptorTest, AnAccumulatorCanBeItsOwnInput) {
  const StateDescriptor reducing = StoredReducing();
  TypedObject accumulator = At(reducing, 1000, "ab");
  const auto& serializer = static_cast<const TtlSerializer&>(*reducing.value_serializer);
  const BorrowedObject itself{.timestamp = 1000, .value = serializer.ValueOf(accumulator.get())};
  reducing.reduce->Reduce(accumulator.get(), &itself);
  EXPECT_EQ(ValueOf(accumulator), "abab");

  const StateDescriptor aggregating = StoredAggregating();
  TypedObject expired = At(aggregating, 0, "ab");
  aggregating.aggregate->Add(expired.get(), serializer.ValueOf(expired.get()));
  EXPECT_EQ(ValueOf(expired), "<ab");
}

TEST_F(TtlDescriptorTest, AggregatingStartsAnewFromAnExpiredAccumulator) {
  const StateDescriptor stored = StoredAggregating();
  const std::string input = "x";
  TypedObject accumulator = At(stored, 901, "<a");
  stored.aggregate->Add(accumulator.get(), &input);
  EXPECT_EQ(ValueOf(accumulator), "<ax");
  EXPECT_EQ(TimeOf(accumulator), 1000);
  clock_->SetMillis(1100);
  stored.aggregate->Add(accumulator.get(), &input);
  EXPECT_EQ(ValueOf(accumulator), "<x");
  EXPECT_EQ(TimeOf(accumulator), 1100);

  std::string result;
  stored.aggregate->GetResult(accumulator.get(), &result);
  EXPECT_EQ(result, "<x>");
  stored.aggregate->Merge(accumulator.get(), At(stored, 1000, "<gone").get());
  EXPECT_EQ(ValueOf(accumulator), "<x");
  stored.aggregate->Merge(accumulator.get(), At(stored, 1001, "y").get());
  EXPECT_EQ(ValueOf(accumulator), "<xy");
  TypedObject created(stored.value_serializer);
  stored.aggregate->CreateAccumulator(created.get());
  EXPECT_EQ(ValueOf(created), "<");
  EXPECT_EQ(TimeOf(created), 1100);
}

TEST_F(TtlDescriptorTest, FoldingStartsAnewFromTheInitialValue) {
  const StateDescriptor stored = Stored(FoldingStateDescriptor<std::string, std::string>(
      "s", "0", MakeFoldFunction<std::string, std::string>([](std::string& accumulator, const std::string& input) {
        accumulator += input;
      })));
  const std::string input = "x";
  TypedObject accumulator(stored.value_serializer, stored.default_value->get());
  stored.fold->Fold(accumulator.get(), &input);
  stored.fold->Fold(accumulator.get(), &input);
  EXPECT_EQ(ValueOf(accumulator), "0xx");
  clock_->AdvanceMillis(kTtl);
  stored.fold->Fold(accumulator.get(), &input);
  EXPECT_EQ(ValueOf(accumulator), "0x");
  EXPECT_EQ(TimeOf(accumulator), 1100);
}

TEST_F(TtlDescriptorTest, AValueStateStoresNoDefault) {
  EXPECT_EQ(Stored(ValueStateDescriptor<std::string>("s").WithDefault("default")).default_value, nullptr);
}

TEST_F(TtlDescriptorTest, TheFilterReadsWhatIsStored) {
  const auto verdict = [&](const StateDescriptor& stored, ByteView bytes, int64_t now) {
    std::string left;
    const auto checked = TtlFilterOf(stored).Check(bytes, now, &left);
    EXPECT_OK(checked);
    return *checked == TtlFilter::Verdict::kReplace ? "left: " + left
           : *checked == TtlFilter::Verdict::kDrop  ? "drop"
                                                    : "keep";
  };
  const auto bytes_of = [](const StateDescriptor& stored, const void* object) {
    ByteWriter out;
    if (stored.kind == StateKind::kMap) out.PutByte(0);
    stored.value_serializer->Serialize(object, out);
    return std::string(out.view());
  };
  const StateDescriptor value = Stored(ValueStateDescriptor<std::string>("s"));
  const std::string text = "text";
  const BorrowedObject old{.timestamp = 900, .value = &text};
  EXPECT_EQ(verdict(value, bytes_of(value, &old), 999), "keep");
  EXPECT_EQ(verdict(value, bytes_of(value, &old), 1000), "drop");
  const StateDescriptor map = Stored(MapStateDescriptor<std::string, std::string>("s"));
  const BorrowedObject null{.timestamp = 900};
  EXPECT_EQ(verdict(map, bytes_of(map, &null), 999), "keep");
  EXPECT_EQ(verdict(map, bytes_of(map, &null), 1000), "drop");

  const auto of_list = [&](const StateDescriptor& stored, const void* first, const void* second) {
    const auto& serializer = static_cast<const TtlListSerializer&>(*stored.value_serializer);
    TypedObject list(stored.value_serializer);
    serializer.AppendTimed(list.get(), 900, first);
    TypedObject rest(stored.value_serializer);
    serializer.AppendTimed(rest.get(), 950, second);
    serializer.AppendTimed(list.get(), 950, second);
    EXPECT_EQ(verdict(stored, bytes_of(stored, list.get()), 999), "keep");
    EXPECT_EQ(verdict(stored, bytes_of(stored, list.get()), 1000), "left: " + bytes_of(stored, rest.get()));
    EXPECT_EQ(verdict(stored, bytes_of(stored, list.get()), 1050), "drop");
  };
  of_list(Stored(ListStateDescriptor<std::string>("s")), &text, &text);
  const int32_t number = 3;
  of_list(Stored(ListStateDescriptor<int32_t>("s")), &number, &number);
}

}  // namespace
}  // namespace kvstate::backends
