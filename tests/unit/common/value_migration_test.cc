#include "backends/common/value_migration.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backends/common/saved_state.h"
#include "backends/common/ttl_descriptor.h"
#include "kvstate/descriptors.h"
#include "kvstate/namespaces.h"
#include "kvstate/serializers.h"
#include "tests/support/evolving_types.h"
#include "tests/support/must.h"
#include "tests/support/status_testing.h"

namespace kvstate::backends {
namespace {

using testing_support::Must;

constexpr int64_t kNow = 1000;

template <class Descriptor>
StateDescriptor Living(Descriptor descriptor, int64_t ttl_millis) {
  descriptor.ttl = TtlConfig{.ttl_millis = ttl_millis};
  return descriptor;
}

/// What a value with a time to live is in an engine.
std::string Timed(int64_t time, const std::string& bytes) {
  ByteWriter out;
  out.PutFixed64(static_cast<uint64_t>(time));
  out.PutBytes(bytes);
  return std::string(out.view());
}
std::string Element(const std::string& bytes) {
  ByteWriter out;
  out.PutLengthPrefixed(bytes);
  return std::string(out.view());
}

class PlanTakeOverTest : public ::testing::Test {
 protected:
  /// As a snapshot of a backend that has it describes it.
  SavedState Saved(const StateDescriptor& descriptor) const {
    const bool timed = descriptor.ttl.has_value() && descriptor.ttl->update != TtlConfig::Update::kDisabled;
    return SavedStateOf(timed ? TtlStoredDescriptor(descriptor, clock_) : descriptor, *none_);
  }
  Result<TakeOver> Plan(const StateDescriptor& before, const StateDescriptor& after) const {
    return PlanTakeOver(Saved(before), *none_, after, clock_);
  }
  /// The bytes afterwards; "dropped" for none.
  static std::string Migrated(const TakeOver& plan, const std::string& stored) {
    ByteWriter out;
    out.PutBytes("left from before");
    const auto outcome = Must(plan.migration->Migrate(stored, out));
    return outcome == ValueMigration::Outcome::kDropped ? "dropped" : std::string(out.view());
  }

