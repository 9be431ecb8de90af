#ifndef KVSTATE_FORMAT_CONVERSION_H_
#define KVSTATE_FORMAT_CONVERSION_H_

#include <cstddef>
#include <memory>
#include <string>

#include "kvstate/bytes.h"
#include "kvstate/export.h"
#include "kvstate/status.h"
#include "kvstate/stored_format.h"
#include "kvstate/type_serializer.h"

namespace kvstate {
inline namespace v1 {

/// How encodings of one format become encodings of another, as far as nothing is lost and nothing has to be guessed:
///
/// - structs of one name may gain members (with their defaults), lose members and have them in another order;
/// - integers may get wider, and unsigned ones signed when wider; float may become double;
/// - map and unordered_map may take each other's place;
/// - all of this inside optional, tuple, vector, maps and structs as well. A map's key must keep its members, so that
///   different keys stay different.
///
/// Immutable and thread-safe.
class KVSTATE_EXPORT FormatConversion {
 public:
  /// `to` is of a type that the program has, or `from` is, and then `to` differs in the order of members alone.
  FormatConversion(StoredFormat from, StoredFormat to);
  FormatConversion(const FormatConversion&) = delete;
  FormatConversion& operator=(const FormatConversion&) = delete;
  ~FormatConversion();

  /// kReconfigured: nothing differs but the order of members of structs.
  SerializerCompatibility compatibility() const { return compatibility_; }
  /// Why it is kIncompatible: "member 'price' was int64, and is int32 now".
  const std::string& reason() const { return reason_; }

  const StoredFormat& from() const { return from_; }
  const StoredFormat& to() const { return to_; }

  /// Reads one encoding of from(), appends one of to(), but for the order of an unordered map's entries. DATA_LOSS when
  /// the bytes are not one. REQUIRES: not kIncompatible.
  Status Convert(ByteReader& in, ByteWriter& out) const;

  /// Length of every encoding of from(), bytes, or kVariableSize. REQUIRES: as Convert.
  size_t SizeRead() const;

  struct Step;

 private:
  const StoredFormat from_;
  const StoredFormat to_;
  SerializerCompatibility compatibility_ = SerializerCompatibility::kIncompatible;
  std::string reason_;
  std::unique_ptr<const Step> step_;
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_FORMAT_CONVERSION_H_
