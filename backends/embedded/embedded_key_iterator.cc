#include <optional>
#include <string>
#include <vector>

#include "backends/embedded/embedded_state.h"
#include "backends/embedded/embedded_walks.h"

namespace kvstate::backends {

namespace {

constexpr size_t kFirstBatch = 32;
constexpr size_t kLargestBatch = 1024;
constexpr size_t kBatchBytes = size_t{1} << 20;
// Beyond so many entries of one map it is cheaper to seek behind the map than to step over the rest.
constexpr int kStepsBeforeSeek = 8;

class EmbeddedKeyIterator final : public KeyIterator {
 public:
  EmbeddedKeyIterator(EmbeddedState& state, const ByteView* state_namespace)
      : state_(state), parser_(state.key_format()) {
    if (state_namespace != nullptr) namespace_.emplace(*state_namespace);
  }

  Result<bool> Next() override {
    if (++index_ < pairs_.size()) return true;
    if (at_end_) {
      index_ = pairs_.size();
      return false;
    }
    KVSTATE_RETURN_IF_ERROR(ReadBatch());
    index_ = 0;
    return !pairs_.empty();
  }
  ByteView key() const override {
    const Pair& pair = pairs_[index_];
    return ByteView(arena_).substr(pair.offset, pair.key_bytes);
  }
  ByteView state_namespace() const override {
    const Pair& pair = pairs_[index_];
    return ByteView(arena_).substr(pair.offset + pair.key_bytes, pair.namespace_bytes);
  }

 private:
  struct Pair {
    size_t offset;
    size_t key_bytes;
    size_t namespace_bytes;
  };

  Status ReadBatch() {
    pairs_.clear();
    arena_.clear();
    KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<StoreIterator> entries, state_.table().NewIterator(from_, {}));
    KVSTATE_RETURN_IF_ERROR(entries->Seek(from_));
    while (entries->Valid() && pairs_.size() < batch_ && arena_.size() < kBatchBytes) {
      Status status = parser_.Parse(entries->key());
      if (!status.ok()) return state_.InContext(status);
      if (!namespace_ || parser_.state_namespace() == *namespace_) {
        pairs_.push_back({arena_.size(), parser_.key().size(), parser_.state_namespace().size()});
        arena_.append(parser_.key()).append(parser_.state_namespace());
      }
      KVSTATE_RETURN_IF_ERROR(Pass(*entries));
    }
    at_end_ = !entries->Valid();
    batch_ = std::min(batch_ * 2, kLargestBatch);
    return Status();
  }

  /// Behind all entries of the (key, namespace) that `entries` stands on; from_ follows.
  Status Pass(StoreIterator& entries) {
    if (!state_.is_map()) {
      from_.assign(entries.key()).push_back('\0');
      return entries.Next();
    }
    passed_.assign(parser_.prefix());
    UpperBoundOfPrefix(passed_, &from_);
    for (int step = 0; step < kStepsBeforeSeek; ++step) {
      KVSTATE_RETURN_IF_ERROR(entries.Next());
      if (!entries.Valid() || !entries.key().starts_with(passed_)) return Status();
    }
    return entries.Seek(from_);
  }

  EmbeddedState& state_;
  CompositeKeyParser parser_;
  std::optional<std::string> namespace_;
  std::string from_;  ///< Where the next batch starts.
  std::string passed_;
  std::string arena_;
  std::vector<Pair> pairs_;
  size_t index_ = 0;
  size_t batch_ = kFirstBatch;
  bool at_end_ = false;
};

}  // namespace

std::unique_ptr<KeyIterator> MakeKeyIterator(EmbeddedState& state, const ByteView* state_namespace) {
  return std::make_unique<EmbeddedKeyIterator>(state, state_namespace);
}

}  // namespace kvstate::backends
