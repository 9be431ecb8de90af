#include <map>
#include <string>
#include <vector>

#include "backends/common/composite_key.h"
#include "kvstate/namespaces.h"
#include "kvstate/serializers.h"
#include "tests/fuzz/fuzz_target.h"

namespace kvstate::backends {
namespace {

struct Types {
  SerializerPtr key;
  SerializerPtr state_namespace;
  uint32_t max_parallelism;
};

const std::vector<Types>& AllTypes() {
  static const std::vector<Types> all = [] {
    using Compound = std::vector<std::string>;
    const std::vector<SerializerPtr> keys = {SerializerFor<int64_t>(), SerializerFor<std::string>(),
                                             SerializerFor<Compound>(), RawBytesSerializer()};
    const std::vector<SerializerPtr> namespaces = {SerializerFor<VoidNamespace>(), SerializerFor<TimeWindow>(),
                                                   SerializerFor<std::string>(), SerializerFor<Compound>(),
                                                   RawBytesSerializer()};
    std::vector<Types> made;
    for (const SerializerPtr& key : keys) {
      for (const SerializerPtr& state_namespace : namespaces) {
        for (const uint32_t groups : {128u, 32768u}) made.push_back({key, state_namespace, groups});
      }
    }
    return made;
  }();
  return all;
}

/// What parses is written again as it was.
void ParseAny(const Types& types, ByteView bytes) {
  const CompositeKeyFormat format(types.key, types.state_namespace, types.max_parallelism);
  CompositeKeyParser parser(format);
  const Status status = parser.Parse(bytes);
  if (!status.ok()) {
    FUZZ_CHECK(status.code() == StatusCode::kDataLoss);
    return;
  }
  ByteWriter out;
  format.WritePrefix(parser.key_group(), parser.key(), parser.state_namespace(), out);
  FUZZ_CHECK(out.view() == parser.prefix());
  out.PutBytes(parser.user_key());
  FUZZ_CHECK(out.view() == bytes);
}

/// Raw keys and namespaces of any bytes come back as they went.
void SplitAny(ByteView bytes) {
  const CompositeKeyFormat format(RawBytesSerializer(), RawBytesSerializer(), 128);
  const size_t first = bytes.empty() ? 0 : static_cast<uint8_t>(bytes[0]) % (bytes.size() + 1);
  const ByteView key = bytes.substr(0, first);
  const ByteView rest = bytes.substr(first);
  const size_t second = rest.empty() ? 0 : static_cast<uint8_t>(rest[0]) % (rest.size() + 1);
  ByteWriter out;
  format.WritePrefix(7, key, rest.substr(0, second), out);
  out.PutBytes(rest.substr(second));
  CompositeKeyParser parser(format);
  FUZZ_CHECK(parser.Parse(out.view()).ok());
  FUZZ_CHECK(parser.key_group() == 7);
  FUZZ_CHECK(parser.key() == key);
  FUZZ_CHECK(parser.state_namespace() == rest.substr(0, second));
  FUZZ_CHECK(parser.user_key() == rest.substr(second));
  std::string bound;
  UpperBoundOfPrefix(bytes, &bound);
  FUZZ_CHECK(bound.empty() || bound > bytes);
}

}  // namespace
}  // namespace kvstate::backends

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = kvstate::fuzz::BytesOf(data, size);
  for (const auto& types : kvstate::backends::AllTypes()) kvstate::backends::ParseAny(types, bytes);
  kvstate::backends::SplitAny(bytes);
  return 0;
}
