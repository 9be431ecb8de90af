#include "backends/common/ttl_descriptor.h"

#include <utility>

#include "backends/common/ttl_serializer.h"

namespace kvstate::backends {

namespace {

/// What the wrapped functions know of accumulators with times. Immutable; the clock is asked at each call.
class TimedAccumulators {
 public:
  TimedAccumulators(TtlSerializerPtr serializer, std::shared_ptr<const Clock> clock)
      : serializer_(std::move(serializer)), clock_(std::move(clock)) {}

  int64_t Now() const { return TimestampOfClock(*clock_); }
  bool IsOver(const void* object, int64_t now) const {
    return IsExpired(TtlSerializer::TimestampOf(object), serializer_->ttl_millis(), now);
  }
  const TtlSerializer& serializer() const { return *serializer_; }
  /// Folds by `fold(accumulator, input)`, of values without times. A program may pass as an input what it was given of
  /// the accumulator; a function may change the accumulator before it has read all of the input.
  template <class Fold>
  void FoldIn(void* accumulator, const void* input, const SerializerPtr& input_serializer, Fold&& fold) const {
    void* value = serializer_->SlotOf(accumulator);
    if (input != value) [[likely]] {
      fold(value, input);
    } else {
      fold(value, TypedObject(input_serializer, input).get());
    }
  }

 private:
  const TtlSerializerPtr serializer_;
  const std::shared_ptr<const Clock> clock_;
};

/// What has expired counts for nothing; what is combined has the time now.
class TtlReduceFunction final : public ReduceFunction {
 public:
  TtlReduceFunction(std::shared_ptr<const ReduceFunction> inner, TimedAccumulators timed)
      : inner_(std::move(inner)), timed_(std::move(timed)) {}

  void Reduce(void* accumulator, const void* input) const override {
    const int64_t now = timed_.Now();
    const TtlSerializer& serializer = timed_.serializer();
    if (timed_.IsOver(accumulator, now)) {
      serializer.CopyAssign(accumulator, input);
    } else if (!timed_.IsOver(input, now)) {
      timed_.FoldIn(accumulator, serializer.ValueOf(input), serializer.inner(),
                    [&](void* value, const void* by) { inner_->Reduce(value, by); });
      TtlSerializer::SetTimestamp(accumulator, now);
    }
  }
  /// It asks the clock: an engine that reduced when it likes would keep what had expired by then.
  bool ThreadSafe() const override { return false; }

 private:
  const std::shared_ptr<const ReduceFunction> inner_;
  const TimedAccumulators timed_;
};

class TtlAggregateFunction final : public AggregateFunction {
 public:
  TtlAggregateFunction(std::shared_ptr<const AggregateFunction> inner, SerializerPtr input, TimedAccumulators timed)
      : inner_(std::move(inner)), input_(std::move(input)), timed_(std::move(timed)) {}

  void CreateAccumulator(void* accumulator) const override { CreateAt(accumulator, timed_.Now()); }
  void Add(void* accumulator, const void* input) const override {
    const int64_t now = timed_.Now();
    timed_.FoldIn(accumulator, input, input_, [&](void* value, const void* by) {
      if (timed_.IsOver(accumulator, now)) inner_->CreateAccumulator(value);
      inner_->Add(value, by);
    });
    TtlSerializer::SetTimestamp(accumulator, now);
  }
  void GetResult(const void* accumulator, void* result) const override {
    inner_->GetResult(timed_.serializer().ValueOf(accumulator), result);
  }
  void Merge(void* into, const void* from) const override {
    const int64_t now = timed_.Now();
    const TtlSerializer& serializer = timed_.serializer();
    if (timed_.IsOver(into, now)) {
      serializer.CopyAssign(into, from);
    } else if (!timed_.IsOver(from, now)) {
      inner_->Merge(serializer.SlotOf(into), serializer.ValueOf(from));
      TtlSerializer::SetTimestamp(into, now);
    }
  }

 private:
  void CreateAt(void* accumulator, int64_t now) const {
    inner_->CreateAccumulator(timed_.serializer().SlotOf(accumulator));
    TtlSerializer::SetTimestamp(accumulator, now);
  }

  const std::shared_ptr<const AggregateFunction> inner_;
  const SerializerPtr input_;
  const TimedAccumulators timed_;
};

class TtlFoldFunction final : public FoldFunction {
 public:
  TtlFoldFunction(std::shared_ptr<const FoldFunction> inner, SerializerPtr input,
                  std::shared_ptr<const TypedObject> initial, TimedAccumulators timed)
      : inner_(std::move(inner)), input_(std::move(input)), initial_(std::move(initial)), timed_(std::move(timed)) {}

  void Fold(void* accumulator, const void* input) const override {
    const int64_t now = timed_.Now();
    timed_.FoldIn(accumulator, input, input_, [&](void* value, const void* by) {
      if (timed_.IsOver(accumulator, now)) timed_.serializer().inner()->CopyAssign(value, initial_->get());
      inner_->Fold(value, by);
    });
    TtlSerializer::SetTimestamp(accumulator, now);
  }

 private:
  const std::shared_ptr<const FoldFunction> inner_;
  const SerializerPtr input_;
  const std::shared_ptr<const TypedObject> initial_;
  const TimedAccumulators timed_;
};

ListSerializerPtr AsList(const SerializerPtr& serializer) {
  return std::dynamic_pointer_cast<const ListSerializer>(serializer);
}

}  // namespace

StateDescriptor TtlStoredDescriptor(const StateDescriptor& descriptor, std::shared_ptr<const Clock> clock) {
  StateDescriptor stored = descriptor;
  const int64_t ttl_millis = descriptor.ttl->ttl_millis;
  // Absence has no time: what stands over the stored state gives the default value itself.
  stored.default_value = nullptr;
  if (descriptor.kind == StateKind::kList) {
    stored.value_serializer = MakeTtlListSerializer(AsList(descriptor.value_serializer), ttl_millis);
    return stored;
  }
  const TtlSerializerPtr serializer =
      MakeTtlSerializer(descriptor.value_serializer, descriptor.kind == StateKind::kMap, ttl_millis);
  stored.value_serializer = serializer;
  const TimedAccumulators timed(serializer, std::move(clock));
  if (descriptor.kind == StateKind::kReducing) {
    stored.reduce = std::make_shared<TtlReduceFunction>(descriptor.reduce, timed);
  } else if (descriptor.kind == StateKind::kAggregating) {
    stored.aggregate = std::make_shared<TtlAggregateFunction>(descriptor.aggregate, descriptor.input_serializer, timed);
  } else if (descriptor.kind == StateKind::kFolding) {
    stored.fold = std::make_shared<TtlFoldFunction>(descriptor.fold, descriptor.input_serializer,
                                                    descriptor.default_value, timed);
    // Its time does not matter: a fold starts anew from the same value if that is over.
    const BorrowedObject initial{.timestamp = 0, .value = descriptor.default_value->get()};
    stored.default_value = std::make_shared<TypedObject>(serializer, &initial);
  }
  return stored;
}

TtlFilter TtlFilterOf(const StateDescriptor& stored) {
  const ListSerializerPtr list = AsList(stored.value_serializer);
  const bool is_list = stored.kind == StateKind::kList;
  const size_t element_bytes = is_list ? list->element()->info().encoded_size : kVariableSize;
  return TtlFilter(stored.kind, element_bytes, stored.ttl->ttl_millis);
}

}  // namespace kvstate::backends
