#include "backends/common/ttl_bytes.h"

namespace kvstate::backends {

Status SplitTime(ByteView stored, int64_t* timestamp, ByteView* value) {
  ByteReader in(stored);
  uint64_t bits = 0;
  if (!in.ReadFixed64(&bits)) [[unlikely]]
    return in.Malformed("the time of a value with a time to live");
  *timestamp = static_cast<int64_t>(bits);
  *value = in.rest();
  return Status();
}

void PutTimed(int64_t timestamp, ByteView value, ByteWriter& out) {
  out.PutFixed64(static_cast<uint64_t>(timestamp));
  out.PutBytes(value);
}

void PutTimedOfMap(int64_t timestamp, ByteView value, bool is_null, ByteWriter& out) {
  out.PutFixed64(static_cast<uint64_t>(timestamp));
  out.PutByte(is_null ? 1 : 0);
  if (!is_null) out.PutBytes(value);
}

Status SplitNull(ByteView behind_time, ByteView* value, bool* is_null) {
  ByteReader in(behind_time);
  uint8_t null_byte = 0;
  if (!in.ReadByte(&null_byte) || null_byte > 1 || (null_byte == 1 && !in.AtEnd())) [[unlikely]] {
    return ByteReader(behind_time).Malformed("the null byte of a map's value with a time to live");
  }
  *is_null = null_byte == 1;
  *value = in.rest();
  return Status();
}

ListBytes::ListBytes(const TtlListSerializer& timed)
    : element_(timed.inner()->element()), element_bytes_(element_->info().encoded_size) {}

Status ListBytes::ForEachTimed(ByteView list,
                               const std::function<void(int64_t timestamp, ByteView element)>& visit) const {
  ByteReader in(list);
  while (!in.AtEnd()) {
    ByteView timed;
    const bool read = element_bytes_ == kVariableSize ? in.ReadLengthPrefixed(&timed)
                                                      : in.ReadBytes(sizeof(int64_t) + element_bytes_, &timed);
    if (!read) return in.Malformed("an element of a list with a time to live");
    int64_t timestamp = 0;
    ByteView element;
    KVSTATE_RETURN_IF_ERROR(SplitTime(timed, &timestamp, &element));
    visit(timestamp, element);
  }
  return Status();
}

Status ListBytes::ForEachPlain(ByteView list, const std::function<void(ByteView element)>& visit) const {
  ByteReader in(list);
  if (!element_->info().self_delimiting) {
    while (!in.AtEnd()) {
      ByteView element;
      if (!in.ReadLengthPrefixed(&element)) return in.Malformed("list element");
      visit(element);
    }
    return Status();
  }
  TypedObject decoded;
  while (!in.AtEnd()) {
    const ByteView rest = in.rest();
    ByteView element;
    if (element_bytes_ == kVariableSize) {
      if (!decoded) decoded = TypedObject(element_);
      KVSTATE_RETURN_IF_ERROR(element_->Deserialize(in, decoded.get()));
      element = rest.substr(0, rest.size() - in.remaining());
    } else if (!in.ReadBytes(element_bytes_, &element)) {
      return in.Malformed("list: a part of an element at the end");
    }
    if (element.empty()) return in.Malformed("list: an element without bytes");
    visit(element);
  }
  return Status();
}

void ListBytes::AppendTimed(int64_t timestamp, ByteView element, ByteWriter& list) const {
  if (element_bytes_ == kVariableSize) list.PutVarint(sizeof(int64_t) + element.size());
  PutTimed(timestamp, element, list);
}

void ListBytes::AppendPlain(ByteView element, ByteWriter& list) const {
  if (element_->info().self_delimiting) {
    list.PutBytes(element);
  } else {
    list.PutLengthPrefixed(element);
  }
}

}  // namespace kvstate::backends
