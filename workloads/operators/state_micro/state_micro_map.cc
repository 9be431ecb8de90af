#include <cstdint>
#include <memory>
#include <utility>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/state_micro/state_micro.h"

namespace kvstate::workloads {
namespace {

enum class MapAccess : uint8_t {
  kUpdate,
  kAdd,
  kGet,
  kContains,
  kIsEmpty,
  kKeys,
  kValues,
  kEntries,
  kRemove,
  kPutAll,
  kClear,
};

class StateMicroMapOperator final : public StateMicroOperator {
 public:
  StateMicroMapOperator(MapAccess access, uint64_t map_entries) : access_(access), map_entries_(map_entries) {}

 private:
  Status OpenStates() override { return OpenState(MapStateDescriptor<int64_t, double>("map"), &map_); }
  bool adds() const override { return access_ == MapAccess::kAdd; }

  Status SetUp(const StateMicroEvent& operands) override { return PutAll(operands); }

  Status Access(const StateMicroEvent& operands) override {
    const auto user_key = static_cast<int64_t>(operands.number % map_entries_);
    switch (access_) {
      case MapAccess::kUpdate:
      case MapAccess::kAdd:
        return map_.Put(user_key, Fraction(operands.value));
      case MapAccess::kGet:
        return Get(user_key);
      case MapAccess::kContains:
        return EmitFlag(map_.Contains(user_key * 2));  // So that half of them are not there.
      case MapAccess::kIsEmpty:
        return EmitFlag(map_.IsEmpty());
      case MapAccess::kKeys:
      case MapAccess::kValues:
      case MapAccess::kEntries:
        return Scan();
      case MapAccess::kRemove:
        return map_.Remove(user_key);
      case MapAccess::kPutAll:
        return PutAll(operands);
      case MapAccess::kClear:
        break;
    }
    return map_.Clear();
  }

  Status PutAll(const StateMicroEvent& operands) {
    for (uint64_t i = 0; i < map_entries_; ++i) {
      KVSTATE_RETURN_IF_ERROR(map_.Put(static_cast<int64_t>(i), Fraction(Derived(operands.value, i))));
    }
    return Status();
  }

  Status Get(int64_t user_key) {
    KVSTATE_ASSIGN_OR_RETURN(const double* value, map_.Get(user_key));
    if (value == nullptr) return InternalError("state \"map\" has no entry that was set up");
    Codec<double>::Write(*value, NewRowOfKey());
    Emit();
    return Status();
  }

  Status EmitFlag(const Result<bool>& flag) {
    KVSTATE_RETURN_IF_ERROR(flag.status());
    NewRowOfKey().PutByte(*flag ? 1 : 0);
    Emit();
    return Status();
  }

  /// Over all entries, of which keys, values or both are read.
  Status Scan() {
    ByteWriter& row = NewRowOfKey();
    KVSTATE_ASSIGN_OR_RETURN(auto entries, map_.Entries());
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, entries.Next());
      if (!more) break;
      if (access_ != MapAccess::kValues) {
        KVSTATE_ASSIGN_OR_RETURN(const int64_t* user_key, entries.Key());
        row.PutFixed64(static_cast<uint64_t>(*user_key));
      }
      if (access_ != MapAccess::kKeys) {
        KVSTATE_ASSIGN_OR_RETURN(const double* value, entries.Value());
        if (value == nullptr) return InternalError("state \"map\" has a null value, which was never put");
        Codec<double>::Write(*value, row);
      }
    }
    Emit();
    return Status();
  }

  /// A fraction of one, by a number's highest bits.
  static double Fraction(int64_t value) { return static_cast<double>(static_cast<uint64_t>(value) >> 11) * 0x1p-53; }

  const MapAccess access_;
  const uint64_t map_entries_;
  MapState<int64_t, double> map_;
};

}  // namespace

WorkloadSpec StateMicroMap();

WorkloadSpec StateMicroMap() {
  return MakeStateMicroWorkload(
      "state_micro_map", "Flink's micro-benchmark of map state: one access an event, to longs and doubles of each key",
      {{"access", "get",
        "update (an entry of a key that was set up), add (one of a new key), get, contains (half are not there), "
        "is_empty, keys, values, entries, remove, put_all, clear"},
       {"map_entries", "10", "Entries of each map after the set-up, 1 to 10^6"}},
      [](ParameterReader& reader) {
        const size_t access = reader.Choice("access", {"update", "add", "get", "contains", "is_empty", "keys", "values",
                                                       "entries", "remove", "put_all", "clear"});
        const uint64_t map_entries = reader.Count("map_entries", 1, 1'000'000);
        return std::make_unique<StateMicroMapOperator>(static_cast<MapAccess>(access), map_entries);
      });
}

}  // namespace kvstate::workloads
