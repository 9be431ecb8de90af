#include "backends/common/heap_timers.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace kvstate::backends {
namespace {

constexpr size_t kGroups = 3;

using Model = std::set<std::pair<size_t, std::pair<int64_t, std::string>>>;

/// Timers, and a set that must have the same.
struct Timers {
  std::shared_ptr<HeapTimers> timers = std::make_shared<HeapTimers>(kGroups);
  Model model;
  std::mt19937_64 random{5};

  void Change() {
    const size_t group = random() % kGroups;
    // Some addresses stand in the object, some outside.
    const auto timestamp = static_cast<int64_t>(random() % 3000);
    const std::string address((random() % 2 == 0) ? 9 : 30, static_cast<char>('a' + random() % 3));
    const uint64_t what = random() % 8;
    if (what < 5) {
      timers->Add(group, StoredTimer(timestamp, address));
      model.insert({group, {timestamp, address}});
    } else if (what < 7 || timers->Head() == nullptr) {
      timers->Remove(group, StoredTimer(timestamp, address));
      model.erase({group, {timestamp, address}});
    } else {
      const StoredTimer head = timers->TakeHead();
      const std::pair<int64_t, std::string> taken(head.timestamp(), head.address());
      size_t erased = 0;
      // The first of all, of whichever group: at most one of those that are equal.
      for (size_t g = 0; g < kGroups && erased == 0; ++g) {
        if (!Has(g, taken)) erased = model.erase({g, taken});
      }
      EXPECT_EQ(erased, 1u);
    }
  }
  bool Has(size_t group, const std::pair<int64_t, std::string>& timer) const {
    return timers->Contains(group, StoredTimer(timer.first, timer.second));
  }
};

Model Read(HeapTimers::View& view) {
  Model read;
  for (size_t group = 0; group < kGroups; ++group) {
    const Status status = view.ForEach(group, [&](const StoredTimer& timer) {
      EXPECT_TRUE(read.insert({group, {timer.timestamp(), std::string(timer.address())}}).second) << "given twice";
      return Status();
    });
    EXPECT_TRUE(status.ok());
  }
  return read;
}

TEST(HeapTimersTest, AViewHasTheMomentItWasMadeThoughTheOwnerGoesOn) {
  Timers timers;
  for (int i = 0; i < 6000; ++i) timers.Change();
  for (int round = 0; round < 20; ++round) {
    const auto view = HeapTimers::NewView(timers.timers);
    const Model then = timers.model;
    for (int i = 0; i < 500; ++i) timers.Change();
    const auto second = HeapTimers::NewView(timers.timers);
    const Model then_second = timers.model;
    for (int i = 0; i < 500; ++i) timers.Change();
    EXPECT_EQ(Read(*view), then);
    EXPECT_EQ(Read(*second), then_second);
  }
}

TEST(HeapTimersTest, AViewIsReadWhileTheOwnerGoesOn) {
  Timers timers;
  for (int i = 0; i < 20'000; ++i) timers.Change();
  for (int round = 0; round < 10; ++round) {
    auto view = HeapTimers::NewView(timers.timers);
    const Model then = timers.model;
    Model read;
    std::thread reader([&] {
      read = Read(*view);
      view.reset();
    });
    for (int i = 0; i < 5000; ++i) timers.Change();
    reader.join();
    EXPECT_EQ(read, then);
  }
}

TEST(HeapTimersTest, AViewDroppedHalfwayIsForgotten) {
  Timers timers;
  for (int i = 0; i < 6000; ++i) timers.Change();
  for (int round = 0; round < 10; ++round) {
    auto dropped = HeapTimers::NewView(timers.timers);
    const Status stopped = dropped->ForEach(0, [](const StoredTimer&) { return InternalError("the disk is full"); });
    EXPECT_FALSE(stopped.ok());
    dropped.reset();
    for (int i = 0; i < 200; ++i) timers.Change();
    EXPECT_EQ(timers.timers->Size(), timers.model.size());
  }
}

TEST(HeapTimersTest, AViewOutlivesItsTimersOwner) {
  Timers timers;
  for (int i = 0; i < 2000; ++i) timers.Change();
  const auto view = HeapTimers::NewView(timers.timers);
  timers.timers.reset();
  EXPECT_EQ(Read(*view), timers.model);
}

}  // namespace
}  // namespace kvstate::backends
