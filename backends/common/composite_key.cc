#include "backends/common/composite_key.h"

#include <utility>

namespace kvstate::backends {

CompositeKeyFormat::CompositeKeyFormat(SerializerPtr key, SerializerPtr state_namespace, uint32_t max_parallelism)
    : key_(std::move(key)),
      namespace_(std::move(state_namespace)),
      key_group_bytes_(KeyGroupPrefixBytes(max_parallelism)),
      key_shape_(ShapeOf(*key_)),
      namespace_shape_(ShapeOf(*namespace_)),
      lengths_(key_shape_ != Shape::kFixed && namespace_shape_ != Shape::kFixed),
      is_usual_(key_group_bytes_ == 1 && key_->info().encoded_size == sizeof(uint64_t) &&
                namespace_->info().encoded_size == 1) {}

CompositeKeyFormat::Shape CompositeKeyFormat::ShapeOf(const TypeSerializer& serializer) {
  const TypeInfo& info = serializer.info();
  if (info.encoded_size != kVariableSize) return Shape::kFixed;
  if (!info.self_delimiting) return Shape::kRaw;
  return serializer.Snapshot().type_id == "string" ? Shape::kLengthFirst : Shape::kSelfDelimiting;
}

CompositeKeyParser::CompositeKeyParser(const CompositeKeyFormat& format) : format_(format) {
  using Shape = CompositeKeyFormat::Shape;
  if (format.key_shape_ == Shape::kSelfDelimiting) key_object_ = TypedObject(format.key_);
  if (format.namespace_shape_ == Shape::kSelfDelimiting) namespace_object_ = TypedObject(format.namespace_);
}

Status CompositeKeyParser::ReadPart(ByteReader& in, CompositeKeyFormat::Shape shape, const TypeSerializer& serializer,
                                    TypedObject& scratch, ByteView* part) const {
  using Shape = CompositeKeyFormat::Shape;
  const ByteView rest = in.rest();
  switch (shape) {
    case Shape::kFixed:
      if (!in.ReadBytes(serializer.info().encoded_size, part)) return in.Malformed("composite key");
      break;
    case Shape::kSelfDelimiting:
      KVSTATE_RETURN_IF_ERROR(serializer.Deserialize(in, scratch.get()));
      *part = rest.substr(0, rest.size() - in.remaining());
      break;
    case Shape::kLengthFirst: {
      ByteView text;
      if (!in.ReadLengthPrefixed(&text)) return in.Malformed("composite key");
      *part = rest.substr(0, rest.size() - in.remaining());
      break;
    }
    case Shape::kRaw:
      if (!in.ReadLengthPrefixed(part)) return in.Malformed("composite key");
      break;
  }
  if (!format_.lengths_) return Status();
  size_t length = rest.size() - in.remaining();
  do {
    uint8_t byte = 0;
    if (!in.ReadByte(&byte) || byte != static_cast<uint8_t>(length)) return in.Malformed("length in a composite key");
    length >>= 8;
  } while (length != 0);
  return Status();
}

Status CompositeKeyParser::Parse(ByteView composite) {
  ByteReader in(composite);
  uint8_t byte = 0;
  uint16_t two_bytes = 0;
  const bool one = format_.key_group_bytes_ == 1;
  if (one ? !in.ReadByte(&byte) : !in.ReadFixed16(&two_bytes)) return in.Malformed("key group of a composite key");
  key_group_ = one ? byte : two_bytes;
  return ReadParts(in, composite);
}

Status CompositeKeyParser::ParseAfterKeyGroup(ByteView rest) {
  ByteReader in(rest);
  return ReadParts(in, rest);
}

Status CompositeKeyParser::ReadParts(ByteReader& in, ByteView all) {
  KVSTATE_RETURN_IF_ERROR(ReadPart(in, format_.key_shape_, *format_.key_, key_object_, &key_part_));
  KVSTATE_RETURN_IF_ERROR(
      ReadPart(in, format_.namespace_shape_, *format_.namespace_, namespace_object_, &namespace_part_));
  prefix_ = all.substr(0, in.position());
  user_key_ = in.rest();
  return Status();
}

void UpperBoundOfPrefix(ByteView prefix, std::string* bound) {
  bound->assign(prefix);
  while (!bound->empty() && static_cast<uint8_t>(bound->back()) == 0xff) bound->pop_back();
  if (!bound->empty()) bound->back() = static_cast<char>(static_cast<uint8_t>(bound->back()) + 1);
}

}  // namespace kvstate::backends
