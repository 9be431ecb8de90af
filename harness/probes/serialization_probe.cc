#include "harness/probes/serialization_probe.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace kvstate::harness {

namespace {

constexpr uint64_t kMeanCallsPerTiming = 8;

/// Times calls at random distances, 1 to 15, so that a pattern in the calls does not meet one in the timing.
class Sampler {
 public:
  bool Take() {
    if (--left_ != 0) return false;
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    left_ = 1 + state_ % (2 * kMeanCallsPerTiming - 1);
    return true;
  }

 private:
  uint64_t state_ = 0x9e3779b97f4a7c15u;
  uint64_t left_ = 1;
};

/// The counting shared by both decorators below.
class CallCounter {
 public:
  CallCounter(SerializationProbe::Counts* counts, uint64_t empty_ticks)
      : counts_(*counts), empty_ticks_(empty_ticks), owner_(std::this_thread::get_id()) {}

  void Serialize(const TypeSerializer& inner, const void* value, ByteWriter& out) {
    if (std::this_thread::get_id() != owner_) {
      counts_.background_calls.fetch_add(1, std::memory_order_relaxed);
      inner.Serialize(value, out);
      return;
    }
    const size_t before = out.size();
    if (sampler_.Take()) {
      const uint64_t start = ReadTicks();
      inner.Serialize(value, out);
      AddTime(&counts_.serialize, ReadTicks() - start);
    } else {
      inner.Serialize(value, out);
    }
    ++counts_.serialize.calls;
    counts_.serialize.bytes += out.size() - before;
  }

  Status Deserialize(const TypeSerializer& inner, ByteReader& in, void* value) {
    if (std::this_thread::get_id() != owner_) {
      counts_.background_calls.fetch_add(1, std::memory_order_relaxed);
      return inner.Deserialize(in, value);
    }
    const size_t before = in.remaining();
    Status status;
    if (sampler_.Take()) {
      const uint64_t start = ReadTicks();
      status = inner.Deserialize(in, value);
      AddTime(&counts_.deserialize, ReadTicks() - start);
    } else {
      status = inner.Deserialize(in, value);
    }
    ++counts_.deserialize.calls;
    counts_.deserialize.bytes += before - in.remaining();
    return status;
  }

 private:
  void AddTime(SerializationCounters* counters, uint64_t ticks) {
    counters->timed_ticks.Record(ticks > empty_ticks_ ? ticks - empty_ticks_ : 0);
  }

  SerializationProbe::Counts& counts_;
  const uint64_t empty_ticks_;
  const std::thread::id owner_;
  Sampler sampler_;
};

/// All but the counted calls, passed on.
template <class Base, class Inner>
class Forwarding : public Base {
 public:
  void Construct(void* at) const override { inner_->Construct(at); }
  void CopyConstruct(void* at, const void* from) const override { inner_->CopyConstruct(at, from); }
  void MoveConstruct(void* at, void* from) const override { inner_->MoveConstruct(at, from); }
  void CopyAssign(void* to, const void* from) const override { inner_->CopyAssign(to, from); }
  void MoveAssign(void* to, void* from) const override { inner_->MoveAssign(to, from); }
  void Destroy(void* at) const override { inner_->Destroy(at); }
  void Serialize(const void* value, ByteWriter& out) const override { counter_.Serialize(*inner_, value, out); }
  Status Deserialize(ByteReader& in, void* value) const override { return counter_.Deserialize(*inner_, in, value); }
  uint32_t KeyHash(ByteView encoded) const override { return inner_->KeyHash(encoded); }
  SerializerSnapshot Snapshot() const override { return inner_->Snapshot(); }
  SerializerCompatibility ResolveCompatibility(const SerializerSnapshot& old) const override {
    return inner_->ResolveCompatibility(old);
  }
  void* GetExtension(std::string_view id) const override { return inner_->GetExtension(id); }

 protected:
  Forwarding(std::shared_ptr<const Inner> inner, const CallCounter& counter)
      : Base(inner->info()), inner_(std::move(inner)), counter_(counter) {}

