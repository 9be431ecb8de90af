#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

template <class Descriptor>
Descriptor Queryable(Descriptor descriptor) {
  descriptor.queryable_name = "query me";
  return descriptor;
}

/// Threads that call `read` until the test is done with them.
class Readers {
 public:
  template <class Read>
  Readers(int count, Read read) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this, read] {
        while (!done_.load(std::memory_order_relaxed)) {
          read();
          reads_.fetch_add(1, std::memory_order_relaxed);
        }
      });
    }
  }
  ~Readers() { Join(); }
  void Join() {
    while (!threads_.empty() && reads_.load() < 20) std::this_thread::yield();
    done_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  std::atomic<bool> done_{false};
  std::atomic<int> reads_{0};
  std::vector<std::thread> threads_;
};

class QueryableTest : public BackendTest {};
KVSTATE_ON_EVERY_BACKEND(QueryableTest);

TEST_P(QueryableTest, AStateWithoutAQueryableNameIsRefused) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  std::string out;
  EXPECT_CODE(state.internal()->GetSerialized(Encode(std::string("k")), kVoid, &out), kFailedPrecondition);
}

TEST_P(QueryableTest, GivesTheStoredValueOfAnyKey) {
  auto backend = Open<std::string>();
  auto state = Must(backend.GetState<TimeWindow>(Queryable(ValueStateDescriptor<int64_t>("v").WithDefault(9))));
  Must(backend.SetCurrentKey("k"));
  Must(state.SetCurrentNamespace(TimeWindow{0, 1}));
  Must(state.Update(5));
  Must(backend.SetCurrentKey("another"));
  std::string out = "left from before";
  EXPECT_TRUE(Must(state.internal()->GetSerialized(Encode(std::string("k")), Encode(TimeWindow{0, 1}), &out)));
  EXPECT_EQ(out, Encode(int64_t{5}));
  EXPECT_FALSE(Must(state.internal()->GetSerialized(Encode(std::string("k")), Encode(TimeWindow{0, 2}), &out)));
  EXPECT_EQ(out, "");
  out = "left from before";
  EXPECT_FALSE(Must(state.internal()->GetSerialized(Encode(std::string("none")), Encode(TimeWindow{0, 1}), &out)));
  EXPECT_EQ(out, "");
  EXPECT_EQ(backend.backend().current_key(), Encode(std::string("another")));
}

TEST_P(QueryableTest, GivesListsAndAccumulators) {
  auto backend = Open<std::string>();
  auto list = Must(backend.GetState(Queryable(ListStateDescriptor<std::string>("l", RawBytesSerializer()))));
  auto reducing = Must(backend.GetState(Queryable(ReducingStateDescriptor<std::string>("r", Concatenate(true)))));
  Must(backend.SetCurrentKey("k"));
  const std::string key = Encode(std::string("k"));
  std::string out;
  EXPECT_FALSE(Must(list.internal()->GetSerialized(key, kVoid, &out)));
  for (const char* text : {"ab", "", "c"}) {
    Must(list.Add(text));
    Must(reducing.Add(text));
  }
  EXPECT_TRUE(Must(list.internal()->GetSerialized(key, kVoid, &out)));
  EXPECT_EQ(out, std::string("\2ab\0\1c", 6));
  EXPECT_TRUE(Must(reducing.internal()->GetSerialized(key, kVoid, &out)));
  EXPECT_EQ(out, Encode(std::string("abc")));
}

TEST_P(QueryableTest, GivesAMapsEntriesInOrder) {
  auto backend = Open<std::string>();
  auto map = Must(backend.GetState(
      Queryable(MapStateDescriptor<std::string, std::string>("m", RawBytesSerializer(), RawBytesSerializer()))));
  Must(backend.SetCurrentKey("k"));
  const std::string key = Encode(std::string("k"));
  std::string out;
  EXPECT_FALSE(Must(map.internal()->GetSerialized(key, kVoid, &out)));
  Must(map.Put("z", "last"));
  Must(map.PutNull("null"));
  Must(map.Put("", ""));
  EXPECT_TRUE(Must(map.internal()->GetSerialized(key, kVoid, &out)));
  EXPECT_EQ(out, std::string("\0\0\0", 3) + std::string("\4null\1", 6) + std::string("\1z\0\4last", 8));
  Must(map.Clear());
  EXPECT_FALSE(Must(map.internal()->GetSerialized(key, kVoid, &out)));
}