  const SerializerPtr none_ = SerializerFor<VoidNamespace>();
  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(kNow);
};

const ValueStateDescriptor<int64_t> kNumber("s");
const ListStateDescriptor<std::string> kTexts("s");
const MapStateDescriptor<std::string, int64_t> kNumbers("s");

TEST_F(PlanTakeOverTest, TheSameStateStaysAsItIs) {
  for (const StateDescriptor& same :
       std::vector<StateDescriptor>{kNumber, kTexts, kNumbers, Living(kNumber, 100), Living(kTexts, 100)}) {
    const TakeOver plan = Must(Plan(same, same));
    EXPECT_EQ(plan.migration, nullptr);
    EXPECT_FALSE(plan.description_changes);
    EXPECT_EQ(plan.descriptor.value_serializer, same.value_serializer);
  }
}

TEST_F(PlanTakeOverTest, AWiderTypeIsRewritten) {
  const TakeOver plan = Must(Plan(ValueStateDescriptor<Bid1>("s"), ValueStateDescriptor<Bid2>("s")));
  ASSERT_NE(plan.migration, nullptr);
  EXPECT_TRUE(plan.description_changes);
  EXPECT_EQ(Migrated(plan, Encode(Bid1{1, 2})), Encode(Bid2{1, 2}));
}

TEST_F(PlanTakeOverTest, MembersInAnotherOrderAreReadByAReconfiguredSerializer) {
  const ValueStateDescriptor<Turned> after("s");
  const TakeOver plan = Must(Plan(ValueStateDescriptor<Bid2>("s"), after));
  EXPECT_EQ(plan.migration, nullptr);
  EXPECT_FALSE(plan.description_changes) << "the format stays the old one";
  ASSERT_NE(plan.descriptor.value_serializer, after.value_serializer);
  EXPECT_EQ(plan.stored.value_serializer, plan.descriptor.value_serializer);
  const std::string stored = Encode(Bid2{1, 2});
  TypedObject object(plan.descriptor.value_serializer);
  ByteReader in(stored);
  ASSERT_OK(plan.descriptor.value_serializer->Deserialize(in, object.get()));
  EXPECT_EQ(*static_cast<const Turned*>(object.get()), (Turned{"EUR", 3, 2, 1}));
}

TEST_F(PlanTakeOverTest, ATimeToLiveThatCameCountsFromNow) {
  const TakeOver value = Must(Plan(kNumber, Living(kNumber, 100)));
  ASSERT_NE(value.migration, nullptr);
  EXPECT_TRUE(value.description_changes);
  EXPECT_EQ(Migrated(value, Encode(int64_t{7})), Timed(kNow, Encode(int64_t{7})));
  const TakeOver list = Must(Plan(kTexts, Living(kTexts, 100)));
  EXPECT_EQ(Migrated(list, Encode(std::string("a")) + Encode(std::string("b"))),
            Element(Timed(kNow, Encode(std::string("a")))) + Element(Timed(kNow, Encode(std::string("b")))));
  const TakeOver map = Must(Plan(kNumbers, Living(kNumbers, 100)));
  const std::string there(1, '\0');
  EXPECT_EQ(Migrated(map, there + Encode(int64_t{7})), there + Timed(kNow, there + Encode(int64_t{7})));
  EXPECT_EQ(Migrated(map, "\1"), there + Timed(kNow, "\1")) << "a null has a time too";
}

TEST_F(PlanTakeOverTest, ATimeToLiveThatWentDropsWhatHadExpired) {
  const TakeOver value = Must(Plan(Living(kNumber, 100), kNumber));
  ASSERT_NE(value.migration, nullptr);
  EXPECT_EQ(Migrated(value, Timed(kNow - 99, Encode(int64_t{7}))), Encode(int64_t{7}));
  EXPECT_EQ(Migrated(value, Timed(kNow - 100, Encode(int64_t{7}))), "dropped");
  const TakeOver list = Must(Plan(Living(kTexts, 100), kTexts));
  const std::string old = Element(Timed(kNow - 100, Encode(std::string("old"))));
  EXPECT_EQ(Migrated(list, old + Element(Timed(kNow, Encode(std::string("new")))) + old), Encode(std::string("new")));
  EXPECT_EQ(Migrated(list, old + old), "dropped") << "of a list nothing may be left";
  StateDescriptor disabled = Living(kNumber, 100);
  disabled.ttl->update = TtlConfig::Update::kDisabled;
  EXPECT_EQ(Migrated(Must(Plan(Living(kNumber, 100), disabled)), Timed(kNow - 100, Encode(int64_t{7}))), "dropped");
}

TEST_F(PlanTakeOverTest, OneThatGrowsDropsWhatTheProgramSawGoAndOneThatShrinksNeedsNothing) {
  const TakeOver longer = Must(Plan(Living(kNumber, 100), Living(kNumber, 1000)));
  ASSERT_NE(longer.migration, nullptr);
  const std::string living = Timed(kNow - 99, Encode(int64_t{7}));
  EXPECT_EQ(Migrated(longer, living), living) << "times stay";
  EXPECT_EQ(Migrated(longer, Timed(kNow - 100, Encode(int64_t{7}))), "dropped");
  const TakeOver shorter = Must(Plan(Living(kNumber, 1000), Living(kNumber, 100)));
  EXPECT_EQ(shorter.migration, nullptr);
  EXPECT_TRUE(shorter.description_changes) << "the new one is in the description";
}

TEST_F(PlanTakeOverTest, ATypeAndATimeToLiveMayChangeAtOnce) {
  const TakeOver plan = Must(Plan(ListStateDescriptor<Bid1>("s"), Living(ListStateDescriptor<Bid2>("s"), 100)));
  EXPECT_EQ(Migrated(plan, Encode(Bid1{1, 2})), Element(Timed(kNow, Encode(Bid2{1, 2}))));
}

TEST_F(PlanTakeOverTest, DamageIsSaidAlsoInWhatIsToBeDropped) {
  const TakeOver value = Must(Plan(Living(kNumber, 100), kNumber));
  ByteWriter out;
  const std::string eight = Encode(int64_t{7});
  for (const std::string& damaged : {std::string(), std::string(7, 'x'), Timed(0, ""), Timed(0, "short"),
                                     Timed(0, eight + "more"), Timed(kNow, eight + "more")}) {
    EXPECT_CODE(value.migration->Migrate(damaged, out), kDataLoss) << damaged.size() << " bytes";
  }
  const TakeOver list = Must(Plan(Living(kTexts, 100), kTexts));
  EXPECT_CODE(list.migration->Migrate(Element("short"), out), kDataLoss);
  EXPECT_CODE(list.migration->Migrate(Element(Timed(0, Encode(std::string("a")) + "more")), out), kDataLoss);
  const TakeOver map = Must(Plan(kNumbers, Living(kNumbers, 100)));
  EXPECT_CODE(map.migration->Migrate("\2", out), kDataLoss) << "neither null nor there";
  EXPECT_CODE(map.migration->Migrate("\1more", out), kDataLoss);
}

TEST_F(PlanTakeOverTest, WhatCannotBeTakenOverIsRefusedByName) {
  const auto narrower = Plan(ValueStateDescriptor<Bid1>("s"), ValueStateDescriptor<Narrower>("s"));
  EXPECT_CODE(narrower, kInvalidArgument);
  EXPECT_MENTIONS(narrower, "state 's'");
  EXPECT_MENTIONS(narrower, "another name");
  const auto text = Plan(kNumber, ValueStateDescriptor<std::string>("s"));
  EXPECT_CODE(text, kInvalidArgument);
  EXPECT_MENTIONS(text, "int64");
  EXPECT_MENTIONS(text, "string");
  EXPECT_CODE(Plan(Living(kNumber, 100), ValueStateDescriptor<std::string>("s")), kInvalidArgument);
  EXPECT_CODE(Plan(kNumber, ListStateDescriptor<int64_t>("s")), kInvalidArgument) << "another kind";
  EXPECT_CODE(Plan(kNumbers, MapStateDescriptor<int64_t, int64_t>("s")), kInvalidArgument) << "other user keys";
  EXPECT_CODE(PlanTakeOver(Saved(kNumber), *SerializerFor<TimeWindow>(), kNumber, clock_), kInvalidArgument)
      << "other namespaces";
}

}  // namespace
}  // namespace kvstate::backends
