#include "harness/replay/trace_block.h"

#include "harness/replay/made_values.h"

namespace kvstate::harness {

namespace {

constexpr uint8_t kOperationMask = 0x1f;
constexpr uint8_t kSetsKey = 0x20;
constexpr uint8_t kSetsNamespace = 0x40;
constexpr uint8_t kTimeMoves = 0x80;
constexpr uint64_t kReadsKeys = 1;
constexpr uint64_t kReadsValues = 2;

/// What follows an operation's common part.
struct Layout {
  bool user_key = false;
  bool value = false;
  bool sizable = false;   ///< The value is a state's, so that its size may stand for it.
  bool nullable = false;  ///< A byte before the value says whether it is null.
  bool iterator = false;
  bool steps = false;  ///< What a step reads, and the count of steps.
  bool timestamp = false;
};

Layout LayoutOf(Operation operation) {
  switch (operation) {
    case Operation::kUpdate:
    case Operation::kUpdateInternal:
      return {.value = true, .sizable = true, .nullable = true};
    case Operation::kAdd:
    case Operation::kAddAll:
      return {.value = true, .sizable = true};
    case Operation::kMerge:
      return {.user_key = true, .value = true};
    case Operation::kMapGet:
    case Operation::kMapRemove:
    case Operation::kMapContains:
      return {.user_key = true};
    case Operation::kMapPut:
      return {.user_key = true, .value = true, .sizable = true, .nullable = true};
    case Operation::kMapScan:
      return {.steps = true};
    case Operation::kIteratorOpen:
    case Operation::kIteratorRemove:
    case Operation::kIteratorClose:
      return {.iterator = true};
    case Operation::kIteratorAdvance:
      return {.iterator = true, .steps = true};
    case Operation::kIteratorSetValue:
      return {.value = true, .sizable = true, .nullable = true, .iterator = true};
    case Operation::kKeys:
      return {.user_key = true, .steps = true};
    case Operation::kKeysAndNamespaces:
      return {.steps = true};
    case Operation::kTimerAdd:
    case Operation::kTimerRemove:
      return {.user_key = true, .value = true, .timestamp = true};
    case Operation::kTimerPeek:
    case Operation::kTimerPoll:
    case Operation::kGet:
    case Operation::kGetInternal:
    case Operation::kClear:
    case Operation::kMapIsEmpty:
    case Operation::kClearNamespace:
    case Operation::kRemoveState:
      return {};
  }
  return {};
}

/// Where values' sizes stand for them, `size` gets that of this one.
Status DecodeOperation(ByteReader& in, size_t states, int64_t* time_ms, TraceOperation* operation, uint64_t* size) {
  uint8_t head = 0;
  if (!in.ReadByte(&head)) return in.Malformed("operation");
  const uint8_t code = head & kOperationMask;
  if (code == 0 || code >= kOperationLimit) return in.Malformed("operation code");
  operation->operation = static_cast<Operation>(code);
  uint64_t number = 0;
  if (!in.ReadVarint(&number) || number >= states) return in.Malformed("state number");
  operation->state = static_cast<uint32_t>(number);
  if ((head & kTimeMoves) != 0) {
    if (!in.ReadVarint(&number)) return in.Malformed("time");
    *time_ms = static_cast<int64_t>(static_cast<uint64_t>(*time_ms) + static_cast<uint64_t>(UnZigZag(number)));
  }
  operation->time_ms = *time_ms;
  operation->sets_key = (head & kSetsKey) != 0;
  if (operation->sets_key && !in.ReadLengthPrefixed(&operation->key)) return in.Malformed("key");
  operation->sets_namespace = (head & kSetsNamespace) != 0;
  if (operation->sets_namespace && !in.ReadLengthPrefixed(&operation->state_namespace)) {
    return in.Malformed("namespace");
  }
  const Layout layout = LayoutOf(operation->operation);
  if (layout.iterator) {
    if (!in.ReadVarint(&number) || number > kBlockOperations) return in.Malformed("iterator number");
    operation->iterator = static_cast<uint32_t>(number);
  }
  if (layout.steps) {
    if (!in.ReadVarint(&number) || number > (kReadsKeys | kReadsValues)) return in.Malformed("what steps read");
    operation->reads_keys = (number & kReadsKeys) != 0;
    operation->reads_values = (number & kReadsValues) != 0;
    if (!in.ReadVarint(&operation->count)) return in.Malformed("steps");
  }
  if (layout.timestamp) {
    if (!in.ReadVarint(&number)) return in.Malformed("timestamp");
    operation->timestamp = UnZigZag(number);
  }
  if (layout.user_key && !in.ReadLengthPrefixed(&operation->user_key)) return in.Malformed("user key");
  if (layout.nullable) {
    uint8_t null_value = 0;
    if (!in.ReadByte(&null_value) || null_value > 1) return in.Malformed("null mark");
    operation->null_value = null_value == 1;
  }
  if (!layout.value || operation->null_value) return Status();
  if (size != nullptr && layout.sizable) {
    return in.ReadVarint(size) && *size <= kMaxValueBytes ? Status() : in.Malformed("size of a value");
  }
  if (!in.ReadLengthPrefixed(&operation->value)) return in.Malformed("value");
  return Status();
}

}  // namespace

std::string_view OperationName(Operation operation) {
  static constexpr std::string_view kNames[kOperationLimit] = {"",
                                                               "get",
                                                               "update",
                                                               "add",
                                                               "add_all",
                                                               "get_internal",
                                                               "update_internal",
                                                               "merge_namespaces",
                                                               "clear",
                                                               "map_get",
                                                               "map_put",
                                                               "map_remove",
                                                               "map_contains",
                                                               "map_is_empty",
                                                               "map_scan",
                                                               "iterator_open",
                                                               "iterator_advance",
                                                               "iterator_remove",
                                                               "iterator_set_value",
                                                               "iterator_close",
                                                               "clear_namespace",
                                                               "keys",
                                                               "keys_and_namespaces",
                                                               "remove_state",
                                                               "timer_add",
                                                               "timer_remove",
                                                               "timer_peek",
                                                               "timer_poll"};
  return kNames[static_cast<size_t>(operation)];
}

void BlockEncoder::Append(const TraceOperation& operation) {
  if (operations_ == 0) base_time_ms_ = last_time_ms_ = operation.time_ms;
  if (namespaces_.size() <= operation.state) namespaces_.resize(operation.state + 1);
  NamespaceOfState& of_state = namespaces_[operation.state];
  if (operation.sets_key) {
    key_.assign(operation.key);
    key_set_ = true;
  }
  if (operation.sets_namespace) {
    of_state.bytes.assign(operation.state_namespace);
    of_state.set = true;
  }
  const bool writes_key = operation.sets_key || (key_set_ && !key_stated_);
  const bool writes_namespace = operation.sets_namespace || (of_state.set && !of_state.stated);
  key_stated_ = key_stated_ || writes_key;
  of_state.stated = of_state.stated || writes_namespace;
  if (operation.operation == Operation::kClearNamespace || operation.operation == Operation::kRemoveState) {
    of_state.set = false;
  }

  auto head = static_cast<uint8_t>(operation.operation);
  if (writes_key) head |= kSetsKey;
  if (writes_namespace) head |= kSetsNamespace;
  if (operation.time_ms != last_time_ms_) head |= kTimeMoves;
  bytes_.PutByte(head);
  bytes_.PutVarint(operation.state);
  if (operation.time_ms != last_time_ms_) {
    bytes_.PutVarint(
        ZigZag(static_cast<int64_t>(static_cast<uint64_t>(operation.time_ms) - static_cast<uint64_t>(last_time_ms_))));
    last_time_ms_ = operation.time_ms;
  }
  if (writes_key) bytes_.PutLengthPrefixed(key_);
  if (writes_namespace) bytes_.PutLengthPrefixed(of_state.bytes);
  const Layout layout = LayoutOf(operation.operation);
  if (layout.iterator) bytes_.PutVarint(operation.iterator);
  if (layout.steps) {
    bytes_.PutVarint((operation.reads_keys ? kReadsKeys : 0) | (operation.reads_values ? kReadsValues : 0));
    bytes_.PutVarint(operation.count);
  }
  if (layout.timestamp) bytes_.PutVarint(ZigZag(operation.timestamp));
  if (layout.user_key) bytes_.PutLengthPrefixed(operation.user_key);
  if (layout.nullable) bytes_.PutByte(operation.null_value ? 1 : 0);
  if (layout.value && !operation.null_value) {
    if (values_are_sizes_ && layout.sizable) {
      bytes_.PutVarint(operation.value.size());
      unwritten_bytes_ += operation.value.size();
    } else {
      bytes_.PutLengthPrefixed(operation.value);
    }
  }
  ++operations_;
}

ByteView BlockEncoder::Finish() {
  framed_.Clear();
  framed_.PutVarint(operations_);
  framed_.PutVarint(ZigZag(base_time_ms_));
  framed_.PutBytes(bytes_.view());
  return framed_.view();
}

void BlockEncoder::StartNext() {
  bytes_.Clear();
  unwritten_bytes_ = 0;
  operations_ = 0;
  key_stated_ = false;
  for (NamespaceOfState& of_state : namespaces_) of_state.stated = false;
}

bool HasSizableValue(const TraceOperation& operation) {
  return LayoutOf(operation.operation).sizable && !operation.null_value;
}

Status DecodeBlock(ByteView block, size_t states, std::vector<TraceOperation>* operations, MadeValues* made) {
  operations->clear();
  ByteReader in(block);
  uint64_t count = 0;
  uint64_t base = 0;
  // The least an operation takes is two bytes: no allocation beyond what the bytes can hold. A chunk without operations
  // would be taken for the end of the trace.
  if (!in.ReadVarint(&count) || count == 0 || count > kBlockOperations || count > in.remaining() / 2 + 1) {
    return in.Malformed("number of operations");
  }
  if (!in.ReadVarint(&base)) return in.Malformed("time of the block");
  int64_t time_ms = UnZigZag(base);
  operations->resize(count);
  std::vector<uint64_t> sizes(made != nullptr ? count : 0);
  for (size_t i = 0; i < count; ++i) {
    TraceOperation& operation = (*operations)[i];
    operation = TraceOperation();
    KVSTATE_RETURN_IF_ERROR(DecodeOperation(in, states, &time_ms, &operation, made != nullptr ? &sizes[i] : nullptr));
  }
  if (!in.AtEnd()) return in.Malformed("end of the block");
  return made != nullptr ? made->Make(block, sizes, operations) : Status();
}

}  // namespace kvstate::harness
