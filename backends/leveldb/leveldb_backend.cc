#include <memory>
#include <utility>

#include "backends/embedded/embedded_backend.h"
#include "backends/leveldb/leveldb_opener.h"
#include "backends/leveldb/leveldb_options.h"
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
    KVSTATE_ASSIGN_OR_RETURN(EngineSettings settings, ParseOptions(options.engine));
    return EmbeddedBackend::Create(name(), options, MakeOpener(std::move(settings)));
  }
};

}  // namespace

// Declared by the generated list of backends.
std::unique_ptr<BackendFactory> MakeFactory();
std::unique_ptr<BackendFactory> MakeFactory() { return std::make_unique<LevelDbFactory>(); }

}  // namespace kvstate::backends::leveldb
