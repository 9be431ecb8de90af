#include "harness/replay/state_codec.h"

#include <memory>
#include <string>
#include <typeinfo>
#include <utility>

#include "harness/replay/snapshot_serializers.h"
#include "kvstate/codec.h"
#include "kvstate/key_group.h"
#include "kvstate/serializers.h"
#include "workloads/workload.h"

namespace kvstate::harness {

namespace {

/// In place of a state's kind.
constexpr uint8_t kQueueOfTimers = 128;

// Of a trace, in its header.
constexpr uint64_t kValuesAreSizes = 1;
constexpr uint64_t kKeysAreHashed = 2;
constexpr uint64_t kIsPart = 4;

constexpr std::string_view kReduceFunctions[] = {"sum_int64", "max_int64"};

constexpr std::string_view kAggregateFunctions[] = {"mean_int64"};

template <class Function>
bool IsOne(const std::shared_ptr<const Function>& named, const Function& function) {
  if (named == nullptr) return false;
  const Function& candidate = *named;
  return typeid(candidate) == typeid(function);
}

/// The name under which a replay finds an equal function; empty when it has none.
std::string_view NameOf(const ReduceFunction& function) {
  for (const std::string_view name : kReduceFunctions) {
    if (IsOne(workloads::NamedReduceFunction(name), function)) return name;
  }
  return {};
}

std::string_view NameOf(const AggregateFunction& function) {
  for (const std::string_view name : kAggregateFunctions) {
    if (IsOne(workloads::NamedAggregateFunction(name), function)) return name;
  }
  return {};
}

/// Puts the serializer of a type in the place of one that a snapshot gave, which may have the values as bytes.
template <class T>
bool TakeType(SerializerPtr* serializer) {
  if (*serializer == nullptr || !((*serializer)->Snapshot() == Codec<T>::Snapshot())) return false;
  *serializer = SerializerFor<T>();
  return true;
}

/// Gives the descriptor the function of its kind that is called `name`, and the types that this works on.
Status SetFunction(std::string_view name, StateDescriptor* descriptor) {
  const auto error = [&](const std::string& what) {
    return InvalidArgumentError("state '" + descriptor->name + "': " + what + " '" + std::string(name) + "'");
  };
  if (descriptor->kind == StateKind::kAggregating) {
    descriptor->aggregate = workloads::NamedAggregateFunction(name);
    if (descriptor->aggregate == nullptr) return error("this program has no aggregate function named");
    const bool typed = TakeType<int64_t>(&descriptor->input_serializer) &&
                       TakeType<std::pair<int64_t, int64_t>>(&descriptor->value_serializer) &&
                       TakeType<double>(&descriptor->output_serializer);
    return typed ? Status() : error("its types are not those of the aggregate function");
  }
  descriptor->reduce = workloads::NamedReduceFunction(name);
  if (descriptor->reduce == nullptr) return error("this program has no reduce function named");
  return TakeType<int64_t>(&descriptor->value_serializer) ? Status()
                                                          : error("its type is not that of the reduce function");
}

void PutSnapshot(const SerializerPtr& serializer, ByteWriter& out) {
  out.PutByte(serializer == nullptr ? 0 : 1);
  if (serializer != nullptr) serializer->Snapshot().Write(out);
}

Status ReadSerializer(ByteReader& in, SerializerPtr* serializer) {
  uint8_t present = 0;
  if (!in.ReadByte(&present) || present > 1) return in.Malformed("serializer snapshot");
  if (present == 0) return Status();
  KVSTATE_ASSIGN_OR_RETURN(const SerializerSnapshot snapshot, SerializerSnapshot::Read(in));
  KVSTATE_ASSIGN_OR_RETURN(*serializer, SerializerFromSnapshot(snapshot));
  return Status();
}

Status ReadDefault(ByteReader& in, StateDescriptor* descriptor) {
  uint8_t present = 0;
  if (!in.ReadByte(&present) || present > 1) return in.Malformed("default value");
  if (present == 0) return Status();
  ByteView bytes;
  if (!in.ReadLengthPrefixed(&bytes)) return in.Malformed("default value");
  if (descriptor->value_serializer == nullptr) return in.Malformed("default value without a value serializer");
  TypedObject value(descriptor->value_serializer);
  ByteReader value_bytes(bytes);
  KVSTATE_RETURN_IF_ERROR(descriptor->value_serializer->Deserialize(value_bytes, value.get()));
  descriptor->default_value = std::make_shared<TypedObject>(std::move(value));
  return Status();
}

void PutTtl(const std::optional<TtlConfig>& ttl, ByteWriter& out) {
  out.PutByte(ttl.has_value() ? 1 : 0);
  if (!ttl.has_value()) return;
  out.PutFixed64(static_cast<uint64_t>(ttl->ttl_millis));
  out.PutByte(static_cast<uint8_t>(ttl->update));
  out.PutByte(static_cast<uint8_t>(ttl->visibility));
}

Status ReadTtl(ByteReader& in, StateDescriptor* descriptor) {
  uint8_t present = 0;
  if (!in.ReadByte(&present) || present > 1) return in.Malformed("time to live");
  if (present == 0) return Status();
  uint64_t ttl_millis = 0;
  uint8_t update = 0;
  uint8_t visibility = 0;
  if (!in.ReadFixed64(&ttl_millis)) return in.Malformed("time to live");
  if (!in.ReadByte(&update) || update > static_cast<uint8_t>(TtlConfig::Update::kDisabled)) {
    return in.Malformed("update type of the time to live");
  }
  if (!in.ReadByte(&visibility) ||
      visibility > static_cast<uint8_t>(TtlConfig::Visibility::kReturnExpiredIfNotCleanedUp)) {
    return in.Malformed("visibility of the time to live");
  }
  TtlConfig& ttl = descriptor->ttl.emplace();
  ttl.ttl_millis = static_cast<int64_t>(ttl_millis);
  ttl.update = static_cast<TtlConfig::Update>(update);
  ttl.visibility = static_cast<TtlConfig::Visibility>(visibility);
  return Status();
}

}  // namespace

Status EncodeTraceState(const TraceState& state, ByteWriter& out) {
  const StateDescriptor& descriptor = state.descriptor;
  if (state.timers.has_value()) {
    out.PutLengthPrefixed(descriptor.name);
    out.PutByte(kQueueOfTimers);
    PutSnapshot(state.namespace_serializer, out);
    out.PutByte(static_cast<uint8_t>(*state.timers));
    return Status();
  }
  const std::string where = "trace file: state '" + descriptor.name + "': ";
  std::string_view function;
  if (descriptor.reduce != nullptr) function = NameOf(*descriptor.reduce);
  if (descriptor.aggregate != nullptr) function = NameOf(*descriptor.aggregate);
  const bool has_function =
      descriptor.reduce != nullptr || descriptor.aggregate != nullptr || descriptor.fold != nullptr;
  if (has_function && function.empty()) {
    return UnimplementedError(where + "a " + std::string(StateKindName(descriptor.kind)) +
                              " state's function has no name that a file could hold; there are the reduce functions "
                              "sum_int64 and max_int64 and the aggregate function mean_int64. Run the workload with "
                              "'kvstate run', which needs no file");
  }
  out.PutLengthPrefixed(descriptor.name);
  out.PutByte(static_cast<uint8_t>(descriptor.kind));
  PutSnapshot(state.namespace_serializer, out);
  PutSnapshot(descriptor.value_serializer, out);
  PutSnapshot(descriptor.user_key_serializer, out);
  PutSnapshot(descriptor.input_serializer, out);
  PutSnapshot(descriptor.output_serializer, out);
  out.PutByte(descriptor.default_value == nullptr ? 0 : 1);
  if (descriptor.default_value != nullptr) {
    ByteWriter value;
    descriptor.value_serializer->Serialize(descriptor.default_value->get(), value);
    out.PutLengthPrefixed(value.view());
  }
  out.PutLengthPrefixed(function);
  out.PutLengthPrefixed(descriptor.queryable_name);
  PutTtl(descriptor.ttl, out);
  return Status();
}

namespace {

/// What follows the kind of a queue of timers.
Result<TraceState> ReadQueue(ByteReader& in, std::string_view name) {
  TraceState state;
  state.descriptor.name = name;
  const std::string where = "queue of timers '" + state.descriptor.name + "'";
  KVSTATE_RETURN_IF_ERROR(ReadSerializer(in, &state.namespace_serializer).WithContext(where));
  uint8_t storage = 0;
  if (!in.ReadByte(&storage) || storage > static_cast<uint8_t>(TimerStorage::kBackend)) {
    return in.Malformed("storage of " + where);
  }
  if (!in.AtEnd()) return in.Malformed("end of " + where);
  if (state.namespace_serializer == nullptr) return DataLossError(where + " has no namespace serializer");
  state.timers = static_cast<TimerStorage>(storage);
  return state;
}

}  // namespace

Result<TraceState> DecodeTraceState(ByteView bytes, uint32_t version) {
  ByteReader in(bytes);
  TraceState state;
  StateDescriptor& descriptor = state.descriptor;
  ByteView text;
  uint8_t kind = 0;
  if (!in.ReadLengthPrefixed(&text)) return in.Malformed("state name");
  descriptor.name.assign(text);
  if (!in.ReadByte(&kind)) return in.Malformed("kind of state '" + descriptor.name + "'");
  if (kind == kQueueOfTimers && version > 1) return ReadQueue(in, text);
  if (kind < static_cast<uint8_t>(StateKind::kValue) || kind > static_cast<uint8_t>(StateKind::kFolding)) {
    return in.Malformed("kind of state '" + descriptor.name + "'");
  }
  descriptor.kind = static_cast<StateKind>(kind);
  const std::string where = "state '" + descriptor.name + "'";
  KVSTATE_RETURN_IF_ERROR(ReadSerializer(in, &state.namespace_serializer).WithContext(where));
  KVSTATE_RETURN_IF_ERROR(ReadSerializer(in, &descriptor.value_serializer).WithContext(where));
  KVSTATE_RETURN_IF_ERROR(ReadSerializer(in, &descriptor.user_key_serializer).WithContext(where));
  KVSTATE_RETURN_IF_ERROR(ReadSerializer(in, &descriptor.input_serializer).WithContext(where));
  KVSTATE_RETURN_IF_ERROR(ReadSerializer(in, &descriptor.output_serializer).WithContext(where));
  KVSTATE_RETURN_IF_ERROR(ReadDefault(in, &descriptor).WithContext(where));
  if (!in.ReadLengthPrefixed(&text)) return in.Malformed("function of " + where);
  if (!text.empty()) KVSTATE_RETURN_IF_ERROR(SetFunction(text, &descriptor));
  if (!in.ReadLengthPrefixed(&text)) return in.Malformed("queryable name of " + where);
  descriptor.queryable_name.assign(text);
  if (version > 1) KVSTATE_RETURN_IF_ERROR(ReadTtl(in, &descriptor).WithContext(where));
  if (!in.AtEnd()) return in.Malformed("end of " + where);
  if (state.namespace_serializer == nullptr) return DataLossError(where + " has no namespace serializer");
  KVSTATE_RETURN_IF_ERROR(descriptor.Validate());
  return state;
}

void EncodeTraceHeader(const TraceHeader& header, ByteWriter& out) {
  header.key_serializer->Snapshot().Write(out);
  out.PutVarint(header.max_parallelism);
  out.PutVarint((header.values_are_sizes ? kValuesAreSizes : 0) | (header.keys_are_hashed ? kKeysAreHashed : 0) |
                (header.is_part ? kIsPart : 0));
}

Result<TraceHeader> DecodeTraceHeader(ByteView bytes, uint32_t version) {
  ByteReader in(bytes);
  TraceHeader header;
  KVSTATE_ASSIGN_OR_RETURN(const SerializerSnapshot snapshot, SerializerSnapshot::Read(in));
  KVSTATE_ASSIGN_OR_RETURN(header.key_serializer, SerializerFromSnapshot(snapshot));
  uint64_t max_parallelism = 0;
  if (!in.ReadVarint(&max_parallelism) || max_parallelism == 0 || max_parallelism > kMaxMaxParallelism) {
    return in.Malformed("max parallelism");
  }
  header.max_parallelism = static_cast<uint32_t>(max_parallelism);
  uint64_t marks = 0;
  if (version >= 3 && (!in.ReadVarint(&marks) || (marks & ~(kValuesAreSizes | kKeysAreHashed | kIsPart)) != 0)) {
    return in.Malformed("marks of the trace");
  }
  header.values_are_sizes = (marks & kValuesAreSizes) != 0;
  header.keys_are_hashed = (marks & kKeysAreHashed) != 0;
  header.is_part = (marks & kIsPart) != 0;
  if (!in.AtEnd()) return in.Malformed("end of the header");
  return header;
}

}  // namespace kvstate::harness
