#include "harness/probes/state_image.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "harness/run/backend_choice.h"
#include "kvstate/backends.h"
#include "kvstate/keyed_backend.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

bool Never() { return false; }

/// On each backend: what changed must not depend on who holds it.
class StateImageTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    ASSERT_OK(RegisterBuiltinBackends(registry_));
    ASSERT_OK_AND_ASSIGN(auto made,
                         MakeBackend(registry_, {GetParam(), {}}, SerializerFor<int64_t>(), 128, directory_.work()));
    backend_ = std::make_unique<KeyedBackend<int64_t>>(std::move(made));
    states_ = {{SerializerFor<VoidNamespace>(), value_}, {SerializerFor<VoidNamespace>(), map_}};
  }

  StateImage Take() {
    auto image = StateImage::Take(backend_->backend(), states_, Never);
    EXPECT_OK(image);
    return std::move(image).value();
  }

  BackendRegistry registry_;
  TemporaryDirectory directory_;
  std::unique_ptr<KeyedBackend<int64_t>> backend_;
  const ValueStateDescriptor<std::string> value_{"value"};
  const MapStateDescriptor<std::string, int64_t> map_{"map"};
  std::vector<TraceState> states_;
};

// Key group, key, namespace.
constexpr uint64_t kPrefix = 1 + 8 + 1;

TEST_P(StateImageTest, CountsDistinctEntriesWithTheirNewValues) {
  ASSERT_OK_AND_ASSIGN(auto value, backend_->GetState(value_));
  for (int64_t key = 0; key < 10; ++key) {
    ASSERT_OK(backend_->SetCurrentKey(key));
    ASSERT_OK(value.Update("abc"));
  }
  const StateImage first = Take();
  EXPECT_EQ(first.entries(), 10u);
  EXPECT_EQ(first.bytes(), 10 * (kPrefix + 4));  // A string has its length before it.
  EXPECT_EQ(first.ChangesSince(StateImage()), (StateChange{10, 10 * (kPrefix + 4)}));

  ASSERT_OK(backend_->SetCurrentKey(3));
  ASSERT_OK(value.Update("x"));
  ASSERT_OK(value.Update("longer"));  // Twice the same entry.
  ASSERT_OK(backend_->SetCurrentKey(4));
  ASSERT_OK(value.Update("x"));
  ASSERT_OK(value.Update("abc"));  // As it was.
  ASSERT_OK(backend_->SetCurrentKey(5));
  ASSERT_OK(value.Clear());
  ASSERT_OK(backend_->SetCurrentKey(77));
  ASSERT_OK(value.Update(""));
  EXPECT_EQ(Take().ChangesSince(first), (StateChange{3, (kPrefix + 7) + kPrefix + (kPrefix + 1)}));
  EXPECT_EQ(first.ChangesSince(first), StateChange());
}

TEST_P(StateImageTest, EntriesOfMapsCountOneByOneWithTheByteOfNull) {
  ASSERT_OK_AND_ASSIGN(auto map, backend_->GetState(map_));
  ASSERT_OK(backend_->SetCurrentKey(1));
  ASSERT_OK(map.Put("a", 1));
  ASSERT_OK(map.Put("b", 2));
  ASSERT_OK(map.Put("c", 3));
  const StateImage first = Take();
  EXPECT_EQ(first.ChangesSince(StateImage()), (StateChange{3, 3 * (kPrefix + 2 + 1 + 8)}));
  ASSERT_OK(map.PutNull("b"));
  ASSERT_OK(map.Remove("c"));
  EXPECT_EQ(Take().ChangesSince(first), (StateChange{2, (kPrefix + 2 + 1) + (kPrefix + 2)}));
  ASSERT_OK(map.Clear());
  EXPECT_EQ(Take().ChangesSince(first), (StateChange{3, 3 * (kPrefix + 2)}));
}

INSTANTIATE_TEST_SUITE_P(Backends, StateImageTest, ::testing::Values("hashmap", "rocksdb", "leveldb", "lmdb"),
                         [](const auto& instance) { return instance.param; });

TEST(CompositeKeyBytesTest, AreThoseOfTheFormat) {
  const SerializerPtr raw = RawBytesSerializer();
  const SerializerPtr text = SerializerFor<std::string>();
  const SerializerPtr fixed = SerializerFor<VoidNamespace>();
  const std::string encoded = Encode(std::string(300, 'k'));  // 2 bytes of length.
  EXPECT_EQ(CompositeKeyBytes(*raw, *fixed, 128, "key", Encode(VoidNamespace{}), ""), 1 + (1 + 3) + 1u);
  EXPECT_EQ(CompositeKeyBytes(*raw, *fixed, 129, "key", Encode(VoidNamespace{}), "uk"), 2 + (1 + 3) + 1 + 2u);
  EXPECT_EQ(CompositeKeyBytes(*text, *text, 128, encoded, Encode(std::string()), ""), 1 + (302 + 2) + (1 + 1u));
  EXPECT_EQ(CompositeKeyBytes(*raw, *raw, 128, "", std::string(200, 'n'), ""), 1 + (1 + 1) + (202 + 1u));
}

}  // namespace
}  // namespace kvstate::harness
