#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/unit/api/codec_testing.h"

namespace kvstate {

/// Two structs of the same name and members, as when a class was generated again elsewhere.
struct Click {
  int64_t time = 0;
  std::string page;
};
struct ClickAgain {
  std::string page;
  int64_t time = 0;
};
struct ClickReordered {
  int64_t time = 0;
  std::string page;
};

template <>
struct StructTraits<Click> {
  static constexpr std::string_view kName = "Click";
  static constexpr auto kMembers = std::make_tuple(Member("time", &Click::time), Member("page", &Click::page));
};
template <>
struct StructTraits<ClickAgain> {
  static constexpr std::string_view kName = "Click";
  static constexpr auto kMembers =
      std::make_tuple(Member("time", &ClickAgain::time), Member("page", &ClickAgain::page));
};
template <>
struct StructTraits<ClickReordered> {
  static constexpr std::string_view kName = "Click";
  static constexpr auto kMembers =
      std::make_tuple(Member("page", &ClickReordered::page), Member("time", &ClickReordered::time));
};

namespace {

std::string Written(const SerializerSnapshot& snapshot) {
  ByteWriter out;
  snapshot.Write(out);
  return std::string(out.view());
}

TEST(SnapshotTest, WritesItsExactBytes) {
  EXPECT_EQ(Written(Codec<int64_t>::Snapshot()), Bytes("05 'int64' 01 00"));
  EXPECT_EQ(Written(Codec<std::vector<int8_t>>::Snapshot()), Bytes("06 'vector' 01 07 04 'int8' 01 00"));
  EXPECT_EQ(Written(Codec<Click>::Snapshot()),
            Bytes("06 'struct' 01 22 05 'Click' 02 04 'time' 05 'int64' 01 00 04 'page' 06 'string' 01 00"));
}

TEST(SnapshotTest, ReadsBackAndRefusesEveryTruncation) {
  const SerializerSnapshot snapshot{"custom", 300, std::string("p\0q", 3)};
  const std::string bytes = Written(snapshot);
  ByteReader in(bytes);
  const auto read = SerializerSnapshot::Read(in);
  ASSERT_OK(read);
  EXPECT_EQ(*read, snapshot);
  EXPECT_TRUE(in.AtEnd());
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    ByteReader truncated(ByteView(bytes).substr(0, cut));
    EXPECT_CODE(SerializerSnapshot::Read(truncated), kDataLoss) << cut;
  }
}

TEST(SnapshotTest, RefusesAVersionBeyond32Bits) {
  const std::string bytes = Bytes("01 'x' ff ff ff ff 1f 00");
  ByteReader in(bytes);
  EXPECT_CODE(SerializerSnapshot::Read(in), kDataLoss);
}

TEST(SnapshotTest, EveryTypeHasItsOwn) {
  const std::vector<SerializerSnapshot> all = {
      Codec<int8_t>::Snapshot(),
      Codec<uint8_t>::Snapshot(),
      Codec<int16_t>::Snapshot(),
      Codec<uint16_t>::Snapshot(),
      Codec<int32_t>::Snapshot(),
      Codec<uint32_t>::Snapshot(),
      Codec<int64_t>::Snapshot(),
      Codec<uint64_t>::Snapshot(),
      Codec<float>::Snapshot(),
      Codec<double>::Snapshot(),
      Codec<bool>::Snapshot(),
      Codec<std::string>::Snapshot(),
      Codec<VoidNamespace>::Snapshot(),
      Codec<TimeWindow>::Snapshot(),
      Codec<std::optional<int8_t>>::Snapshot(),
      Codec<std::optional<int16_t>>::Snapshot(),
      Codec<std::vector<int8_t>>::Snapshot(),
      Codec<std::tuple<int8_t, int16_t>>::Snapshot(),
      Codec<std::tuple<int16_t, int8_t>>::Snapshot(),
      Codec<std::map<int8_t, int8_t>>::Snapshot(),
      Codec<std::unordered_map<int8_t, int8_t>>::Snapshot(),
      Codec<Click>::Snapshot(),
      Codec<ClickReordered>::Snapshot(),
      RawBytesSerializer()->Snapshot(),
      ListSerializerFor<int8_t>()->Snapshot(),
      ListSerializerFor<int16_t>()->Snapshot(),
      ListSerializerFor<std::string>()->Snapshot(),
      ListSerializerFor<std::string>(RawBytesSerializer())->Snapshot(),
  };
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t j = 0; j < all.size(); ++j) EXPECT_EQ(all[i] == all[j], i == j) << i << " and " << j;
  }
}

TEST(SnapshotTest, EqualityIsByWhatIsWrittenAndNotByTheType) {
  EXPECT_EQ((Codec<std::pair<int8_t, bool>>::Snapshot()), (Codec<std::tuple<int8_t, bool>>::Snapshot()));
  EXPECT_EQ(Codec<Click>::Snapshot(), Codec<ClickAgain>::Snapshot()) << "another class with the same members";
  EXPECT_NE(Codec<Click>::Snapshot(), Codec<ClickReordered>::Snapshot()) << "another order is another format";
  EXPECT_EQ(ListSerializerFor<int8_t>()->Snapshot(), ListSerializerFor<int8_t>()->Snapshot()) << "two objects";
}

TEST(SnapshotTest, CompatibleAsIsWhenEqualAndElseReconfiguredOrIncompatible) {
  const SerializerPtr serializer = SerializerFor<Click>();
  EXPECT_EQ(serializer->ResolveCompatibility(Codec<ClickAgain>::Snapshot()), SerializerCompatibility::kAsIs);
  EXPECT_EQ(serializer->ResolveCompatibility(Codec<ClickReordered>::Snapshot()),
            SerializerCompatibility::kReconfigured);
  EXPECT_EQ(serializer->ResolveCompatibility(Codec<std::string>::Snapshot()), SerializerCompatibility::kIncompatible);
}

}  // namespace
}  // namespace kvstate
