#include <limits>

#include "tests/conformance/timers_testing.h"

namespace kvstate::conformance {
namespace {

using Fired = std::vector<std::pair<int64_t, int64_t>>;  ///< Timestamp and key.

/// A service in each storage, on a clock that is moved.
class TimerServiceTest : public BackendTest {
 protected:
  struct Operator {
    KeyedBackend<int64_t> backend;
    std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>(100);
    std::unique_ptr<TimerService> service;
    Fired fired;

    void SetKey(int64_t key) { Must(backend.SetCurrentKey(key)); }
    void Register(int64_t key, int64_t timestamp) {
      SetKey(key);
      Must(service->RegisterEventTimeTimer(kVoid, timestamp));
    }
    /// Notes the timer, and checks that its key is the current one.
    Status Note(const Timer& timer) {
      EXPECT_EQ(backend.backend().current_key(), timer.key);
      EXPECT_EQ(timer.state_namespace, kVoid);
      int64_t key = 0;
      ByteReader in(timer.key);
      Must(SerializerFor<int64_t>()->Deserialize(in, &key));
      fired.emplace_back(timer.timestamp, key);
      return Status();
    }
    Status Advance(int64_t watermark) {
      return service->AdvanceWatermark(watermark, [this](const Timer& timer) { return Note(timer); });
    }
  };

