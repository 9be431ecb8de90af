#include "harness/replay/made_values.h"

#include <xxhash.h>

#include <cstring>
#include <utility>

#include "harness/replay/trace_block.h"

namespace kvstate::harness {

namespace {

using Form = StoredFormat::Form;

constexpr size_t kImpossible = SIZE_MAX;
/// Of parts within parts: what a crafted format can make the search for sizes cost.
constexpr int kMaxDepth = 6;
/// How much larger than it must be a part is made, at most, so that the others' sizes can be had: a string has a size
/// that the next longer one skips by one byte.
constexpr size_t kMaxMore = 2;

/// Vigna's splitmix64.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15u;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  char* Fill(char* to, size_t bytes) {
    for (; bytes >= sizeof(uint64_t); bytes -= sizeof(uint64_t), to += sizeof(uint64_t)) {
      const uint64_t next = Next();
      std::memcpy(to, &next, sizeof(next));
    }
    const uint64_t last = bytes > 0 ? Next() : 0;
    std::memcpy(to, &last, bytes);
    return to + bytes;
  }

 private:
  uint64_t state_;
};

size_t VarintBytes(uint64_t v) {
  size_t bytes = 1;
  for (; v >= 0x80; v >>= 7) ++bytes;
  return bytes;
}

char* PutVarint(uint64_t v, char* to) {
  for (; v >= 0x80; v >>= 7) *to++ = static_cast<char>(v | 0x80);
  *to++ = static_cast<char>(v);
  return to;
}

/// How many units of so many bytes stand, after their number as a varint, in `bytes`; kImpossible where none do.
size_t CountIn(size_t bytes, size_t unit) {
  for (size_t prefix = 1; prefix <= 5 && prefix <= bytes; ++prefix) {
    const size_t rest = bytes - prefix;
    if (rest % unit == 0 && VarintBytes(rest / unit) == prefix) return rest / unit;
  }
  return kImpossible;
}

bool IsSupported(const StoredFormat& format, int depth = 0) {
  if (depth > kMaxDepth) return false;
  switch (format.form) {
    case Form::kUnknown:
    case Form::kTimed:
    case Form::kMap:
    case Form::kUnorderedMap:
      return false;
    case Form::kVector:
    case Form::kList:
      if (format.parts.front().EncodedSize() == 0) return false;
      break;
    default:
      break;
  }
  for (const StoredFormat& part : format.parts) {
    if (!IsSupported(part, depth + 1)) return false;
  }
  return true;
}

size_t LeastBytes(const StoredFormat& format) {
  const size_t fixed = format.EncodedSize();
  if (fixed != kVariableSize) return fixed;
  switch (format.form) {
    case Form::kString:
    case Form::kOptional:
    case Form::kVector:
      return 1;
    case Form::kTuple:
    case Form::kStruct: {
      size_t sum = 0;
      for (const StoredFormat& part : format.parts) sum += LeastBytes(part);
      return sum;
    }
    default:
      return 0;
  }
}

bool CanBe(const StoredFormat& format, size_t bytes);

/// Of a tuple: all members but the last of varying size are as small as can be, the first of them perhaps a little
/// larger, since there are sizes that no string has.
struct Split {
  size_t first = 0;  ///< The first member of varying size,
  size_t first_bytes = 0;
  size_t last = 0;  ///< and the last.
  size_t last_bytes = kImpossible;
};

Split SplitOf(const StoredFormat& tuple, size_t bytes) {
  Split split;
  size_t least = 0;
  bool any = false;
  for (size_t i = 0; i < tuple.parts.size(); ++i) {
    least += LeastBytes(tuple.parts[i]);
    if (tuple.parts[i].EncodedSize() != kVariableSize) continue;
    if (!any) split.first = i;
    any = true;
    split.last = i;
  }
  if (!any || bytes < least) return split;
  const StoredFormat& first = tuple.parts[split.first];
  const StoredFormat& last = tuple.parts[split.last];
  for (size_t more = 0; more <= kMaxMore && more <= bytes - least; ++more) {
    const size_t of_last = LeastBytes(last) + bytes - least - more;
    split.first_bytes = LeastBytes(first) + more;
    if (split.first == split.last ? more > 0 : !CanBe(first, split.first_bytes)) continue;
    if (!CanBe(last, of_last)) continue;
    split.last_bytes = of_last;
    break;
  }
  return split;
}

