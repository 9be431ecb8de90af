#include "harness/replay/snapshot_serializers.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kvstate/serializers.h"
#include "tests/support/status_testing.h"

namespace kvstate {

struct Point {
  int32_t x = 0;
  std::string name;
};
template <>
struct StructTraits<Point> {
  static constexpr std::string_view kName = "Point";
  static constexpr auto kMembers = std::make_tuple(Member("x", &Point::x), Member("name", &Point::name));
};

namespace harness {
namespace {

/// A serializer made from the snapshot alone reads and writes the same bytes.
void ExpectSameBytes(const SerializerPtr& original, const void* value) {
  ByteWriter bytes;
  original->Serialize(value, bytes);
  ASSERT_OK_AND_ASSIGN(const SerializerPtr made, SerializerFromSnapshot(original->Snapshot()));
  EXPECT_EQ(made->Snapshot(), original->Snapshot());
  EXPECT_EQ(made->KeyHash(bytes.view()), original->KeyHash(bytes.view()));
  TypedObject object(made);
  ByteReader in(bytes.view());
  ASSERT_OK(made->Deserialize(in, object.get()));
  EXPECT_TRUE(in.AtEnd());
  const TypedObject copy(made, object.get());
  ByteWriter again;
  made->Serialize(copy.get(), again);
  EXPECT_EQ(again.view(), bytes.view());
}

template <class T>
void ExpectRebuilt(const T& value) {
  ExpectSameBytes(SerializerFor<T>(), &value);
  if constexpr (!std::is_same_v<T, bool>) {
    const std::vector<T> list = {value, T{}, value};
    ExpectSameBytes(ListSerializerFor<T>(), &list);
  }
}

TEST(SnapshotSerializersTest, EveryBuiltInFormatIsRebuilt) {
  ExpectRebuilt<int8_t>(-3);
  ExpectRebuilt<uint16_t>(60000);
  ExpectRebuilt<int64_t>(std::numeric_limits<int64_t>::min());
  ExpectRebuilt(1.5f);
  ExpectRebuilt(-0.0);
  ExpectRebuilt(true);
  ExpectRebuilt<std::string>("text");
  ExpectRebuilt(VoidNamespace());
  ExpectRebuilt(TimeWindow{1, 2});
  ExpectRebuilt(std::make_pair(int64_t{1}, int64_t{2}));
  ExpectRebuilt(std::make_tuple(int8_t{1}, std::string("x"), 2.0));
  ExpectRebuilt(std::optional<std::string>("there"));
  ExpectRebuilt(std::vector<std::pair<int32_t, std::string>>{{1, "a"}, {2, "b"}});
  ExpectRebuilt(std::map<std::string, std::vector<int16_t>>{{"a", {1, 2}}, {"b", {}}});
  ExpectRebuilt(std::unordered_map<int32_t, std::optional<double>>{{1, 2.0}, {3, std::nullopt}});
  ExpectRebuilt(Point{7, "seven"});
  const std::string raw = "raw";
  ExpectSameBytes(RawBytesSerializer(), &raw);
}

TEST(SnapshotSerializersTest, ListsOfFixedBytesHaveElements) {
  using Pair = std::pair<int32_t, int32_t>;
  ASSERT_OK_AND_ASSIGN(const SerializerPtr made, SerializerFromSnapshot(ListSerializerFor<Pair>()->Snapshot()));
  const auto& list = static_cast<const ListSerializer&>(*made);
  TypedObject object(made);
  const std::string element = Encode(Pair(1, 2));
  list.Append(object.get(), element.data());
  list.Append(object.get(), element.data());
  EXPECT_EQ(list.Size(object.get()), 2u);
  ByteWriter bytes;
  list.SerializeElement(list.At(object.get(), 1), bytes);
  EXPECT_EQ(bytes.view(), element);
  list.Clear(object.get());
  EXPECT_EQ(list.Size(object.get()), 0u);
}

TEST(SnapshotSerializersTest, UnknownAndBrokenSnapshotsAreRefused) {
  EXPECT_CODE(SerializerFromSnapshot({"avro", 1, ""}), kInvalidArgument);
  EXPECT_CODE(SerializerFromSnapshot({"tuple", 2, ""}), kInvalidArgument);
  EXPECT_CODE(SerializerFromSnapshot({"tuple", 1, "\xff"}), kDataLoss);
  EXPECT_CODE(SerializerFromSnapshot({"list", 1, ""}), kDataLoss);
  EXPECT_CODE(SerializerFromSnapshot({"struct", 1, "\x01"}), kDataLoss);
  SerializerSnapshot deep = SerializerFor<int64_t>()->Snapshot();
  for (int i = 0; i < 100; ++i) {
    ByteWriter nested;
    deep.Write(nested);
    deep = {"optional", 1, std::string(nested.view())};
  }
  EXPECT_CODE(SerializerFromSnapshot(deep), kDataLoss);
}

TEST(SnapshotSerializersTest, BytesThatAreNoEncodingAreRefused) {
  ASSERT_OK_AND_ASSIGN(const SerializerPtr made,
                       SerializerFromSnapshot(SerializerFor<std::vector<std::string>>()->Snapshot()));
  TypedObject object(made);
  for (const std::string& bytes : {std::string(), std::string("\x02\x01", 2), std::string("\xff\xff\xff\xff\x7f")}) {
    ByteReader in(bytes);
    EXPECT_CODE(made->Deserialize(in, object.get()), kDataLoss);
  }
}

}  // namespace
}  // namespace harness
}  // namespace kvstate
