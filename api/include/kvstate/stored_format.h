#ifndef KVSTATE_STORED_FORMAT_H_
#define KVSTATE_STORED_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kvstate/bytes.h"
#include "kvstate/export.h"
#include "kvstate/status.h"
#include "kvstate/type_serializer.h"

namespace kvstate {
inline namespace v1 {

/// What a program's own codec says of its encodings, for code that does not know its type. kvstate/codec_evolution.h
/// makes one.
struct OwnCodec {
  size_t encoded_size = kVariableSize;
  /// Past one encoding.
  Status (*skip)(ByteReader& in) = nullptr;
  /// Null unless the codec can take over other formats than its own.
  SerializerCompatibility (*resolve)(const SerializerSnapshot& old) = nullptr;
  /// REQUIRES: resolve(old) is kAfterMigration. Reads one encoding of `old`, appends that of the codec.
  Status (*rewrite)(const SerializerSnapshot& old, ByteReader& in, ByteWriter& out) = nullptr;
  /// REQUIRES: the same. Length of every encoding of `old`, bytes, or kVariableSize.
  size_t (*old_encoded_size)(const SerializerSnapshot& old) = nullptr;
};

/// A serializer's snapshot taken apart, all the way down: what its encodings look like to code without the C++ type.
/// docs/formats.md, "Serializers", gives the encodings.
struct KVSTATE_EXPORT StoredFormat {
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
    kMap,
    kUnorderedMap,
    kStruct,
    kList,  ///< A list state's.
    kVoidNamespace,
    kTimeWindow,
    kTimed,  ///< A value and its time, of a state with a time to live.
  };

  Form form = Form::kUnknown;
  SerializerSnapshot snapshot;
  size_t bytes = 0;                 ///< Of forms whose encodings have one length, and no parts.
  std::string name;                 ///< kStruct.
  std::vector<StoredFormat> parts;  ///< What is optional; elements; key and value; members; what has a time.
  std::vector<std::string> names;   ///< kStruct: of the members.
  int64_t ttl_millis = 0;           ///< kTimed: the time to live that the state had, milliseconds.
  bool nullable = false;            ///< kTimed: a byte stands before the value, that says whether it is null.

  // Of a type that the program has.
  const OwnCodec* own = nullptr;                     ///< Not built in.
  std::vector<std::optional<std::string>> defaults;  ///< kStruct: encodings of members of a value-initialised object.

  /// Never fails: what cannot be taken apart, or is nested deeper than 32 levels, is kUnknown.
  static StoredFormat Of(const SerializerSnapshot& snapshot);

  /// Length of every encoding, bytes, or kVariableSize.
  size_t EncodedSize() const;
  /// Whether the end of an encoding can be found from its bytes.
  bool CanSkip() const;
  /// Past one encoding. DATA_LOSS when the bytes are none. REQUIRES: CanSkip().
  Status Skip(ByteReader& in) const;

  /// For people: "int64", "vector<string>", "Bid{bidder: string, cents: int64}". Of an unknown one its type id and,
  /// beyond the first, version.
  std::string ToString() const;
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_STORED_FORMAT_H_
