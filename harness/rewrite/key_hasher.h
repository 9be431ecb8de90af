#ifndef KVSTATE_HARNESS_REWRITE_KEY_HASHER_H_
#define KVSTATE_HARNESS_REWRITE_KEY_HASHER_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "kvstate/bytes.h"
#include "kvstate/status.h"
#include "kvstate/stored_format.h"

namespace kvstate::harness {

/// Puts other keys in the place of keys, so that only who has the secret can tell which is which: as long, still read
/// by their serializers, equal where the keys were equal and nowhere else. Not thread-safe.
///
/// Integers and strings, wherever they stand in a key, are replaced one by one; lengths, counts, bool and the library's
/// namespaces stay. Up to 15 bytes the replacement is a permutation of all strings of that length (ten Feistel rounds
/// with AES-256, as NIST SP 800-38G's FF1 has them, on bytes), so that different keys stay different; who has the
/// secret can undo it. From 16 bytes it is HMAC-SHA-256, cut or stretched to the length: two keys of 16 bytes become
/// equal with a chance of 2^-128.
class KeyHasher {
 public:
  /// INVALID_ARGUMENT for a secret of fewer than 16 bytes.
  static Result<std::unique_ptr<KeyHasher>> Create(ByteView secret);
  ~KeyHasher();

  /// Whether keys of the format can be hashed: not those of formats that are not built in, nor of maps, which are
  /// written in the order of their keys.
  static bool CanHash(const StoredFormat& format);

  /// Writes over `hashed`, which `key` must not point into. DATA_LOSS when `key` is none of that format. REQUIRES:
  /// CanHash(format).
  Status Hash(const StoredFormat& format, ByteView key, std::string* hashed);

 private:
  class Aes;
  explicit KeyHasher(ByteView secret);
  Status Leaf(const StoredFormat& format, ByteReader& in, std::string* hashed);
  Status Walk(const StoredFormat& format, ByteReader& in, std::string* hashed);
  void Append(ByteView bytes, std::string* hashed);
  void Permute(char* bytes, size_t size);
  void Mac(ByteView bytes, std::string* hashed);

  std::unique_ptr<Aes> aes_;
  std::string mac_key_;
  std::array<unsigned char, 256> of_byte_ = {};
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REWRITE_KEY_HASHER_H_
