// A serializer's snapshot and bytes that it is said to have written: what several types make of them.
#include <unordered_map>

#include "kvstate/extension.h"
#include "kvstate/format_conversion.h"
#include "kvstate/serializer_evolution.h"
#include "kvstate/serializers.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/support/evolving_types.h"

namespace {

using kvstate::SerializerCompatibility;

void TakeOver(const kvstate::TypeSerializer& now, const kvstate::SerializerSnapshot& old, kvstate::ByteView bytes) {
  const SerializerCompatibility compatibility = now.ResolveCompatibility(old);
  const auto* evolution = kvstate::GetExtension<kvstate::SerializerEvolution>(now);
  if (compatibility == SerializerCompatibility::kIncompatible) {
    FUZZ_CHECK(!evolution->WhyIncompatible(old).empty() || now.Snapshot().type_id == "list");
    return;
  }
  if (compatibility == SerializerCompatibility::kAsIs) return;
  const bool writes = compatibility == SerializerCompatibility::kReconfigured;
  const auto reader = writes ? evolution->ReconfiguredFor(old) : evolution->ReaderOf(old);
  FUZZ_CHECK(reader.ok());
  kvstate::TypedObject object(*reader);
  kvstate::ByteReader in(bytes);
  if (!(*reader)->Deserialize(in, object.get()).ok()) return;
  const size_t read = in.position();
  const size_t size = (*reader)->info().encoded_size;
  FUZZ_CHECK(size == kvstate::kVariableSize || size == read);
  // What was read is a value of the new type, with one encoding.
  kvstate::ByteWriter encoded;
  now.Serialize(object.get(), encoded);
  kvstate::TypedObject again(*reader);
  kvstate::ByteReader encoded_in(encoded.view());
  FUZZ_CHECK(now.Deserialize(encoded_in, again.get()).ok() && encoded_in.AtEnd());
  if (!writes) return;
  kvstate::ByteWriter stored;
  (*reader)->Serialize(object.get(), stored);
  kvstate::ByteReader stored_in(stored.view());
  FUZZ_CHECK((*reader)->Deserialize(stored_in, again.get()).ok() && stored_in.AtEnd());
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kvstate;
  ByteReader in(fuzz::BytesOf(data, size));
  const auto old = SerializerSnapshot::Read(in);
  if (!old.ok()) return 0;
  const StoredFormat format = StoredFormat::Of(*old);
  if (format.CanSkip()) {
    ByteReader skipped = in;
    format.Skip(skipped).IgnoreError();
  }
  static_cast<void>(format.ToString());
  static const SerializerPtr types[] = {
      SerializerFor<int64_t>(),
      SerializerFor<double>(),
      SerializerFor<Bid1>(),
      SerializerFor<Bid2>(),
      SerializerFor<Bid3>(),
      SerializerFor<Turned>(),
      SerializerFor<Bare>(),
      SerializerFor<Order2>(),
      SerializerFor<Car2>(),
      SerializerFor<std::vector<std::optional<Bid2>>>(),
      SerializerFor<std::map<int32_t, std::tuple<double, int16_t>>>(),
      SerializerFor<std::unordered_map<int32_t, std::vector<int64_t>>>(),
      ListSerializerFor<Bid2>(),
  };
  for (const SerializerPtr& type : types) TakeOver(*type, *old, in.rest());
  return 0;
}