  template <class Test>
  void InEachStorage(Test test) {
    for (const TimerStorage storage : kTimerStorages) {
      SCOPED_TRACE(NameOf(storage));
      Operator op{Open<int64_t>(), std::make_shared<ManualClock>(100), nullptr, {}};
      op.service =
          Must(TimerService::Create(op.backend.backend(), "op", SerializerFor<VoidNamespace>(), storage, op.clock));
      test(op);
    }
  }
};
KVSTATE_ON_EVERY_BACKEND(TimerServiceTest);

TEST_P(TimerServiceTest, AWatermarkFiresWhatIsAtOrBeforeItInOrder) {
  InEachStorage([](Operator& op) {
    EXPECT_EQ(op.service->current_watermark(), std::numeric_limits<int64_t>::min());
    for (const int64_t key : {3, 1, 2}) op.Register(key, 10 * key);
    Must(op.Advance(9));
    EXPECT_EQ(op.fired, Fired());
    Must(op.Advance(20));
    EXPECT_EQ(op.fired, (Fired{{10, 1}, {20, 2}}));
    EXPECT_EQ(op.service->current_watermark(), 20);
    Must(op.Advance(std::numeric_limits<int64_t>::max()));
    EXPECT_EQ(op.fired, (Fired{{10, 1}, {20, 2}, {30, 3}}));
  });
}

TEST_P(TimerServiceTest, TheWatermarkNeverGoesBack) {
  InEachStorage([](Operator& op) {
    Must(op.Advance(50));
    Must(op.Advance(10));
    EXPECT_EQ(op.service->current_watermark(), 50);
    op.Register(1, 30);
    EXPECT_EQ(op.fired, Fired()) << "it waits for the next advance";
    Must(op.Advance(20));
    EXPECT_EQ(op.fired, (Fired{{30, 1}})) << "a timer in the past fires at the next advance, whatever its watermark";
  });
}

TEST_P(TimerServiceTest, TheCurrentKeyIsThatOfTheTimerAndThenTheOneBefore) {
  InEachStorage([](Operator& op) {
    op.Register(1, 10);
    op.Register(2, 10);
    op.SetKey(77);
    const std::string before(op.backend.backend().current_key());
    Must(op.Advance(10));
    EXPECT_EQ(op.fired.size(), 2u);
    EXPECT_EQ(op.backend.backend().current_key(), before);
  });
}

TEST_P(TimerServiceTest, WhatIsRegisteredWhileFiringAndDueFiresToo) {
  InEachStorage([](Operator& op) {
    op.Register(1, 10);
    Must(op.service->AdvanceWatermark(30, [&](const Timer& timer) {
      Must(op.Note(timer));
      // Under the timer's own key; views of the timer stay valid while timers are registered.
      const std::string key(timer.key);
      Must(op.service->RegisterEventTimeTimer(kVoid, timer.timestamp + 10));
      EXPECT_EQ(timer.key, key);
      return Status();
    }));
    EXPECT_EQ(op.fired, (Fired{{10, 1}, {20, 1}, {30, 1}}));
    EXPECT_EQ(HeadOf(op.service->event_time_timers()), (TimerList{{40, Encode(int64_t{1}), std::string(kVoid)}}));
  });
}

TEST_P(TimerServiceTest, WhatIsDeletedWhileFiringDoesNotFire) {
  InEachStorage([](Operator& op) {
    op.Register(1, 10);
    op.Register(1, 20);
    op.Register(1, 30);
    Must(op.service->AdvanceWatermark(30, [&](const Timer& timer) {
      Must(op.Note(timer));
      return op.service->DeleteEventTimeTimer(kVoid, 20);
    }));
    EXPECT_EQ(op.fired, (Fired{{10, 1}, {30, 1}}));
  });
}

TEST_P(TimerServiceTest, AFailureEndsItWithThatTimerFiredAndTheRestThere) {
  InEachStorage([](Operator& op) {
    for (const int64_t key : {1, 2, 3}) op.Register(key, 10 * key);
    op.SetKey(77);
    const std::string before(op.backend.backend().current_key());
    EXPECT_CODE(op.service->AdvanceWatermark(30,
                                             [](const Timer& timer) {
                                               return timer.timestamp == 20
                                                          ? InternalError("the timer could not be handled")
                                                          : Status();
                                             }),
                kInternal);
    EXPECT_EQ(op.backend.backend().current_key(), before);
    EXPECT_EQ(Must(op.service->event_time_timers().Size()), 1u);
    Must(op.Advance(30));
    EXPECT_EQ(op.fired, (Fired{{30, 3}}));
  });
}

TEST_P(TimerServiceTest, TimeIsNotAdvancedWhileATimerFires) {
  InEachStorage([](Operator& op) {
    op.Register(1, 10);
    Must(op.service->AdvanceWatermark(10, [&](const Timer&) {
      EXPECT_CODE(op.Advance(99), kFailedPrecondition);
      return Status();
    }));
    EXPECT_EQ(op.service->current_watermark(), 10);
  });
}

TEST_P(TimerServiceTest, ProcessingTimeFollowsTheClock) {
  InEachStorage([](Operator& op) {
    const auto advance = [&] { Must(op.service->AdvanceProcessingTime([&](const Timer& t) { return op.Note(t); })); };
    op.SetKey(5);
    Must(op.service->RegisterProcessingTimeTimer(kVoid, 100));
    Must(op.service->RegisterProcessingTimeTimer(kVoid, 101));
    Must(op.service->RegisterProcessingTimeTimer(kVoid, 150));
    Must(op.service->DeleteProcessingTimeTimer(kVoid, 101));
    Must(op.Advance(1000));
    EXPECT_EQ(op.fired, Fired()) << "event time is another queue";
    advance();
    EXPECT_EQ(op.fired, (Fired{{100, 5}}));
    op.clock->SetMillis(50);
    advance();
    op.clock->SetMillis(150);
    advance();
    EXPECT_EQ(op.fired, (Fired{{100, 5}, {150, 5}}));
    EXPECT_EQ(Must(op.service->processing_time_timers().Size()), 0u);
  });
}

TEST_P(TimerServiceTest, WithoutACurrentKeyNothingIsRegistered) {
  InEachStorage([](Operator& op) {
    EXPECT_CODE(op.service->RegisterEventTimeTimer(kVoid, 1), kFailedPrecondition);
    EXPECT_CODE(op.service->DeleteEventTimeTimer(kVoid, 1), kFailedPrecondition);
    EXPECT_CODE(op.service->RegisterProcessingTimeTimer(kVoid, 1), kFailedPrecondition);
    EXPECT_CODE(op.service->DeleteProcessingTimeTimer(kVoid, 1), kFailedPrecondition);
  });
}

TEST_P(TimerServiceTest, ARestoredServiceFiresWhatItsOperatorHad) {
  InEachStorage([this](Operator& op) {
    op.Register(1, 10);
    op.Register(2, 20);
    const auto storage = MakeMemoryStorage(1 << 20);
    auto* const snapshots = GetExtension<Snapshots>(op.backend.backend());
    const Handles handles = {Must(Must(snapshots->Snapshot(1, storage, {}))->Run()).handle};
    auto restored = Open<int64_t>();
    Must(GetExtension<Snapshots>(restored.backend())->Restore(handles, storage, {}));
    const auto service = Must(
        TimerService::Create(restored.backend(), "op", SerializerFor<VoidNamespace>(), TimerStorage::kHeap, op.clock));
    Fired fired;
    Must(service->AdvanceWatermark(15, [&](const Timer& timer) {
      fired.emplace_back(timer.timestamp, 0);
      return Status();
    }));
    EXPECT_EQ(fired, (Fired{{10, 0}}));
    EXPECT_EQ(Must(service->event_time_timers().Size()), 1u);
  });
}

}  // namespace
}  // namespace kvstate::conformance
