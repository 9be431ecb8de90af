#include "harness/probes/serialization_probe.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "kvstate/descriptors.h"
#include "tests/support/status_testing.h"

namespace kvstate::harness {
namespace {

TEST(SerializationProbeTest, CountsCallsAndBytesOfADecoratedState) {
  SerializationProbe probe(TickClock::Calibrate());
  const StateDescriptor decorated = probe.Decorate(MapStateDescriptor<std::string, int64_t>("m"));
  EXPECT_EQ(decorated.value_serializer->Snapshot(), SerializerFor<int64_t>()->Snapshot());
  ByteWriter out;
  const std::string key = "user";
  int64_t value = 5;
  for (int i = 0; i < 100; ++i) {
    out.Clear();
    decorated.user_key_serializer->Serialize(&key, out);
    decorated.value_serializer->Serialize(&value, out);
    ByteReader in(out.view().substr(5));
    ASSERT_OK(decorated.value_serializer->Deserialize(in, &value));
  }
  const SerializationTotals totals = probe.Totals();
  EXPECT_EQ(totals.serialize_calls, 200u);
  EXPECT_EQ(totals.serialize_bytes, 100u * (5 + 8));
  EXPECT_EQ(totals.deserialize_calls, 100u);
  EXPECT_EQ(totals.deserialize_bytes, 800u);
  EXPECT_EQ(totals.background_calls, 0u);
}

TEST(SerializationProbeTest, AListIsCountedOnceAndItsElementsAlone) {
  SerializationProbe probe(TickClock::Calibrate());
  const StateDescriptor decorated = probe.Decorate(ListStateDescriptor<int64_t>("l"));
  const auto& list = static_cast<const ListSerializer&>(*decorated.value_serializer);
  const std::vector<int64_t> values = {1, 2, 3};
  ByteWriter out;
  list.Serialize(&values, out);
  list.SerializeElement(&values[0], out);
  const SerializationTotals totals = probe.Totals();
  EXPECT_EQ(totals.serialize_calls, 2u);
  EXPECT_EQ(totals.serialize_bytes, 32u);
}

TEST(SerializationProbeTest, CallsOfOtherThreadsAreCountedApart) {
  SerializationProbe probe(TickClock::Calibrate());
  const StateDescriptor decorated = probe.Decorate(ValueStateDescriptor<int64_t>("v"));
  std::thread([&decorated] {
    ByteWriter out;
    const int64_t value = 5;
    decorated.value_serializer->Serialize(&value, out);
  }).join();
  EXPECT_EQ(probe.Totals().serialize_calls, 0u);
  EXPECT_EQ(probe.Totals().background_calls, 1u);
}

TEST(SerializationProbeTest, TimeIsThatOfTheCalls) {
  SerializationProbe probe(TickClock::Calibrate());
  const StateDescriptor decorated = probe.Decorate(ValueStateDescriptor<std::string>("v"));
  const std::string value(1 << 20, 'v');
  ByteWriter out;
  const uint64_t start = SteadyNanoseconds();
  for (int i = 0; i < 50; ++i) {
    out.Clear();
    decorated.value_serializer->Serialize(&value, out);
  }
  const auto elapsed = static_cast<double>(SteadyNanoseconds() - start);
  EXPECT_GT(probe.Totals().serialize_ns, 0);
  // Scaled up from a sample, and without the interrupted ones: of the size of the whole, not more exact than that.
  EXPECT_LT(probe.Totals().serialize_ns, 20 * elapsed);
}

}  // namespace
}  // namespace kvstate::harness
