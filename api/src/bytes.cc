#include "kvstate/bytes.h"

#include <cstdlib>
#include <new>

namespace kvstate {
inline namespace v1 {

ByteWriter::~ByteWriter() {
  if (data_ != inline_) std::free(data_);
}

void ByteWriter::Grow(size_t n) {
  size_t capacity = capacity_ * 2;
  if (capacity < size_ + n) capacity = size_ + n;
  void* grown = std::realloc(data_ == inline_ ? nullptr : data_, capacity);
  if (grown == nullptr) throw std::bad_alloc();
  if (data_ == inline_) std::memcpy(grown, inline_, size_);
  data_ = static_cast<char*>(grown);
  capacity_ = capacity;
}

bool ByteReader::ReadVarint(uint64_t* v) {
  uint64_t result = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const size_t index = static_cast<size_t>(shift / 7);
    if (index >= remaining()) return false;
    const auto byte = static_cast<uint8_t>(at_[index]);
    if (shift == 63 && byte > 1) return false;
    result |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      if (byte == 0 && shift > 0) return false;
      at_ += index + 1;
      *v = result;
      return true;
    }
  }
  return false;
}

bool ByteReader::ReadLengthPrefixed(ByteView* v) {
  const char* start = at_;
  uint64_t length = 0;
  if (ReadVarint(&length) && ReadBytes(length, v)) return true;
  at_ = start;
  return false;
}

Status ByteReader::Malformed(std::string_view what) const {
  std::string message = "bytes do not decode as ";
  message.append(what).append(": at byte ").append(std::to_string(position()));
  message.append(", ").append(std::to_string(remaining())).append(" left");
  return DataLossError(std::move(message));
}

}  // namespace v1
}  // namespace kvstate
