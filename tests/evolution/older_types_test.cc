#include "tests/evolution/older_types.h"

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/conformance/snapshot_testing.h"
#include "tests/support/evolving_types.h"
#include "tests/support/hex.h"

namespace kvstate {

/// A member of each built-in type.
struct EveryType {
  int8_t i8 = -8;
  int16_t i16 = -16;
  int32_t i32 = -32;
  int64_t i64 = -64;
  uint8_t u8 = 8;
  uint16_t u16 = 16;
  uint32_t u32 = 32;
  uint64_t u64 = 64;
  float f = 0.5f;
  double d = -0.25;
  bool b = true;
  std::string text = "text";
  std::optional<std::string> some = "some";
  std::optional<int8_t> none;
  std::pair<int8_t, std::string> pair = {1, "one"};
  std::tuple<int8_t, int16_t, bool> tuple = {1, 2, true};
  std::vector<int32_t> vector = {1, -2, 3};
  std::map<std::string, double> map = {{"a", 1}, {"b", 2}};
  std::unordered_map<int8_t, std::string> unordered = {{-1, "minus"}, {1, "plus"}};
  TimeWindow window = {10, 20};
  VoidNamespace nothing;
  Bid1 bid = {7, 100};
  friend bool operator==(const EveryType&, const EveryType&) = default;
};
template <>
struct StructTraits<EveryType> {
  using T = EveryType;
  static constexpr std::string_view kName = "EveryType";
  static constexpr auto kMembers = std::make_tuple(
      Member("i8", &T::i8), Member("i16", &T::i16), Member("i32", &T::i32), Member("i64", &T::i64),
      Member("u8", &T::u8), Member("u16", &T::u16), Member("u32", &T::u32), Member("u64", &T::u64), Member("f", &T::f),
      Member("d", &T::d), Member("b", &T::b), Member("text", &T::text), Member("some", &T::some),
      Member("none", &T::none), Member("pair", &T::pair), Member("tuple", &T::tuple), Member("vector", &T::vector),
      Member("map", &T::map), Member("unordered", &T::unordered), Member("window", &T::window),
      Member("nothing", &T::nothing), Member("bid", &T::bid));
};

/// The same as a later program may have it: wider, fewer, others, and in another order.
struct EveryWiderType {
  Bid2 bid;
  std::map<int16_t, std::string> unordered;
  std::unordered_map<std::string, double> map;
  std::vector<int64_t> vector;
  std::tuple<int16_t, int32_t, bool> tuple;
  std::optional<int64_t> none = 1;
  double f = 0;
  int64_t u32 = 0;
  int16_t i8 = 0;
  std::string added = "added";
};
template <>
struct StructTraits<EveryWiderType> {
  using T = EveryWiderType;
  static constexpr std::string_view kName = "EveryType";
  static constexpr auto kMembers =
      std::make_tuple(Member("bid", &T::bid), Member("unordered", &T::unordered), Member("map", &T::map),
                      Member("vector", &T::vector), Member("tuple", &T::tuple), Member("none", &T::none),
                      Member("f", &T::f), Member("u32", &T::u32), Member("i8", &T::i8), Member("added", &T::added));
};

namespace {

using conformance::Current;
using conformance::EntriesOf;
using conformance::EntryList;
using testing_support::FromHex;
using testing_support::Must;
using testing_support::ToHex;

constexpr int64_t kWritten = 1'700'000'000'000;
constexpr int64_t kTtl = 60'000;

/// A savepoint that an earlier version wrote, of every built-in type and of values with a time to live. It is never
/// changed: it must be read as it was, and by types that have changed, for ever.
class OlderTypesTest : public conformance::SnapshotTest {
 protected:
  KeyedBackend<int64_t> OpenFour() {
    BackendOptions options = Options(SerializerFor<int64_t>());
    options.max_parallelism = 4;
    options.key_groups = {0, 3};
    options.clock = clock_;
    return KeyedBackend<int64_t>(Make(options));
  }
  KeyedBackend<int64_t> Restored() {
    const auto files = MakeMemoryStorage(1 << 20);
    for (const OlderFile& file : OlderTypes().files) {
      const auto writer = Must(files->Create(file.path));
      Must(writer->Append(FromHex(file.hex)));
      Must(writer->Close());
    }
    const auto store = Must(CheckpointStore::Open(files, {}));
    auto backend = OpenFour();
    Must(SnapshotsOf(backend.backend()).Restore(Must(store->Latest()).handles, files, RestoreOptions{}));
    Must(backend.SetCurrentKey(1));
    return backend;
  }
  template <class Descriptor>
  static Descriptor Timed(Descriptor descriptor, bool timed = true) {
    if (timed) descriptor.ttl.emplace().ttl_millis = kTtl;
    return descriptor;
  }

  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(kWritten);
};
KVSTATE_ON_EVERY_BACKEND(OlderTypesTest);

TEST_P(OlderTypesTest, ASavepointOfTodayHasTheSameBytesOnEveryBackend) {
  auto backend = OpenFour();
  Must(backend.SetCurrentKey(1));
  Must(Must(backend.GetState(ValueStateDescriptor<EveryType>("every"))).Update(EveryType()));
  auto list = Must(backend.GetState(ListStateDescriptor<Bid1>("list")));
  Must(list.Add(Bid1{1, 2}));
  Must(list.Add(Bid1{3, 4}));
  Must(Must(backend.GetState(Timed(ValueStateDescriptor<Bid1>("timed")))).Update(Bid1{5, 6}));
  auto timed_list = Must(backend.GetState(Timed(ListStateDescriptor<std::string>("timed list"))));
  Must(timed_list.Add("old"));
  auto timed_map = Must(backend.GetState(Timed(MapStateDescriptor<std::string, int32_t>("timed map"))));
  Must(timed_map.Put("a", 1));
  clock_->AdvanceMillis(1000);
  Must(timed_list.Add("young"));
  CheckpointStoreOptions options;
  options.clock = std::make_shared<ManualClock>(kWritten);
  const auto store = Must(CheckpointStore::Open(storage(), options));
  const uint64_t id = store->Begin();
  Must(store->Complete(id, SnapshotKind::kSavepoint, {Take(backend.backend(), id, SnapshotKind::kSavepoint).handle}));

  for (const auto& [path, size] : FilesIn()) {
    std::string bytes;
    Must(Must(storage()->Open(path))->Read(0, size, &bytes));
    if (path.ends_with("/_metadata")) continue;  // It names the backend.
    for (const OlderFile& file : OlderTypes().files) {
      if (file.path.ends_with("/_metadata")) continue;
      EXPECT_EQ(ToHex(bytes), file.hex) << path;
    }
  }
}

TEST_P(OlderTypesTest, AreReadAsTheyWere) {
  auto backend = Restored();
  auto every = Must(backend.GetState(ValueStateDescriptor<EveryType>("every")));
  EXPECT_TRUE(Current(every) == EveryType());
  auto list = Must(backend.GetState(ListStateDescriptor<Bid1>("list")));
  EXPECT_TRUE(Current(list) == (std::vector<Bid1>{{1, 2}, {3, 4}}));
  auto timed = Must(backend.GetState(Timed(ValueStateDescriptor<Bid1>("timed"))));
  auto timed_list = Must(backend.GetState(Timed(ListStateDescriptor<std::string>("timed list"))));
  auto timed_map = Must(backend.GetState(Timed(MapStateDescriptor<std::string, int32_t>("timed map"))));
  EXPECT_TRUE(Current(timed) == (Bid1{5, 6}));
  EXPECT_EQ(Current(timed_list), (std::vector<std::string>{"old", "young"}));
  EXPECT_EQ(EntriesOf(timed_map), (EntryList<std::string, int32_t>{{"a", 1}}));
  clock_->AdvanceMillis(kTtl);
  EXPECT_TRUE(Current(timed) == std::nullopt);
  EXPECT_EQ(Current(timed_list), (std::vector<std::string>{"young"}));
  EXPECT_TRUE(EntriesOf(timed_map).empty());
}

TEST_P(OlderTypesTest, AreTakenOverByTypesThatChanged) {
  clock_->AdvanceMillis(kTtl);
  auto backend = Restored();
  auto every = Must(backend.GetState(ValueStateDescriptor<EveryWiderType>("every")));
  const EveryWiderType* wider = Must(every.Get());
  ASSERT_NE(wider, nullptr);
  const EveryType before;
  EXPECT_EQ(wider->bid.cents, before.bid.cents);
  EXPECT_EQ(wider->bid.currency, "EUR");
  EXPECT_EQ(wider->unordered, (std::map<int16_t, std::string>{{-1, "minus"}, {1, "plus"}}));
  EXPECT_EQ(wider->map, (std::unordered_map<std::string, double>{{"a", 1}, {"b", 2}}));
  EXPECT_EQ(wider->vector, (std::vector<int64_t>{1, -2, 3}));
  EXPECT_EQ(wider->tuple, (std::tuple<int16_t, int32_t, bool>{1, 2, true}));
  EXPECT_EQ(wider->none, std::nullopt);
  EXPECT_EQ(wider->f, before.f);
  EXPECT_EQ(wider->u32, before.u32);
  EXPECT_EQ(wider->i8, before.i8);
  EXPECT_EQ(wider->added, "added");
  auto list = Must(backend.GetState(Timed(ListStateDescriptor<Bid2>("list"))));
  EXPECT_TRUE(Current(list) == (std::vector<Bid2>{{1, 2}, {3, 4}}));
  auto timed = Must(backend.GetState(ValueStateDescriptor<Bid2>("timed")));
  EXPECT_TRUE(Current(timed) == std::nullopt);
  auto timed_list = Must(backend.GetState(ListStateDescriptor<std::string>("timed list")));
  EXPECT_EQ(Current(timed_list), (std::vector<std::string>{"young"}));
  auto timed_map = Must(backend.GetState(MapStateDescriptor<std::string, int64_t>("timed map")));
  EXPECT_TRUE(EntriesOf(timed_map).empty());
}

}  // namespace
}  // namespace kvstate
