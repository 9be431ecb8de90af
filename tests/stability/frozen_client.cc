// FROZEN: a program of a user's that calls everything the public headers offer. It must compile and run as it stands
// against every later version; api/STABILITY.md says when it may change.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kvstate/backend_registry.h"
#include "kvstate/backends.h"
#include "kvstate/bytes.h"
#include "kvstate/clock.h"
#include "kvstate/codec.h"
#include "kvstate/descriptors.h"
#include "kvstate/engine_statistics.h"
#include "kvstate/export.h"
#include "kvstate/extension.h"
#include "kvstate/functions.h"
#include "kvstate/internal_kv_state.h"
#include "kvstate/key_group.h"
#include "kvstate/keyed_backend.h"
#include "kvstate/keyed_state_backend.h"
#include "kvstate/kvstate.h"
#include "kvstate/namespaces.h"
#include "kvstate/serialized_access.h"
#include "kvstate/serializers.h"
#include "kvstate/state.h"
#include "kvstate/state_descriptor.h"
#include "kvstate/status.h"
#include "kvstate/type_serializer.h"
#include "kvstate/version.h"
#include "tests/stability/frozen_null_backend.h"

using kvstate::ByteReader;
using kvstate::ByteView;
using kvstate::ByteWriter;
using kvstate::KeyedBackend;
using kvstate::Result;
using kvstate::Status;
using kvstate::StatusCode;
using kvstate::TimeWindow;

namespace {

/// Whether the backend under test keeps what it is given; the null backend does not.
bool g_keeps = false;

#define CHECK(condition)                                                                  \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::cerr << "frozen_client.cc:" << __LINE__ << ": " #condition " does not hold\n"; \
      std::exit(1);                                                                       \
    }                                                                                     \
  } while (false)

/// Ends the program unless the call succeeded.
void Must(const Status& status) {
  if (status.ok()) return;
  std::cerr << status.ToString() << "\n";
  std::exit(1);
}
template <class T>
T Must(Result<T> result) {
  Must(result.status());
  return std::move(result).value();
}

struct Point {
  int32_t x = 0;
  int32_t y = 0;
};

/// A serializer made by hand, for a type without a codec.
class PointSerializer final : public kvstate::TypeSerializer {
 public:
  PointSerializer() : TypeSerializer({sizeof(Point), alignof(Point), 8, true, true}) {}
  void Construct(void* at) const override { new (at) Point(); }
  void CopyConstruct(void* at, const void* from) const override { new (at) Point(*static_cast<const Point*>(from)); }
  void MoveConstruct(void* at, void* from) const override { new (at) Point(*static_cast<Point*>(from)); }
  void CopyAssign(void* to, const void* from) const override {
    *static_cast<Point*>(to) = *static_cast<const Point*>(from);
  }
  void MoveAssign(void* to, void* from) const override { *static_cast<Point*>(to) = *static_cast<Point*>(from); }
  void Destroy(void*) const override {}
  void Serialize(const void* value, ByteWriter& out) const override {
    out.PutFixed32(static_cast<uint32_t>(static_cast<const Point*>(value)->x));
    out.PutFixed32(static_cast<uint32_t>(static_cast<const Point*>(value)->y));
  }
  Status Deserialize(ByteReader& in, void* value) const override {
    uint32_t x = 0;
    uint32_t y = 0;
    if (!in.ReadFixed32(&x) || !in.ReadFixed32(&y)) return in.Malformed("point");
    *static_cast<Point*>(value) = {static_cast<int32_t>(x), static_cast<int32_t>(y)};
    return Status();
  }
  uint32_t KeyHash(ByteView encoded) const override { return kvstate::JavaBytesHash(encoded); }
  kvstate::SerializerSnapshot Snapshot() const override { return {"client.point", 1, {}}; }
};

class Longest final : public kvstate::ReduceFunction {
 public:
  void Reduce(void* accumulator, const void* value) const override {
    auto& longest = *static_cast<std::string*>(accumulator);
    const auto& one = *static_cast<const std::string*>(value);
    if (one.size() > longest.size()) longest = one;
  }
  bool ThreadSafe() const override { return true; }
};

class Count final : public kvstate::AggregateFunction {
 public:
  void CreateAccumulator(void* accumulator) const override { *static_cast<int64_t*>(accumulator) = 0; }
  void Add(void* accumulator, const void*) const override { ++*static_cast<int64_t*>(accumulator); }
  void GetResult(const void* accumulator, void* result) const override {
    *static_cast<std::string*>(result) = std::to_string(*static_cast<const int64_t*>(accumulator));
  }
  void Merge(void* into, const void* from) const override {
    *static_cast<int64_t*>(into) += *static_cast<const int64_t*>(from);
  }
};

class Concatenate final : public kvstate::FoldFunction {
 public:
  void Fold(void* accumulator, const void* input) const override {
    *static_cast<std::string*>(accumulator) += std::to_string(*static_cast<const int32_t*>(input));
  }
};

struct Bid {
  std::string who;
  std::optional<double> price;
};

}  // namespace

