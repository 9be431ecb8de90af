#include <memory>
#include <utility>

#include "backends/embedded/embedded_backend.h"
#include "backends/rocksdb/rocksdb_options.h"
#include "backends/rocksdb/rocksdb_store.h"
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
    return EmbeddedBackend::Create(name(), options, [&](const std::string& directory) {
      auto settings = ParseOptions(options.engine);
      if (!settings.ok()) return Result<std::unique_ptr<OrderedStore>>(settings.status());
      return RocksDbStore::Open(directory, std::move(settings).value());
    });
  }
};

}  // namespace

// Declared by the generated list of backends.
std::unique_ptr<BackendFactory> MakeFactory();
std::unique_ptr<BackendFactory> MakeFactory() { return std::make_unique<RocksDbFactory>(); }

}  // namespace kvstate::backends::rocksdb
