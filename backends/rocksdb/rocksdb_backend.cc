#include <memory>
#include <utility>

#include "backends/embedded/embedded_backend.h"
#include "backends/rocksdb/rocksdb_opener.h"
#include "backends/rocksdb/rocksdb_options.h"
#include "kvstate/backend_registry.h"

namespace kvstate::backends::rocksdb {

namespace {

class RocksDbFactory final : public BackendFactory {
 public:
  std::string_view name() const override { return "rocksdb"; }
  std::string_view description() const override {
    return "RocksDB, a log-structured merge tree: state larger than memory, with writes and reads in balance";
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
std::unique_ptr<BackendFactory> MakeFactory() { return std::make_unique<RocksDbFactory>(); }

}  // namespace kvstate::backends::rocksdb
