#ifndef KVSTATE_WORKLOADS_OUTPUT_DIGEST_H_
#define KVSTATE_WORKLOADS_OUTPUT_DIGEST_H_

#include <cstdint>

#include "kvstate/bytes.h"

namespace kvstate::workloads {

/// A hash chained over the rows an operator emits, in order: XXH3 (64 bits) of each row's canonical bytes, seeded with
/// the digest of the rows before it; 0 before the first. Stable over machines and versions.
class OutputDigest {
 public:
  /// One row.
  void Add(ByteView row);
  uint64_t value() const { return value_; }
  uint64_t rows() const { return rows_; }
  /// Goes on from another's value and rows.
  void Continue(uint64_t value, uint64_t rows) {
    value_ = value;
    rows_ = rows;
  }

 private:
  uint64_t value_ = 0;
  uint64_t rows_ = 0;
};

/// A well-mixed hash of an event's time and content, for choices that are to depend on the event alone.
uint64_t HashEvent(int64_t time_ms, ByteView key, ByteView value);

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OUTPUT_DIGEST_H_