template <>
struct kvstate::StructTraits<Bid> {
  static constexpr std::string_view kName = "Bid";
  static constexpr auto kMembers = std::make_tuple(Member("who", &Bid::who), Member("price", &Bid::price));
};

namespace {

void UseBytesAndCodecs() {
  ByteWriter out;
  out.PutByte(1);
  out.PutFixed16(2);
  out.PutFixed32(3);
  out.PutFixed64(4);
  out.PutVarint(300);
  out.PutLengthPrefixed("five");
  ByteReader in(out.view());
  uint8_t a = 0;
  uint16_t b = 0;
  uint32_t c = 0;
  uint64_t d = 0;
  uint64_t e = 0;
  ByteView f;
  CHECK(in.ReadByte(&a) && in.ReadFixed16(&b) && in.ReadFixed32(&c) && in.ReadFixed64(&d) && in.ReadVarint(&e));
  CHECK(in.ReadLengthPrefixed(&f) && in.AtEnd() && a == 1 && b == 2 && c == 3 && d == 4 && e == 300 && f == "five");
  CHECK(in.Malformed("more").code() == StatusCode::kDataLoss);

  using Everything =
      std::tuple<int8_t, uint16_t, int32_t, uint64_t, bool, float, double, std::string, std::optional<int32_t>,
                 std::pair<int32_t, std::string>, std::vector<int32_t>, std::map<std::string, int32_t>,
                 std::unordered_map<int32_t, std::string>, TimeWindow, kvstate::VoidNamespace>;
  const Everything all{-1,           2,        -3, 4, true, 5.5F, -6.5, "7", 8, {9, "10"}, {11, 12}, {{"13", 14}},
                       {{15, "16"}}, {17, 18}, {}};
  CHECK(Must(kvstate::Decode<Everything>(kvstate::Encode(all))) == all);
  const Bid bid{"ann", 3.25};
  CHECK(Must(kvstate::Decode<Bid>(kvstate::Encode(bid))).price == bid.price);
  CHECK(kvstate::Decode<Bid>("x").status().code() == StatusCode::kDataLoss);
  CHECK(kvstate::SerializerFor<Bid>()->ResolveCompatibility(kvstate::SerializerFor<Bid>()->Snapshot()) ==
        kvstate::SerializerCompatibility::kAsIs);
  CHECK(kvstate::KeyGroupOf(42, 128) == 29 && kvstate::KeyGroupRangeOf(128, 2, 1).first == 64);
  CHECK(kvstate::SubtaskOf(128, 2, 64) == 1 && kvstate::DefaultMaxParallelism(4) == 128);
  CHECK(kvstate::LibraryVersion() == KVSTATE_VERSION && kvstate::LibraryVersionString() != nullptr);
  kvstate::ManualClock clock(5);
  clock.AdvanceMillis(2);
  const kvstate::Clock& any_clock = clock;
  CHECK(any_clock.NowMillis() == 7 && kvstate::SystemClock().NowMillis() > 0);
}

void UseValue(KeyedBackend<std::string>& backend) {
  auto plain = Must(backend.GetState(kvstate::ValueStateDescriptor<int64_t>("value").WithDefault(7)));
  CHECK(*Must(plain.Get()) == 7);
  Must(plain.Update(8));
  CHECK(!g_keeps || *Must(plain.Get()) == 8);
  Must(plain.Clear());

  kvstate::ValueStateDescriptor<Point> by_hand("point", std::make_shared<PointSerializer>());
  by_hand.queryable_name = "points";
  auto point = Must(backend.GetState(by_hand));
  Must(point.Update(Point{1, 2}));
  const Point* read = Must(point.Get());
  CHECK(!g_keeps || (read != nullptr && read->x == 1 && read->y == 2));
  std::string bytes;
  CHECK(Must(point.internal()->GetSerialized(backend.backend().current_key(), std::string(1, '\0'), &bytes)) ==
        g_keeps);
  auto* access = kvstate::GetExtension<kvstate::SerializedAccess>(*point.internal());
  CHECK(access != nullptr);
  ByteView view;
  CHECK(Must(access->GetBytes(&view)) == g_keeps && view == bytes);
  Must(access->PutBytes(std::string(8, '\0')));
}

void UseListAndMerging(KeyedBackend<std::string>& backend) {
  auto list = Must(backend.GetState<TimeWindow>(kvstate::ListStateDescriptor<std::string>("list")));
  Must(list.SetCurrentNamespace(TimeWindow{0, 10}));
  Must(list.Add("a"));
  Must(list.AddAll({"b", "c"}));
  Must(list.SetCurrentNamespace(TimeWindow{10, 20}));
  Must(list.Update({"d"}));
  Must(list.MergeNamespaces(TimeWindow{0, 20}, std::vector<TimeWindow>{{0, 10}, {10, 20}}));
  Must(list.SetCurrentNamespace(TimeWindow{0, 20}));
  const std::vector<std::string>* merged = Must(list.Get());
  CHECK(!g_keeps || (merged != nullptr && *merged == std::vector<std::string>{"a", "b", "c", "d"}));
  CHECK(list.internal()->Add(nullptr).code() == StatusCode::kInvalidArgument);
  list.ClearCurrentNamespace();

  auto longest =
      Must(backend.GetState(kvstate::ReducingStateDescriptor<std::string>("longest", std::make_shared<Longest>())));
  Must(longest.Add("one"));
  Must(longest.Add("three"));
  CHECK(!g_keeps || *Must(longest.Get()) == "three");
  auto count = Must(backend.GetState(
      kvstate::AggregatingStateDescriptor<Bid, int64_t, std::string>("count", std::make_shared<Count>())));
  Must(count.Add(Bid{"ann", 1.0}));
  CHECK(!g_keeps || (*Must(count.GetInternal()) == 1 && *Must(count.Get()) == "1"));
  Must(count.UpdateInternal(41));
  auto folded = Must(backend.GetState(
      kvstate::FoldingStateDescriptor<int32_t, std::string>("folded", ">", std::make_shared<Concatenate>())));
  Must(folded.Add(5));
  CHECK(!g_keeps || *Must(folded.Get()) == ">5");
}

void UseMap(KeyedBackend<std::string>& backend) {
  auto map = Must(backend.GetState(kvstate::MapStateDescriptor<int32_t, std::string>("map")));
  CHECK(Must(map.IsEmpty()));
  Must(map.Put(2, "two"));
  Must(map.PutNull(1));
  CHECK(Must(map.Contains(1)) == g_keeps && Must(map.Get(1)) == nullptr);
  auto entries = Must(map.Entries());
  std::vector<int32_t> keys;
  while (Must(entries.Next())) {
    keys.push_back(*Must(entries.Key()));
    if (Must(entries.Value()) == nullptr) {
      Must(entries.SetValue("one"));
    } else {
      Must(entries.Remove());
    }
  }
  CHECK(keys == (g_keeps ? std::vector<int32_t>{1, 2} : std::vector<int32_t>{}));
  Must(map.Remove(2));
}

void UseBackend(KeyedBackend<std::string>& typed, std::string_view name) {
  kvstate::KeyedStateBackend& backend = typed.backend();
  CHECK(backend.name() == name && backend.max_parallelism() == 128 && backend.key_group_range().size() == 128);
  CHECK(backend.current_key() == kvstate::Encode(std::string("ann")) && backend.current_key_group() < 128);
  const std::string nothing(1, '\0');
  auto keys = Must(backend.Keys("map", nothing));
  CHECK(Must(keys->Next()) == g_keeps);
  CHECK(!g_keeps || keys->key() == backend.current_key());
  CHECK(Must(Must(backend.KeysAndNamespaces("list"))->Next()) == g_keeps);
  int applied = 0;
  Must(backend.ApplyToAllKeys("map", nothing, [&applied](ByteView, kvstate::InternalKVState& state) {
    ++applied;
    auto visitor = Must(state.Visit());
    for (const kvstate::StateEntry& entry : Must(visitor->NextBatch(10))) Must(visitor->Remove(entry));
    return state.Clear();
  }));
  CHECK(applied == (g_keeps ? 1 : 0));
  CHECK((Must(backend.NumEntries()) > 0) == g_keeps && backend.StateNames().size() == 7);
  Must(backend.RemoveState("map"));
  CHECK(backend.RemoveState("map").code() == StatusCode::kNotFound);
  if (auto* statistics = kvstate::GetExtension<kvstate::EngineStatistics>(backend)) {
    Must(statistics->Flush(true));
    const kvstate::EngineCounters counters = Must(statistics->Collect());
    CHECK(!counters.disk_bytes.has_value() || *counters.disk_bytes > 0);
  }
  Must(backend.Dispose());
}

void RunOn(const kvstate::BackendRegistry& registry, const std::string& name) {
  const kvstate::BackendFactory* factory = Must(registry.Find(name));
  CHECK(!factory->description().empty() && !factory->needs_directory());
  for (const kvstate::EngineOption& option : factory->options()) CHECK(!option.name.empty());
  kvstate::BackendOptions options;
  options.key_serializer = kvstate::SerializerFor<std::string>();
  options.clock = std::make_shared<kvstate::ManualClock>();
  KeyedBackend<std::string> backend(Must(registry.Create(name, options)));
  g_keeps = name != "null";
  Must(backend.SetCurrentKey("ann"));
  UseValue(backend);
  UseListAndMerging(backend);
  UseMap(backend);
  UseBackend(backend, name);
}

}  // namespace

int main() {
  UseBytesAndCodecs();
  kvstate::BackendRegistry registry;
  Must(kvstate::RegisterBuiltinBackends(registry));
  Must(registry.Register(MakeNullFactory()));
  CHECK(registry.Register(MakeNullFactory()).code() == StatusCode::kAlreadyExists);
  CHECK(registry.Find("nothing").status().code() == StatusCode::kInvalidArgument);
  RunOn(registry, "null");
  RunOn(registry, "hashmap");
  std::cout << "the frozen client runs on kvstate " << kvstate::LibraryVersionString() << "\n";
  return 0;
}
