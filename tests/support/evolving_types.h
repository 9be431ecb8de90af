#ifndef KVSTATE_TESTS_SUPPORT_EVOLVING_TYPES_H_
#define KVSTATE_TESTS_SUPPORT_EVOLVING_TYPES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kvstate/serializers.h"

/// Types as one program after another has them, under the names that are stored.
namespace kvstate {

struct Bid1 {
  int32_t bidder = 0;
  int64_t cents = 0;
  friend bool operator==(const Bid1&, const Bid1&) = default;
};
struct Bid2 {
  int32_t bidder = 0;
  int64_t cents = 0;
  std::string currency = "EUR";
  int8_t tries = 3;
  friend bool operator==(const Bid2&, const Bid2&) = default;
};
/// Wider, turned around, with a member less and one more.
struct Bid3 {
  std::string currency;
  int64_t cents = 0;
  double rate = 0.25;
  int64_t bidder = 0;
  friend bool operator==(const Bid3&, const Bid3&) = default;
};
struct Turned {
  std::string currency;
  int8_t tries = 0;
  int64_t cents = 0;
  int32_t bidder = 0;
  friend bool operator==(const Turned&, const Turned&) = default;
};
struct Narrower {
  int32_t cents = 0;
};
struct Renamed {
  int32_t bidder = 0;
  int64_t cents = 0;
};
struct Order1 {
  Bid1 first;
  std::vector<Bid1> more;
};
struct Order2 {
  Bid2 first;
  std::vector<Bid2> more;
  friend bool operator==(const Order2&, const Order2&) = default;
};
struct NarrowOrder {
  Bid1 first;
  std::vector<Narrower> more;
};
struct Line {
  int8_t x = 0;
  friend auto operator<=>(const Line&, const Line&) = default;
};
struct Point {
  int8_t x = 0;
  int8_t y = 0;
  friend auto operator<=>(const Point&, const Point&) = default;
};

/// A member of each built-in type between two that stay.
struct Full {
  int8_t kept = 0;
  bool flag = true;
  uint16_t small = 1;
  float rate = 1;
  double exact = 2;
  std::string text;
  std::optional<int64_t> maybe;
  std::pair<int8_t, std::string> pair = {1, "p"};
  std::tuple<> nothing;
  std::vector<uint32_t> numbers;
  std::map<std::string, int64_t> names;
  std::unordered_map<std::string, Point> prices;
  TimeWindow window = {1, 2};
  VoidNamespace none;
  int8_t after = 0;
};
struct Bare {
  int8_t kept = 0;
  int8_t after = 0;
  friend bool operator==(const Bare&, const Bare&) = default;
};

struct Colour1 {
  uint8_t shade = 0;
};
struct Colour2 {
  uint16_t shade = 0;
  friend bool operator==(const Colour2&, const Colour2&) = default;
};
struct Car1 {
  Colour1 colour;
  int8_t doors = 0;
};
struct Car2 {
  int8_t doors = 0;
  Colour2 colour;
  friend bool operator==(const Car2&, const Car2&) = default;
};
struct Wheel {
  int8_t doors = 0;
};

template <>
struct StructTraits<Bid1> {
  static constexpr std::string_view kName = "Bid";
  static constexpr auto kMembers = std::make_tuple(Member("bidder", &Bid1::bidder), Member("cents", &Bid1::cents));
};
template <>
struct StructTraits<Bid2> {
  static constexpr std::string_view kName = "Bid";
  static constexpr auto kMembers = std::make_tuple(Member("bidder", &Bid2::bidder), Member("cents", &Bid2::cents),
                                                   Member("currency", &Bid2::currency), Member("tries", &Bid2::tries));
};
template <>
struct StructTraits<Bid3> {
  static constexpr std::string_view kName = "Bid";
  static constexpr auto kMembers = std::make_tuple(Member("currency", &Bid3::currency), Member("cents", &Bid3::cents),
                                                   Member("rate", &Bid3::rate), Member("bidder", &Bid3::bidder));
};
template <>
struct StructTraits<Turned> {
  static constexpr std::string_view kName = "Bid";
  static constexpr auto kMembers =
      std::make_tuple(Member("currency", &Turned::currency), Member("tries", &Turned::tries),
                      Member("cents", &Turned::cents), Member("bidder", &Turned::bidder));
};
template <>
struct StructTraits<Narrower> {
  static constexpr std::string_view kName = "Bid";
  static constexpr auto kMembers = std::make_tuple(Member("cents", &Narrower::cents));
};
template <>
struct StructTraits<Renamed> {
  static constexpr std::string_view kName = "Offer";
  static constexpr auto kMembers =
      std::make_tuple(Member("bidder", &Renamed::bidder), Member("cents", &Renamed::cents));
};
template <>
struct StructTraits<Order1> {
  static constexpr std::string_view kName = "Order";
  static constexpr auto kMembers = std::make_tuple(Member("first", &Order1::first), Member("more", &Order1::more));
};
template <>
struct StructTraits<Order2> {
  static constexpr std::string_view kName = "Order";
  static constexpr auto kMembers = std::make_tuple(Member("first", &Order2::first), Member("more", &Order2::more));
};
template <>
struct StructTraits<NarrowOrder> {
  static constexpr std::string_view kName = "Order";
  static constexpr auto kMembers =
      std::make_tuple(Member("first", &NarrowOrder::first), Member("more", &NarrowOrder::more));
};
template <>
struct StructTraits<Line> {
  static constexpr std::string_view kName = "Point";
  static constexpr auto kMembers = std::make_tuple(Member("x", &Line::x));
};
template <>
struct StructTraits<Point> {
  static constexpr std::string_view kName = "Point";
  static constexpr auto kMembers = std::make_tuple(Member("x", &Point::x), Member("y", &Point::y));
};
template <>
struct StructTraits<Full> {
  static constexpr std::string_view kName = "Full";
  static constexpr auto kMembers =
      std::make_tuple(Member("kept", &Full::kept), Member("flag", &Full::flag), Member("small", &Full::small),
                      Member("rate", &Full::rate), Member("exact", &Full::exact), Member("text", &Full::text),
                      Member("maybe", &Full::maybe), Member("pair", &Full::pair), Member("nothing", &Full::nothing),
                      Member("numbers", &Full::numbers), Member("names", &Full::names), Member("prices", &Full::prices),
                      Member("window", &Full::window), Member("none", &Full::none), Member("after", &Full::after));
};
template <>
struct StructTraits<Bare> {
  static constexpr std::string_view kName = "Full";
  static constexpr auto kMembers = std::make_tuple(Member("kept", &Bare::kept), Member("after", &Bare::after));
};
template <>
struct StructTraits<Car1> {
  static constexpr std::string_view kName = "Car";
  static constexpr auto kMembers = std::make_tuple(Member("colour", &Car1::colour), Member("doors", &Car1::doors));
};
template <>
struct StructTraits<Car2> {
  static constexpr std::string_view kName = "Car";
  static constexpr auto kMembers = std::make_tuple(Member("doors", &Car2::doors), Member("colour", &Car2::colour));
};
template <>
struct StructTraits<Wheel> {
  static constexpr std::string_view kName = "Car";
  static constexpr auto kMembers = std::make_tuple(Member("doors", &Wheel::doors));
};

template <>
struct Codec<Colour1> {
  static constexpr size_t kEncodedSize = 1;
  static void Write(const Colour1& value, ByteWriter& out) { out.PutByte(value.shade); }
  static Status Read(ByteReader& in, Colour1& value) {
    return in.ReadByte(&value.shade) ? Status() : in.Malformed("colour");
  }
  static uint32_t KeyHash(ByteView encoded) { return JavaBytesHash(encoded); }
  static SerializerSnapshot Snapshot() { return {"colour", 1, ""}; }
};

/// A hundred shades for each of the older ones.
template <>
struct Codec<Colour2> {
  static constexpr size_t kEncodedSize = 2;
  static void Write(const Colour2& value, ByteWriter& out) { out.PutFixed16(value.shade); }
  static Status Read(ByteReader& in, Colour2& value) {
    return in.ReadFixed16(&value.shade) ? Status() : in.Malformed("colour");
  }
  static uint32_t KeyHash(ByteView encoded) { return JavaBytesHash(encoded); }
  static SerializerSnapshot Snapshot() { return {"colour", 2, ""}; }
  static SerializerCompatibility ResolveCompatibility(const SerializerSnapshot& old) {
    return old == Codec<Colour1>::Snapshot() ? SerializerCompatibility::kAfterMigration
                                             : SerializerCompatibility::kIncompatible;
  }
  static size_t OldEncodedSize(const SerializerSnapshot&) { return 1; }
  static Status ReadOld(const SerializerSnapshot&, ByteReader& in, Colour2& value) {
    Colour1 old;
    KVSTATE_RETURN_IF_ERROR(Codec<Colour1>::Read(in, old));
    value.shade = static_cast<uint16_t>(old.shade * 100);
    return Status();
  }
};

}  // namespace kvstate

#endif  // KVSTATE_TESTS_SUPPORT_EVOLVING_TYPES_H_
