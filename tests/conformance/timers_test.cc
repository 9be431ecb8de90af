#include <algorithm>
#include <limits>

#include "kvstate/namespaces.h"
#include "tests/conformance/timers_testing.h"

namespace kvstate::conformance {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

std::string KeyOf(int64_t key) { return Encode(key); }
OneTimer At(int64_t timestamp, int64_t key = 1) { return {timestamp, KeyOf(key), std::string(kVoid)}; }

class TimersTest : public BackendTest {
 protected:
  /// Calls `test` with an empty queue in each storage.
  template <class Test>
  void InEachStorage(Test test) {
    for (const TimerStorage storage : kTimerStorages) {
      SCOPED_TRACE(NameOf(storage));
      auto backend = Open<int64_t>();
      test(backend.backend(), QueueOf(backend.backend(), storage));
    }
  }
};
KVSTATE_ON_EVERY_BACKEND(TimersTest);

TEST_P(TimersTest, AnEmptyQueueHasNoHead) {
  InEachStorage([](KeyedStateBackend& backend, TimerQueue& queue) {
    EXPECT_TRUE(HeadOf(queue).empty());
    EXPECT_TRUE(PollAll(queue).empty());
    EXPECT_EQ(Must(queue.Size()), 0u);
    EXPECT_FALSE(Must(queue.Remove(ViewOf(At(5)))));
    EXPECT_TRUE(Walk(queue, backend.key_group_range()).empty());
  });
}

TEST_P(TimersTest, EqualTimersAreOne) {
  InEachStorage([](KeyedStateBackend&, TimerQueue& queue) {
    EXPECT_TRUE(Must(queue.Add(ViewOf(At(5)))));
    EXPECT_FALSE(Must(queue.Add(ViewOf(At(5)))));
    EXPECT_EQ(Must(queue.Size()), 1u);
    EXPECT_EQ(PollAll(queue), TimerList{At(5)});
    EXPECT_TRUE(Must(queue.Add(ViewOf(At(5))))) << "a polled timer can be added again";
  });
}

TEST_P(TimersTest, AddAndRemoveSayWhetherTheHeadChanged) {
  InEachStorage([](KeyedStateBackend&, TimerQueue& queue) {
    EXPECT_TRUE(Must(queue.Add(ViewOf(At(10, 1)))));
    EXPECT_FALSE(Must(queue.Add(ViewOf(At(20, 2)))));
    EXPECT_TRUE(Must(queue.Add(ViewOf(At(5, 3)))));
    EXPECT_FALSE(Must(queue.Remove(ViewOf(At(10, 1)))));
    EXPECT_FALSE(Must(queue.Remove(ViewOf(At(10, 1))))) << "it is gone already";
    EXPECT_TRUE(Must(queue.Remove(ViewOf(At(5, 3)))));
    EXPECT_EQ(HeadOf(queue), TimerList{At(20, 2)});
    EXPECT_TRUE(Must(queue.Remove(ViewOf(At(20, 2)))));
    EXPECT_TRUE(HeadOf(queue).empty());
  });
}

TEST_P(TimersTest, TheHeadIsTheFirstOfAllKeyGroups) {
  InEachStorage([](KeyedStateBackend&, TimerQueue& queue) {
    TimerList all;
    for (int64_t key = 0; key < 300; ++key) all.push_back(At((key * 7919) % 1000, key));
    for (const OneTimer& timer : all) Must(queue.Add(ViewOf(timer)));
    std::sort(all.begin(), all.end());
    EXPECT_EQ(HeadOf(queue), TimerList{all.front()});
    EXPECT_EQ(PollAll(queue), all);
  });
}

TEST_P(TimersTest, AtOneTimeTheOrderIsThatOfBytes) {
  InEachStorage([](KeyedStateBackend&, TimerQueue& queue) {
    // Big-endian two's complement: negative keys have greater bytes.
    for (const int64_t key : {3, -1, 0, 256, 2}) Must(queue.Add(ViewOf(At(7, key))));
    EXPECT_EQ(PollAll(queue), (TimerList{At(7, 0), At(7, 2), At(7, 3), At(7, 256), At(7, -1)}));
  });
}

TEST_P(TimersTest, TimestampsAscendFromTheLeastToTheGreatest) {
  InEachStorage([](KeyedStateBackend&, TimerQueue& queue) {
    const TimerList ascending = {At(kLeast), At(-1), At(0), At(1), At(kMost)};
    for (auto timer = ascending.rbegin(); timer != ascending.rend(); ++timer) Must(queue.Add(ViewOf(*timer)));
    EXPECT_EQ(PollAll(queue), ascending);
  });
}

TEST_P(TimersTest, MoreOfOneKeyGroupThanAnyCacheHoldsStayInOrder) {
  InEachStorage([](KeyedStateBackend& backend, TimerQueue& queue) {
    TimerList all;
    for (int64_t i = 0; i < 1000; ++i) all.push_back(At((i * 7919) % 1000, 1));
    for (const OneTimer& timer : all) Must(queue.Add(ViewOf(timer)));
    std::sort(all.begin(), all.end());
    EXPECT_EQ(Walk(queue, backend.key_group_range()), all);
    // What is taken away and put back, before and behind what is polled next.
    Timer head;
    TimerList polled;
    for (int i = 0; i < 700; ++i) {
      ASSERT_TRUE(Must(queue.Poll(&head)));
      polled.push_back(Owned(head));
      if (i % 100 == 50) {
        for (size_t at = polled.size(); at < all.size(); at += 37) Must(queue.Remove(ViewOf(all[at])));
        for (size_t at = polled.size(); at < all.size(); at += 37) Must(queue.Add(ViewOf(all[at])));
      }
    }
    const TimerList rest = PollAll(queue);
    polled.insert(polled.end(), rest.begin(), rest.end());
    EXPECT_EQ(polled, all);
    EXPECT_EQ(Must(queue.Size()), 0u);
  });
}

TEST_P(TimersTest, AQueueHasEachKeyGroupsTimersInOrder) {
  InEachStorage([](KeyedStateBackend& backend, TimerQueue& queue) {
    const int64_t key = 42;
    const uint32_t group = KeyGroupOf(backend.key_serializer().KeyHash(KeyOf(key)), backend.max_parallelism());
    for (const int64_t timestamp : {30, 10, 20}) Must(queue.Add(ViewOf(At(timestamp, key))));
    EXPECT_EQ(Walk(queue, {group, group}), (TimerList{At(10, key), At(20, key), At(30, key)}));
    EXPECT_EQ(Walk(queue, backend.key_group_range()).size(), 3u);
    const auto stop = [](const Timer&) { return InternalError("the visit was stopped"); };
    EXPECT_CODE(queue.ForEach(group, stop), kInternal);
    EXPECT_CODE(queue.ForEach(backend.key_group_range().last + 1, stop), kInvalidArgument);
  });
}

TEST_P(TimersTest, NamespacesAndLongKeysTellTimersApart) {
  for (const TimerStorage storage : kTimerStorages) {
    SCOPED_TRACE(NameOf(storage));
    auto raw = OpenRaw();
    TimerQueue& queue = QueueOf(raw.backend(), storage, "raw", RawBytesSerializer());
    TimerList all = {{1, "", ""},   {1, "", "a"},
                     {1, "a", ""},  {1, std::string(600, 'k'), std::string(300, 'n')},
                     {1, "aa", ""}, {1, std::string(600, 'k'), ""}};
    for (const OneTimer& timer : all) Must(queue.Add(ViewOf(timer)));
    TimerList polled = PollAll(queue);
    std::sort(all.begin(), all.end());
    std::sort(polled.begin(), polled.end());
    EXPECT_EQ(polled, all);
  }
}

TEST_P(TimersTest, WhatIsNoTimerOfTheQueueIsRefused) {
  for (const TimerStorage storage : kTimerStorages) {
    BackendOptions options = Options(SerializerFor<int64_t>());
    options.key_groups = {0, 63};
    const auto backend = Make(options);
    TimerQueue& queue = QueueOf(*backend, storage);
    EXPECT_CODE(queue.Add({1, "short", kVoid}), kInvalidArgument);
    EXPECT_CODE(queue.Add({1, KeyOf(42), "wrong"}), kInvalidArgument);
    EXPECT_CODE(queue.Add(ViewOf(At(1, 0))), kInvalidArgument) << "key 0 is of key group 94";
    EXPECT_CODE(queue.Remove(ViewOf(At(1, 0))), kInvalidArgument);
    EXPECT_OK(queue.Add(ViewOf(At(1, 42))));
    EXPECT_EQ(Must(queue.Size()), 1u);
  }
}

TEST_P(TimersTest, QueuesAreToldApartByName) {
  for (const TimerStorage storage : kTimerStorages) {
    auto keyed = Open<int64_t>();
    KeyedStateBackend& backend = keyed.backend();
    Timers& timers = TimersOf(backend);
    const SerializerPtr none = SerializerFor<VoidNamespace>();
    TimerQueue& one = QueueOf(backend, storage, "one");
    TimerQueue& two = QueueOf(backend, storage, "two");
    Must(one.Add(ViewOf(At(1))));
    EXPECT_EQ(Must(two.Size()), 0u);
    EXPECT_EQ(&QueueOf(backend, storage, "one"), &one);
    EXPECT_EQ(timers.QueueNames(), (std::vector<std::string>{"one", "two"}));
    EXPECT_CODE(timers.GetOrCreateQueue("one", SerializerFor<TimeWindow>(), storage), kInvalidArgument);
    EXPECT_CODE(timers.GetOrCreateQueue("", none, storage), kInvalidArgument);
    EXPECT_CODE(timers.GetOrCreateQueue(std::string(201, 'n'), none, storage), kInvalidArgument);
    EXPECT_CODE(timers.GetOrCreateQueue("three", nullptr, storage), kInvalidArgument);
    EXPECT_OK(timers.GetOrCreateQueue(std::string(200, 'n'), none, storage));
  }
}

TEST_P(TimersTest, TheyAreNoStates) {
  for (const TimerStorage storage : kTimerStorages) {
    auto keyed = Open<int64_t>();
    KeyedStateBackend& backend = keyed.backend();
    Must(QueueOf(backend, storage).Add(ViewOf(At(1))));
    EXPECT_EQ(Must(backend.NumEntries()), 0u);
    EXPECT_TRUE(backend.StateNames().empty());
    for (const std::string name : {"kvstate.timers.heap.timers", "kvstate.timers.store.timers", "kvstate.timers.x"}) {
      EXPECT_CODE(backend.RemoveState(name), kInvalidArgument);
      EXPECT_CODE(
          backend.GetOrCreateState(SerializerFor<VoidNamespace>(), MapStateDescriptor<int64_t, std::string>(name)),
          kInvalidArgument);
    }
    EXPECT_EQ(Must(QueueOf(backend, storage).Size()), 1u);
  }
}

TEST_P(TimersTest, ADisposedBackendsQueuesRefuse) {
  InEachStorage([](KeyedStateBackend& backend, TimerQueue& queue) {
    Must(queue.Add(ViewOf(At(1))));
    Must(backend.Dispose());
    Timer head;
    EXPECT_CODE(queue.Add(ViewOf(At(1))), kFailedPrecondition);
    EXPECT_CODE(queue.Remove(ViewOf(At(1))), kFailedPrecondition);
    EXPECT_CODE(queue.Peek(&head), kFailedPrecondition);
    EXPECT_CODE(queue.Poll(&head), kFailedPrecondition);
    EXPECT_CODE(queue.Size(), kFailedPrecondition);
    EXPECT_CODE(TimersOf(backend).GetOrCreateQueue("x", SerializerFor<VoidNamespace>(), TimerStorage::kHeap),
                kFailedPrecondition);
  });
}

}  // namespace
}  // namespace kvstate::conformance
