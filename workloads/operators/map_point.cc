#include <cstdint>
#include <memory>

#include "workloads/operators/operator_support.h"
#include "workloads/operators/payload_map_operator.h"

namespace kvstate::workloads {
namespace {

struct MapPointOptions {
  int64_t user_keys = 1;
  uint64_t put_percent = 0;
  uint64_t contains_percent = 0;
  uint64_t remove_percent = 0;
  uint64_t scan_percent = 0;
  uint64_t scan_entries = 1;
};

/// A map for each key, from a number to a payload. A hash of each event's time, key and payload decides on the
/// operation and on the user key. Emits what each get, contains and scan has found.
class MapPointOperator final : public PayloadMapOperator {
 public:
  explicit MapPointOperator(const MapPointOptions& options) : options_(options) {}

  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    const uint64_t hash = HashEvent(event.time_ms, event.key, event.value);
    const auto user_key = static_cast<int64_t>((hash >> 32) % static_cast<uint64_t>(options_.user_keys));
    uint64_t percent = (hash & 0xffffffff) % 100;
    if (percent < options_.put_percent) return Put(user_key, event.value);
    percent -= options_.put_percent;
    if (percent < options_.contains_percent) return Contains(event.key, user_key);
    percent -= options_.contains_percent;
    if (percent < options_.remove_percent) return map().Remove(user_key);
    percent -= options_.remove_percent;
    if (percent < options_.scan_percent) return Scan(event.key, options_.scan_entries);
    return Get(event.key, user_key);
  }

 private:
  Descriptor StateOfPayloads() const override {
    return Descriptor("payloads", SerializerFor<int64_t>(), RawBytesSerializer());
  }

  Status Contains(ByteView key, int64_t user_key) {
    KVSTATE_ASSIGN_OR_RETURN(const bool found, map().Contains(user_key));
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(key);
    row.PutFixed64(static_cast<uint64_t>(user_key));
    row.PutByte(found ? 1 : 0);
    Emit();
    return Status();
  }

  const MapPointOptions options_;
};

}  // namespace

WorkloadSpec MapPoint();

WorkloadSpec MapPoint() {
  return MakeWorkload(
      "map_point", "A map of payloads for each key: entries got, put, looked for and removed, and short scans",
      {{"keys", "10000"}, {"key_distribution", "zipfian"}, {"value_bytes", "100"}},
      {{"user_keys", "100", "Distinct user keys in each map, 1 to 10^9"},
       {"put_percent", "40", "Events that put an entry, 0 to 100 percent; what the shares leave of 100 gets one"},
       {"contains_percent", "10", "Events that ask whether an entry exists, 0 to 100 percent"},
       {"remove_percent", "5", "Events that remove an entry, 0 to 100 percent"},
       {"scan_percent", "5", "Events that read the map's first entries in order, 0 to 100 percent"},
       {"scan_entries", "10", "The most entries that a scan reads, 1 to 10^6"}},
      [](ParameterReader& reader) {
        MapPointOptions options;
        options.user_keys = reader.Integer("user_keys", 1, 1'000'000'000);
        options.put_percent = reader.Count("put_percent", 0, 100);
        options.contains_percent = reader.Count("contains_percent", 0, 100);
        options.remove_percent = reader.Count("remove_percent", 0, 100);
        options.scan_percent = reader.Count("scan_percent", 0, 100);
        options.scan_entries = reader.Count("scan_entries", 1, 1'000'000);
        if (options.put_percent + options.contains_percent + options.remove_percent + options.scan_percent > 100) {
          reader.Refuse("put_percent", "such that it and contains_, remove_ and scan_percent sum to 100 at most");
        }
        return std::make_unique<MapPointOperator>(options);
      });
}

}  // namespace kvstate::workloads
