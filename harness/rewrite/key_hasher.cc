#include "harness/rewrite/key_hasher.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstring>
#include <utility>

namespace kvstate::harness {

namespace {

using Form = StoredFormat::Form;

constexpr size_t kLeastSecret = 16;
constexpr size_t kAesBlock = 16;
constexpr size_t kMacBytes = 32;
constexpr uint8_t kRounds = 10;
/// Up to here permuted, from here on hashed.
constexpr size_t kHashedFrom = 16;

std::string HmacSha256(ByteView key, ByteView bytes) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
       bytes.size(), mac, &size);
  return {reinterpret_cast<const char*>(mac), kMacBytes};
}

/// All bits of the exponent set: an infinity or no number. Serializers write one NaN for all.
bool HasNoNumber(const StoredFormat& format, ByteView bytes) {
  const auto high = static_cast<uint16_t>((static_cast<uint8_t>(bytes[0]) << 8) | static_cast<uint8_t>(bytes[1]));
  const uint16_t exponent = format.form == Form::kFloat ? 0x7f80 : 0x7ff0;
  return (high & exponent) == exponent;
}

}  // namespace

/// AES-256 of single blocks.
class KeyHasher::Aes {
 public:
  explicit Aes(ByteView key) : context_(EVP_CIPHER_CTX_new()) {
    EVP_EncryptInit_ex(context_, EVP_aes_256_ecb(), nullptr, reinterpret_cast<const unsigned char*>(key.data()),
                       nullptr);
    EVP_CIPHER_CTX_set_padding(context_, 0);
  }
  Aes(const Aes&) = delete;
  Aes& operator=(const Aes&) = delete;
  ~Aes() { EVP_CIPHER_CTX_free(context_); }

  void Encrypt(const unsigned char (&from)[kAesBlock], unsigned char (&to)[kAesBlock]) {
    int size = 0;
    EVP_EncryptUpdate(context_, to, &size, from, kAesBlock);
  }

 private:
  EVP_CIPHER_CTX* const context_;
};

KeyHasher::KeyHasher(ByteView secret)
    : aes_(std::make_unique<Aes>(HmacSha256(secret, "kvstate trace keys: permutation"))),
      mac_key_(HmacSha256(secret, "kvstate trace keys: hash")) {
  // A shuffle (Fisher and Yates) of all bytes; 64 bits a step leave no bias that could be seen.
  for (size_t i = 0; i < of_byte_.size(); ++i) of_byte_[i] = static_cast<unsigned char>(i);
  for (size_t i = of_byte_.size() - 1; i > 0; --i) {
    unsigned char block[kAesBlock] = {1};
    block[1] = static_cast<unsigned char>(i);
    unsigned char drawn[kAesBlock];
    aes_->Encrypt(block, drawn);
    uint64_t number = 0;
    std::memcpy(&number, drawn, sizeof(number));
    std::swap(of_byte_[i], of_byte_[ToBigEndian(number) % (i + 1)]);
  }
}

KeyHasher::~KeyHasher() = default;

Result<std::unique_ptr<KeyHasher>> KeyHasher::Create(ByteView secret) {
  if (secret.size() < kLeastSecret) {
    return InvalidArgumentError("a secret of " + std::to_string(secret.size()) + " bytes, which is fewer than " +
                                std::to_string(kLeastSecret));
  }
  return std::unique_ptr<KeyHasher>(new KeyHasher(secret));
}

bool KeyHasher::CanHash(const StoredFormat& format) {
  switch (format.form) {
    case Form::kUnknown:
    case Form::kTimed:
    case Form::kMap:
    case Form::kUnorderedMap:
    case Form::kList:
      return false;
    default:
      break;
  }
  for (const StoredFormat& part : format.parts) {
    if (!CanHash(part) || part.form == Form::kRawBytes) return false;
  }
  return true;
}

Status KeyHasher::Hash(const StoredFormat& format, ByteView key, std::string* hashed) {
  hashed->clear();
  ByteReader in(key);
  KVSTATE_RETURN_IF_ERROR(Walk(format, in, hashed));
  return in.AtEnd() ? Status() : in.Malformed("end of a key");
}