/// Elements of varying size in `bytes`: 0, 1 or 2 of them; the size of the first of two. kImpossible where none fit.
struct Elements {
  size_t count = kImpossible;
  size_t first_bytes = 0;
};

Elements ElementsIn(const StoredFormat& element, size_t bytes) {
  if (bytes == 0) return {0, 0};
  // A list's raw bytes stand after their length, as a string's do.
  const auto can_be = [&element](size_t n) {
    return element.form == Form::kRawBytes ? CountIn(n, 1) != kImpossible : CanBe(element, n);
  };
  if (can_be(bytes)) return {1, 0};
  const size_t least = element.form == Form::kRawBytes ? 1 : LeastBytes(element);
  for (size_t first = least; first <= least + kMaxMore && first < bytes; ++first) {
    if (can_be(first) && can_be(bytes - first)) return {2, first};
  }
  return {};
}

/// Whether an encoding of the format may have so many bytes, as Put makes them.
bool CanBe(const StoredFormat& format, size_t bytes) {
  const size_t fixed = format.EncodedSize();
  if (fixed != kVariableSize) return bytes == fixed;
  switch (format.form) {
    case Form::kString:
      return CountIn(bytes, 1) != kImpossible;
    case Form::kRawBytes:
      return true;
    case Form::kOptional:
      return bytes == 1 || (bytes > 1 && CanBe(format.parts.front(), bytes - 1));
    case Form::kTuple:
    case Form::kStruct:
      return SplitOf(format, bytes).last_bytes != kImpossible;
    case Form::kVector: {
      const size_t element = format.parts.front().EncodedSize();
      if (element != kVariableSize) return CountIn(bytes, element) != kImpossible;
      return bytes > 0 && ElementsIn(format.parts.front(), bytes - 1).count != kImpossible;
    }
    case Form::kList: {
      const size_t element = format.parts.front().EncodedSize();
      if (element != kVariableSize) return bytes % element == 0;
      return ElementsIn(format.parts.front(), bytes).count != kImpossible;
    }
    default:
      return false;
  }
}

char* Put(const StoredFormat& format, size_t bytes, Random& random, char* to);

char* PutString(size_t bytes, Random& random, char* to) {
  const size_t length = CountIn(bytes, 1);
  return random.Fill(PutVarint(length, to), length);
}

char* PutElement(const StoredFormat& element, size_t bytes, Random& random, char* to) {
  return element.form == Form::kRawBytes ? PutString(bytes, random, to) : Put(element, bytes, random, to);
}

/// Without their number.
char* PutElements(const StoredFormat& element, size_t bytes, Random& random, char* to) {
  const size_t fixed = element.EncodedSize();
  if (fixed != kVariableSize) {
    for (size_t at = 0; at < bytes; at += fixed) to = Put(element, fixed, random, to);
    return to;
  }
  const Elements elements = ElementsIn(element, bytes);
  if (elements.count == 0) return to;
  if (elements.count == 2) to = PutElement(element, elements.first_bytes, random, to);
  return PutElement(element, bytes - elements.first_bytes, random, to);
}

char* PutMembers(const StoredFormat& tuple, size_t bytes, Random& random, char* to) {
  const Split split = SplitOf(tuple, bytes);
  for (size_t i = 0; i < tuple.parts.size(); ++i) {
    size_t of_member = LeastBytes(tuple.parts[i]);
    if (split.last_bytes != kImpossible && i == split.first) of_member = split.first_bytes;
    if (split.last_bytes != kImpossible && i == split.last) of_member = split.last_bytes;
    to = Put(tuple.parts[i], of_member, random, to);
  }
  return to;
}

