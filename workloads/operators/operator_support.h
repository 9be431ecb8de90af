#ifndef KVSTATE_WORKLOADS_OPERATORS_OPERATOR_SUPPORT_H_
#define KVSTATE_WORKLOADS_OPERATORS_OPERATOR_SUPPORT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/clock.h"
#include "kvstate/codec.h"
#include "kvstate/namespaces.h"
#include "kvstate/serializers.h"
#include "kvstate/state_descriptor.h"
#include "kvstate/status.h"
#include "kvstate/timer_service.h"
#include "workloads/output_digest.h"
#include "workloads/parameters.h"
#include "workloads/workload.h"

namespace kvstate::workloads {

/// The state of `descriptor` as the façade `View`, such as ValueState<int64_t>, over namespaces of type N.
template <HasCodec N, class View>
Status OpenStateOf(KeyedStateBackend& backend, const StateDescriptor& descriptor, View* view) {
  using Internal = std::remove_pointer_t<decltype(view->internal())>;
  KVSTATE_ASSIGN_OR_RETURN(InternalKVState * state, backend.GetOrCreateState(SerializerFor<N>(), descriptor));
  *view = View(static_cast<Internal*>(state));
  return Status();
}

/// What operators share: the backend, setting its key, and the digest of what they emit.
class OperatorBase : public Operator {
 public:
  Status Open(KeyedStateBackend& backend) final;
  uint64_t output_digest() const final { return output_.value(); }
  uint64_t output_rows() const final { return output_.rows(); }
  std::string Progress() const final;
  Status RestoreProgress(ByteView progress) final;

 protected:
  /// Makes the operator's states.
  virtual Status OpenStates() = 0;
  /// What the operator keeps outside state, besides its output's digest.
  virtual void SaveOwnProgress(ByteWriter& /*to*/) const {}
  /// False when that is not it.
  virtual bool RestoreOwnProgress(ByteReader& /*from*/) { return true; }

  /// REQUIRES: open.
  KeyedStateBackend& backend() { return *backend_; }

  template <class View, HasCodec N = VoidNamespace>
  Status OpenState(const StateDescriptor& descriptor, View* view) {
    return OpenStateOf<N>(*backend_, descriptor, view);
  }

  /// By event time; by processing time as well if the operator has a clock of its own.
  Status OpenTimers(std::string_view name, SerializerPtr namespace_serializer, TimerStorage storage,
                    std::unique_ptr<TimerService>* timers,
                    std::shared_ptr<const Clock> clock = std::make_shared<ManualClock>()) {
    KVSTATE_ASSIGN_OR_RETURN(
        *timers, TimerService::Create(*backend_, name, std::move(namespace_serializer), storage, std::move(clock)));
    return Status();
  }

  Status SetKey(ByteView key) { return backend_->SetCurrentKey(EncodeKey(*backend_, key)); }
  /// A key of several parts, or of one that is no string: their canonical bytes, one after another.
  template <HasCodec... Ts>
  Status SetKeyOf(const Ts&... parts) {
    ByteWriter key;
    (Codec<Ts>::Write(parts, key), ...);
    return SetKey(key.view());
  }

  /// An empty row to write into; Emit then takes it.
  ByteWriter& NewRow() {
    row_.Clear();
    return row_;
  }
  void Emit() { output_.Add(row_.view()); }
  /// Emits the values' canonical bytes, one after another.
  template <HasCodec... Ts>
  void EmitRow(const Ts&... values) {
    ByteWriter& row = NewRow();
    (Codec<Ts>::Write(values, row), ...);
    Emit();
  }

 private:
  KeyedStateBackend* backend_ = nullptr;
  ByteWriter row_;
  OutputDigest output_;
};

/// Sets what a workload's operator is, by `make_operator`, which reads its parameters and need not look at the reader's
/// status.
void SetOperator(WorkloadSpec* spec, std::vector<ParameterSpec> operator_parameters,
                 std::function<std::unique_ptr<Operator>(ParameterReader& reader)> make_operator);

/// A workload whose source is the synthetic one with these defaults. `make_operator`: see SetOperator.
WorkloadSpec MakeWorkload(std::string name, std::string description, const Parameters& source_defaults,
                          std::vector<ParameterSpec> operator_parameters,
                          std::function<std::unique_ptr<Operator>(ParameterReader& reader)> make_operator);

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_OPERATORS_OPERATOR_SUPPORT_H_
