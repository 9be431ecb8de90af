#include "kvstate/serializers.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/unit/api/codec_testing.h"

namespace kvstate {
namespace {

template <class T>
std::string Serialized(const TypeSerializer& serializer, const T& value) {
  ByteWriter out;
  serializer.Serialize(&value, out);
  return std::string(out.view());
}

TEST(SerializersTest, InfoDescribesTheType) {
  const TypeInfo& number = SerializerFor<int64_t>()->info();
  EXPECT_EQ(number.size, 8u);
  EXPECT_EQ(number.alignment, alignof(int64_t));
  EXPECT_EQ(number.encoded_size, 8u);
  EXPECT_TRUE(number.trivially_copyable);
  EXPECT_TRUE(number.self_delimiting);
  const TypeInfo& text = SerializerFor<std::string>()->info();
  EXPECT_EQ(text.size, sizeof(std::string));
  EXPECT_EQ(text.encoded_size, kVariableSize);
  EXPECT_FALSE(text.trivially_copyable);
  EXPECT_FALSE(RawBytesSerializer()->info().self_delimiting);
  EXPECT_EQ(RawBytesSerializer()->info().encoded_size, kVariableSize);
}

TEST(SerializersTest, OneSharedObjectATypeAndProgram) {
  EXPECT_EQ(SerializerFor<std::string>(), SerializerFor<std::string>());
  EXPECT_EQ(RawBytesSerializer(), RawBytesSerializer());
}

TEST(SerializersTest, UnknownExtensionsAreNull) {
  EXPECT_EQ(SerializerFor<int8_t>()->GetExtension("kvstate.no_such_power.1"), nullptr);
}

TEST(RawBytesTest, WritesTheBytesAndNothingElse) {
  const std::string value("a\0\xff", 3);
  EXPECT_EQ(Serialized(*RawBytesSerializer(), value), value);
  EXPECT_EQ(Serialized(*RawBytesSerializer(), std::string()), "");
  for (const std::string& bytes : {value, std::string()}) {
    std::string read = "something before";
    ByteReader in(bytes);
    ASSERT_OK(RawBytesSerializer()->Deserialize(in, &read));
    EXPECT_EQ(read, bytes);
    EXPECT_TRUE(in.AtEnd());
  }
}

TEST(ListSerializerTest, FixedSizeElementsStandSideBySide) {
  const ListSerializerPtr list = ListSerializerFor<int16_t>();
  const std::string bytes = Serialized(*list, std::vector<int16_t>{1, -1});
  EXPECT_EQ(bytes, Bytes("00 01 ff ff"));
  std::vector<int16_t> read = {9, 9, 9};
  ByteReader in(bytes);
  ASSERT_OK(list->Deserialize(in, &read));
  EXPECT_EQ(read, (std::vector<int16_t>{1, -1}));
  ByteReader cut(ByteView(bytes).substr(0, 3));
  EXPECT_CODE(list->Deserialize(cut, &read), kDataLoss);
}

TEST(ListSerializerTest, VariableElementsFindTheirOwnEnds) {
  const ListSerializerPtr list = ListSerializerFor<std::string>();
  const std::vector<std::string> value = {"", "ab"};
  const std::string bytes = Serialized(*list, value);
  EXPECT_EQ(bytes, Bytes("00 02 'ab'"));
  std::vector<std::string> read;
  ByteReader in(bytes);
  ASSERT_OK(list->Deserialize(in, &read));
  EXPECT_EQ(read, value);
  ByteReader cut(ByteView(bytes).substr(0, 3));
  EXPECT_CODE(list->Deserialize(cut, &read), kDataLoss);
}

TEST(ListSerializerTest, RawElementsStandBehindTheirLength) {
  const ListSerializerPtr list = ListSerializerFor<std::string>(RawBytesSerializer());
  const std::vector<std::string> value = {"ab", "", "c"};
  const std::string bytes = Serialized(*list, value);
  EXPECT_EQ(bytes, Bytes("02 'ab' 00 01 'c'"));
  std::vector<std::string> read;
  ByteReader in(bytes);
  ASSERT_OK(list->Deserialize(in, &read));
  EXPECT_EQ(read, value);
  const std::string overlong = Bytes("05 'ab'");
  ByteReader wrong(overlong);
  EXPECT_CODE(list->Deserialize(wrong, &read), kDataLoss);
}

TEST(ListSerializerTest, AppendingAnElementsBytesAppendsTheElement) {
  for (const ListSerializerPtr& list :
       {ListSerializerFor<std::string>(), ListSerializerFor<std::string>(RawBytesSerializer())}) {
    ByteWriter out;
    const std::string first = "first";
    list->SerializeElement(&first, out);
    const std::string second = "second";
    ByteWriter element;
    list->element()->Serialize(&second, element);
    list->SerializeElementBytes(element.view(), out);
    EXPECT_EQ(out.view(), Serialized(*list, std::vector<std::string>{"first", "second"}));
  }
}

TEST(ListSerializerTest, TakesListsApartAndBuildsThemUp) {
  const ListSerializerPtr serializer = ListSerializerFor<std::string>();
  TypedObject list(serializer);
  EXPECT_EQ(serializer->Size(list.get()), 0u);
  for (const std::string& element : {std::string("x"), std::string(100, 'y')}) serializer->Append(list.get(), &element);
  ASSERT_EQ(serializer->Size(list.get()), 2u);
  EXPECT_EQ(*static_cast<const std::string*>(serializer->At(list.get(), 1)), std::string(100, 'y'));
  serializer->Clear(list.get());
  EXPECT_EQ(serializer->Size(list.get()), 0u);
}

TEST(ListSerializerTest, AnElementWithoutBytesIsRefusedInsteadOfReadForEver) {
  const ListSerializerPtr list = ListSerializerFor<std::tuple<>>();
  std::vector<std::tuple<>> read;
  ByteReader in("xyz");
  EXPECT_CODE(list->Deserialize(in, &read), kDataLoss);
}

/// Counts its live objects, so that a leak or a double destruction shows without a sanitizer.
struct Counted {
  Counted() { ++live; }
  Counted(const Counted& other) : text(other.text) { ++live; }
  Counted(Counted&& other) noexcept : text(std::move(other.text)) { ++live; }
  Counted& operator=(const Counted&) = default;
  Counted& operator=(Counted&&) = default;
  ~Counted() { --live; }
  std::string text;
  static inline int live = 0;
};

}  // namespace

template <>
struct Codec<Counted> : internal::SequenceCodec<std::string> {
  static void Write(const Counted& value, ByteWriter& out) { Codec<std::string>::Write(value.text, out); }
  static Status Read(ByteReader& in, Counted& value) { return Codec<std::string>::Read(in, value.text); }
  static SerializerSnapshot Snapshot() { return internal::SimpleSnapshot("counted"); }
};

namespace {

TEST(TypedObjectTest, OwnsExactlyOneObject) {
  ASSERT_EQ(Counted::live, 0);
  {
    const TypedObject nothing;
    EXPECT_FALSE(nothing);
    Counted original;
    original.text = "original";
    TypedObject copy(SerializerFor<Counted>(), &original);
    EXPECT_EQ(Counted::live, 2);
    TypedObject moved = std::move(copy);
    EXPECT_EQ(Counted::live, 2);
    ASSERT_TRUE(moved);
    EXPECT_EQ(static_cast<const Counted*>(moved.get())->text, "original");
    EXPECT_EQ(moved.serializer(), SerializerFor<Counted>());
    TypedObject other(SerializerFor<Counted>());
    other = std::move(moved);
    EXPECT_EQ(static_cast<const Counted*>(other.get())->text, "original");
  }
  EXPECT_EQ(Counted::live, 0);
}

TEST(TypedObjectTest, IsValueInitialisedAndAligned) {
  const TypedObject number(SerializerFor<int64_t>());
  EXPECT_EQ(*static_cast<const int64_t*>(number.get()), 0);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(number.get()) % alignof(int64_t), 0u);
}

TEST(TypeSerializerTest, CopiesMovesAndDestroysObjects) {
  const SerializerPtr serializer = SerializerFor<Counted>();
  {
    alignas(Counted) std::byte raw_a[sizeof(Counted)];
    alignas(Counted) std::byte raw_b[sizeof(Counted)];
    Counted original;
    original.text = std::string(100, 'o');
    serializer->CopyConstruct(raw_a, &original);
    serializer->MoveConstruct(raw_b, raw_a);
    EXPECT_EQ(reinterpret_cast<Counted*>(raw_b)->text, original.text);
    serializer->CopyAssign(raw_a, &original);
    EXPECT_EQ(reinterpret_cast<Counted*>(raw_a)->text, original.text);
    original.text = "changed";
    serializer->MoveAssign(raw_a, &original);
    EXPECT_EQ(reinterpret_cast<Counted*>(raw_a)->text, "changed");
    EXPECT_EQ(Counted::live, 3);
    serializer->Destroy(raw_a);
    serializer->Destroy(raw_b);
  }
  EXPECT_EQ(Counted::live, 0);
}

}  // namespace
}  // namespace kvstate
