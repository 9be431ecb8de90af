#include "workloads/operators/operator_support.h"

#include "workloads/sources/synthetic_source.h"

namespace kvstate::workloads {

Status OperatorBase::Open(KeyedStateBackend& backend) {
  if (backend_ != nullptr) return FailedPreconditionError("the operator is open already; make one for each backend");
  if (!(backend.key_serializer().Snapshot() == RawBytesSerializer()->Snapshot())) {
    return InvalidArgumentError("backend " + std::string(backend.name()) + ": its key serializer writes \"" +
                                backend.key_serializer().Snapshot().type_id +
                                "\"; workloads have raw bytes as keys, so make it with RawBytesSerializer()");
  }
  backend_ = &backend;
  return OpenStates();
}

std::string OperatorBase::Progress() const {
  ByteWriter progress;
  progress.PutFixed64(output_.value());
  progress.PutFixed64(output_.rows());
  SaveOwnProgress(progress);
  return std::string(progress.view());
}

Status OperatorBase::RestoreProgress(ByteView progress) {
  if (backend_ == nullptr) return FailedPreconditionError("the operator is not open; open it on the restored backend");
  ByteReader reader(progress);
  uint64_t digest = 0;
  uint64_t rows = 0;
  if (!reader.ReadFixed64(&digest) || !reader.ReadFixed64(&rows) || !RestoreOwnProgress(reader) || !reader.AtEnd()) {
    return DataLossError("the operator's progress, of " + std::to_string(progress.size()) +
                         " bytes, is damaged or another operator's");
  }
  output_.Continue(digest, rows);
  return Status();
}

void SetOperator(WorkloadSpec* spec, std::vector<ParameterSpec> operator_parameters,
                 std::function<std::unique_ptr<Operator>(ParameterReader& reader)> make_operator) {
  spec->operator_parameters = std::move(operator_parameters);
  spec->make_operator = [workload = spec->name, specs = spec->operator_parameters, make = std::move(make_operator)](
                            const Parameters& parameters) -> Result<std::unique_ptr<Operator>> {
    ParameterReader reader("operator of workload " + workload, specs, parameters);
    std::unique_ptr<Operator> made = make(reader);
    KVSTATE_RETURN_IF_ERROR(reader.status());
    return made;
  };
}

WorkloadSpec MakeWorkload(std::string name, std::string description, const Parameters& source_defaults,
                          std::vector<ParameterSpec> operator_parameters,
                          std::function<std::unique_ptr<Operator>(ParameterReader& reader)> make_operator) {
  WorkloadSpec spec;
  spec.name = std::move(name);
  spec.description = std::move(description);
  spec.source_parameters = SyntheticSourceParameters(source_defaults);
  spec.make_source = [workload = spec.name, specs = spec.source_parameters](const Parameters& parameters,
                                                                            uint64_t seed) {
    return MakeSyntheticSource(workload, specs, parameters, seed);
  };
  SetOperator(&spec, std::move(operator_parameters), std::move(make_operator));
  return spec;
}

}  // namespace kvstate::workloads
