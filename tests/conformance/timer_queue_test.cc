#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <string>

#include "kvstate/namespaces.h"
#include "tests/conformance/timer_testing.h"

namespace kvstate::conformance {
namespace {

std::string KeyBytes(int64_t key) { return Encode(key); }
TimerItem At(int64_t timestamp, int64_t key) { return {timestamp, KeyBytes(key), std::string(kVoid)}; }

class TimerQueueTest : public BackendTest {
 protected:
  static TimerQueue& QueueOf(KeyedStateBackend& backend, TimerStorage storage, const std::string& name = "q") {
    return *Must(TimersOf(backend).GetOrCreateQueue(name, SerializerFor<VoidNamespace>(), storage));
  }
  static std::optional<TimerItem> HeadOf(TimerQueue& queue) {
    Timer head;
    if (!Must(queue.Peek(&head))) return std::nullopt;
    return ItemOf(head);
  }
  /// Runs the body on a new backend with keys that are numbers, once for each storage.
  template <class Body>
  void OnEachStorage(const Body& body) {
    for (const TimerStorage storage : kTimerStorages) {
      SCOPED_TRACE(NameOf(storage));
      auto backend = Open<int64_t>();
      body(backend.backend(), QueueOf(backend.backend(), storage));
    }
  }
};
KVSTATE_ON_EVERY_BACKEND(TimerQueueTest);

TEST_P(TimerQueueTest, EachKeyGroupHasItsOwnPartInOrder) {
  OnEachStorage([](KeyedStateBackend& backend, TimerQueue& queue) {
    std::set<TimerItem> expected;
    for (int64_t n = 0; n < 200; ++n) expected.insert(At((n * 37) % 50, n));
    for (const TimerItem& item : expected) Must(queue.Add(TimerOf(item)));
    size_t listed = 0;
    for (uint32_t group = 0; group < backend.max_parallelism(); ++group) {
      TimerItems part;
      Must(queue.ForEach(group, [&](const Timer& timer) {
        part.push_back(ItemOf(timer));
        const uint32_t hash = backend.key_serializer().KeyHash(timer.key);
        EXPECT_EQ(KeyGroupOf(hash, backend.max_parallelism()), group);
        return Status();
      }));
      EXPECT_TRUE(std::is_sorted(part.begin(), part.end()));
      for (const TimerItem& item : part) EXPECT_TRUE(expected.contains(item));
      listed += part.size();
    }
    EXPECT_EQ(listed, expected.size());
    EXPECT_EQ(Must(queue.Size()), expected.size());
    int calls = 0;
    const TimerItem first = *expected.begin();
    const uint32_t group = KeyGroupOf(backend.key_serializer().KeyHash(std::get<1>(first)), backend.max_parallelism());
    const Status status = queue.ForEach(group, [&](const Timer&) {
      ++calls;
      return InternalError("a visit that failed");
    });
    EXPECT_EQ(calls, 1);
    EXPECT_MENTIONS(status, "a visit that failed");
  });
}

TEST_P(TimerQueueTest, DoesWhatASetDoes) {
  OnEachStorage([](KeyedStateBackend& backend, TimerQueue& queue) {
    std::mt19937_64 random(11);
    std::set<TimerItem> model;
    for (int step = 0; step < 6000; ++step) {
      const TimerItem item = At(static_cast<int64_t>(random() % 300), static_cast<int64_t>(random() % 40));
      const auto head_of_model = [&] {
        return model.empty() ? std::optional<TimerItem>() : std::optional<TimerItem>(*model.begin());
      };
      const std::optional<TimerItem> before = head_of_model();
      // Grows, then shrinks.
      const uint64_t what = random() % 8;
      if (what < (step < 3000 ? 5u : 2u)) {
        model.insert(item);
        ASSERT_EQ(Must(queue.Add(TimerOf(item))), before != head_of_model());
      } else if (what < 6) {
        model.erase(item);
        ASSERT_EQ(Must(queue.Remove(TimerOf(item))), before != head_of_model());
      } else if (what == 6) {
        ASSERT_EQ(HeadOf(queue), before);
      } else {
        Timer timer;
        ASSERT_EQ(Must(queue.Poll(&timer)), before.has_value());
        if (!before.has_value()) continue;
        ASSERT_EQ(ItemOf(timer), *before);
        model.erase(*before);
      }
      if (step % 500 != 499) continue;
      ASSERT_EQ(Must(queue.Size()), model.size());
      TimerItems listed = Listed(backend, queue);
      std::sort(listed.begin(), listed.end());
      ASSERT_EQ(listed, TimerItems(model.begin(), model.end()));
    }
    EXPECT_EQ(Drained(queue), TimerItems(model.begin(), model.end()));
  });
}

TEST_P(TimerQueueTest, KeysAndNamespacesMayBePrefixesOfOneAnother) {
  for (const TimerStorage storage : kTimerStorages) {
    SCOPED_TRACE(NameOf(storage));
    auto backend = OpenRaw();
    TimerQueue& queue = *Must(TimersOf(backend.backend()).GetOrCreateQueue("q", RawBytesSerializer(), storage));
    const std::vector<std::string> names = {"", "a", "aa", std::string("a\0", 2), "\xff", std::string(300, 'a')};
    std::set<TimerItem> expected;
    for (const std::string& key : names) {
      for (const std::string& state_namespace : names) expected.insert({3, key, state_namespace});
    }
    for (const TimerItem& item : expected) Must(queue.Add(TimerOf(item)));
    EXPECT_EQ(Must(queue.Size()), expected.size());
    for (const TimerItem& item : expected) {
      if (std::get<1>(item) == "a") Must(queue.Remove(TimerOf(item)));
    }
    std::erase_if(expected, [](const TimerItem& item) { return std::get<1>(item) == "a"; });
    const TimerItems drained = Drained(queue);
    EXPECT_EQ(drained.size(), expected.size());
    EXPECT_EQ(std::set<TimerItem>(drained.begin(), drained.end()), expected);
  }
}

TEST_P(TimerQueueTest, ANameIsOneQueue) {
  auto backend = Open<int64_t>();
  Timers& timers = TimersOf(backend.backend());
  TimerQueue& queue = QueueOf(backend.backend(), TimerStorage::kHeap);
  EXPECT_EQ(&QueueOf(backend.backend(), TimerStorage::kHeap), &queue);
  const auto refused = [](const Result<TimerQueue*>& made, const char* word) {
    EXPECT_CODE(made, kInvalidArgument);
    EXPECT_MENTIONS(made, word);
  };
  refused(timers.GetOrCreateQueue("q", SerializerFor<TimeWindow>(), TimerStorage::kHeap), "namespace");
  const auto stored = timers.GetOrCreateQueue("q", SerializerFor<VoidNamespace>(), TimerStorage::kBackend);
  if (factory().needs_directory()) {
    refused(stored, "'q'");
  } else {
    EXPECT_OK(stored) << "in memory both are the same";
  }
  refused(timers.GetOrCreateQueue("q", nullptr, TimerStorage::kHeap), "namespace");
  refused(timers.GetOrCreateQueue("", SerializerFor<VoidNamespace>(), TimerStorage::kHeap), "name");
  refused(timers.GetOrCreateQueue(std::string(201, 'n'), SerializerFor<VoidNamespace>(), TimerStorage::kHeap), "name");
  EXPECT_OK(timers.GetOrCreateQueue(std::string(200, 'n'), SerializerFor<VoidNamespace>(), TimerStorage::kBackend));
  EXPECT_EQ(timers.QueueNames().size(), 2u);
}

}  // namespace
}  // namespace kvstate::conformance
