#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "kvstate/serializers.h"
#include "tests/fuzz/fuzz_target.h"

namespace kvstate {
namespace {

/// What decodes is written as it was read, whole and element by element.
template <class V>
void Check(const ListSerializerPtr& serializer, ByteView bytes) {
  std::vector<V> list(3);
  ByteReader in(bytes);
  const Status status = serializer->Deserialize(in, &list);
  if (!status.ok()) {
    FUZZ_CHECK(status.code() == StatusCode::kDataLoss);
    return;
  }
  FUZZ_CHECK(in.AtEnd());
  ByteWriter whole;
  serializer->Serialize(&list, whole);
  FUZZ_CHECK(whole.view() == bytes);
  ByteWriter appended;
  for (const V& element : list) {
    ByteWriter one;
    serializer->element()->Serialize(&element, one);
    serializer->SerializeElementBytes(one.view(), appended);
  }
  FUZZ_CHECK(appended.view() == bytes);
}

}  // namespace
}  // namespace kvstate

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using kvstate::ListSerializerFor;
  const auto bytes = kvstate::fuzz::BytesOf(data, size);
  kvstate::Check<int64_t>(ListSerializerFor<int64_t>(), bytes);
  kvstate::Check<std::string>(ListSerializerFor<std::string>(), bytes);
  kvstate::Check<std::string>(ListSerializerFor<std::string>(kvstate::RawBytesSerializer()), bytes);
  using Compound = std::pair<std::string, std::vector<int8_t>>;
  kvstate::Check<Compound>(ListSerializerFor<Compound>(), bytes);
  kvstate::Check<std::tuple<>>(ListSerializerFor<std::tuple<>>(), bytes);
  return 0;
}
