#include "kvstate/format_conversion.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "kvstate/codec.h"

namespace kvstate {
inline namespace v1 {

namespace {

using Form = StoredFormat::Form;

/// From the closest to the furthest.
enum class Fit { kSame, kReordered, kConverted, kNone };

}  // namespace

/// What is done with one part of an encoding.
struct FormatConversion::Step {
  enum class Kind { kCopy, kWiden, kFloatToDouble, kOptional, kParts, kCounted, kStruct, kRewrite };
  static constexpr size_t kLost = static_cast<size_t>(-1);

  Kind kind = Kind::kCopy;
  const StoredFormat* from = nullptr;
  const StoredFormat* to = nullptr;
  std::vector<Step> parts;
  std::vector<size_t> targets;  ///< kStruct: of each stored member, its place in `to`, or kLost.

  Status Run(ByteReader& in, ByteWriter& out) const;
  /// Length of every encoding that it reads, or kVariableSize.
  size_t SizeRead() const;

 private:
  Status RunParts(ByteReader& in, ByteWriter& out) const;
  Status Copy(ByteReader& in, ByteWriter& out) const;
  Status Widen(ByteReader& in, ByteWriter& out) const;
  Status RunCounted(ByteReader& in, ByteWriter& out) const;
  Status RunStruct(ByteReader& in, ByteWriter& out) const;
};

size_t FormatConversion::Step::SizeRead() const {
  if (kind == Kind::kRewrite) return to->own->old_encoded_size(from->snapshot);
  if (kind == Kind::kCopy) {
    const size_t size = from->EncodedSize();
    return size == kVariableSize ? to->EncodedSize() : size;
  }
  if (kind != Kind::kParts && kind != Kind::kStruct) return from->EncodedSize();
  size_t sum = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool lost = kind == Kind::kStruct && targets[i] == kLost;
    const size_t size = lost ? from->parts[i].EncodedSize() : parts[i].SizeRead();
    if (size == kVariableSize) return kVariableSize;
    sum += size;
  }
  return sum;
}

Status FormatConversion::Step::RunParts(ByteReader& in, ByteWriter& out) const {
  for (const Step& part : parts) KVSTATE_RETURN_IF_ERROR(part.Run(in, out));
  return Status();
}

Status FormatConversion::Step::Copy(ByteReader& in, ByteWriter& out) const {
  ByteReader end = in;
  KVSTATE_RETURN_IF_ERROR((to->CanSkip() ? to : from)->Skip(end));
  ByteView same;
  if (!in.ReadBytes(end.position() - in.position(), &same)) return in.Malformed(from->snapshot.type_id);
  out.PutBytes(same);
  return Status();
}

Status FormatConversion::Step::Widen(ByteReader& in, ByteWriter& out) const {
  ByteView narrow;
  if (!in.ReadBytes(from->bytes, &narrow)) return in.Malformed(from->snapshot.type_id);
  const bool negative = from->form == Form::kSigned && (static_cast<uint8_t>(narrow.front()) & 0x80) != 0;
  for (size_t i = from->bytes; i < to->bytes; ++i) out.PutByte(negative ? 0xff : 0);
  out.PutBytes(narrow);
  return Status();
}

Status FormatConversion::Step::RunCounted(ByteReader& in, ByteWriter& out) const {
  uint64_t count = 0;
  if (!in.ReadVarint(&count)) return in.Malformed("count");
  out.PutVarint(count);
  for (uint64_t i = 0; i < count; ++i) {
    const size_t before = in.remaining();
    KVSTATE_RETURN_IF_ERROR(RunParts(in, out));
    // Elements without bytes would let a count of a few bytes fill the memory.
    if (in.remaining() == before && count > kMaxKeyBytes) return in.Malformed("count");
  }
  return Status();
}

Status FormatConversion::Step::RunStruct(ByteReader& in, ByteWriter& out) const {
  struct Range {
    size_t start = 0;
    size_t end = kLost;
  };
  ByteWriter converted;
  std::vector<Range> members(to->parts.size());
  for (size_t i = 0; i < targets.size(); ++i) {
    if (targets[i] == kLost) {
      KVSTATE_RETURN_IF_ERROR(from->parts[i].Skip(in));
      continue;
    }
    Range& member = members[targets[i]];
    member.start = converted.size();
    KVSTATE_RETURN_IF_ERROR(parts[i].Run(in, converted));
    member.end = converted.size();
  }
  for (size_t i = 0; i < members.size(); ++i) {
    const Range& member = members[i];
    const bool is_new = member.end == kLost;
    out.PutBytes(is_new ? ByteView(*to->defaults[i])
                        : converted.view().substr(member.start, member.end - member.start));
  }
  return Status();
}

Status FormatConversion::Step::Run(ByteReader& in, ByteWriter& out) const {
  switch (kind) {
    case Kind::kCopy:
      return Copy(in, out);
    case Kind::kWiden:
      return Widen(in, out);
    case Kind::kFloatToDouble: {
      float narrow = 0;
      KVSTATE_RETURN_IF_ERROR(Codec<float>::Read(in, narrow));
      Codec<double>::Write(narrow, out);
      return Status();
    }
    case Kind::kOptional: {
      uint8_t present = 0;
      if (!in.ReadByte(&present) || present > 1) return in.Malformed(from->snapshot.type_id);
      out.PutByte(present);
      return present == 1 ? RunParts(in, out) : Status();
    }
    case Kind::kParts:
      return RunParts(in, out);
    case Kind::kCounted:
      return RunCounted(in, out);
    case Kind::kStruct:
      return RunStruct(in, out);
    case Kind::kRewrite:
      return to->own->rewrite(from->snapshot, in, out);
  }
  return InternalError("a step of a format conversion that does not exist");
}

namespace {

using Step = FormatConversion::Step;

/// Compares two formats, part by part.
class Comparison {
 public:
  Fit Compare(const StoredFormat& from, const StoredFormat& to, const std::string& path, bool in_key, Step* step);
  std::string TakeReason() { return std::move(reason_); }