Status KeyHasher::Walk(const StoredFormat& format, ByteReader& in, std::string* hashed) {
  uint8_t present = 0;
  uint64_t count = 0;
  switch (format.form) {
    case Form::kOptional:
      if (!in.ReadByte(&present) || present > 1) return in.Malformed("optional key");
      hashed->push_back(static_cast<char>(present));
      return present == 1 ? Walk(format.parts.front(), in, hashed) : Status();
    case Form::kTuple:
    case Form::kStruct:
      for (const StoredFormat& part : format.parts) KVSTATE_RETURN_IF_ERROR(Walk(part, in, hashed));
      return Status();
    case Form::kVector: {
      ByteWriter prefix;
      if (!in.ReadVarint(&count) || count > kMaxKeyBytes) return in.Malformed("count of a key's elements");
      prefix.PutVarint(count);
      hashed->append(prefix.view());
      for (uint64_t i = 0; i < count; ++i) KVSTATE_RETURN_IF_ERROR(Walk(format.parts.front(), in, hashed));
      return Status();
    }
    default:
      return Leaf(format, in, hashed);
  }
}

Status KeyHasher::Leaf(const StoredFormat& format, ByteReader& in, std::string* hashed) {
  ByteView bytes;
  switch (format.form) {
    case Form::kString: {
      if (!in.ReadLengthPrefixed(&bytes)) return in.Malformed("string in a key");
      ByteWriter prefix;
      prefix.PutVarint(bytes.size());
      hashed->append(prefix.view());
      Append(bytes, hashed);
      return Status();
    }
    case Form::kRawBytes:
      if (!in.ReadBytes(in.remaining(), &bytes)) return in.Malformed("key");
      Append(bytes, hashed);
      return Status();
    default:
      break;
  }
  if (!in.ReadBytes(format.bytes, &bytes)) return in.Malformed("part of a key");
  const size_t start = hashed->size();
  hashed->append(bytes);
  switch (format.form) {
    case Form::kBool:
    case Form::kVoidNamespace:
    case Form::kTimeWindow:
      return Status();
    case Form::kFloat:
    case Form::kDouble:
      // Again until it is a number: a permutation of the numbers, since this one's circle comes back to a number.
      if (HasNoNumber(format, bytes)) return Status();
      do {
        Permute(hashed->data() + start, bytes.size());
      } while (HasNoNumber(format, ByteView(*hashed).substr(start)));
      return Status();
    default:
      Permute(hashed->data() + start, bytes.size());
      return Status();
  }
}

void KeyHasher::Append(ByteView bytes, std::string* hashed) {
  if (bytes.size() >= kHashedFrom) return Mac(bytes, hashed);
  const size_t start = hashed->size();
  hashed->append(bytes);
  Permute(hashed->data() + start, bytes.size());
}

void KeyHasher::Permute(char* bytes, size_t size) {
  if (size == 0) return;
  if (size == 1) {
    *bytes = static_cast<char>(of_byte_[static_cast<uint8_t>(*bytes)]);
    return;
  }
  const size_t left = size / 2;
  for (uint8_t round = 0; round < kRounds; ++round) {
    const bool changes_left = round % 2 == 0;
    char* const to = changes_left ? bytes : bytes + left;
    const size_t to_size = changes_left ? left : size - left;
    unsigned char block[kAesBlock] = {2};
    block[1] = static_cast<unsigned char>(size);
    block[2] = round;
    std::memcpy(block + kAesBlock / 2, changes_left ? bytes + left : bytes, size - to_size);
    unsigned char pad[kAesBlock];
    aes_->Encrypt(block, pad);
    for (size_t i = 0; i < to_size; ++i) to[i] = static_cast<char>(static_cast<unsigned char>(to[i]) ^ pad[i]);
  }
}

void KeyHasher::Mac(ByteView bytes, std::string* hashed) {
  std::string mac = HmacSha256(mac_key_, bytes);
  size_t left = bytes.size();
  for (uint8_t more = 0;; ++more) {
    const size_t taken = left < mac.size() ? left : mac.size();
    hashed->append(mac, 0, taken);
    left -= taken;
    if (left == 0) return;
    // The next depends on all that came before by the one before it.
    mac.push_back(static_cast<char>(more));
    mac = HmacSha256(mac_key_, mac);
  }
}

}  // namespace kvstate::harness