TEST_P(QueryableTest, ReadersBesideTheOwnerSeeWholeValuesThatOnlyGrow) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(Queryable(ValueStateDescriptor<std::vector<int64_t>>("v"))));
  InternalKVState* internal = state.internal();
  std::atomic<int64_t> finished{-1};
  std::atomic<int> wrong{0};
  const auto read = [&] {
    const int64_t before = finished.load(std::memory_order_acquire);
    std::string out;
    const auto there = internal->GetSerialized(Encode(int64_t{7}), kVoid, &out);
    if (!there.ok() || (!*there && before >= 0)) {
      ++wrong;
      return;
    }
    if (!*there) return;
    const auto value = Decode<std::vector<int64_t>>(out);
    if (!value.ok() || value->empty()) {
      ++wrong;
      return;
    }
    for (const int64_t n : *value) wrong += n != value->front();
    wrong += value->front() < before;
  };
  {
    Readers readers(2, read);
    for (int64_t n = 0; n < 1500; ++n) {
      Must(backend.SetCurrentKey(7));
      Must(state.Update(std::vector<int64_t>(static_cast<size_t>(1 + n % 100), n)));
      finished.store(n, std::memory_order_release);
      Must(backend.SetCurrentKey(1000 + n));
      Must(state.Update({n}));
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST_P(QueryableTest, ReadersBesideTheOwnerSeeWholeListsAndMaps) {
  auto backend = Open<int64_t>();
  auto list = Must(backend.GetState(Queryable(ListStateDescriptor<int64_t>("l"))));
  auto map = Must(backend.GetState(Queryable(MapStateDescriptor<int64_t, int64_t>("m"))));
  std::atomic<int> wrong{0};
  const std::string key = Encode(int64_t{7});
  const auto read = [&, of_list = list.internal(), of_map = map.internal()] {
    std::string out;
    if (!of_list->GetSerialized(key, kVoid, &out).ok()) ++wrong;
    for (size_t at = 0; at < out.size(); at += 8) {
      const auto n = Decode<int64_t>(ByteView(out).substr(at, 8));
      wrong += !n.ok() || *n != static_cast<int64_t>(at / 8);
    }
    if (!of_map->GetSerialized(key, kVoid, &out).ok()) ++wrong;
    std::string last;
    ByteReader in(out);
    while (!in.AtEnd()) {
      ByteView user_key;
      ByteView value;
      uint8_t is_null = 2;
      if (!in.ReadLengthPrefixed(&user_key) || !in.ReadByte(&is_null) || is_null != 0 ||
          !in.ReadLengthPrefixed(&value) || value.size() != 8 || user_key.size() != 8 || user_key <= last) {
        ++wrong;
        return;
      }
      last = user_key;
    }
  };
  Must(backend.SetCurrentKey(7));
  Must(list.Add(0));  // A list holds 0, 1, 2, … whenever it is read.
  {
    Readers readers(2, read);
    for (int64_t n = 0; n < 800; ++n) {
      Must(backend.SetCurrentKey(7));
      if (n % 100 == 99) Must(list.Clear());
      Must(list.Add(n % 100 == 99 ? 0 : (n + 1) % 100));
      Must(map.Put(n % 60, n));
      if (n % 3 == 0) Must(map.Remove((n * 7) % 60));
      if (n % 200 == 0) Must(map.Clear());
      Must(backend.SetCurrentKey(1000 + n));
      Must(map.Put(n, n));
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST_P(QueryableTest, ReadersGoOnWhileStatesAreMade) {
  auto backend = Open<int64_t>();
  auto state = Must(backend.GetState(Queryable(ValueStateDescriptor<int64_t>("v"))));
  Must(backend.SetCurrentKey(1));
  Must(state.Update(11));
  std::atomic<int> wrong{0};
  {
    Readers readers(1, [&, internal = state.internal()] {
      std::string out;
      const auto there = internal->GetSerialized(Encode(int64_t{1}), kVoid, &out);
      wrong += !there.ok() || !*there || out != Encode(int64_t{11});
    });
    for (int n = 0; n < 10; ++n) {
      const std::string name = "made " + std::to_string(n);
      auto made = Must(backend.GetState(ValueStateDescriptor<int64_t>(name)));
      Must(made.Update(n));
      if (n % 2 == 0) Must(backend.backend().RemoveState(name));
    }
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace kvstate::conformance
