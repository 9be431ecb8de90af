#ifndef KVSTATE_WORKLOADS_SOURCES_PAYLOAD_GENERATOR_H_
#define KVSTATE_WORKLOADS_SOURCES_PAYLOAD_GENERATOR_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "kvstate/bytes.h"
#include "workloads/sources/random.h"

namespace kvstate::workloads {

/// Payloads of which a given share is random bytes and the rest repeats them: each 128 bytes begin
/// with fresh random ones and go on with copies of those. An LZ compressor leaves about that share; no two payloads of
/// 8 or more random bytes are alike.
class PayloadGenerator {
 public:
  /// REQUIRES: 1 <= random_percent <= 100.
  PayloadGenerator(uint32_t random_percent, uint64_t seed, uint64_t stream)
      : random_percent_(random_percent), random_(seed, stream) {}

  /// Of so many bytes; valid until the next call.
  ByteView Next(size_t size);

 private:
  std::string bytes_;
  const uint32_t random_percent_;
  Random random_;
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_SOURCES_PAYLOAD_GENERATOR_H_
