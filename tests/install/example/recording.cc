// The accesses of a program of its own, recorded by the installed library: the trace is named first.
#include <kvstate/kvstate.h>
#include <kvstate/recording.h>

#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

namespace {

struct Visit {
  std::string page;
  int64_t time_ms = 0;
};

}  // namespace

template <>
struct kvstate::StructTraits<Visit> {
  static constexpr std::string_view kName = "Visit";
  static constexpr auto kMembers = std::make_tuple(Member("page", &Visit::page), Member("time_ms", &Visit::time_ms));
};

namespace {

using kvstate::Status;

Status Run(const std::string& trace) {
  kvstate::BackendRegistry registry;
  KVSTATE_RETURN_IF_ERROR(kvstate::RegisterBuiltinBackends(registry));
  kvstate::BackendOptions options;
  options.key_serializer = kvstate::SerializerFor<int64_t>();
  KVSTATE_ASSIGN_OR_RETURN(auto plain, registry.Create("hashmap", options));
  KVSTATE_ASSIGN_OR_RETURN(auto made, kvstate::RecordAccesses(std::move(plain), options.key_serializer, trace));
  kvstate::KeyedBackend<int64_t> backend(std::move(made));
  auto* recording = kvstate::GetExtension<kvstate::Recording>(backend.backend());
  KVSTATE_ASSIGN_OR_RETURN(auto last, backend.GetState(kvstate::ValueStateDescriptor<Visit>("last")));
  for (int64_t i = 0; i < 1000; ++i) {
    recording->SetTime(i);
    KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(i % 10));
    KVSTATE_RETURN_IF_ERROR(last.Get().status());
    KVSTATE_RETURN_IF_ERROR(last.Update({"/page", i}));
  }
  return recording->Finish();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const Status status = Run(argv[1]);
  if (!status.ok()) std::cerr << status.ToString() << "\n";
  return status.ok() ? 0 : 1;
}