 private:
  Fit Refuse(const std::string& path, const std::string& what) {
    const bool is_member = !path.empty() && path.back() != ']' && path.back() != '>';
    if (reason_.empty()) {
      reason_ = (path.empty() ? "it" : (is_member ? "member '" : "part '") + path + "'") + " " + what;
    }
    return Fit::kNone;
  }
  Fit Differ(const StoredFormat& from, const StoredFormat& to, const std::string& path) {
    return Refuse(path, "was " + from.ToString() + ", and is " + to.ToString() + " now");
  }
  Fit ComparePart(size_t part, const std::string& path, bool in_key, Step* step) {
    return Compare(step->from->parts[part], step->to->parts[part], path, in_key, &step->parts[part]);
  }
  Fit CompareNumbers(const StoredFormat& from, const StoredFormat& to, const std::string& path, Step* step);
  Fit CompareTuples(const std::string& path, bool in_key, Step* step);
  Fit CompareMaps(const std::string& path, bool in_key, Step* step);
  Fit CompareStructs(const std::string& path, bool in_key, Step* step);
  Fit CompareMembers(const std::string& path, bool in_key, Step* step);

  std::string reason_;
};

bool IsMap(const StoredFormat& format) { return format.form == Form::kMap || format.form == Form::kUnorderedMap; }

/// Of names that stand twice the first; null when there are none.
const std::string* FindTwice(const std::vector<std::string>& names) {
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (std::find(name + 1, names.end(), *name) != names.end()) return &*name;
  }
  return nullptr;
}

Fit Comparison::Compare(const StoredFormat& from, const StoredFormat& to, const std::string& path, bool in_key,
                        Step* step) {
  step->from = &from;
  step->to = &to;
  if (from.snapshot == to.snapshot) {
    if (to.CanSkip() || from.CanSkip() || path.empty()) return Fit::kSame;
    return Refuse(path, "is " + to.ToString() + ", of which the end cannot be found");
  }
  if (to.own != nullptr && to.own->resolve != nullptr) {
    const SerializerCompatibility own = to.own->resolve(from.snapshot);
    if (own == SerializerCompatibility::kAsIs) return path.empty() ? Fit::kSame : Fit::kConverted;
    if (own != SerializerCompatibility::kAfterMigration) return Differ(from, to, path);
    step->kind = Step::Kind::kRewrite;
    return Fit::kConverted;
  }
  if (IsMap(from) && IsMap(to)) return CompareMaps(path, in_key, step);
  if (from.form != to.form || from.form == Form::kUnknown) return CompareNumbers(from, to, path, step);
  step->parts.resize(to.parts.size());
  switch (from.form) {
    case Form::kOptional:
      step->kind = Step::Kind::kOptional;
      return ComparePart(0, path, in_key, step);
    case Form::kVector:
      step->kind = Step::Kind::kCounted;
      return ComparePart(0, path + "[]", in_key, step);
    case Form::kTuple:
      return CompareTuples(path, in_key, step);
    case Form::kStruct:
      return CompareStructs(path, in_key, step);
    default:
      return CompareNumbers(from, to, path, step);
  }
}

Fit Comparison::CompareNumbers(const StoredFormat& from, const StoredFormat& to, const std::string& path, Step* step) {
  const bool was_integer = from.form == Form::kSigned || from.form == Form::kUnsigned;
  const bool is_integer = to.form == from.form || to.form == Form::kSigned;
  if (was_integer && is_integer && from.bytes < to.bytes) {
    step->kind = Step::Kind::kWiden;
    return Fit::kConverted;
  }
  if (from.form == Form::kFloat && to.form == Form::kDouble) {
    step->kind = Step::Kind::kFloatToDouble;
    return Fit::kConverted;
  }
  return Differ(from, to, path);
}

Fit Comparison::CompareTuples(const std::string& path, bool in_key, Step* step) {
  if (step->from->parts.size() != step->to->parts.size()) return Differ(*step->from, *step->to, path);
  step->kind = Step::Kind::kParts;
  Fit fit = Fit::kSame;
  for (size_t i = 0; i < step->parts.size(); ++i) {
    fit = std::max(fit, ComparePart(i, path + "<" + std::to_string(i) + ">", in_key, step));
  }
  return fit;
}

Fit Comparison::CompareMaps(const std::string& path, bool in_key, Step* step) {
  step->kind = Step::Kind::kCounted;
  step->parts.resize(2);
  Fit of_keys = ComparePart(0, path + "[key]", /*in_key=*/true, step);
  // An unordered map's order is that of its keys' bytes, which another order of members changes.
  if (step->to->form == Form::kUnorderedMap && of_keys == Fit::kReordered) of_keys = Fit::kConverted;
  const Fit of_entries = std::max(of_keys, ComparePart(1, path + "[value]", in_key, step));
  return step->from->form == step->to->form ? of_entries : std::max(of_entries, Fit::kConverted);
}

Fit Comparison::CompareStructs(const std::string& path, bool in_key, Step* step) {
  const StoredFormat& from = *step->from;
  const StoredFormat& to = *step->to;
  if (from.name != to.name) return Refuse(path, "was struct '" + from.name + "', and is '" + to.name + "' now");
  for (const StoredFormat* format : {&from, &to}) {
    const std::string* twice = FindTwice(format->names);
    if (twice != nullptr) return Refuse(path, "has two members named '" + *twice + "'");
  }
  step->kind = Step::Kind::kStruct;
  step->parts.clear();
  step->parts.resize(from.parts.size());
  step->targets.assign(from.parts.size(), Step::kLost);
  return CompareMembers(path, in_key, step);
}

Fit Comparison::CompareMembers(const std::string& path, bool in_key, Step* step) {
  const StoredFormat& from = *step->from;
  const StoredFormat& to = *step->to;
  const auto path_of = [&](const std::string& name) { return path.empty() ? name : path + "." + name; };
  Fit fit = Fit::kSame;
  size_t kept = 0;
  for (size_t i = 0; i < from.names.size(); ++i) {
    const auto same = std::find(to.names.begin(), to.names.end(), from.names[i]);
    if (same == to.names.end()) {
      if (in_key) return Refuse(path_of(from.names[i]), "is gone, and is part of a map's key, which needs all of them");
      if (!from.parts[i].CanSkip()) {
        return Refuse(path_of(from.names[i]), "is gone, and was " + from.parts[i].ToString() +
                                                  ", of which the end cannot be found without its codec");
      }
      fit = std::max(fit, Fit::kConverted);
      continue;
    }
    const auto target = static_cast<size_t>(same - to.names.begin());
    if (target != kept++) fit = std::max(fit, Fit::kReordered);
    const Fit of_member = Compare(from.parts[i], to.parts[target], path_of(from.names[i]), in_key, &step->parts[i]);
    fit = std::max(fit, of_member);
    step->targets[i] = target;
  }
  for (size_t i = 0; i < to.names.size(); ++i) {
    if (std::find(from.names.begin(), from.names.end(), to.names[i]) != from.names.end()) continue;
    if (i >= to.defaults.size() || !to.defaults[i].has_value()) {
      return Refuse(path_of(to.names[i]), "is new, and has no default");
    }
    fit = std::max(fit, Fit::kConverted);
  }
  return fit;
}

}  // namespace

FormatConversion::FormatConversion(StoredFormat from, StoredFormat to) : from_(std::move(from)), to_(std::move(to)) {
  auto step = std::make_unique<Step>();
  Comparison comparison;
  const Fit fit = comparison.Compare(from_, to_, "", /*in_key=*/false, step.get());
  switch (fit) {
    case Fit::kSame:
      compatibility_ = SerializerCompatibility::kAsIs;
      break;
    case Fit::kReordered:
      compatibility_ = SerializerCompatibility::kReconfigured;
      break;
    case Fit::kConverted:
      compatibility_ = SerializerCompatibility::kAfterMigration;
      break;
    case Fit::kNone:
      reason_ = comparison.TakeReason();
      break;
  }
  step_ = std::move(step);
}

FormatConversion::~FormatConversion() = default;

size_t FormatConversion::SizeRead() const { return step_->SizeRead(); }

Status FormatConversion::Convert(ByteReader& in, ByteWriter& out) const { return step_->Run(in, out); }

}  // namespace v1
}  // namespace kvstate
