#include "kvstate/bytes.h"
#include "tests/fuzz/fuzz_target.h"

namespace kvstate {
namespace {

/// One read, chosen by `op`; whatever it gives is written to `out`, which must then hold the bytes that were read.
bool ReadOne(uint8_t op, ByteReader& in, ByteWriter& out) {
  uint8_t byte = 0;
  uint16_t fixed16 = 0;
  uint32_t fixed32 = 0;
  uint64_t fixed64 = 0;
  ByteView view;
  switch (op % 7) {
    case 0:
      if (!in.ReadByte(&byte)) return false;
      out.PutByte(byte);
      return true;
    case 1:
      if (!in.ReadFixed16(&fixed16)) return false;
      out.PutFixed16(fixed16);
      return true;
    case 2:
      if (!in.ReadFixed32(&fixed32)) return false;
      out.PutFixed32(fixed32);
      return true;
    case 3:
      if (!in.ReadFixed64(&fixed64)) return false;
      out.PutFixed64(fixed64);
      return true;
    case 4:
      if (!in.ReadVarint(&fixed64)) return false;
      out.PutVarint(fixed64);
      return true;
    case 5:
      if (!in.ReadBytes(op, &view)) return false;
      out.PutBytes(view);
      return true;
    default:
      if (!in.ReadLengthPrefixed(&view)) return false;
      out.PutLengthPrefixed(view);
      return true;
  }
}

}  // namespace
}  // namespace kvstate

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // The first half says which reads, the second is what is read.
  const auto all = kvstate::fuzz::BytesOf(data, size);
  const auto bytes = all.substr(size / 2);
  kvstate::ByteReader in(bytes);
  kvstate::ByteWriter out;
  for (size_t i = 0; i < size / 2; ++i) {
    const size_t before = in.position();
    const bool read = kvstate::ReadOne(data[i], in, out);
    FUZZ_CHECK(in.position() + in.remaining() == bytes.size());
    if (!read) FUZZ_CHECK(in.position() == before);
    FUZZ_CHECK(out.view() == bytes.substr(0, in.position()));
  }
  FUZZ_CHECK(!in.Malformed("anything").ok());
  return 0;
}
