#ifndef KVSTATE_HARNESS_IMPORT_ACCESS_MAPPER_H_
#define KVSTATE_HARNESS_IMPORT_ACCESS_MAPPER_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "harness/import/access_reader.h"
#include "harness/replay/recorder.h"
#include "harness/replay/trace.h"
#include "kvstate/bytes.h"
#include "kvstate/state_descriptor.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Turns accesses to a store into accesses to keyed state. Each table or column family is a state, of the store's name:
///
/// - that something is merged into: a list, to which operands are appended, and a put of which makes a list of one;
/// - with fields, or with keys of which the first `key_prefix_bytes` are the key and the others the user key: a map,
///   of which a seek is a scan from its beginning;
/// - else a value.
///
/// Not thread-safe.
class AccessMapper {
 public:
  /// `sink` must outlive the mapper, and have nothing yet. `key_prefix_bytes`: 0 for whole keys.
  AccessMapper(uint64_t key_prefix_bytes, TraceSink* sink) : key_prefix_bytes_(key_prefix_bytes), recorder_(sink) {}

  /// Learns what kinds the states are. Must have seen all accesses before the first is taken.
  /// RESOURCE_EXHAUSTED with more stores than kMaxStores.
  Status Learn(const StoreAccess& access);
  Status Begin();
  Status Take(const StoreAccess& access);
  Status Finish();
  /// How many accesses, by what they are, have no counterpart in keyed state.
  const std::map<std::string, uint64_t>& left_out() const { return left_out_; }

  static constexpr size_t kMaxStores = 10'000;

 private:
  struct Store {
    StateKind kind = StateKind::kValue;
    bool added = false;  ///< As a state of the trace.
    uint32_t number = 0;
  };
  Status AddState(std::string_view name, Store* store);
  Status TakeOfValueOrList(const StoreAccess& access, const Store& store);
  Status TakeOfMap(const StoreAccess& access, const Store& store);
  Status Record(const StoreAccess& access, ByteView key, TraceOperation operation);
  /// The scan that a seek began, when what follows is no step of it.
  Status FlushScan();
  Status LeaveOut(const std::string& what);

  const uint64_t key_prefix_bytes_;
  Recorder recorder_;
  std::map<std::string, Store, std::less<>> stores_;
  std::map<std::string, uint64_t> left_out_;
  ByteWriter list_;
  bool scanning_ = false;
  TraceOperation scan_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_IMPORT_ACCESS_MAPPER_H_
