#include "harness/savepoint/value_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kvstate/codec.h"
#include "kvstate/namespaces.h"
#include "kvstate/serializers.h"

namespace kvstate::harness {

struct Bid {
  std::string bidder;
  int64_t cents = 0;
  std::optional<std::string> channel;
};

}  // namespace kvstate::harness

template <>
struct kvstate::StructTraits<kvstate::harness::Bid> {
  using Bid = kvstate::harness::Bid;
  static constexpr std::string_view kName = "Bid";
  static constexpr auto kMembers =
      std::make_tuple(Member("bidder", &Bid::bidder), Member("cents", &Bid::cents), Member("channel", &Bid::channel));
};

namespace kvstate::harness {
namespace {

using std::string_literals::operator""s;

std::string Json(const SerializerSnapshot& snapshot, ByteView bytes) {
  std::string json;
  AppendJsonValue(StoredFormat::Of(snapshot), bytes, &json);
  EXPECT_TRUE(nlohmann::json::accept(json)) << json;
  return json;
}

template <class T>
std::string Json(const T& value) {
  ByteWriter out;
  Codec<T>::Write(value, out);
  return Json(Codec<T>::Snapshot(), out.view());
}

template <class T>
std::string Text() {
  return StoredFormat::Of(Codec<T>::Snapshot()).ToString();
}

TEST(ValueJson, IntegersAreExactAtTheirLimits) {
  EXPECT_EQ(Json<int8_t>(-128), "-128");
  EXPECT_EQ(Json<uint8_t>(255), "255");
  EXPECT_EQ(Json<int16_t>(-32768), "-32768");
  EXPECT_EQ(Json<int32_t>(-1), "-1");
  EXPECT_EQ(Json<uint32_t>(4294967295U), "4294967295");
  EXPECT_EQ(Json(std::numeric_limits<int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(Json(std::numeric_limits<int64_t>::max()), "9223372036854775807");
  EXPECT_EQ(Json(std::numeric_limits<uint64_t>::max()), "18446744073709551615");
}

TEST(ValueJson, FloatingPointComesBackAsItWas) {
  EXPECT_EQ(Json(0.1), "0.1");
  EXPECT_EQ(Json(0.1F), "0.1");
  EXPECT_EQ(Json(-0.0), "-0");
  EXPECT_EQ(Json(1e300), "1e+300");
  EXPECT_EQ(Json(std::numeric_limits<double>::infinity()), "\"Infinity\"");
  EXPECT_EQ(Json(-std::numeric_limits<float>::infinity()), "\"-Infinity\"");
  EXPECT_EQ(Json(std::nan("")), "\"NaN\"");
}

TEST(ValueJson, StringsAreEscapedOrHexadecimal) {
  EXPECT_EQ(Json("plain"s), "\"plain\"");
  EXPECT_EQ(Json("\"\\\n\t\x01\x7f\0"s), "\"\\\"\\\\\\n\\t\\u0001\\u007f\\u0000\"");
  EXPECT_EQ(Json("größe €\U0001F600"s), "\"größe €\U0001F600\"");
  EXPECT_EQ(Json("\xff"s), "{\"hex\": \"ff\"}");
  EXPECT_EQ(Json(RawBytesSerializer()->Snapshot(), "text"), "\"text\"");
  EXPECT_EQ(Json(RawBytesSerializer()->Snapshot(), "\0\x80"s), "{\"hex\": \"0080\"}");
  EXPECT_EQ(Json(RawBytesSerializer()->Snapshot(), "\0\0\0\7"s), "{\"hex\": \"00000007\"}");
}

TEST(ValueJson, WhatLooksLikeUtf8AndIsNotIsHexadecimal) {
  for (const std::string& bytes : {"\xc0\x80"s, "\xe0\x80\x80"s, "\xed\xa0\x80"s, "\xf0\x80\x80\x80"s,
                                   "\xf4\x90\x80\x80"s, "\xf5\x80\x80\x80"s, "\xe2\x82"s, "\x80"s, "a\xc3"s}) {
    EXPECT_TRUE(Json(bytes).starts_with("{\"hex\"")) << Json(bytes);
  }
}

TEST(ValueJson, CompoundsAreArraysAndObjects) {
  EXPECT_EQ(Json(std::optional<int32_t>()), "null");
  EXPECT_EQ(Json(std::optional<int32_t>(7)), "7");
  EXPECT_EQ(Json(std::pair<int32_t, std::string>(1, "a")), "[1, \"a\"]");
  EXPECT_EQ(Json(std::vector<std::string>{"a", "b"}), "[\"a\", \"b\"]");
  EXPECT_EQ(Json(std::vector<int64_t>{}), "[]");
  EXPECT_EQ(Json(std::map<std::string, int32_t>{{"a", 1}, {"b", 2}}), "[[\"a\", 1], [\"b\", 2]]");
  EXPECT_EQ(Json(std::unordered_map<int32_t, bool>{{5, true}}), "[[5, true]]");
  EXPECT_EQ(Json(Bid{"ann", 500, std::nullopt}), "{\"bidder\": \"ann\", \"cents\": 500, \"channel\": null}");
  EXPECT_EQ(Json(std::vector<Bid>{{"bob", 1, "web"}}), "[{\"bidder\": \"bob\", \"cents\": 1, \"channel\": \"web\"}]");
  EXPECT_EQ(Json(VoidNamespace()), "null");
  EXPECT_EQ(Json(TimeWindow{-5, 10}), "{\"start\": -5, \"end\": 10}");
}

TEST(ValueJson, ListsOfStatesHaveNoCount) {
  const auto list = [](const auto& serializer, std::initializer_list<std::string_view> elements) {
    ByteWriter out;
    for (const std::string_view element : elements) serializer->SerializeElementBytes(element, out);
    return Json(serializer->Snapshot(), out.view());
  };
  EXPECT_EQ(list(ListSerializerFor<int16_t>(), {"\0\1"s, "\0\2"s}), "[1, 2]");
  EXPECT_EQ(list(ListSerializerFor<std::string>(RawBytesSerializer()), {"a", "", "b"}), "[\"a\", \"\", \"b\"]");
  EXPECT_EQ(list(ListSerializerFor<int16_t>(), {}), "[]");
}

/// The snapshot of values with a time to live of a second.
SerializerSnapshot Timed(const SerializerSnapshot& inner, bool nullable) {
  ByteWriter out;
  out.PutByte(nullable ? 1 : 0);
  out.PutFixed64(1000);
  inner.Write(out);
  return {"ttl", 1, std::string(out.view())};
}

TEST(ValueJson, ValuesWithATimeToLiveHaveTheirTime) {
  const SerializerSnapshot number = Timed(Codec<int16_t>::Snapshot(), false);
  const std::string time = "\0\0\0\0\0\0\1\0"s;
  EXPECT_EQ(Json(number, time + "\0\7"s), "{\"time\": 256, \"value\": 7}");
  const SerializerSnapshot entry = Timed(Codec<std::string>::Snapshot(), true);
  EXPECT_EQ(Json(entry, time + "\0\2ab"s), "{\"time\": 256, \"value\": \"ab\"}");
  EXPECT_EQ(Json(entry, time + "\1"), "{\"time\": 256, \"value\": null}");
  EXPECT_NE(Json(entry, time + "\2").find("error"), std::string::npos);

  const auto list = [](const SerializerSnapshot& element) {
    ByteWriter nested;
    element.Write(nested);
    return SerializerSnapshot{"list", 1, std::string(nested.view())};
  };
  EXPECT_EQ(Json(list(number), time + "\0\7"s + time + "\0\10"s),
            "[{\"time\": 256, \"value\": 7}, {\"time\": 256, \"value\": 8}]");
  const SerializerSnapshot text = Timed(Codec<std::string>::Snapshot(), false);
  EXPECT_EQ(Json(list(text), "\11"s + time + "\0"s + "\12"s + time + "\1x"),
            "[{\"time\": 256, \"value\": \"\"}, {\"time\": 256, \"value\": \"x\"}]");
  EXPECT_EQ(StoredFormat::Of(list(text)).ToString(), "list<ttl<string, 1000 ms>>");
}

TEST(ValueJson, WhatCannotBeDecodedIsWhole) {
  const SerializerSnapshot mine{"mine", 1, "parameters"};
  EXPECT_EQ(Json(mine, "\1\2"), "{\"hex\": \"0102\", \"type\": \"mine\"}");
  EXPECT_EQ(Json({"mine", 3, ""}, ""), "{\"hex\": \"\", \"type\": \"mine version 3\"}");
  EXPECT_EQ(Json({"int64", 2, ""}, "a"), "{\"hex\": \"61\", \"type\": \"int64 version 2\"}");
  // Within another, too: nobody knows where it ends.
  ByteWriter nested;
  mine.Write(nested);
  EXPECT_EQ(Json({"vector", 1, std::string(nested.view())}, "\1\2"), "{\"hex\": \"0102\", \"type\": \"vector<mine>\"}");
}

TEST(ValueJson, BytesThatAreNoneOfTheTypeSaySo) {
  const auto says = [](const std::string& json) { return json.find("\"error\": \"") != std::string::npos; };
  EXPECT_TRUE(says(Json(Codec<int64_t>::Snapshot(), "123")));
  EXPECT_TRUE(says(Json(Codec<int8_t>::Snapshot(), "12")));
  EXPECT_TRUE(says(Json(Codec<bool>::Snapshot(), "\2")));
  EXPECT_TRUE(says(Json(Codec<std::string>::Snapshot(), "\5ab")));
  EXPECT_TRUE(says(Json(Codec<std::vector<int64_t>>::Snapshot(), "\x7f")));
  EXPECT_TRUE(says(Json(Codec<std::vector<std::tuple<>>>::Snapshot(), "\xff\xff\xff\xff\xff\x01")));
  EXPECT_TRUE(says(Json(Codec<TimeWindow>::Snapshot(), "12345678")));
}

TEST(StoredFormat, IsNamedForPeople) {
  EXPECT_EQ(Text<int64_t>(), "int64");
  EXPECT_EQ((Text<std::map<std::string, std::vector<double>>>()), "map<string, vector<double>>");
  EXPECT_EQ((Text<std::pair<int8_t, bool>>()), "tuple<int8, bool>");
  EXPECT_EQ(Text<Bid>(), "Bid{bidder: string, cents: int64, channel: optional<string>}");
  EXPECT_EQ(StoredFormat::Of(ListSerializerFor<TimeWindow>()->Snapshot()).ToString(), "list<time_window>");
}

TEST(StoredFormat, SnapshotsThatAreNoneAreUnknown) {
  for (const SerializerSnapshot& snapshot :
       {SerializerSnapshot{"vector", 1, ""}, SerializerSnapshot{"map", 1, Codec<int64_t>::Snapshot().parameters},
        SerializerSnapshot{"struct", 1, "\x01"}, SerializerSnapshot{"vector", 1, "\xff\xff"}}) {
    EXPECT_EQ(StoredFormat::Of(snapshot).form, StoredFormat::Form::kUnknown) << snapshot.type_id;
  }
  SerializerSnapshot deep = Codec<int64_t>::Snapshot();
  for (int i = 0; i < 1000; ++i) {
    ByteWriter out;
    deep.Write(out);
    deep = {"vector", 1, std::string(out.view())};
  }
  EXPECT_TRUE(Json(deep, std::string(1000, '\1')).starts_with("{\"hex\"")) << "deeper than anybody needs";
}

}  // namespace
}  // namespace kvstate::harness
