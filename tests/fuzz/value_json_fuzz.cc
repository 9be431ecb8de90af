#include <nlohmann/json.hpp>
#include <string>

#include "harness/savepoint/value_json.h"
#include "tests/fuzz/fuzz_target.h"

/// A serializer's snapshot, then the bytes of a value: whatever they are, what comes out is JSON on one line, and not
/// much longer.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kvstate::ByteReader in(kvstate::fuzz::BytesOf(data, size));
  const auto snapshot = kvstate::SerializerSnapshot::Read(in);
  if (!snapshot.ok()) return 0;
  std::string json = "start";
  kvstate::harness::AppendJsonValue(kvstate::StoredFormat::Of(*snapshot), in.rest(), &json);
  FUZZ_CHECK(json.starts_with("start"));
  json.erase(0, 5);
  FUZZ_CHECK(nlohmann::json::accept(json));
  FUZZ_CHECK(json.find('\n') == std::string::npos);
  return 0;
}
