// The examples of docs/guide.md on types that change, as they stand there, run on the backends named on the command
// line.
#include <kvstate/kvstate.h>

#include <cstdlib>
#include <filesystem>
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

// As the program was when it wrote the savepoint.
namespace before {
struct Bid {
  std::string bidder;
  int32_t cents = 0;
  bool seen = false;
};
}  // namespace before

struct Bid {
  std::string currency = "EUR";  // Is new, with this default.
  std::string bidder;
  int64_t cents = 0;  // Was an int32_t.
};                    // And `seen` is gone.

struct Small {
  int16_t cents = 0;
};

}  // namespace

template <>
struct kvstate::StructTraits<before::Bid> {
  static constexpr std::string_view kName = "Bid";
  static constexpr auto kMembers = std::make_tuple(
      Member("bidder", &before::Bid::bidder), Member("cents", &before::Bid::cents), Member("seen", &before::Bid::seen));
};

template <>
struct kvstate::StructTraits<Bid> {
  static constexpr std::string_view kName = "Bid";
  static constexpr auto kMembers =
      std::make_tuple(Member("currency", &Bid::currency), Member("bidder", &Bid::bidder), Member("cents", &Bid::cents));
};

template <>
struct kvstate::StructTraits<Small> {
  static constexpr std::string_view kName = "Bid";
  static constexpr auto kMembers = std::make_tuple(Member("cents", &Small::cents));
};

namespace {

Result<std::unique_ptr<KeyedStateBackend>> Open(const std::string& name, const std::string& directory) {
  BackendRegistry registry;
  KVSTATE_RETURN_IF_ERROR(RegisterBuiltinBackends(registry));
  BackendOptions options;
  options.key_serializer = SerializerFor<int64_t>();
  options.directory = directory;
  return registry.Create(name, options);
}

Result<KeyedStateHandle> WriteSavepoint(const std::string& name, const std::string& directory,
                                        const std::shared_ptr<CheckpointStorage>& storage) {
  KVSTATE_ASSIGN_OR_RETURN(auto opened, Open(name, directory + "/before"));
  KeyedBackend<int64_t> backend(std::move(opened));
  KVSTATE_ASSIGN_OR_RETURN(auto best, backend.GetState(ValueStateDescriptor<before::Bid>("best")));
  KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(1));
  KVSTATE_RETURN_IF_ERROR(best.Update({"ann", 500, true}));
  SnapshotOptions options;
  options.kind = SnapshotKind::kSavepoint;
  KVSTATE_ASSIGN_OR_RETURN(const auto task, GetExtension<Snapshots>(backend.backend())->Snapshot(1, storage, options));
  KVSTATE_ASSIGN_OR_RETURN(SnapshotResult result, task->Run());
  return std::move(result.handle);
}

Status ReadAsNow(KeyedBackend<int64_t>& backend) {
  const auto small = backend.GetState(ValueStateDescriptor<Small>("best"));
  std::cout << small.status().ToString() << "\n";
  EXPECT(small.status().ToString().find("member 'cents' was int32, and is int16 now") != std::string::npos);

  KVSTATE_ASSIGN_OR_RETURN(auto best, backend.GetState(ValueStateDescriptor<Bid>("best")));
  KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(1));
  KVSTATE_ASSIGN_OR_RETURN(const Bid* bid, best.Get());
  EXPECT(bid->bidder == "ann" && bid->cents == 500 && bid->currency == "EUR");
  return Status();
}

Status Run(const std::string& name, const std::string& directory) {
  const auto storage = MakeMemoryStorage(1 << 20);
  KVSTATE_ASSIGN_OR_RETURN(const KeyedStateHandle handle, WriteSavepoint(name, directory, storage));
  KVSTATE_ASSIGN_OR_RETURN(auto opened, Open(name, directory + "/now"));
  KVSTATE_RETURN_IF_ERROR(GetExtension<Snapshots>(*opened)->Restore({&handle, 1}, storage, {}));
  KeyedBackend<int64_t> backend(std::move(opened));
  return ReadAsNow(backend);
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path place = "evolution_examples.work";
  for (int i = 1; i < argc; ++i) {
    std::filesystem::remove_all(place);
    std::filesystem::create_directories(place);
    const Status status = Run(argv[i], place.string());
    std::filesystem::remove_all(place);
    if (status.ok()) continue;
    std::cerr << argv[i] << ": " << status.ToString() << "\n";
    return 1;
  }
}
