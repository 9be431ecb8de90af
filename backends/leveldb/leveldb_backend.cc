#include <memory>
#include <utility>

#include "backends/embedded/embedded_backend.h"
#include "backends/leveldb/leveldb_options.h"
#include "backends/leveldb/leveldb_store.h"
#include "kvstate/backend_registry.h"

namespace kvstate::backends::leveldb {

namespace {

class LevelDbOpener final : public StoreOpener {
 public:
  explicit LevelDbOpener(EngineSettings settings) : settings_(std::move(settings)) {}
  Result<std::unique_ptr<OrderedStore>> OpenEmpty(const std::string& directory) const override {
    return LevelDbStore::Open(directory, settings_);
  }

 private:
  const EngineSettings settings_;
};

class LevelDbFactory final : public BackendFactory {
 public:
  std::string_view name() const override { return "leveldb"; }
  std::string_view description() const override {
    return "LevelDB, a small log-structured merge tree: one background thread, few options";
  }
  bool needs_directory() const override { return true; }
  std::vector<EngineOption> options() const override { return DocumentedOptions(); }
  Result<std::unique_ptr<KeyedStateBackend>> Create(const BackendOptions& options) const override {
    KVSTATE_ASSIGN_OR_RETURN(EngineSettings settings, ParseOptions(options.engine));
    return EmbeddedBackend::Create(name(), options, std::make_unique<LevelDbOpener>(std::move(settings)));
  }
};

}  // namespace

// Declared by the generated list of backends.
std::unique_ptr<BackendFactory> MakeFactory();
std::unique_ptr<BackendFactory> MakeFactory() { return std::make_unique<LevelDbFactory>(); }

}  // namespace kvstate::backends::leveldb
