#include "backends/common/key_context.h"

namespace kvstate::backends {

Status KeyContext::Refuse(const EncodedKey& key, uint32_t key_group) const {
  const std::string length = std::to_string(key.bytes.size());
  if (fixed_size_ != kVariableSize && key.bytes.size() != fixed_size_) {
    return InvalidArgumentError("a key of " + length + " bytes: the key serializer '" +
                                key_serializer_->Snapshot().type_id + "' writes " + std::to_string(fixed_size_));
  }
  if (key.bytes.size() > kMaxKeyBytes) {
    return InvalidArgumentError("a key of " + length + " bytes is over the limit of " + std::to_string(kMaxKeyBytes) +
                                "; shorten it, or hash it and keep the whole key in the value");
  }
  return InvalidArgumentError("the key belongs to key group " + std::to_string(key_group) +
                              ", outside this backend's range " + std::to_string(range_.first) + ".." +
                              std::to_string(range_.last) + "; send it to the instance that owns the group");
}

}  // namespace kvstate::backends
