#ifndef KVSTATE_HARNESS_SAVEPOINT_STORED_TYPE_H_
#define KVSTATE_HARNESS_SAVEPOINT_STORED_TYPE_H_

#include <string>
#include <vector>

#include "kvstate/status.h"
#include "kvstate/type_serializer.h"

namespace kvstate::harness {

/// A serializer's snapshot taken apart, all the way down: docs/formats.md, "Serializers".
struct StoredType {
  enum class Form {
    kUnknown,  ///< Not built in: nobody here knows its bytes.
    kSigned,
    kUnsigned,
    kFloat,
    kDouble,
    kBool,
    kString,
    kRawBytes,
    kOptional,
    kTuple,
    kVector,
    kMap,  ///< Ordered or not.
    kStruct,
    kList,  ///< A list state's.
    kVoidNamespace,
    kTimeWindow,
  };
  Form form = Form::kUnknown;
  std::string type_id;
  uint32_t version = 1;
  size_t bytes = 0;                ///< kSigned and kUnsigned.
  std::string name;                ///< kStruct.
  std::vector<StoredType> parts;   ///< Elements; key and value; members.
  std::vector<std::string> names;  ///< kStruct: of the members.
};

/// Never fails: what cannot be taken apart is kUnknown.
StoredType StoredTypeOf(const SerializerSnapshot& snapshot);

/// For people: "int64", "vector<string>", "Bid{bidder: string, cents: int64}". Of an unknown one its type id and,
/// beyond the first, version.
std::string TypeText(const StoredType& type);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_SAVEPOINT_STORED_TYPE_H_