/// Writes an encoding of `bytes` bytes; its end. REQUIRES: CanBe(format, bytes).
char* Put(const StoredFormat& format, size_t bytes, Random& random, char* to) {
  switch (format.form) {
    case Form::kString:
      return PutString(bytes, random, to);
    case Form::kBool:
      *to = static_cast<char>(random.Next() & 1);
      return to + 1;
    case Form::kVoidNamespace:
      *to = 0;
      return to + 1;
    case Form::kFloat:
    case Form::kDouble: {
      char* const end = random.Fill(to, bytes);
      // A number from 0 to 2: infinities and NaN spoil sums.
      *to = static_cast<char>(*to & 0x3f);
      return end;
    }
    case Form::kOptional:
      *to++ = bytes == 1 ? 0 : 1;
      return bytes == 1 ? to : Put(format.parts.front(), bytes - 1, random, to);
    case Form::kTuple:
    case Form::kStruct:
      return PutMembers(format, bytes, random, to);
    case Form::kVector: {
      const StoredFormat& element = format.parts.front();
      const size_t fixed = element.EncodedSize();
      const size_t count = fixed != kVariableSize ? CountIn(bytes, fixed) : ElementsIn(element, bytes - 1).count;
      return PutElements(element, bytes - VarintBytes(count), random, PutVarint(count, to));
    }
    case Form::kList:
      return PutElements(format.parts.front(), bytes, random, to);
    default:
      return random.Fill(to, bytes);
  }
}

StoredFormat FormatOf(const SerializerPtr& serializer) {
  return serializer == nullptr ? StoredFormat() : StoredFormat::Of(serializer->Snapshot());
}

}  // namespace

Status MadeValues::AddState(const TraceState& state) {
  Formats& formats = states_.emplace_back();
  if (state.timers.has_value()) return Status();
  const StateDescriptor& descriptor = state.descriptor;
  formats.has_values = true;
  formats.value = harness::FormatOf(descriptor.value_serializer);
  formats.input = formats.value;
  if (descriptor.kind == StateKind::kList && formats.value.form == Form::kList) {
    formats.input = StoredFormat(formats.value.parts.front());
  } else if (descriptor.input_serializer != nullptr) {
    formats.input = harness::FormatOf(descriptor.input_serializer);
  }
  const std::string where = "values as sizes: " + std::string(StateKindName(descriptor.kind)) + " state '" +
                            descriptor.name + "' of " + formats.value.ToString() + ": ";
  if (!IsSupported(formats.value) || !IsSupported(formats.input)) {
    return UnimplementedError(where +
                              "a size says too little of maps, and of formats that are not built in, to make "
                              "values of it; record this trace with its values");
  }
  const bool combines = descriptor.kind == StateKind::kReducing || descriptor.kind == StateKind::kAggregating ||
                        descriptor.kind == StateKind::kFolding;
  if (combines && (formats.value.EncodedSize() == kVariableSize || formats.input.EncodedSize() == kVariableSize)) {
    return UnimplementedError(where +
                              "what its function gives for made values may have other sizes than it had; record "
                              "this trace with its values");
  }
  return Status();
}

const StoredFormat* MadeValues::FormatOf(const TraceOperation& operation) const {
  if (operation.state >= states_.size() || !states_[operation.state].has_values) return nullptr;
  const Formats& formats = states_[operation.state];
  return operation.operation == Operation::kAdd ? &formats.input : &formats.value;
}

bool MadeValues::CanMake(const TraceOperation& operation) const {
  if (!HasSizableValue(operation)) return true;
  const StoredFormat* format = FormatOf(operation);
  return format != nullptr && CanBe(*format, operation.value.size());
}

Status MadeValues::Make(ByteView block, const std::vector<uint64_t>& sizes, std::vector<TraceOperation>* operations) {
  uint64_t all = 0;
  for (const uint64_t size : sizes) all += size;
  if (all > kMaxValueBytes + kBlockBytes) {
    return DataLossError("a block's values are of " + std::to_string(all) + " bytes together, which is over the limit");
  }
  bytes_.resize(all);
  char* to = bytes_.data();
  const uint64_t seed = XXH3_64bits(block.data(), block.size());
  for (size_t i = 0; i < sizes.size(); ++i) {
    TraceOperation& operation = (*operations)[i];
    if (!HasSizableValue(operation)) continue;
    const StoredFormat* format = FormatOf(operation);
    if (format == nullptr || !CanBe(*format, sizes[i])) {
      return DataLossError("operation " + std::to_string(i) + " of the block, " +
                           std::string(OperationName(operation.operation)) + ": no value of state " +
                           std::to_string(operation.state) + " has " + std::to_string(sizes[i]) + " bytes");
    }
    Random random(seed + i * 0xd1342543de82ef95u);
    operation.value = ByteView(to, sizes[i]);
    to = Put(*format, sizes[i], random, to);
  }
  return Status();
}

}  // namespace kvstate::harness
