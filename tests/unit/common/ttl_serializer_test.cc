#include "backends/common/ttl_serializer.h"

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <string>
#include <vector>

#include "kvstate/serializers.h"
#include "tests/support/status_testing.h"

namespace kvstate::backends {
namespace {

using Strings = std::vector<std::string>;

std::string BytesOf(const TypeSerializer& serializer, const void* object) {
  ByteWriter out;
  serializer.Serialize(object, out);
  return std::string(out.view());
}

Status Read(const TypeSerializer& serializer, ByteView bytes, void* object) {
  ByteReader in(bytes);
  KVSTATE_RETURN_IF_ERROR(serializer.Deserialize(in, object));
  return in.AtEnd() ? Status() : in.Malformed("end");
}

template <class T>
const T& ValueIn(const TtlSerializer& serializer, const TypedObject& object) {
  return *static_cast<const T*>(serializer.ValueOf(object.get()));
}

const std::string kTime5("\0\0\0\0\0\0\0\x05", 8);
const std::string kTimeMinus1(8, '\xff');

TEST(TtlSerializerTest, WritesTheTimeBeforeTheValue) {
  const auto serializer = MakeTtlSerializer(SerializerFor<std::string>(), false, 1000);
  const std::string value = "abc";
  EXPECT_EQ(BytesOf(*serializer, TypedObject(serializer).get()), std::string(9, '\0'));
  const BorrowedObject borrowed{.timestamp = -1, .value = &value};
  EXPECT_EQ(BytesOf(*serializer, &borrowed), kTimeMinus1 + "\x03" + "abc");
  EXPECT_FALSE(serializer->info().self_delimiting);
  EXPECT_EQ(serializer->info().encoded_size, kVariableSize);
}

TEST(TtlSerializerTest, ReadsWhatItWrote) {
  const auto serializer = MakeTtlSerializer(SerializerFor<int64_t>(), false, 1000);
  EXPECT_EQ(serializer->info().encoded_size, 16u);
  EXPECT_TRUE(serializer->info().trivially_copyable);
  EXPECT_TRUE(serializer->info().self_delimiting);
  const int64_t value = 7;
  const BorrowedObject borrowed{.timestamp = 5, .value = &value};
  TypedObject object(serializer);
  ASSERT_OK(Read(*serializer, BytesOf(*serializer, &borrowed), object.get()));
  EXPECT_EQ(TtlSerializer::TimestampOf(object.get()), 5);
  EXPECT_EQ(ValueIn<int64_t>(*serializer, object), 7);
}

TEST(TtlSerializerTest, ANullValueHasATimeToo) {
  const auto serializer = MakeTtlSerializer(SerializerFor<std::string>(), true, 1000);
  const BorrowedObject null{.timestamp = 5};
  EXPECT_EQ(BytesOf(*serializer, &null), kTime5 + "\x01");
  TypedObject object(serializer, &null);
  EXPECT_EQ(serializer->ValueOf(object.get()), nullptr);
  EXPECT_EQ(BytesOf(*serializer, object.get()), kTime5 + "\x01");

  const std::string value = "x";
  const BorrowedObject borrowed{.timestamp = 5, .value = &value};
  serializer->CopyAssign(object.get(), &borrowed);
  EXPECT_EQ(ValueIn<std::string>(*serializer, object), "x");
  ASSERT_OK(Read(*serializer, kTimeMinus1 + "\x01", object.get()));
  EXPECT_EQ(serializer->ValueOf(object.get()), nullptr);
  EXPECT_EQ(TtlSerializer::TimestampOf(object.get()), -1);
}

TEST(TtlSerializerTest, RefusesWhatItDidNotWrite) {
  const auto plain = MakeTtlSerializer(SerializerFor<int32_t>(), false, 1000);
  const auto nullable = MakeTtlSerializer(SerializerFor<int32_t>(), true, 1000);
  TypedObject object(plain);
  TypedObject nullable_object(nullable);
  EXPECT_CODE(Read(*plain, "", object.get()), kDataLoss);
  EXPECT_CODE(Read(*plain, kTime5, object.get()), kDataLoss);
  EXPECT_CODE(Read(*plain, kTime5 + "abc", object.get()), kDataLoss);
  EXPECT_CODE(Read(*nullable, kTime5, nullable_object.get()), kDataLoss);
  EXPECT_CODE(Read(*nullable, kTime5 + "\x02" + "abcd", nullable_object.get()), kDataLoss);
  EXPECT_CODE(Read(*nullable, kTime5 + "\x01" + "abcd", nullable_object.get()), kDataLoss);
  // What stands for a borrowed object is no time.
  EXPECT_CODE(Read(*plain, std::string("\x80\0\0\0\0\0\0\0", 8) + "abcd", object.get()), kDataLoss);
  EXPECT_NE(TtlSerializer::TimestampOf(object.get()), kBorrowed);
}

TEST(TtlSerializerTest, AnObjectCanBeWrittenFromABorrowOfItself) {
  const auto serializer = MakeTtlSerializer(SerializerFor<std::string>(), false, 1000);
  const std::string value(100, 'v');
  const BorrowedObject first{.timestamp = 5, .value = &value};
  TypedObject object(serializer, &first);
  const BorrowedObject again{.timestamp = 6, .value = serializer->ValueOf(object.get())};
  serializer->CopyAssign(object.get(), &again);
  EXPECT_EQ(TtlSerializer::TimestampOf(object.get()), 6);
  EXPECT_EQ(ValueIn<std::string>(*serializer, object), value);

  TypedObject moved(serializer);
  serializer->MoveAssign(moved.get(), object.get());
  EXPECT_EQ(ValueIn<std::string>(*serializer, moved), value);
  EXPECT_EQ(TtlSerializer::TimestampOf(moved.get()), 6);
}

TEST(TtlSerializerTest, AValueAndItsTimeApartHaveTheSameBytes) {
  const auto serializer = MakeTtlSerializer(SerializerFor<std::string>(), false, 1000);
  const std::string value = "abc";
  const BorrowedObject borrowed{.timestamp = 5, .value = &value};
  ByteWriter out;
  serializer->SerializeTimed(5, &value, out);
  EXPECT_EQ(out.view(), BytesOf(*serializer, &borrowed));

  int64_t timestamp = 0;
  std::string read;
  ASSERT_OK(serializer->DeserializeTimed(out.view(), &timestamp, &read));
  EXPECT_EQ(timestamp, 5);
  EXPECT_EQ(read, "abc");
  EXPECT_CODE(serializer->DeserializeTimed(kTime5, &timestamp, &read), kDataLoss);
  EXPECT_CODE(serializer->DeserializeTimed(kTime5.substr(1), &timestamp, &read), kDataLoss);
  EXPECT_CODE(serializer->DeserializeTimed(kTime5 + "\x03" + "abcd", &timestamp, &read), kDataLoss);
  EXPECT_CODE(serializer->DeserializeTimed(std::string("\x80\0\0\0\0\0\0\0", 8) + "\x01" + "a", &timestamp, &read),
              kDataLoss);
}

template <class T>
void ExpectObjectsOfTimedValues(const T& first, const T& second) {
  const auto serializer = MakeTtlSerializer(SerializerFor<T>(), false, 1000);
  void* object = ::operator new(serializer->info().size, std::align_val_t(serializer->info().alignment));
  serializer->ConstructTimed(object, 5, &first);
  EXPECT_EQ(TtlSerializer::StoredTimestampOf(object), 5);
  EXPECT_EQ(*static_cast<const T*>(serializer->ValueOf(object)), first);
  serializer->AssignTimed(object, 6, &second);
  EXPECT_EQ(TtlSerializer::StoredTimestampOf(object), 6);
  EXPECT_EQ(*static_cast<const T*>(serializer->ValueOf(object)), second);
  // From itself.
  serializer->AssignTimed(object, 7, serializer->ValueOf(object));
  EXPECT_EQ(TtlSerializer::StoredTimestampOf(object), 7);
  EXPECT_EQ(*static_cast<const T*>(serializer->ValueOf(object)), second);
  serializer->Destroy(object);
  ::operator delete(object, std::align_val_t(serializer->info().alignment));
}

TEST(TtlSerializerTest, MakesAndOverwritesObjectsFromAValueAndItsTime) {
  ExpectObjectsOfTimedValues<int64_t>(1, 2);
  ExpectObjectsOfTimedValues<uint8_t>(1, 2);
  ExpectObjectsOfTimedValues(std::string(100, 'a'), std::string(200, 'b'));
}

TEST(TtlSerializerTest, TheClockNeverGivesWhatStandsForABorrowedObject) {
  const ManualClock clock(INT64_MIN);
  EXPECT_EQ(TimestampOfClock(clock), INT64_MIN + 1);
}

TEST(TtlSerializerTest, AnotherTimeToLiveReadsTheSameBytes) {
  const auto hour = MakeTtlSerializer(SerializerFor<int32_t>(), false, 3600000);
  const auto day = MakeTtlSerializer(SerializerFor<int32_t>(), false, 86400000);
  EXPECT_NE(hour->Snapshot(), day->Snapshot());
  EXPECT_EQ(hour->ResolveCompatibility(day->Snapshot()), SerializerCompatibility::kAsIs);
  for (const auto& other :
       {SerializerFor<int32_t>()->Snapshot(), MakeTtlSerializer(SerializerFor<std::string>(), false, 1)->Snapshot(),
        MakeTtlSerializer(SerializerFor<int32_t>(), true, 1)->Snapshot(), SerializerSnapshot{"ttl", 1, "short"}}) {
    EXPECT_EQ(hour->ResolveCompatibility(other), SerializerCompatibility::kIncompatible) << other.type_id;
  }
}

/// A list of strings and their times, as a state would build it up.
TypedObject ListOf(const TtlListSerializerPtr& serializer,
                   const std::vector<std::pair<int64_t, std::string>>& elements) {
  TypedObject list(serializer);
  for (const auto& [timestamp, value] : elements) serializer->AppendTimed(list.get(), timestamp, &value);
  return list;
}

const Strings& StringsIn(const TtlListSerializer& serializer, const TypedObject& list) {
  return *static_cast<const Strings*>(serializer.InnerOf(list.get()));
}

TEST(TtlListSerializerTest, ElementsStandAfterTheirLengths) {
  const auto serializer = MakeTtlListSerializer(ListSerializerFor<std::string>(), 1000);
  const TypedObject list = ListOf(serializer, {{5, "ab"}, {-1, ""}});
  const std::string bytes = BytesOf(*serializer, list.get());
  EXPECT_EQ(bytes, "\x0b" + kTime5 + "\x02" + "ab" + "\x09" + kTimeMinus1 + std::string(1, '\0'));
  EXPECT_EQ(serializer->OldestOf(list.get()), -1);

  TypedObject read(serializer);
  ASSERT_OK(Read(*serializer, bytes, read.get()));
  EXPECT_EQ(StringsIn(*serializer, read), (Strings{"ab", ""}));
  EXPECT_EQ(serializer->TimeAt(read.get(), 0), 5);
  EXPECT_EQ(serializer->TimeAt(read.get(), 1), -1);
  EXPECT_EQ(serializer->OldestOf(read.get()), -1);
}

TEST(TtlListSerializerTest, ElementsOfOneSizeHaveNoLengths) {
  const auto serializer = MakeTtlListSerializer(ListSerializerFor<int16_t>(), 1000);
  const std::vector<int16_t> values = {1, 2};
  const BorrowedObject borrowed{.timestamp = 5, .value = &values};
  const std::string bytes = BytesOf(*serializer, &borrowed);
  EXPECT_EQ(bytes, kTime5 + std::string("\0\1", 2) + kTime5 + std::string("\0\2", 2));
  TypedObject read(serializer);
  ASSERT_OK(Read(*serializer, bytes, read.get()));
  EXPECT_EQ(*static_cast<const std::vector<int16_t>*>(serializer->InnerOf(read.get())), values);
  EXPECT_EQ(serializer->OldestOf(read.get()), 5);
}

TEST(TtlListSerializerTest, ElementsThatTakeAllTheBytesThereAreStandAfterTheirLengths) {
  const auto serializer = MakeTtlListSerializer(ListSerializerFor<std::string>(RawBytesSerializer()), 1000);
  const TypedObject list = ListOf(serializer, {{5, "ab"}, {5, ""}});
  const std::string bytes = BytesOf(*serializer, list.get());
  EXPECT_EQ(bytes, "\x0a" + kTime5 + "ab" + "\x08" + kTime5);
  TypedObject read(serializer);
  ASSERT_OK(Read(*serializer, bytes, read.get()));
  EXPECT_EQ(StringsIn(*serializer, read), (Strings{"ab", ""}));
}

TEST(TtlListSerializerTest, BytesOfAnElementAddedAloneAreThoseInAList) {
  const auto serializer = MakeTtlListSerializer(ListSerializerFor<std::string>(), 1000);
  const std::string value = "ab";
  const BorrowedObject element{.timestamp = 5, .value = &value};
  ByteWriter alone;
  serializer->SerializeElement(&element, alone);
  EXPECT_EQ(alone.view(), BytesOf(*serializer, ListOf(serializer, {{5, "ab"}}).get()));
}

TEST(TtlListSerializerTest, RefusesWhatItDidNotWriteAndLeavesAnEmptyList) {
  const auto strings = MakeTtlListSerializer(ListSerializerFor<std::string>(), 1000);
  const auto numbers = MakeTtlListSerializer(ListSerializerFor<int16_t>(), 1000);
  const std::string whole = "\x0a" + kTime5 + "\x01" + "a";
  for (const std::string& bytes : {whole.substr(0, 10), whole + "\x0a", std::string("\x04") + "abcd",
                                   "\x0b" + kTime5 + "\x01" + "ab", "\x0a" + kTime5 + "\x02" + "a"}) {
    TypedObject list = ListOf(strings, {{1, "left"}});
    EXPECT_CODE(Read(*strings, bytes, list.get()), kDataLoss) << ::testing::PrintToString(bytes);
    EXPECT_EQ(strings->Size(list.get()), 0u);
    EXPECT_EQ(strings->OldestOf(list.get()), INT64_MAX);
  }
  TypedObject list(numbers);
  EXPECT_CODE(Read(*numbers, kTime5 + "a", list.get()), kDataLoss);
  EXPECT_CODE(Read(*numbers, kTime5, list.get()), kDataLoss);
}

TEST(TtlListSerializerTest, CopiesAndMovesKeepValuesAndTimesTogether) {
  const auto serializer = MakeTtlListSerializer(ListSerializerFor<std::string>(), 1000);
  TypedObject list = ListOf(serializer, {{5, "a"}, {3, "b"}});
  TypedObject copy(serializer, list.get());
  EXPECT_EQ(BytesOf(*serializer, copy.get()), BytesOf(*serializer, list.get()));
  TypedObject moved(serializer);
  const std::string bytes = BytesOf(*serializer, list.get());
  serializer->MoveAssign(moved.get(), list.get());
  EXPECT_EQ(BytesOf(*serializer, moved.get()), bytes);
  EXPECT_EQ(BytesOf(*serializer, list.get()), "");
  // What is left is a list to go on with.
  serializer->Append(list.get(), serializer->At(moved.get(), 1));
  EXPECT_EQ(StringsIn(*serializer, list), Strings{"b"});
  EXPECT_EQ(serializer->OldestOf(list.get()), 3);
}

TEST(TtlListSerializerTest, AListCanBeWrittenFromABorrowOfItself) {
  const auto serializer = MakeTtlListSerializer(ListSerializerFor<std::string>(), 1000);
  TypedObject list = ListOf(serializer, {{5, "a"}, {3, "b"}});
  const BorrowedObject borrowed{.timestamp = 9, .value = serializer->InnerOf(list.get())};
  serializer->CopyAssign(list.get(), &borrowed);
  EXPECT_EQ(StringsIn(*serializer, list), (Strings{"a", "b"}));
  EXPECT_EQ(serializer->TimeAt(list.get(), 1), 9);
  EXPECT_EQ(serializer->OldestOf(list.get()), 9);
  // Appended to itself, element by element, as a state of live objects does.
  for (size_t i = 0; i < 2; ++i) serializer->Append(list.get(), serializer->At(&borrowed, i));
  EXPECT_EQ(StringsIn(*serializer, list), (Strings{"a", "b", "a", "b"}));
}

TEST(TtlListSerializerTest, ItsSnapshotIsAListOfValuesWithTimes) {
  const auto hour = MakeTtlListSerializer(ListSerializerFor<int32_t>(), 3600000);
  const auto day = MakeTtlListSerializer(ListSerializerFor<int32_t>(), 86400000);
  EXPECT_EQ(hour->Snapshot().type_id, "list");
  EXPECT_EQ(hour->ResolveCompatibility(day->Snapshot()), SerializerCompatibility::kAsIs);
  EXPECT_EQ(hour->ResolveCompatibility(ListSerializerFor<int32_t>()->Snapshot()),
            SerializerCompatibility::kIncompatible);
  EXPECT_EQ(hour->ResolveCompatibility(MakeTtlListSerializer(ListSerializerFor<std::string>(), 1)->Snapshot()),
            SerializerCompatibility::kIncompatible);
}

}  // namespace
}  // namespace kvstate::backends
