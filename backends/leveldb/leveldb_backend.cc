#include <memory>
#include <utility>

#include "backends/embedded/embedded_backend.h"
#include "backends/leveldb/leveldb_options.h"
#include "backends/leveldb/leveldb_store.h"
#include "kvstate/backend_registry.h"

namespace kvstate::backends::leveldb {

namespace {

class LevelDbFactory final : public BackendFactory {
 public:
  std::string_view name() const override { return "leveldb"; }
  std::string_view description() const override {
    return "LevelDB, a small log-structured merge tree: one background thread, few options";
  }
  bool needs_directory() const override { return true; }
  std::vector<EngineOption> options() const override { return DocumentedOptions(); }
  Result<std::unique_ptr<KeyedStateBackend>> Create(const BackendOptions& options) const override {
    return EmbeddedBackend::Create(name(), options, [&](const std::string& directory) {
      auto settings = ParseOptions(options.engine);
      if (!settings.ok()) return Result<std::unique_ptr<OrderedStore>>(settings.status());
      return LevelDbStore::Open(directory, std::move(settings).value());
    });
  }
};

}  // namespace

// Declared by the generated list of backends.
std::unique_ptr<BackendFactory> MakeFactory();
std::unique_ptr<BackendFactory> MakeFactory() { return std::make_unique<LevelDbFactory>(); }

}  // namespace kvstate::backends::leveldb
