#include "kvstate/codec_evolution.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kvstate/extension.h"
#include "kvstate/serializer_evolution.h"
#include "kvstate/serializers.h"
#include "tests/support/evolving_types.h"
#include "tests/support/status_testing.h"

namespace kvstate {
namespace {

using Compatibility = SerializerCompatibility;

template <class From, class To>
Compatibility Resolve() {
  return SerializerFor<To>()->ResolveCompatibility(SerializerFor<From>()->Snapshot());
}
template <class From, class To>
std::string WhyNot() {
  const SerializerPtr now = SerializerFor<To>();
  return GetExtension<SerializerEvolution>(std::as_const(*now))->WhyIncompatible(SerializerFor<From>()->Snapshot());
}
/// What a To reads of a From's bytes, all of them.
template <class To, class From>
To Taken(const From& value) {
  const SerializerPtr now = SerializerFor<To>();
  const SerializerSnapshot old = SerializerFor<From>()->Snapshot();
  EXPECT_EQ(now->ResolveCompatibility(old), Compatibility::kAfterMigration);
  const Result<SerializerPtr> reader = GetExtension<SerializerEvolution>(std::as_const(*now))->ReaderOf(old);
  EXPECT_OK(reader);
  EXPECT_EQ((*reader)->Snapshot(), old);
  EXPECT_EQ((*reader)->info().encoded_size, SerializerFor<From>()->info().encoded_size);
  const std::string bytes = Encode(value) + "next";
  To taken{};
  ByteReader in(bytes);
  EXPECT_OK((*reader)->Deserialize(in, &taken));
  EXPECT_EQ(in.rest(), "next") << "reads its own bytes and no further";
  for (size_t cut = 0; cut + 4 < bytes.size(); ++cut) {
    To broken{};
    ByteReader shorter(ByteView(bytes).substr(0, cut));
    EXPECT_CODE((*reader)->Deserialize(shorter, &broken), kDataLoss) << "cut at " << cut;
  }
  return taken;
}

TEST(CodecEvolution, IntegersGetWider) {
  EXPECT_EQ((Taken<int64_t>(int8_t{-128})), -128);
  EXPECT_EQ((Taken<int16_t>(int8_t{-1})), -1);
  EXPECT_EQ((Taken<int32_t>(int16_t{-32768})), -32768);
  EXPECT_EQ((Taken<int64_t>(int32_t{INT32_MIN})), INT32_MIN);
  EXPECT_EQ((Taken<uint16_t>(uint8_t{255})), 255);
  EXPECT_EQ((Taken<uint64_t>(uint32_t{UINT32_MAX})), UINT32_MAX);
  EXPECT_EQ((Taken<int16_t>(uint8_t{255})), 255) << "unsigned ones do not become negative";
  EXPECT_EQ((Taken<int64_t>(uint32_t{UINT32_MAX})), UINT32_MAX);
  EXPECT_EQ((Taken<double>(1.5f)), 1.5);
}

TEST(CodecEvolution, WhatWouldLoseSomethingIsRefused) {
  EXPECT_EQ((Resolve<int64_t, int32_t>()), Compatibility::kIncompatible);
  EXPECT_EQ((WhyNot<int64_t, int32_t>()), "it was int64, and is int32 now");
  EXPECT_EQ((Resolve<int32_t, uint32_t>()), Compatibility::kIncompatible);
  EXPECT_EQ((Resolve<int32_t, uint64_t>()), Compatibility::kIncompatible) << "negative ones";
  EXPECT_EQ((Resolve<uint32_t, int32_t>()), Compatibility::kIncompatible);
  EXPECT_EQ((Resolve<uint64_t, int64_t>()), Compatibility::kIncompatible);
  EXPECT_EQ((Resolve<double, float>()), Compatibility::kIncompatible);
  EXPECT_EQ((Resolve<int32_t, double>()), Compatibility::kIncompatible);
  EXPECT_EQ((Resolve<bool, int8_t>()), Compatibility::kIncompatible);
  EXPECT_EQ((Resolve<std::string, int64_t>()), Compatibility::kIncompatible);
  EXPECT_EQ((Resolve<std::vector<int64_t>, std::string>()), Compatibility::kIncompatible);
  EXPECT_EQ((Resolve<TimeWindow, int64_t>()), Compatibility::kIncompatible);
  EXPECT_EQ((Resolve<std::tuple<int8_t>, std::tuple<int8_t, int8_t>>()), Compatibility::kIncompatible);
}

TEST(CodecEvolution, WhatWritesTheSameIsTheSame) {
  EXPECT_EQ((Resolve<std::pair<int8_t, std::string>, std::tuple<int8_t, std::string>>()), Compatibility::kAsIs);
  EXPECT_EQ((Resolve<Bid1, Bid1>()), Compatibility::kAsIs);
}

TEST(CodecEvolution, CompoundTypesTakeOverWhatTheyHold) {
  EXPECT_EQ((Taken<std::optional<int64_t>>(std::optional<int8_t>(-7))), -7);
  EXPECT_EQ((Taken<std::optional<int64_t>>(std::optional<int8_t>())), std::nullopt);
  EXPECT_EQ((Taken<std::tuple<double, std::string>>(std::pair<float, std::string>(0.5f, "a"))),
            (std::tuple<double, std::string>(0.5, "a")));
  EXPECT_EQ((Taken<std::vector<int32_t>>(std::vector<int16_t>{-1, 2})), (std::vector<int32_t>{-1, 2}));
  EXPECT_EQ((Taken<std::map<int64_t, int16_t>>(std::map<int8_t, int8_t>{{-1, 1}, {3, -4}})),
            (std::map<int64_t, int16_t>{{-1, 1}, {3, -4}}));
}

TEST(CodecEvolution, AMapTakesOverAnUnorderedOneAndTheOtherWayRound) {
  const std::unordered_map<int32_t, std::string> unordered = {{-1, "a"}, {1, "b"}, {7, "c"}};
  const std::map<int32_t, std::string> ordered = {{-1, "a"}, {1, "b"}, {7, "c"}};
  EXPECT_EQ((Taken<std::map<int32_t, std::string>>(unordered)), ordered);
  EXPECT_EQ((Taken<std::unordered_map<int32_t, std::string>>(ordered)), unordered);
}

TEST(CodecEvolution, StructsGainMembersWithTheirDefaults) {
  EXPECT_EQ(Taken<Bid2>(Bid1{7, 100}), (Bid2{7, 100, "EUR", 3}));
}

TEST(CodecEvolution, StructsLoseMembersOfEveryBuiltInType) {
  Full full;
  full.kept = 5;
  full.text = "text";
  full.maybe = 9;
  full.numbers = {1, 2};
  full.names = {{"a", 1}};
  full.prices = {{"b", {1, 2}}};
  full.after = 6;
  EXPECT_EQ(Taken<Bare>(full), (Bare{5, 6}));
}

TEST(CodecEvolution, StructsLoseGainReorderAndWidenAtOnce) {
  EXPECT_EQ(Taken<Bid3>(Bid2{7, 100, "USD", 1}), (Bid3{"USD", 100, 0.25, 7}));
}

TEST(CodecEvolution, StructsInsideOthersEvolveToo) {
  using From = std::vector<std::tuple<std::optional<Bid1>, std::map<int8_t, Bid1>>>;
  using To = std::vector<std::tuple<std::optional<Bid2>, std::map<int16_t, Bid2>>>;
  const From from = {{Bid1{1, 2}, {{3, Bid1{4, 5}}}}, {std::nullopt, {}}};
  EXPECT_EQ(Taken<To>(from), (To{{Bid2{1, 2}, {{3, Bid2{4, 5}}}}, {std::nullopt, {}}}));
  Order1 order;
  order.first = {1, 2};
  order.more = {{3, 4}};
  const auto taken = Taken<Order2>(order);
  EXPECT_EQ(taken.first, (Bid2{1, 2}));
  EXPECT_EQ(taken.more, (std::vector<Bid2>{{3, 4}}));
}

TEST(CodecEvolution, SaysWhichMemberIsInTheWay) {
  EXPECT_EQ((Resolve<Bid2, Narrower>()), Compatibility::kIncompatible);
  EXPECT_EQ((WhyNot<Bid2, Narrower>()), "member 'cents' was int64, and is int32 now");
  EXPECT_EQ((WhyNot<Order1, NarrowOrder>()), "member 'more[].cents' was int64, and is int32 now");
  EXPECT_EQ((WhyNot<std::map<int8_t, std::string>, std::map<int8_t, int8_t>>()),
            "part '[value]' was string, and is int8 now");
  EXPECT_EQ((WhyNot<Bid1, Renamed>()), "it was struct 'Bid', and is 'Offer' now");
}

TEST(CodecEvolution, AMapsKeyMayNotLoseWhatTellsKeysApart) {
  EXPECT_EQ((Resolve<std::map<Point, int8_t>, std::map<Line, int8_t>>()), Compatibility::kIncompatible);
  EXPECT_EQ((WhyNot<std::map<Point, int8_t>, std::map<Line, int8_t>>()),
            "member '[key].y' is gone, and is part of a map's key, which needs all of them");
  EXPECT_EQ((Taken<std::map<Point, int8_t>>(std::map<Line, int8_t>{{Line{1}, 2}})),
            (std::map<Point, int8_t>{{Point{1, 0}, 2}}));
}

TEST(CodecEvolution, AnotherOrderOfMembersIsReconfigured) {
  const SerializerPtr now = SerializerFor<Turned>();
  const SerializerSnapshot old = SerializerFor<Bid2>()->Snapshot();
  ASSERT_EQ(now->ResolveCompatibility(old), Compatibility::kReconfigured);
  const auto reconfigured = GetExtension<SerializerEvolution>(std::as_const(*now))->ReconfiguredFor(old);
  ASSERT_OK(reconfigured);
  EXPECT_EQ((*reconfigured)->Snapshot(), old);
  const Turned value{"USD", 9, -100, 7};
  ByteWriter out;
  (*reconfigured)->Serialize(&value, out);
  EXPECT_EQ(out.view(), Encode(Bid2{7, -100, "USD", 9}));
  Turned read;
  ByteReader in(out.view());
  ASSERT_OK((*reconfigured)->Deserialize(in, &read));
  EXPECT_EQ(read, value);
  EXPECT_TRUE(in.AtEnd());
}

TEST(CodecEvolution, AnotherOrderInsideOthersIsReconfiguredWhereBytesKeepTheirOrder) {
  EXPECT_EQ((Resolve<std::vector<Bid2>, std::vector<Turned>>()), Compatibility::kReconfigured);
  EXPECT_EQ((Resolve<std::map<std::string, Bid2>, std::map<std::string, Turned>>()), Compatibility::kReconfigured);
  using Old = std::unordered_map<std::string, Bid2>;
  EXPECT_EQ((Resolve<Old, std::unordered_map<std::string, Turned>>()), Compatibility::kReconfigured);
}

TEST(CodecEvolution, ListsEvolveByTheirElements) {
  const ListSerializerPtr now = ListSerializerFor<Bid2>();
  const ListSerializerPtr before = ListSerializerFor<Bid1>();
  const SerializerSnapshot old = before->Snapshot();
  ASSERT_EQ(now->ResolveCompatibility(old), Compatibility::kAfterMigration);
  const auto reader = GetExtension<SerializerEvolution>(std::as_const(*now))->ReaderOf(old);
  ASSERT_OK(reader);
  const std::vector<Bid1> stored = {{1, 2}, {3, 4}};
  ByteWriter out;
  before->Serialize(&stored, out);
  std::vector<Bid2> read;
  ByteReader in(out.view());
  ASSERT_OK((*reader)->Deserialize(in, &read));
  EXPECT_EQ(read, (std::vector<Bid2>{{1, 2}, {3, 4}}));

  EXPECT_EQ(ListSerializerFor<Turned>()->ResolveCompatibility(now->Snapshot()), Compatibility::kReconfigured);
  const ListSerializerPtr narrow = ListSerializerFor<Narrower>();
  EXPECT_EQ(narrow->ResolveCompatibility(now->Snapshot()), Compatibility::kIncompatible);
  EXPECT_EQ(GetExtension<SerializerEvolution>(std::as_const(*narrow))->WhyIncompatible(now->Snapshot()),
            "of its elements, member 'cents' was int64, and is int32 now");
  EXPECT_EQ(now->ResolveCompatibility(SerializerFor<Bid1>()->Snapshot()), Compatibility::kIncompatible);
  EXPECT_EQ(ListSerializerFor<std::string>(RawBytesSerializer())->ResolveCompatibility(old),
            Compatibility::kIncompatible);
}

TEST(CodecEvolution, CodecsOfTheProgramsOwnTakePartAsTheySay) {
  EXPECT_EQ((Resolve<Colour1, Colour1>()), Compatibility::kAsIs);
  EXPECT_EQ((Resolve<Colour1, Colour2>()), Compatibility::kAfterMigration);
  EXPECT_EQ((Taken<Colour2>(Colour1{3})), (Colour2{300}));
  EXPECT_EQ((Resolve<Colour2, Colour1>()), Compatibility::kIncompatible);
  EXPECT_EQ((Taken<std::vector<Colour2>>(std::vector<Colour1>{{1}, {2}})), (std::vector<Colour2>{{100}, {200}}));
  EXPECT_EQ(Taken<Car2>(Car1{{5}, 1}), (Car2{1, {500}})) << "in a struct whose members turned around";
  EXPECT_EQ((WhyNot<Car1, Wheel>()),
            "member 'colour' is gone, and was colour, of which the end cannot be found "
            "without its codec");
}

TEST(CodecEvolution, SnapshotsThatAreNoneAreIncompatible) {
  for (const SerializerSnapshot& old : {SerializerSnapshot{"struct", 1, "\x03"},
                                        SerializerSnapshot{"struct", 2, SerializerFor<Bid1>()->Snapshot().parameters},
                                        SerializerSnapshot{"", 1, ""}, SerializerSnapshot{"int8", 1, "x"}}) {
    EXPECT_EQ(SerializerFor<Bid2>()->ResolveCompatibility(old), Compatibility::kIncompatible);
    EXPECT_EQ(SerializerFor<int64_t>()->ResolveCompatibility(old), Compatibility::kIncompatible);
  }
}

}  // namespace
}  // namespace kvstate
