// The examples of docs/guide.md on removing expired values, as they stand there, run on the backends named on the
// command line.
#include <kvstate/kvstate.h>
#include <kvstate/ttl_sweep.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

using namespace kvstate;

namespace {

void Expect(bool holds, const char* what) {
  if (holds) return;
  std::cerr << "does not hold: " << what << "\n";
  std::exit(1);
}
#define EXPECT(condition) Expect(condition, #condition)

Status Run(const std::string& name) {
  BackendRegistry registry;
  KVSTATE_RETURN_IF_ERROR(RegisterBuiltinBackends(registry));
  const auto clock = std::make_shared<ManualClock>();
  BackendOptions options;
  options.key_serializer = SerializerFor<int64_t>();
  options.directory = "cleanup_examples_" + name;
  options.clock = clock;
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<KeyedStateBackend> opened, registry.Create(name, options));
  KeyedBackend<int64_t> backend(std::move(opened));

  ValueStateDescriptor<int64_t> descriptor("last");
  descriptor.ttl = TtlConfig{.ttl_millis = 3'600'000};
  descriptor.ttl->cleanup.incremental_entries = 5;        // Looked at for each access, at most.
  descriptor.ttl->cleanup.incremental_per_record = true;  // SetCurrentKey pays, too.
  descriptor.ttl->cleanup.in_full_snapshots = true;

  KVSTATE_ASSIGN_OR_RETURN(auto last, backend.GetState(descriptor));
  for (int64_t key = 0; key < 100; ++key) {
    KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(key));
    KVSTATE_RETURN_IF_ERROR(last.Update(key));
  }
  clock->AdvanceMillis(3'600'000);

  auto* sweep = GetExtension<TtlSweep>(backend.backend());
  bool complete = false;
  while (!complete) {
    KVSTATE_ASSIGN_OR_RETURN(complete, sweep->Sweep(10'000));
    // Between two calls there is time for something else.
  }

  EXPECT(sweep->Figures().front().entries_removed == 100);
  return Status();
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const Status status = Run(argv[i]);
    if (status.ok()) continue;
    std::cerr << argv[i] << ": " << status.ToString() << "\n";
    return 1;
  }
}
