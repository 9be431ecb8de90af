#include "backends/embedded/stored_value.h"

#include <string>

namespace kvstate::backends {

Status StoredValueFormat::TooLarge(size_t bytes) {
  return InvalidArgumentError("a value of " + std::to_string(bytes) + " bytes is over the limit of " +
                              std::to_string(kMaxValueBytes) + "; split it, into a map or list for example");
}

Status StoredValueFormat::BadNullFlag(ByteView stored) { return ByteReader(stored).Malformed("null flag of an entry"); }

}  // namespace kvstate::backends
