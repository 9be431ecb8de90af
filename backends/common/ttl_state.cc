#include "backends/common/ttl_state.h"

#include <utility>

#include "backends/common/ttl_core.h"

namespace kvstate::backends {

namespace {

class UnexpiredKeyIterator final : public KeyIterator {
 public:
  UnexpiredKeyIterator(std::unique_ptr<KeyIterator> keys, TtlCore& state)
      : life_(state.life()), keys_(std::move(keys)) {}

  Result<bool> Next() override {
    while (true) {
      if (life_->state == nullptr) [[unlikely]] {
        return FailedPreconditionError("the state of this walk was removed; start another one on a state that exists");
      }
      KVSTATE_ASSIGN_OR_RETURN(const bool more, keys_->Next());
      if (!more) return false;
      KVSTATE_ASSIGN_OR_RETURN(const bool has, life_->state->HasUnexpiredUnder(keys_->key(), keys_->state_namespace()));
      if (has) return true;
    }
  }
  ByteView key() const override { return keys_->key(); }
  ByteView state_namespace() const override { return keys_->state_namespace(); }

 private:
  const std::shared_ptr<const TtlCore::Life> life_;
  const std::unique_ptr<KeyIterator> keys_;
};

}  // namespace

std::unique_ptr<InternalKVState> MakeTtlState(TtlStateParts parts) {
  switch (parts.descriptor.kind) {
    case StateKind::kValue:
      break;
    case StateKind::kList:
      return MakeTtlListState(std::move(parts));
    case StateKind::kMap:
      return MakeTtlMapState(std::move(parts));
    case StateKind::kReducing:
      return MakeTtlReducingState(std::move(parts));
    case StateKind::kAggregating:
      return MakeTtlAggregatingState(std::move(parts));
    case StateKind::kFolding:
      return MakeTtlFoldingState(std::move(parts));
  }
  return nullptr;
}

std::unique_ptr<KeyIterator> WithoutExpiredKeys(std::unique_ptr<KeyIterator> keys, InternalKVState& state) {
  return std::make_unique<UnexpiredKeyIterator>(std::move(keys), dynamic_cast<TtlCore&>(state));
}

}  // namespace kvstate::backends
