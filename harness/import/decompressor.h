#ifndef KVSTATE_HARNESS_IMPORT_DECOMPRESSOR_H_
#define KVSTATE_HARNESS_IMPORT_DECOMPRESSOR_H_

#include <cstddef>
#include <memory>
#include <string_view>

#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// Unpacks a stream of compressed frames, one after another, piece by piece. Not thread-safe.
class Decompressor {
 public:
  virtual ~Decompressor() = default;
  /// Takes from the front of `stored` and writes up to `capacity` bytes; returns how many. With none written it
  /// took something, or there was nothing. DATA_LOSS when that is damaged.
  virtual Result<size_t> Unpack(ByteView* stored, char* to, size_t capacity) = 0;
  /// Whether a stream that ends here is whole.
  virtual bool at_end_of_frame() const = 0;
  /// Such as "gzip".
  virtual std::string_view name() const = 0;
};

/// How many of a stream's first bytes tell its format.
inline constexpr size_t kMagicBytes = 4;

/// Of a stream that begins so: for gzip or zstd; null for neither. RESOURCE_EXHAUSTED without memory.
Result<std::unique_ptr<Decompressor>> DecompressorOf(ByteView first_bytes);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_IMPORT_DECOMPRESSOR_H_
