#include "harness/import/access_mapper.h"

#include <utility>

#include "kvstate/serializers.h"
#include "kvstate/state.h"

namespace kvstate::harness {

namespace {

using Kind = StoreAccess::Kind;

/// Of VoidNamespace.
constexpr ByteView kNoNamespace("\0", 1);

}  // namespace

Status AccessMapper::LeaveOut(const std::string& what) {
  ++left_out_[what];
  return Status();
}

Status AccessMapper::Learn(const StoreAccess& access) {
  auto found = stores_.find(access.store);
  if (found == stores_.end()) {
    if (stores_.size() == kMaxStores) {
      return ResourceExhaustedError("more than " + std::to_string(kMaxStores) + " tables or column families");
    }
    const bool map = access.has_field || access.kind == Kind::kScanFields || key_prefix_bytes_ > 0;
    found = stores_.emplace(access.store, Store{.kind = map ? StateKind::kMap : StateKind::kValue}).first;
  }
  if (access.kind == Kind::kMerge) found->second.kind = StateKind::kList;
  return Status();
}

Status AccessMapper::Begin() {
  TraceHeader header;
  header.key_serializer = RawBytesSerializer();
  return recorder_.Begin(header);
}

Status AccessMapper::Finish() {
  KVSTATE_RETURN_IF_ERROR(FlushScan());
  return recorder_.Finish();
}

Status AccessMapper::AddState(std::string_view name, Store* store) {
  TraceState state;
  state.namespace_serializer = SerializerFor<VoidNamespace>();
  state.descriptor.name = name;
  state.descriptor.kind = store->kind;
  state.descriptor.value_serializer = RawBytesSerializer();
  if (store->kind == StateKind::kMap) state.descriptor.user_key_serializer = RawBytesSerializer();
  if (store->kind == StateKind::kList) {
    state.descriptor.value_serializer = ListSerializerFor<std::string>(RawBytesSerializer());
  }
  KVSTATE_RETURN_IF_ERROR(state.descriptor.Validate());
  KVSTATE_ASSIGN_OR_RETURN(store->number, recorder_.AddState(state));
  recorder_.NamespaceSet(store->number, kNoNamespace);
  store->added = true;
  return Status();
}

Status AccessMapper::Take(const StoreAccess& access) {
  if (access.kind == Kind::kNext) {
    if (!scanning_) return LeaveOut("steps of iterators whose seek is not there or has no scan");
    ++scan_.count;
    return Status();
  }
  KVSTATE_RETURN_IF_ERROR(FlushScan());
  const auto found = stores_.find(access.store);
  if (found == stores_.end()) return InternalError("a store that was not learnt of");
  Store& store = found->second;
  if (access.key.size() > kMaxKeyBytes || access.field.size() > kMaxKeyBytes) {
    return LeaveOut("accesses to keys of more than " + std::to_string(kMaxKeyBytes) + " bytes");
  }
  if (!store.added) KVSTATE_RETURN_IF_ERROR(AddState(found->first, &store));
  return store.kind == StateKind::kMap ? TakeOfMap(access, store) : TakeOfValueOrList(access, store);
}

Status AccessMapper::Record(const StoreAccess& access, ByteView key, TraceOperation operation) {
  recorder_.SetTime(access.time_ms);
  recorder_.KeySet(key);
  return recorder_.Record(operation);
}

Status AccessMapper::TakeOfValueOrList(const StoreAccess& access, const Store& store) {
  TraceOperation operation;
  operation.state = store.number;
  operation.value = access.value;
  switch (access.kind) {
    case Kind::kGet:
      operation.operation = Operation::kGet;
      break;
    case Kind::kPut:
      operation.operation = Operation::kUpdate;
      if (store.kind == StateKind::kList) {
        list_.Clear();
        list_.PutLengthPrefixed(access.value);
        operation.value = list_.view();
      }
      break;
    case Kind::kMerge:
      operation.operation = Operation::kAdd;
      break;
    case Kind::kDelete:
      operation.operation = Operation::kClear;
      break;
    default:
      return LeaveOut("seeks in " + std::string(StateKindName(store.kind)) + " states, which have no scans");
  }
  return Record(access, access.key, operation);
}

Status AccessMapper::TakeOfMap(const StoreAccess& access, const Store& store) {
  TraceOperation operation;
  operation.state = store.number;
  ByteView key = access.key;
  bool has_user_key = access.has_field;
  operation.user_key = access.field;
  if (key_prefix_bytes_ > 0) {
    // A seek may go to what all keys of a map begin with, and less than that names no map.
    if (key.size() < key_prefix_bytes_) return LeaveOut("accesses to keys shorter than --key_prefix_bytes");
    operation.user_key = key.substr(key_prefix_bytes_);
    key = key.substr(0, key_prefix_bytes_);
    has_user_key = true;
  }
  switch (access.kind) {
    case Kind::kGet:
      operation.operation = Operation::kMapGet;
      break;
    case Kind::kPut:
      operation.operation = Operation::kMapPut;
      operation.value = access.value;
      break;
    case Kind::kDelete:
      operation.operation = has_user_key ? Operation::kMapRemove : Operation::kClear;
      break;
    default:
      operation.operation = Operation::kMapScan;
      operation.user_key = {};
      operation.count = access.steps;
      operation.reads_keys = true;
      operation.reads_values = true;
      recorder_.SetTime(access.time_ms);
      recorder_.KeySet(key);
      scan_ = operation;
      scanning_ = true;
      return Status();
  }
  return Record(access, key, operation);
}

Status AccessMapper::FlushScan() {
  if (!std::exchange(scanning_, false)) return Status();
  return recorder_.Record(scan_);
}

}  // namespace kvstate::harness
