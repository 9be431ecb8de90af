#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "kvstate/clock.h"
#include "kvstate/extension.h"
#include "kvstate/serialized_access.h"
#include "tests/conformance/conformance.h"
#include "tests/conformance/ttl_state_testing.h"

namespace kvstate::conformance {
namespace {

using Strings = std::vector<std::string>;

struct Length {
  int64_t Create() const { return 0; }
  void Add(int64_t& a, const std::string& in) const { a += static_cast<int64_t>(in.size()); }
  std::string Result(const int64_t& a) const { return std::to_string(a); }
  void Merge(int64_t& a, const int64_t& b) const { a += b; }
};

/// Bytes and walks of states with a time to live: what they give has no times, and nothing that has expired.
class TtlBytesTest : public TtlStateTest {
 protected:
  TtlBytesTest() { queryable_name_ = "q"; }
  template <class State>
  static SerializedAccess& Access(State& state) {
    return *GetExtension<SerializedAccess>(*state.internal());
  }
  template <class State>
  static std::optional<std::string> Bytes(State& state) {
    ByteView value;
    const bool there = Must(Access(state).GetBytes(&value));
    return there ? std::optional<std::string>(value) : std::nullopt;
  }
  static std::optional<std::string> Entry(SerializedAccess& access, ByteView user_key) {
    ByteView value = "left";
    bool is_null = false;
    if (!Must(access.GetEntryBytes(user_key, &value, &is_null))) return std::nullopt;
    if (!is_null) return std::string(value);
    EXPECT_TRUE(value.empty());
    return "null";
  }
  /// From another thread.
  template <class State>
  static std::optional<std::string> Queried(State& state, int64_t key) {
    std::string out = "left from before";
    Result<bool> there = false;
    std::thread([&] { there = state.internal()->GetSerialized(Encode(key), kVoid, &out); }).join();
    if (Must(std::move(there))) return out;
    EXPECT_EQ(out, "");
    return std::nullopt;
  }
  template <class V>
  static std::string EncodedList(const std::vector<V>& elements) {
    std::string all;
    for (const V& element : elements) all += Encode(element);
    return all;
  }
};
KVSTATE_ON_EVERY_BACKEND(TtlBytesTest);

TEST_P(TtlBytesTest, ValuesHaveNoTimesInTheirBytes) {
  auto backend = OpenOnClock();
  auto state = Must(backend.GetState(WithTtl(ValueStateDescriptor<std::string>("v").WithDefault("default"))));
  Must(backend.SetCurrentKey(1));
  EXPECT_EQ(Bytes(state), std::nullopt);
  Must(Access(state).PutBytes(Encode(std::string("bytes"))));
  EXPECT_EQ(Current(state), "bytes");
  EXPECT_EQ(Bytes(state), Encode(std::string("bytes")));
  EXPECT_EQ(Queried(state, 1), Encode(std::string("bytes")));
  EXPECT_CODE(Access(state).AddBytes("x"), kFailedPrecondition);
  clock_->AdvanceMillis(kLives);
  EXPECT_EQ(Queried(state, 1), std::nullopt);
  EXPECT_EQ(Must(backend.backend().NumEntries()), 1u) << "a query removes nothing";
  EXPECT_EQ(Bytes(state), std::nullopt);
  EXPECT_EQ(Must(backend.backend().NumEntries()), 0u);
}

TEST_P(TtlBytesTest, AValueWithoutBytesIsThereAsLongAsItLives) {
  auto backend = OpenOnClock();
  auto state = Must(backend.GetState(WithTtl(ValueStateDescriptor<std::string>("v", RawBytesSerializer()))));
  Must(backend.SetCurrentKey(1));
  Must(Access(state).PutBytes(""));
  EXPECT_EQ(Bytes(state), "");
  EXPECT_EQ(Current(state), "");
  EXPECT_EQ(Queried(state, 1), "");
  clock_->AdvanceMillis(kLives);
  EXPECT_EQ(Queried(state, 1), std::nullopt);
  EXPECT_EQ(Bytes(state), std::nullopt);
}

TEST_P(TtlBytesTest, ReadingBytesIsReading) {
  ttl_.update = TtlConfig::Update::kOnReadAndWrite;
  auto backend = OpenOnClock();
  auto value = Must(backend.GetState(WithTtl(ValueStateDescriptor<std::string>("v"))));
  auto list = Must(backend.GetState(WithTtl(ListStateDescriptor<std::string>("l"))));
  auto map = Must(backend.GetState(WithTtl(MapStateDescriptor<std::string, std::string>("m"))));
  Must(backend.SetCurrentKey(1));
  Must(value.Update("x"));
  Must(list.Add("old"));
  Must(map.Put("a", "x"));
  Must(map.PutNull("b"));
  clock_->AdvanceMillis(50);
  Must(list.Add("new"));
  for (int i = 0; i < 4; ++i) {
    clock_->AdvanceMillis(i == 0 ? 50 - 1 : kLives - 1);
    EXPECT_EQ(Bytes(value), Encode(std::string("x")));
    EXPECT_EQ(Bytes(list), EncodedList<std::string>({"old", "new"}));
    EXPECT_EQ(Entry(Access(map), Encode(std::string("a"))), Encode(std::string("x")));
    EXPECT_TRUE(Must(Access(map).ContainsEntryBytes(Encode(std::string("b")))));
  }
  clock_->AdvanceMillis(kLives);
  EXPECT_EQ(Bytes(value), std::nullopt);
  EXPECT_EQ(Bytes(list), std::nullopt);
  EXPECT_EQ(Entry(Access(map), Encode(std::string("a"))), std::nullopt);
  EXPECT_EQ(Entry(Access(map), Encode(std::string("b"))), std::nullopt);
  EXPECT_EQ(Must(backend.backend().NumEntries()), 0u);
}

TEST_P(TtlBytesTest, ListsOfAllKindsOfElementsAreThoseWithoutTimes) {
  auto backend = OpenOnClock();
  auto strings = Must(backend.GetState(WithTtl(ListStateDescriptor<std::string>("s"))));
  auto numbers = Must(backend.GetState(WithTtl(ListStateDescriptor<int32_t>("n"))));
  auto raw = Must(backend.GetState(WithTtl(ListStateDescriptor<std::string>("r", RawBytesSerializer()))));
  Must(backend.SetCurrentKey(1));
  Must(Access(strings).PutBytes(EncodedList<std::string>({"a", ""})));
  Must(Access(numbers).PutBytes(EncodedList<int32_t>({1, 2})));
  const std::string raw_bytes(
      "\x01"
      "a"
      "\x00",
      3);
  Must(Access(raw).PutBytes(raw_bytes));
  EXPECT_EQ(Bytes(raw), raw_bytes);
  EXPECT_EQ(Current(strings), (Strings{"a", ""}));
  EXPECT_EQ(Current(numbers), (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(Current(raw), (Strings{"a", ""}));
  EXPECT_CODE(Access(numbers).PutBytes("abc"), kDataLoss);
  EXPECT_CODE(Access(raw).PutBytes("\x03"
                                   "a"),
              kDataLoss);
  EXPECT_EQ(Current(numbers), (std::vector<int32_t>{1, 2}));

  clock_->AdvanceMillis(50);
  Must(Access(strings).AddBytes(Encode(std::string("b"))));
  Must(Access(numbers).AddBytes(Encode(int32_t{3})));
  Must(Access(raw).AddBytes("b"));
  EXPECT_EQ(Bytes(strings), EncodedList<std::string>({"a", "", "b"}));
  clock_->AdvanceMillis(50);
  EXPECT_EQ(Queried(strings, 1), EncodedList<std::string>({"b"}));
  EXPECT_EQ(Queried(numbers, 1), EncodedList<int32_t>({3}));
  EXPECT_EQ(Queried(raw, 1),
            "\x01"
            "b");
  EXPECT_EQ(Bytes(strings), EncodedList<std::string>({"b"}));
  EXPECT_EQ(Bytes(numbers), EncodedList<int32_t>({3}));
  EXPECT_EQ(Bytes(raw),
            "\x01"
            "b");
  EXPECT_EQ(Current(strings), Strings{"b"});
  clock_->AdvanceMillis(50);
  EXPECT_EQ(Queried(numbers, 1), std::nullopt);
  Must(Access(strings).PutBytes(""));
  EXPECT_EQ(Bytes(strings), std::nullopt);
  EXPECT_EQ(Bytes(numbers), std::nullopt);
}

TEST_P(TtlBytesTest, EntriesOfAMapHaveNoTimesInTheirBytes) {
  auto backend = OpenOnClock();
  auto state = Must(backend.GetState(WithTtl(MapStateDescriptor<std::string, std::string>("m"))));
  SerializedAccess& access = Access(state);
  const std::string a = Encode(std::string("a"));
  const std::string b = Encode(std::string("b"));
  Must(backend.SetCurrentKey(1));
  ByteView value;
  EXPECT_CODE(access.GetBytes(&value), kFailedPrecondition);
  EXPECT_CODE(access.PutBytes("x"), kFailedPrecondition);
  EXPECT_CODE(access.AddBytes("x"), kFailedPrecondition);
  Must(access.PutEntryBytes(a, a, false));
  EXPECT_EQ(Entry(access, a), a);
  clock_->AdvanceMillis(50);
  Must(access.PutEntryBytes(b, {}, true));
  EXPECT_EQ(Entry(access, b), "null");
  EXPECT_EQ(EntriesOf(state), (EntryList<std::string, std::string>{{"a", "a"}, {"b", std::nullopt}}));
  const std::string of_b = std::string("\x02") + b + "\x01";
  EXPECT_EQ(Queried(state, 1), std::string("\x02") + a + std::string("\0\x02", 2) + a + of_b);
  clock_->AdvanceMillis(50);
  EXPECT_EQ(Queried(state, 1), of_b);
  EXPECT_EQ(Entry(access, a), std::nullopt);
  EXPECT_TRUE(Must(access.ContainsEntryBytes(b)));
  Must(access.RemoveEntryBytes(b));
  EXPECT_EQ(Entry(access, b), std::nullopt);
  EXPECT_EQ(Must(backend.backend().NumEntries()), 0u);
}

TEST_P(TtlBytesTest, AccumulatorsTakeInputsAsBytes) {
  auto backend = OpenOnClock();
  auto reducing = Must(backend.GetState(WithTtl(ReducingStateDescriptor<std::string>("r", Concatenate(true)))));
  auto aggregating = Must(backend.GetState(WithTtl(AggregatingStateDescriptor<std::string, int64_t, std::string>(
      "a", MakeAggregateFunction<std::string, int64_t, std::string>(Length())))));
  Must(backend.SetCurrentKey(1));
  const std::string x = Encode(std::string("x"));
  for (int i = 0; i < 3; ++i) {
    Must(Access(reducing).AddBytes(x));
    Must(Access(aggregating).AddBytes(x));
    clock_->AdvanceMillis(kLives - 1);
  }
  EXPECT_EQ(Bytes(reducing), Encode(std::string("xxx")));
  EXPECT_EQ(Bytes(aggregating), Encode(int64_t{3}));
  EXPECT_EQ(Queried(aggregating, 1), Encode(int64_t{3}));
  Must(Access(aggregating).PutBytes(Encode(int64_t{40})));
  EXPECT_EQ(Current(aggregating), "40");
  clock_->AdvanceMillis(1);
  Must(Access(reducing).AddBytes(x));
  EXPECT_EQ(Bytes(reducing), x);
  EXPECT_CODE(Access(reducing).AddBytes("\x05"), kDataLoss);
}

TEST_P(TtlBytesTest, AVisitorSeesWhatHasNotExpiredAndWritesItAnew) {
  auto backend = OpenOnClock();
  auto list = Must(backend.GetState(WithTtl(ListStateDescriptor<std::string>("l"))));
  auto map = Must(backend.GetState(WithTtl(MapStateDescriptor<int64_t, std::string>("m"))));
  for (int64_t key = 0; key < 50; ++key) {
    Must(backend.SetCurrentKey(key));
    clock_->SetMillis(1000);
    Must(list.Add("old"));
    Must(map.Put(1, "old"));
    clock_->SetMillis(1050);
    if (key % 5 == 0) {
      Must(list.Add("new"));
      Must(map.Put(2, "new"));
      Must(map.PutNull(3));
    }
  }
  clock_->SetMillis(1100);
  std::map<std::string, Strings> lists;
  auto visitor = Must(list.internal()->Visit());
  const Strings written = {"written"};
  while (true) {
    const auto batch = Must(visitor->NextBatch(7));
    if (batch.empty()) break;
    for (const StateEntry& entry : batch) {
      const Strings& elements = *static_cast<const Strings*>(entry.value);
      EXPECT_TRUE(lists.emplace(entry.key, elements).second);
    }
    for (const StateEntry& entry : batch) Must(visitor->Update(entry, &written));
  }
  EXPECT_EQ(lists.size(), 10u);
  for (const auto& [key, elements] : lists) EXPECT_EQ(elements, Strings{"new"});

  std::map<std::string, std::string> entries;
  visitor = Must(map.internal()->Visit());
  for (auto batch = Must(visitor->NextBatch(7)); !batch.empty(); batch = Must(visitor->NextBatch(7))) {
    for (const StateEntry& entry : batch) {
      const auto* value = static_cast<const std::string*>(entry.value);
      entries[std::string(entry.key) + std::string(entry.user_key)] = value == nullptr ? "null" : *value;
      if (value == nullptr) {
        Must(visitor->Remove(entry));
        EXPECT_CODE(visitor->Remove(entry), kNotFound);
      } else {
        Must(visitor->Update(entry, nullptr));
      }
    }
  }
  EXPECT_EQ(entries.size(), 20u);
  clock_->SetMillis(1199);
  Must(backend.SetCurrentKey(5));
  EXPECT_EQ(Current(list), written);
  EXPECT_EQ(EntriesOf(map), (EntryList<int64_t, std::string>{{2, std::nullopt}}));
}

}  // namespace
}  // namespace kvstate::conformance
