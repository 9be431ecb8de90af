#include "harness/replay/recording_map_iterator.h"

#include <utility>

namespace kvstate::harness {

namespace {

class RecordingMapIterator final : public MapIterator, private PendingAccess {
 public:
  RecordingMapIterator(Recorder* recorder, uint32_t state, const TypeSerializer& value_serializer,
                       std::unique_ptr<MapIterator> inner)
      : recorder_(*recorder), state_(state), value_serializer_(value_serializer), inner_(std::move(inner)) {
    recorder_.SetPending(this);
  }

  ~RecordingMapIterator() override {
    // Failures stay in the recorder, whose next call gives them.
    EndStep();
    if (!opened_) {
      recorder_.RecordPending(Steps(Operation::kMapScan)).IgnoreError();
    } else {
      FlushAll();
      recorder_.RecordPending({.operation = Operation::kIteratorClose, .state = state_, .iterator = number_})
          .IgnoreError();
      recorder_.ReturnIteratorNumber(number_);
    }
    recorder_.Forget(this);
  }

  Result<bool> Next() override {
    auto more = inner_->Next();
    if (!more.ok()) return more;
    recorder_.SetPending(this);
    EndStep();
    in_step_ = true;
    at_end_ = !*more;
    KVSTATE_RETURN_IF_ERROR(recorder_.status());
    return more;
  }
  ByteView user_key_bytes() const override { return inner_->user_key_bytes(); }
  Result<const void*> user_key() override {
    step_.reads_keys = true;
    return inner_->user_key();
  }
  Result<const void*> value() override {
    step_.reads_values = true;
    return inner_->value();
  }
  Status Remove() override {
    KVSTATE_RETURN_IF_ERROR(inner_->Remove());
    FlushAll();
    return recorder_.RecordPending({.operation = Operation::kIteratorRemove, .state = state_, .iterator = number_});
  }
  Status SetValue(const void* value) override {
    bytes_.Clear();
    const bool null_value = value == nullptr;
    if (!null_value) value_serializer_.Serialize(value, bytes_);
    KVSTATE_RETURN_IF_ERROR(inner_->SetValue(value));
    FlushAll();
    return recorder_.RecordPending({.operation = Operation::kIteratorSetValue,
                                    .state = state_,
                                    .null_value = null_value,
                                    .value = bytes_.view(),
                                    .iterator = number_});
  }

 private:
  struct Reads {
    bool reads_keys = false;
    bool reads_values = false;
    friend bool operator==(const Reads&, const Reads&) = default;
  };

  TraceOperation Steps(Operation operation) const {
    return {.operation = operation,
            .state = state_,
            .reads_keys = batch_.reads_keys,
            .reads_values = batch_.reads_values,
            .iterator = number_,
            .count = count_};
  }

  /// What a step reads is known once it is over; steps that read alike are recorded as one.
  void EndStep() {
    if (!in_step_) return;
    if (count_ > 0 && !at_end_ && !(step_ == batch_)) EmitSteps();
    if (count_ == 0) batch_ = step_;
    ++count_;
    in_step_ = false;
    step_ = Reads();
  }

  void EmitSteps() {
    if (!opened_) {
      const auto number = recorder_.TakeIteratorNumber();
      if (!number.ok()) return;  // Kept by the recorder.
      number_ = *number;
      opened_ = true;
      recorder_.RecordPending({.operation = Operation::kIteratorOpen, .state = state_, .iterator = number_})
          .IgnoreError();
    }
    if (count_ > 0) recorder_.RecordPending(Steps(Operation::kIteratorAdvance)).IgnoreError();
    count_ = 0;
  }

  void Flush() override {
    EndStep();
    EmitSteps();
  }

  void FlushAll() {
    recorder_.SetPending(this);
    Flush();
  }

  Recorder& recorder_;
  const uint32_t state_;
  const TypeSerializer& value_serializer_;
  const std::unique_ptr<MapIterator> inner_;
  ByteWriter bytes_;
  bool opened_ = false;
  uint32_t number_ = 0;
  bool in_step_ = false;
  bool at_end_ = false;
  Reads step_;
  Reads batch_;
  uint64_t count_ = 0;
};

}  // namespace

std::unique_ptr<MapIterator> MakeRecordingMapIterator(Recorder* recorder, uint32_t state,
                                                      const TypeSerializer& value_serializer,
                                                      std::unique_ptr<MapIterator> inner) {
  return std::make_unique<RecordingMapIterator>(recorder, state, value_serializer, std::move(inner));
}

}  // namespace kvstate::harness