  const std::shared_ptr<const Inner> inner_;
  mutable CallCounter counter_;  // The interface is const; what is counted is not part of what a serializer is.
};

class CountingSerializer final : public Forwarding<TypeSerializer, TypeSerializer> {
 public:
  CountingSerializer(SerializerPtr inner, const CallCounter& counter) : Forwarding(std::move(inner), counter) {}
};

class CountingListSerializer final : public Forwarding<ListSerializer, ListSerializer> {
 public:
  CountingListSerializer(ListSerializerPtr inner, SerializerPtr element, const CallCounter& counter)
      : Forwarding(std::move(inner), counter), element_(std::move(element)) {}
  const SerializerPtr& element() const override { return element_; }
  size_t Size(const void* list) const override { return inner_->Size(list); }
  const void* At(const void* list, size_t index) const override { return inner_->At(list, index); }
  void Append(void* list, const void* element) const override { inner_->Append(list, element); }
  void Clear(void* list) const override { inner_->Clear(list); }

 private:
  const SerializerPtr element_;
};

/// Calls that took many times what almost all take were interrupted: the time is not theirs, and scaled up by the
/// sampling one of them would outweigh all others.
double EstimatedTicks(const SerializationCounters& counters) {
  constexpr double kInterruptedFactor = 10;
  const double limit = kInterruptedFactor * std::max(1.0, counters.timed_ticks.Quantile(0.99));
  return counters.timed_ticks.MeanUpTo(limit) * static_cast<double>(counters.calls);
}

}  // namespace

SerializationProbe::SerializationProbe(const TickClock& clock) : clock_(clock) {}
SerializationProbe::~SerializationProbe() = default;

SerializerPtr SerializationProbe::DecorateSerializer(const SerializerPtr& serializer) {
  if (serializer == nullptr) return nullptr;
  if (const auto known = decorated_.find(serializer.get()); known != decorated_.end()) return known->second;
  SerializerPtr made;
  if (auto list = std::dynamic_pointer_cast<const ListSerializer>(serializer)) {
    SerializerPtr element = DecorateSerializer(list->element());
    Counts* counts = counts_.emplace_back(std::make_unique<Counts>()).get();
    made = std::make_shared<CountingListSerializer>(std::move(list), std::move(element),
                                                    CallCounter(counts, clock_.empty_ticks()));
  } else {
    Counts* counts = counts_.emplace_back(std::make_unique<Counts>()).get();
    made = std::make_shared<CountingSerializer>(serializer, CallCounter(counts, clock_.empty_ticks()));
  }
  decorated_.emplace(serializer.get(), made);
  return made;
}

StateDescriptor SerializationProbe::Decorate(const StateDescriptor& descriptor) {
  StateDescriptor decorated = descriptor;
  decorated.value_serializer = DecorateSerializer(descriptor.value_serializer);
  decorated.user_key_serializer = DecorateSerializer(descriptor.user_key_serializer);
  decorated.input_serializer = DecorateSerializer(descriptor.input_serializer);
  decorated.output_serializer = DecorateSerializer(descriptor.output_serializer);
  return decorated;
}

SerializationTotals SerializationProbe::Totals() const {
  SerializationTotals totals;
  for (const auto& counts : counts_) {
    totals.serialize_calls += counts->serialize.calls;
    totals.serialize_bytes += counts->serialize.bytes;
    totals.serialize_ns += clock_.ToNanoseconds(EstimatedTicks(counts->serialize));
    totals.deserialize_calls += counts->deserialize.calls;
    totals.deserialize_bytes += counts->deserialize.bytes;
    totals.deserialize_ns += clock_.ToNanoseconds(EstimatedTicks(counts->deserialize));
    totals.background_calls += counts->background_calls.load(std::memory_order_relaxed);
  }
  return totals;
}

void SerializationProbe::Reset() {
  for (const auto& counts : counts_) {
    counts->serialize = {};
    counts->deserialize = {};
    counts->background_calls.store(0, std::memory_order_relaxed);
  }
}

}  // namespace kvstate::harness
