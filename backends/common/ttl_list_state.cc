#include <span>
#include <utility>

#include "backends/common/ttl_bytes.h"
#include "backends/common/ttl_core.h"

namespace kvstate::backends {

namespace {

/// Each element has its own time. A list of which nothing has expired is handed out as it is stored.
class TtlListState final : public TtlStateOf<InternalListState> {
 public:
  explicit TtlListState(TtlStateParts parts)
      : TtlStateOf(std::move(parts)),
        serializer_(std::static_pointer_cast<const TtlListSerializer>(stored_.descriptor().value_serializer)),
        bytes_(*serializer_) {}

  Result<const void*> Get() override {
    KVSTATE_RETURN_IF_ERROR(BeforeRead());
    KVSTATE_ASSIGN_OR_RETURN(const void* const list, stored_.Get());
    if (list == nullptr) return nullptr;
    const int64_t now = Now();
    if (IsOver(serializer_->OldestOf(list), now)) [[unlikely]]
      return GetPart(list, now);
    const void* values = serializer_->InnerOf(list);
    if (refreshes() && !IsOfTime(list, now)) {
      KVSTATE_RETURN_IF_ERROR(stored_.UpdateInternal(Borrow(now, values)));
    }
    return values;
  }
  Result<const void*> GetInternal() override { return Get(); }

  Status Add(const void* element) override {
    return AfterWrite(stored_.Add(element == nullptr ? nullptr : Borrow(Now(), element)));
  }
  Status AddAll(const void* list) override {
    return AfterWrite(stored_.AddAll(list == nullptr ? nullptr : Borrow(Now(), list)));
  }
  Status Update(const void* list) override {
    return AfterWrite(stored_.Update(list == nullptr ? nullptr : Borrow(Now(), list)));
  }
  Status UpdateInternal(const void* list) override {
    return AfterWrite(stored_.UpdateInternal(list == nullptr ? nullptr : Borrow(Now(), list)));
  }
  Status MergeNamespaces(ByteView target, std::span<const ByteView> sources) override {
    return AfterWrite(stored_.MergeNamespaces(target, sources));
  }

  Result<bool> HasUnexpired() override {
    KVSTATE_ASSIGN_OR_RETURN(const void* const list, stored_.Get());
    if (list == nullptr) return false;
    const int64_t now = Now();
    const size_t size = serializer_->Size(list);
    size_t i = 0;
    while (i < size && IsOver(serializer_->TimeAt(list, i), now)) ++i;
    return i < size;
  }

  Result<bool> GetBytes(ByteView* value) override {
    KVSTATE_RETURN_IF_ERROR(BeforeRead());
    ByteView stored;
    KVSTATE_ASSIGN_OR_RETURN(const bool found, stored_bytes().GetBytes(&stored));
    *value = {};
    if (!found) return false;
    const int64_t now = Now();
    bool changes = false;
    handed_out_.Clear();
    encoded_.Clear();
    Status status = bytes_.ForEachTimed(stored, [&](int64_t timestamp, ByteView element) {
      const bool over = IsOver(timestamp, now);
      const bool refreshed = !over && refreshes() && timestamp != now;
      changes = changes || (over && !shows_expired()) || refreshed;
      if (over && !shows_expired()) return;
      bytes_.AppendPlain(element, handed_out_);
      bytes_.AppendTimed(refreshed ? now : timestamp, element, encoded_);
    });
    if (!status.ok()) return InContext(status);
    if (encoded_.size() == 0) {
      KVSTATE_RETURN_IF_ERROR(RemoveExpired());
      return false;
    }
    if (changes) KVSTATE_RETURN_IF_ERROR(stored_bytes().PutBytes(encoded_.view()));
    *value = handed_out_.view();
    return true;
  }
  Status PutBytes(ByteView list) override {
    const int64_t now = Now();
    encoded_.Clear();
    Status status = bytes_.ForEachPlain(list, [&](ByteView element) { bytes_.AppendTimed(now, element, encoded_); });
    if (!status.ok()) return InContext(status);
    return AfterWrite(stored_bytes().PutBytes(encoded_.view()));
  }
  Status AddBytes(ByteView element) override {
    encoded_.Clear();
    PutTimed(Now(), element, encoded_);
    return AfterWrite(stored_bytes().AddBytes(encoded_.view()));
  }

 private:
  const void* Borrow(int64_t timestamp, const void* value) {
    borrowed_.timestamp = timestamp;
    borrowed_.value = value;
    return &borrowed_;
  }

  bool IsOfTime(const void* list, int64_t now) const {
    const size_t size = serializer_->Size(list);
    size_t i = 0;
    while (i < size && serializer_->TimeAt(list, i) == now) ++i;
    return i == size;
  }

  /// Get of a list of which some or all has expired.
  [[gnu::noinline]] Result<const void*> GetPart(const void* list, int64_t now) {
    if (shows_expired() && !refreshes()) return serializer_->InnerOf(list);
    if (!kept_) kept_ = TypedObject(stored_.descriptor().value_serializer);
    serializer_->Clear(kept_.get());
    const void* values = serializer_->InnerOf(list);
    const size_t size = serializer_->Size(list);
    for (size_t i = 0; i < size; ++i) {
      const int64_t timestamp = serializer_->TimeAt(list, i);
      const bool over = IsOver(timestamp, now);
      if (over && !shows_expired()) continue;
      serializer_->AppendTimed(kept_.get(), refreshes() && !over ? now : timestamp,
                               serializer_->inner()->At(values, i));
    }
    if (serializer_->Size(kept_.get()) == 0) {
      KVSTATE_RETURN_IF_ERROR(RemoveExpired());
      return nullptr;
    }
    KVSTATE_RETURN_IF_ERROR(stored_.UpdateInternal(kept_.get()));
    return serializer_->InnerOf(kept_.get());
  }

  Result<bool> WithoutTimes(ByteView stored, int64_t now, ByteWriter& out) const override {
    bool any = false;
    KVSTATE_RETURN_IF_ERROR(bytes_.ForEachTimed(stored, [&](int64_t timestamp, ByteView element) {
      if (IsOver(timestamp, now)) return;
      any = true;
      bytes_.AppendPlain(element, out);
    }));
    return any;
  }

  const TtlListSerializerPtr serializer_;
  const ListBytes bytes_;
  BorrowedObject borrowed_;
  TypedObject kept_;  ///< What Get handed out of a list of which some has expired.
};

}  // namespace

std::unique_ptr<InternalKVState> MakeTtlListState(TtlStateParts parts) {
  return std::make_unique<TtlListState>(std::move(parts));
}

}  // namespace kvstate::backends
