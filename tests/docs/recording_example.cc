// The example of docs/guide.md on recording a program's own accesses, as it stands there.
#include <kvstate/kvstate.h>
#include <kvstate/recording.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

using namespace kvstate;

namespace {

void Expect(bool holds, const char* what) {
  if (holds) return;
  std::cerr << "does not hold: " << what << "\n";
  std::exit(1);
}
#define EXPECT(condition) Expect(condition, #condition)

struct View {
  std::string user;
  std::string page;
  int64_t time_ms = 0;
};

Status Record(std::unique_ptr<KeyedStateBackend> plain, const std::string& path) {
  KVSTATE_ASSIGN_OR_RETURN(auto made, RecordAccesses(std::move(plain), SerializerFor<std::string>(), path));
  KeyedBackend<std::string> backend(std::move(made));
  auto* recording = GetExtension<Recording>(backend.backend());

  KVSTATE_ASSIGN_OR_RETURN(auto pages, backend.GetState(MapStateDescriptor<std::string, int64_t>("pages")));
  for (const View& view : {View{"ann", "/start", 100}, View{"bob", "/start", 200}, View{"ann", "/help", 300}}) {
    recording->SetTime(view.time_ms);
    KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey(view.user));
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* count, pages.Get(view.page));
    KVSTATE_RETURN_IF_ERROR(pages.Put(view.page, count == nullptr ? 1 : *count + 1));
  }
  EXPECT(recording->recorded().operations == 6);
  return recording->Finish();
}

Status Run(const std::string& path) {
  BackendRegistry registry;
  KVSTATE_RETURN_IF_ERROR(RegisterBuiltinBackends(registry));
  BackendOptions options;
  options.key_serializer = SerializerFor<std::string>();
  KVSTATE_ASSIGN_OR_RETURN(auto plain, registry.Create("hashmap", options));
  return Record(std::move(plain), path);
}

}  // namespace

int main() {
  const Status status = Run("views.trace");
  if (!status.ok()) std::cerr << status.ToString() << "\n";
  return status.ok() ? 0 : 1;
}
