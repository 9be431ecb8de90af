#include <string>

#include "kvstate/type_serializer.h"
#include "tests/fuzz/fuzz_target.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = kvstate::fuzz::BytesOf(data, size);
  kvstate::ByteReader in(bytes);
  const auto snapshot = kvstate::SerializerSnapshot::Read(in);
  if (!snapshot.ok()) {
    FUZZ_CHECK(snapshot.status().code() == kvstate::StatusCode::kDataLoss);
    return 0;
  }
  kvstate::ByteWriter out;
  snapshot->Write(out);
  FUZZ_CHECK(out.view() == bytes.substr(0, in.position()));
  return 0;
}
